"""Forecasts as tables, figures, sentences and a page: pure records for every drawer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.branching import BranchForecast
from lrlab.analysis.forecast.curves import Prediction
from lrlab.analysis.forecast.optimise import Optimum
from lrlab.analysis.forecast.outlook import Outlook
from lrlab.analysis.forecast.residuals import Fit, late
from lrlab.record.logs.log import LogRun
from lrlab.views.axes import number
from lrlab.views.model import Figure, Line, Report, Table, Text

_POINTS = 400  # of a drawn curve
_NAME = 40  # characters of a run's name in a table
_PIECES = 6  # of a schedule in a table
_WIDE = 3.0  # a loss that falls by such a factor is drawn on a logarithmic axis


def fits(fit: Fit) -> Table:
    """One row per run: its points, how far the law misses it, and what its log says."""
    rows = [
        (
            _short(run.name),
            len(run.updates),
            run.horizon,
            float(run.lrs.max()),
            fit.miss(run),
            "; ".join(run.notes),
        )
        for run in fit.runs
    ]
    columns = ("run", "points", "updates", "peak LR", "mean error", "notes")
    noted = any(run.notes for run in fit.runs)
    shown = rows if noted else [row[:-1] for row in rows]
    return Table(columns if noted else columns[:-1], tuple(shown), title="The runs that it was fitted to")


def ranked(predictions: Sequence[Prediction], gaps: Sequence[tuple[float, float, float]] = ()) -> Table:
    """One row per schedule, the best first; with `gaps`, how far each of the others is behind it."""
    level = f"{100 * predictions[0].level:g}%"
    columns: tuple[str, ...] = ("schedule", "final loss", f"low ({level})", f"high ({level})")
    rows: tuple[tuple[str | float, ...], ...] = tuple((p.schedule, *p.final) for p in predictions)
    if gaps:
        behind = ["", *(_interval(*gap) for gap in gaps)]
        columns, rows = (*columns, "behind the best"), tuple((*r, b) for r, b in zip(rows, behind, strict=True))
    return Table(columns, rows, title="Predicted final loss")


def indistinct(predictions: Sequence[Prediction], gaps: Sequence[tuple[float, float, float]]) -> list[str]:
    """Which schedules the law cannot tell from the best one; nothing where there are none."""
    close = [p.schedule for p, (_, low, _) in zip(predictions[1:], gaps, strict=True) if low <= 0]
    return [f"The law cannot tell from {predictions[0].schedule}, the best: {', '.join(close)}."] if close else []


def predicted(predictions: Sequence[Prediction]) -> Figure:
    """The predicted curves with their bands, without the first fifth, which would set the scale."""
    return _figure("Predicted loss", [_line(f"{k + 1} {p.schedule}", p) for k, p in enumerate(predictions)])


def _line(name: str, found: Prediction) -> Line:
    at = _late(len(found.loss))
    return Line(name, (at + 1).tolist(), *(values[at].tolist() for values in (found.loss, found.low, found.high)))


def drawn(predictions: Sequence[Prediction]) -> tuple[NDArray[np.float64], ...]:
    """Predictions over one run as columns: the updates; then for each the loss, the low and the high end."""
    at = _late(len(predictions[0].loss))
    return ((at + 1).astype(np.float64), *(values[at] for p in predictions for values in (p.loss, p.low, p.high)))


def told(predictions: Sequence[Prediction], difference: tuple[float, float, float] | None) -> str:
    """The end of a prediction in words, and how it stands to a pinned one."""
    own = predictions[0]
    loss, low, high = own.final
    said = f"Loss {loss:.4g} at the end ({100 * own.level:g}%: {low:.4g} to {high:.4g})."
    if difference is None:
        return said
    gain, least, most = difference
    if least <= 0 <= most:
        verdict = "the law cannot tell them apart"
    else:
        verdict = "better than the pinned schedule" if gain < 0 else "worse than the pinned schedule"
    return f"{said} Difference from the pinned schedule: {gain:+.2g} ({least:+.2g} to {most:+.2g}), {verdict}."


def _late(n: int) -> NDArray[np.int64]:
    """Some updates of a run, but for its first fifth."""
    return np.unique(np.linspace(n // 5, n - 1, _POINTS).astype(np.int64))


def warnings(predictions: Sequence[Prediction]) -> list[str]:
    """What speaks against them, each named once."""
    return list(dict.fromkeys(text for p in predictions for text in p.warnings))


def optimum(found: Optimum) -> Table:
    """The best schedule and the nearest named form."""
    gain = _interval(found.gain, found.gain_low, found.gain_high)
    named_gain = _interval(found.named_gain, found.named_gain_low, found.named_gain_high)
    rows = (
        ("nearest named form", found.named_loss, found.named_low, found.named_high, named_gain, str(found.named)),
        ("best found", found.loss, found.low, found.high, gain, _outline(str(found.schedule))),
    )
    columns = ("", "final loss", "low", "high", "beside linear", "schedule")
    return Table(columns, rows, f"multiples of the base LR {found.base_lr:g}")


def _interval(gap: float, low: float, high: float) -> str:
    """A difference of losses."""
    return f"{gap:+.2g} ({low:+.2g} to {high:+.2g})"


def branches(found: BranchForecast) -> Table:
    """One row per branch."""
    rows = tuple((name, len(p.loss), *p.final) for name, p in _both(found))
    level = f"{100 * found.now.level:g}%"
    return Table(("branch", "updates", "final loss", f"low ({level})", f"high ({level})"), rows)


def branched(found: BranchForecast) -> Figure:
    """Both branches with their bands, without the first fifth of each."""
    return _figure("Decay now, or train on", [_line(name, p) for name, p in _both(found)])


def _both(found: BranchForecast) -> tuple[tuple[str, Prediction], ...]:
    return ("decay now", found.now), ("train on", found.later)


def outlook(found: Outlook) -> Table:
    """Every arm at every LR, the lowest predicted training loss first."""
    rows = tuple((f.arm, f.lr, f.loss, f.low, f.high, f.measured, f.finished, f.note) for f in found.forecasts)
    level = f"{100 * found.level:g}%"
    columns = ("strategy", "LR", "predicted", f"low ({level})", f"high ({level})", "measured", "runs", "note")
    return Table(columns, rows, "final training loss; no prediction has seen the runs of its own row")


def outlook_sentences(found: Outlook) -> list[str]:
    """What was forecast from what, how far it can be trusted, and that no winner is declared."""
    judged = [f for f in found.forecasts if f.loss is not None and f.measured is not None]
    open_ = sum(f.loss is not None and f.measured is None for f in found.forecasts)
    sentences = [
        f"{open_} still without a finished run are forecast; {len(judged)} with one were forecast without it: off by "
        f"{found.error:.4f} on average, {found.ordered:.0%} of their pairs in the right order.",
        "The law was fitted to " + ", ".join(f"{arm} at {lr:g}" for arm, lr in found.fitted_on) + ".",
    ]
    if found.widened > 1:
        sentences.append(f"The intervals were widened {found.widened:.1f}x, until they held on those with a run.")
    sentences += found.doubts
    sentences.append(
        "No winner is declared: this is training loss, not the judged metric, and only finished runs decide "
        "(lrlab compare)."
    )
    return sentences


def report(fit: Fit, predictions: Sequence[Prediction], facts: Mapping[str, str]) -> Report:
    """The page of a fit: what speaks against it first, how well the law holds on its logs, and what it predicts."""
    sections: list[Figure | Table | Text] = [fits(fit), *(_beside(fit, run) for run in fit.runs), _residuals(fit)]
    if predictions:
        sections += [ranked(predictions), predicted(predictions)]
    doubts = dict.fromkeys([doubt.sentence for doubt in fit.law.known.doubts] + warnings(predictions))
    said = [text for text in doubts if text]
    sections.append(Table(("parameter", "value"), tuple(fit.law.parameters.items()), title="Parameters"))
    missed = number(100 * fit.law.misfit)
    law = f"Law {fit.law.name!r}, fitted to {len(fit.runs)} runs; it misses them by {missed} %."
    law += f" {fit.law.reason[:1].upper()}{fit.law.reason[1:]}." if fit.law.reason else ""
    if said:
        sections.insert(0, Text("\n\n".join(said), "What speaks against it"))
    lead = law if fit.law.holds else f"Do not trust these forecasts: the law does not describe the logs. {law}"
    return Report("Loss forecast", lead, tuple(sections), facts)


def _short(name: str) -> str:
    """A long name without its middle."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 12]}…{name[-11:]}"


