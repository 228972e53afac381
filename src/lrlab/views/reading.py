"""What was understood of a log: its curves, its columns, and sentences about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrlab.record.logs.log import LossCurve
from lrlab.record.logs.reading import Reading
from lrlab.views.axes import number
from lrlab.views.model import Cell, Figure, Line, Mark, Table

_WIDE = 3.0  # a loss that falls by such a factor is drawn on a logarithmic axis
_DRAWN = 2  # losses: the chosen one, and the first of the other kind
_SHOWN = 24  # columns in the table


def figures(found: Reading) -> list[Figure]:
    """The chosen loss with one of the other kind beside it, and the LR of every update."""
    drawn: list[Figure] = []
    curves = [curve for curve in found.curves if _some(curve)]
    others = [curve for curve in curves[1:] if curve.validation is not curves[0].validation]
    lines = [_line(curve) for curve in [*curves[:1], *others][:_DRAWN]]
    if lines:
        values = [v for line in lines for v in line.y if v is not None]
        log = min(values) > 0 and max(values) > _WIDE * min(values)
        drawn.append(Figure(f"{found.name}: the loss", found.unit, "loss", tuple(lines), log_y=log))
    if found.run is not None:
        lrs = found.run.lrs
        at = _corners(lrs)
        line = Line("LR", at.tolist(), lrs[at].tolist())
        drawn.append(
            Figure("The LR of every update" if found.unit == "updates" else "The LR", found.unit, "LR", (line,))
        )
    return drawn


def columns(found: Reading) -> Table:
    """One row per column: its meaning, and its first and last value."""
    rows: list[tuple[Cell, ...]] = [
        (
            Mark("used", "good") if each.used else None,
            each.name,
            each.what,
            each.points or None,
            number(each.first) if each.points else None,
            number(each.last) if each.points else None,
        )
        for each in found.columns[:_SHOWN]
    ]
    more = len(found.columns) - _SHOWN
    return Table(
        ("", "column", "taken for", "points", "first", "last"), tuple(rows), f"and {more} more" if more > 0 else ""
    )


def sentences(found: Reading) -> list[str]:
    """Format, counter, loss and LR in words, and what was repaired."""
    formats = " and ".join(dict.fromkeys(found.formats))
    said = [f"{found.name}: {formats}; {found.rows:,} rows, counted by {found.counter or 'updates'}."]
    if found.curves:
        taken, *others = found.curves
        kind = "validation" if taken.validation else "training"
        said.append(
            f"Loss: {taken.name} ({kind}), {len(taken.loss):,} points"
            + (f"; kept beside it: {_listed([each.name for each in others])}." if others else ".")
        )
    if (run := found.run) is not None:
        first, peak, last = (number(value) for value in (run.lrs[0], run.lrs.max(), run.lrs[-1]))
        decay = "unknown" if run.weight_decay is None else number(run.weight_decay)
        said.append(
            f"LR: {run.horizon:,} {found.unit}, from {first}, at most {peak}, {last} at the end"
            + (f"; the first {run.warmup:,} rise" if run.warmup else "")
            + f". Weight decay: {decay}."
        )
    return [*said, *(f"  ! {note}" for note in found.notes)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _some(curve: LossCurve) -> bool:
    return bool(np.isfinite(curve.loss).any())


def _line(curve: LossCurve) -> Line:
    return Line(curve.name, curve.updates.tolist(), curve.loss.tolist())


def _corners(lrs: NDArray[np.float64]) -> NDArray[np.int64]:
    """The updates to draw: a thousand, and both sides of the steepest changes."""
    steep = np.argsort(-np.abs(np.diff(lrs)))[:50] if len(lrs) > 1 else np.zeros(0, np.int64)
    even = np.linspace(0, len(lrs) - 1, min(len(lrs), 1000)).astype(np.int64)
    return np.unique(np.concatenate([even, steep, steep + 1]))
