"""Looking at schedules: one over a run, all words, and those of other libraries."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import VOCABULARY, formula, sentence, signature
from lrlab.core.expression.write import record
from lrlab.core.run.curve import Curve
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.desk import VERSION
from lrlab.record.schema import UNBOUNDED

if TYPE_CHECKING:
    from lrlab.dialects.conversion import Converted
    from lrlab.views.model import Figure

POINTS = 1000  # of a curve in a record
LENGTH = 1000  # updates of a run of unknown length


class PhaseRecord(TypedDict):
    """A phase: from update `start` up to, not including, `stop` (None: it has no end)."""

    schedule: str
    start: int
    stop: int | None


class FindingRecord(TypedDict):
    """What looks unintended: a code to filter by, a sentence, what to type instead, and the update it is at."""

    code: str
    message: str
    hint: str
    update: int | None


class ShowDocument(TypedDict):
    """A schedule over a run. Values are multiples of the base LR, or LRs if `base_lr` is given.

    `points` are updates with their values; `area` is the mean of all values; `document` reads back as the schedule.
    """

    version: Literal[1]
    schedule: str
    document: dict[str, Any]
    fingerprint: str
    horizon: dict[str, float]
    base_lr: float | None
    phases: list[PhaseRecord]
    first: Annotated[float, UNBOUNDED]
    peak: Annotated[float, UNBOUNDED]
    lowest: Annotated[float, UNBOUNDED]
    last: Annotated[float, UNBOUNDED]
    area: Annotated[float, UNBOUNDED]
    points: Annotated[list[list[float]], UNBOUNDED]
    description: str
    findings: list[FindingRecord]


class ConvertDocument(TypedDict):
    """Another library's schedule: what it means, its own rule, and the output for the target."""

    version: Literal[1]
    schedule: str
    document: dict[str, Any]
    base_lr: float | None
    horizon: dict[str, float] | None
    convention: str
    findings: list[FindingRecord]
    target: str
    output: str


class WordsDocument(TypedDict):
    """The words of the text form."""

    version: Literal[1]
    words: list[Word]


@dataclass(frozen=True)
class Preview:
    """One schedule over a horizon: what it does, what looks unintended, and its picture."""

    schedule: Schedule
    horizon: Horizon
    words: str
    findings: tuple[Any, ...]
    figure: Figure
    record: ShowDocument


def show(
    text: str,
    horizon: int | Horizon,
    base_lr: float | None = None,
    change: Callable[[Curve], Curve] | None = None,
    given: Sequence[str] = (),
) -> Preview:
    """Preview a schedule over a run; with `base_lr` in absolute LRs. A `change` of it is drawn beside the plan.

    The text may be anything that `convert` reads, with the words `given` in addition. If neither it nor the horizon
    says how long the run is, it has 1000 updates.
    """
    import numpy as np

    from lrlab.dialects.conversion import with_doubts
    from lrlab.dialects.reader import read
    from lrlab.dialects.write.targets import refuse_no_rate
    from lrlab.record.runs.run import plain
    from lrlab.views.model import Figure, Line

    run = Horizon.of(horizon)
    refuse_no_rate(base_lr)
    found = with_doubts(read(text, given, horizon=run, lr=base_lr), run, base_lr)
    foreign = not found.convention.startswith("lrlab:")
    base_lr = found.base_lr if found.base_lr is not None else base_lr
    longer = found.horizon if foreign or run.total is None else run
    planned = found.schedule.over(longer if longer and longer.total else with_length(run))
    curve = planned if change is None else change(planned)
    schedule = curve.schedule
    scale = 1.0 if base_lr is None else base_lr
    times, values = curve.some()
    values = scale * values
    n = len(values)
    starts = np.searchsorted(times, [phase.start for phase in curve.phases if phase.start <= times[-1]])
    at = np.unique(np.concatenate([np.linspace(0, n - 1, min(n, POINTS), dtype=int), starts])).tolist()
    words, findings = schedule.describe(curve.horizon), schedule.lint(curve.horizon)
    if foreign:
        said = {(finding.code, finding.update) for finding in findings}
        words = f"{found.convention}\n{words}"
        findings = (*findings, *(f for f in found.findings if (f.code, f.update) not in said))
    label = "multiple of the base LR" if base_lr is None else "learning rate"
    shown: ShowDocument = {
        "version": VERSION,
        "schedule": str(schedule),
        "document": record(schedule),
        "fingerprint": schedule.fingerprint(),
        "horizon": curve.horizon.record(),
        "base_lr": base_lr,
        "phases": [{"schedule": str(p.schedule), "start": p.start, "stop": p.stop} for p in curve.phases],
        "first": float(values[0]),
        "peak": float(values.max()),
        "lowest": float(values.min()),
        "last": float(values[-1]),
        "area": float(values.mean()),
        "points": [[int(times[i]), float(values[i])] for i in at],
        "description": words,
        "findings": [{"code": f.code, "message": f.message, "hint": f.hint, "update": f.update} for f in findings],
    }
    lines = [Line("schedule", times.tolist(), values.tolist())]
    if change is not None:
        before, old = planned.some()
        lines = [
            dataclasses.replace(lines[0], name="changed"),
            Line("as planned", before.tolist(), (scale * old).tolist()),
        ]
    figure = Figure(str(planned.schedule), "update", label, tuple(lines))
    return Preview(schedule, curve.horizon, words, findings, figure, plain(shown))


def with_length(run: Horizon) -> Horizon:
    """The run, of 1000 updates where nothing says how long it is.

    Raises `LrlabError`, naming the missing fact, where it is known in another unit.

    >>> with_length(Horizon(samples_per_update=64))
    Horizon(updates=1000, samples_per_update=64)
    """
    if run.total is not None:
        return run
    if any(amount is not None for amount in (run.epochs, run.samples, run.tokens, run.minutes)):
        run.resolve(Span.of("100%"))
    return dataclasses.replace(run, updates=LENGTH)


@dataclass(frozen=True)
class Word:
    """One word of the vocabulary: its signature, its formula, and what it is in a sentence."""

    name: str
    signature: str
    formula: str
    sentence: str


def words() -> tuple[Word, ...]:
    """Every word of the vocabulary, in alphabetical order."""
    return tuple(Word(name, signature(name), formula(name), sentence(name)) for name in sorted(VOCABULARY))


def convert(
    source: str,
    target: str,
    horizon: int | Horizon | None = None,
    base_lr: float | None = None,
    given: Sequence[str] = (),
) -> Converted:
    """Read another library's configuration, and write it for `target`."""
    from lrlab.dialects.conversion import convert as converted

    return converted(source, target, horizon=horizon, base_lr=base_lr, words=given)