def _outline(schedule: str) -> str:
    """The first pieces of a chain of many, and how many follow; the documents have all of them."""
    pieces = schedule.split(" >> ")
    if len(pieces) <= _PIECES:
        return schedule
    return " >> ".join(pieces[:2]) + f" >> {len(pieces) - 2} straight pieces"


def _figure(title: str, lines: Sequence[Line]) -> Figure:
    """Losses over updates, on a logarithmic axis if they fall far."""
    values = [v for line in lines for v in line.y if v is not None]
    log = bool(values) and min(values) > 0 and max(values) > _WIDE * min(values)
    return Figure(title, "update", "loss", tuple(lines), log_y=log)


def _beside(fit: Fit, run: LogRun) -> Figure:
    """A log and its law."""
    at = run.updates - 1
    p = fit.law.predict(run.lrs)
    law = Line("law", run.updates.tolist(), *(values[at].tolist() for values in (p.loss, p.low, p.high)))
    log = Line("log", run.updates.tolist(), run.loss.tolist())
    return _figure(_short(run.name) or "run", (law, log))


def _residuals(fit: Fit) -> Figure:
    """How far each log lies above the law, once the warmup no longer matters."""
    lines = []
    for run in fit.runs:
        part = late(run)
        lines.append(Line(_short(run.name) or "run", run.updates[part].tolist(), fit.residuals(run)[part].tolist()))
    return Figure("Residuals", "update", "log minus law", tuple(lines), note="Without the warmup and its wake.")
