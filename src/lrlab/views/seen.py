"""What a value shows: its figures, tables and sentences, and its columns. Classes above the views define it themselves.

A schedule of unknown length is shown over 1000 updates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.views.model import Figure, Line, Table, Text

if TYPE_CHECKING:
    from lrlab.analysis.forecast.curves import Prediction
    from lrlab.analysis.forecast.law import Law
    from lrlab.analysis.refine.refine import Refinement
    from lrlab.core.expression.node import Schedule
    from lrlab.core.plan.plan import Plan
    from lrlab.core.run.curve import Curve
    from lrlab.core.time.horizon import Horizon
    from lrlab.record.logs.log import LogRun

Section = Figure | Table | Text
Columns = dict[str, Iterable[Any]]

LENGTH = 1000  # updates of a run of unknown length
_WIDE = 3.0  # a loss that falls by such a factor is drawn on a logarithmic axis
_TITLE, _TEXT = 72, 4000  # characters


def sections(value: Any) -> tuple[Section, ...]:
    """What there is to see, the most important first."""
    found: tuple[Section, ...] = _of(value, 0)(value)
    return found


def columns(value: Any) -> Columns:
    """Its values as columns of one length."""
    found: Columns = _of(value, 1)(value)
    return found


def _of(value: Any, which: int) -> Callable[[Any], Any]:
    """How a value is shown: as it defines itself, or by the first of its classes in the list below."""
    own = getattr(type(value), ("_sections", "_columns")[which], None)
    if own is not None:
        found: Callable[[Any], Any] = own
        return found
    for kind in type(value).__mro__:
        if how := _SEEN.get(f"{kind.__module__}.{kind.__qualname__}"):
            return how[which]
    raise LrlabTypeError(worded("this has no picture", value))


def _schedule(schedule: Schedule) -> tuple[Section, ...]:
    try:
        curve = _over(schedule)
    except LrlabError as error:  # spans in epochs, say, of a run that nothing is known of
        return (_unseen(schedule, error),)
    return _curve(curve)


def _unseen(schedule: Schedule, error: LrlabError) -> Text:
    """What it is in words, and why it cannot be drawn."""
    return Text(_within(f"{schedule.describe()}\n\n{error}"), _short(str(schedule)))


def _over(schedule: Schedule) -> Curve:
    """Over its own length, or the usual one."""
    try:
        found = schedule.over()
    except LrlabError:
        found = schedule.over(LENGTH)
    return found if found.updates is not None else schedule.over(LENGTH)


def _curve(curve: Curve) -> tuple[Section, ...]:
    try:
        times, values = curve.some()
    except LrlabError as error:  # a time that no rate turns into updates
        return (_unseen(curve.schedule, error),)
    line = Line("schedule", times.tolist(), values.tolist())
    title, words = _short(str(curve.schedule)), curve.schedule.describe(curve.horizon)
    doubts = [f"! {finding}" for finding in curve.schedule.lint(curve.horizon)]
    return (
        Figure(title, _singular(curve.unit), "multiple of the base LR", (line,)),
        Text("\n\n".join(map(_within, [words, *doubts]))),
    )


def _schedule_columns(schedule: Schedule) -> Columns:
    return _curve_columns(_over(schedule))


def _curve_columns(curve: Curve) -> Columns:
    times, values = curve.some()
    return {_singular(curve.unit): times, "multiplier": values}


def _plan(plan: Plan) -> tuple[Section, ...]:
    try:
        figures = drawn_plan(plan)
    except LrlabError as error:
        return (Text(_within(f"{plan.describe()}\n\n{error}")),)
    return (*figures, Text(_within(plan.describe())))


def drawn_plan(plan: Plan, over: int | Horizon = LENGTH) -> tuple[Figure, ...]:
    """A picture of each hyper-parameter over a run, with a line for each pattern of groups."""
    return tuple(
        Figure(hyper, "update", "multiple of the group's own" if multiple else "value", tuple(lines))
        for (hyper, multiple), lines in _driven(plan, over).items()
    )


def _driven(plan: Plan, over: int | Horizon = LENGTH) -> dict[tuple[str, bool], list[Line]]:
    """A line for each rule, by hyper-parameter."""
    from lrlab.core.plan.rules import EVERY, KINDS

    found: dict[tuple[str, bool], list[Line]] = {}
    for rule in plan.rules:
        for hyper, schedule in rule.schedules:
            times, values = schedule.over(over).some()
            name = "every group" if rule.pattern == EVERY else rule.pattern
            lines = found.setdefault((hyper, KINDS[hyper].multiple), [])
            if name not in (line.name for line in lines):
                lines.append(Line(name, times.tolist(), values.tolist()))
    return found


def _plan_columns(plan: Plan) -> Columns:
    found: Columns = {"update": range(LENGTH)}
    for (hyper, _), lines in _driven(plan).items():
        found |= {hyper if line.name == "every group" else f"{hyper} of {line.name}": line.y for line in lines}
    return found


def _run(run: LogRun) -> tuple[Section, ...]:
    name = run.name or "run"
    loss, lrs = run.loss.tolist(), run.lrs.tolist()
    log = min(loss) > 0 and max(loss) > _WIDE * min(loss)
    said = "\n\n".join(run.notes)
    return (
        Figure(f"{name}: loss", "update", "loss", (Line("loss", run.updates.tolist(), loss),), log_y=log),
        Figure(f"{name}: learning rate", "update", "LR", (Line("LR", range(len(lrs)), lrs),)),
        *((Text(said),) if said else ()),
    )


def _run_columns(run: LogRun) -> Columns:
    return {"update": run.updates, "loss": run.loss, "lr": run.lrs[run.updates - 1]}


def _law(law: Law) -> tuple[Section, ...]:
    from lrlab.views.forecast import predicted

    parameters = _law_columns(law)
    names, values, spreads = parameters["parameter"], parameters["value"], parameters["sd"]
    table = Table(("parameter", "value", "± (sd)"), tuple(zip(names, values, spreads, strict=True)), title=law.name)
    peak, longest = max(law.known.peaks), law.known.longest
    shown = [law.predict(text, base_lr=peak, horizon=longest) for text in ('warmup("2%") >> linear()', "constant()")]
    figure = predicted(shown)
    doubts = [doubt.sentence for doubt in law.known.doubts if doubt.sentence]
    figure = replace(figure, title=f"What it says of {longest:,} updates at a peak of {peak:g}")
    return (figure, table, *((Text("\n\n".join(doubts)),) if doubts else ()))


def _law_columns(law: Law) -> Columns:
    known = law.fits[0].covariance.diagonal()[: len(law.parameters)]
    spreads = [math.sqrt(variance) for variance in known.tolist()]
    return {"parameter": list(law.parameters), "value": list(law.parameters.values()), "sd": spreads}


def _prediction(found: Prediction) -> tuple[Section, ...]:
    from lrlab.views.forecast import predicted

    figure = predicted([found])
    (line,) = figure.lines
    named = Line("loss", line.x, line.y, line.low, line.high)
    words = "\n\n".join([repr(found), *found.warnings])
    return (replace(figure, title=_short(found.schedule), lines=(named,)), Text(words))


def _prediction_columns(found: Prediction) -> Columns:
    return {"update": range(1, len(found.loss) + 1), "loss": found.loss, "low": found.low, "high": found.high}


def _refinement(found: Refinement) -> tuple[Section, ...]:
    from lrlab.views.refine import sections

    return sections(found)


def _refinement_columns(found: Refinement) -> Columns:
    from lrlab.views.refine import columns

    return dict(columns(found))


_SEEN: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "lrlab.core.expression.node.Schedule": (_schedule, _schedule_columns),
    "lrlab.core.run.curve.Curve": (_curve, _curve_columns),
    "lrlab.core.plan.plan.Plan": (_plan, _plan_columns),
    "lrlab.record.logs.log.LogRun": (_run, _run_columns),
    "lrlab.analysis.forecast.law.Law": (_law, _law_columns),
    "lrlab.analysis.forecast.curves.Prediction": (_prediction, _prediction_columns),
    "lrlab.analysis.refine.refine.Refinement": (_refinement, _refinement_columns),
}


def _singular(unit: str) -> str:
    return unit.removesuffix("s")


def _within(text: str) -> str:
    """A text of a length that somebody may read: a schedule may list a million values."""
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"


def _short(text: str) -> str:
    return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"
