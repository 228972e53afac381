"""A schedule that is shaped by hand: its curve in a few points, its handles, what it is in words, what a gesture makes.

What is drawn while a hand moves is bounded: a text that would take long is looked at in fewer places, and then says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.edit import bend, gestures, several
from lrlab.core.edit.gestures import Near, State
from lrlab.core.edit.handles import Point, Segment, points, segments
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import VOCABULARY, formula, sentence, signature
from lrlab.core.expression.wrap import Clip
from lrlab.core.feedback.base import Controller
from lrlab.core.run.curve import Curve
from lrlab.core.text.lint import Finding
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded
from lrlab.views.axes import number
from lrlab.views.model import Figure, Line
from lrlab.views.thin import TOLERANCE, outline

Floats = NDArray[np.float64]

WORK = 30_000_000  # values of parts for one picture
LOOKED = 10 * WORK  # for words and findings
DOUBLING = {"repeat", "excerpt", "lasting"}  # kinds of which a value may cost two of what is in them
FEWEST = 2000  # points of a picture
TITLE = 100  # characters
MOST = 100  # phases with handles
SMALL = 0.01  # of the peak: below it, an LR hardly trains


@dataclass(frozen=True)
class Drawn:
    """A curve over a run: `x` updates and `y` values, between which straight lines are true; and where all was seen."""

    x: Floats
    y: Floats
    peak: float
    lowest: float
    whole: bool


@dataclass(frozen=True)
class Told:
    """What a schedule is: in words, what looks unintended, and a few numbers by name."""

    words: str
    findings: tuple[Finding, ...]
    numbers: tuple[tuple[str, str, str], ...]  # name, value, what it means


def drawn(schedule: Schedule, horizon: Horizon, *, log: bool = False) -> Drawn:
    """The curve as a polyline that misses no update by more than 4e-4 of its range; of its logarithms where `log`."""
    curve = schedule.over(horizon)
    n = curve._known("a picture")
    at = np.arange(n) if n * cost(schedule) <= WORK else _some(curve, n, max(FEWEST, WORK // cost(schedule)))
    values = curve.between(0, n) if len(at) == n else curve(at)
    if not np.isfinite(values).all():
        bad = int(at[np.flatnonzero(~np.isfinite(values))[0]])
        raise LrlabError(worded(f"the LR of update {bad:,} is not a finite number", str(schedule)))
    scaled = np.log10(np.maximum(values, _least(values))) if log else values
    kept = outline(scaled, TOLERANCE * float(np.ptp(scaled)) or np.inf)
    return Drawn(at[kept].astype(float), values[kept], float(values.max()), float(values.min()), len(at) == n)


def figure(state: State, base_lr: float | None = None, *, log: bool = False) -> Figure:
    """The picture of a schedule by itself."""
    curve = drawn(state.schedule, state.horizon, log=log)
    text = str(state.schedule)
    label = "multiple of the base LR" if base_lr is None else "learning rate"
    line = Line("schedule", curve.x.tolist(), (state.unit * curve.y).tolist())
    return Figure(text if len(text) <= TITLE else f"{text[:TITLE]}…", "update", label, (line,), log_y=log)


def told(schedule: Schedule, horizon: Horizon, base_lr: float | None = None, decay: float | None = None) -> Told:
    """What a schedule is over this run, with an LR and a weight decay where they are known."""
    n = horizon.total or 0
    if n * cost(schedule) > LOOKED:
        finding = Finding("long", "this takes too long to be drawn as a whole", "fewer updates, or a shorter text")
        return Told(f"{schedule}: it {schedule.words()}.", (finding,), ())
    values = schedule.over(horizon).some()[1]
    return Told(schedule.describe(horizon), schedule.lint(horizon), tuple(_numbers(values, horizon, base_lr, decay)))


def cost(schedule: Schedule) -> int:
    """How many values of its parts a value takes at most.

    >>> import lrlab as lr
    >>> cost(lr.warmup(9) >> lr.cosine()), cost(lr.cosine(9).repeat(3).repeat(2))
    (3, 12)
    """
    doublings = min(6, sum(part.kind in DOUBLING for part in schedule.walk()))
    return sum(1 for _ in schedule.walk()) * (1 << doublings)


def handles(state: State) -> tuple[tuple[Point, ...], tuple[Segment, ...]]:
    """What can be taken hold of. Raises `LrlabError` if that is too much."""
    spine = state.spine
    if len(spine.pieces) > MOST:
        raise LrlabError(worded("there are too many phases to edit by hand", len(spine.pieces), f"at most {MOST}"))
    return points(spine), segments(spine)


GESTURES = (
    "move",
    "nudge",
    "several",
    "nudge_several",
    "tilt",
    "lift",
    "bend",
    "shape",
    "split",
    "join",
    "peak",
    "floor",
    "horizon",
)


def gesture(state: State, kind: str, given: Mapping[str, Any], near: Near) -> State:
    """What a gesture makes of a schedule; see `lrlab.core.edit.gestures`."""
    match kind:
        case "move":
            return gestures.move(state, given["point"], given["x"], given["y"], near)
        case "nudge":
            how = {"fine": given["fine"], "double": given["double"]}
            return gestures.nudge(state, given["point"], given["steps"], given["levels"], **how)
        case "several":
            at = given["x"], given["y"]
            return several.several(state, given["points"], given["point"], *at, near, log=given["log"])
        case "nudge_several":
            how = {name: given[name] for name in ("fine", "double", "log")}
            return several.nudge(state, given["points"], given["point"], given["steps"], given["levels"], **how)
        case "tilt":
            return several.tilt(state, given["points"], given["y"], near, log=given["log"])
        case "lift":
            return gestures.lift(state, given["segment"], given["from"], given["y"], near, log=given["log"])
        case "bend":
            return gestures.bend(state, given["segment"], given["x"], given["y"])
        case "shape":
            return gestures.shape(state, given["segment"], given["word"])
        case "split":
            return gestures.split(state, given["x"], near)
        case "join":
            return gestures.join(state, given["border"])
        case "peak":
            return gestures.peak(state, given["y"], near)
        case "floor":
            return gestures.floor(state, given["y"], near)
        case "horizon":
            return gestures.horizon(state, given["x"], near)
    raise LrlabError(worded("there is no such gesture", kind, ", ".join(GESTURES)))


def code(schedule: Schedule, target: str, horizon: Horizon, base_lr: float | None) -> str:
    """A schedule as code in the words of `target`; see `lrlab.dialects.write.targets.to_code`.

    Raises `LrlabError` naming what the target cannot express.
    """
    from lrlab.core.text.document import dumps
    from lrlab.dialects.write.targets import to_code

    if target in ("text", "json"):
        return f"{schedule}\n" if target == "text" else dumps(schedule, indent=2) + "\n"
    if (horizon.total or 0) * cost(schedule) > LOOKED:
        raise LrlabError(worded("this takes too long to be written as code", hint="fewer updates, or a shorter text"))
    return to_code(schedule, target, horizon=horizon, base_lr=base_lr)


def shapes() -> tuple[str, ...]:
    """The words that a phase can be bent to, and the two that are flat."""
    return (*bend.words(), "constant", "hold")


# -- the gallery ----------------------------------------------------------------------------------------------------

# Words that say nothing by their defaults, or not alone.
EXAMPLES = {
    "constant": "constant()",
    "hold": 'linear("60%", to=0.4) >> hold()',
    "maximum": "maximum(cosine(), constant(level=0.3))",
    "minimum": "minimum(linear(), constant(level=0.6))",
    "table": "table([0.1, 0.35, 0.7, 1, 1, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05])",
    "wsd": 'wsd(decay="30%")',
}
RUN, TINY = 10_000, 12  # updates of an example, and of a table
FAMILIES = {
    "presets": "Whole schedules",
    "transitions": "From one level to another",
    "cosines": "From one level to another",
    "logarithms": "From one level to another",
    "timescales": "With a time scale of their own",
    "base": "Levels and warmups",
    "piecewise": "By boundaries, lists and others",
    "tables": "By boundaries, lists and others",
    "extremes": "By boundaries, lists and others",
}
FEEDBACK = "Feedback"


@dataclass(frozen=True)
class Example:
    """A word of the vocabulary with a schedule that shows it."""

    name: str
    family: str
    text: str
    updates: int
    signature: str
    formula: str
    sentence: str
    curve: Drawn


@cache
def gallery() -> tuple[Example, ...]:
    """Every word that can be typed, family by family; `function` needs Python."""
    found = [_example(name) for name in sorted(VOCABULARY) if name != "function"]
    order = [*dict.fromkeys(FAMILIES.values()), FEEDBACK]
    return tuple(sorted(found, key=lambda each: (order.index(each.family), each.name)))


def _example(name: str) -> Example:
    from lrlab.core.text.parse import parse

    made = VOCABULARY[name]
    feedback = inspect.isclass(made) and issubclass(made, Controller)
    text = EXAMPLES.get(name) or (f"cosine() * {name}()" if feedback else f"{name}()")
    updates = TINY if name == "table" else RUN
    family = FEEDBACK if feedback else FAMILIES[made.__module__.rpartition(".")[2]]
    curve = drawn(parse(text), Horizon(updates=updates))
    return Example(name, family, text, updates, signature(name), formula(name), sentence(name), curve)


# -- parts ------------------------------------------------------------------------------------------------------------


def _some(curve: Curve, n: int, many: int) -> NDArray[np.int64]:
    """So many updates of a long run, and both sides of each border."""
    borders = [edge for phase in curve.phases for edge in (phase.start, phase.start - 1) if 0 <= edge < n]
    return np.unique(np.concatenate([np.linspace(0, n - 1, min(n, many)).astype(np.int64), borders]).astype(np.int64))


def _least(values: Floats) -> float:
    """The lowest value that a logarithmic axis shows."""
    positive = values[values > 0]
    return float(positive.min()) if len(positive) else 1.0


def _numbers(
    values: Floats, horizon: Horizon, base_lr: float | None, decay: float | None
) -> Sequence[tuple[str, str, str]]:
    peak, n = float(values.max()), len(values)
    found = [
        ("Area", f"{float(values.mean()):.3g}", "the mean of all values: of a constant LR at the base it is 1"),
        ("Below 1 % of the peak", f"{float((values < SMALL * peak).mean()):.1%}", "of the run, where it hardly trains"),
    ]
    if base_lr is not None:
        total = float(values.mean()) * base_lr * (horizon.total or n)
        found.append(("Sum of all LRs", number(total), "the way that sign descent could go at most"))
        if decay:
            timescale = 1 / (base_lr * peak * decay) if peak > 0 else float("inf")
            epoch = horizon.rate("epochs")
            said = f"{number(timescale)} updates" + (f", {number(timescale / float(epoch))} epochs" if epoch else "")
            found.append(
                ("Weight-decay timescale", said, "1 / (LR × weight decay) at the peak: how far AdamW remembers")
            )
    return found


def floor_of(schedule: Schedule) -> float:
    """The level that nothing goes below, where there is one around the whole; else 0."""
    return schedule.low or 0.0 if isinstance(schedule, Clip) else 0.0


def state_of(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> State:
    """What gestures start from: levels are round in LRs where the base LR is known."""
    return State(schedule, horizon, 1.0 if base_lr is None else base_lr)
