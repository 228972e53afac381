"""Reading a log, and what it contains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from lrlab.record.logs.readers import understood
from lrlab.record.logs.reading import Asked, Reading
from lrlab.record.logs.units import Rates

POINTS = 1000  # of a curve in a record


class ColumnRecord(TypedDict):
    """A column: its meaning, its points, its first and last value, and whether it was used."""

    name: str
    what: str
    points: int
    first: float | None
    last: float | None
    used: bool


class CurveRecord(TypedDict):
    """A loss of the log: `points` of (completed updates, value), a thousand at most, of `count`."""

    name: str
    validation: bool
    count: int
    points: list[tuple[int, float | None]]


class RunRecord(TypedDict):
    """The run that a law would be fitted to: its points, its length, its LRs, and the length of its warmup in
    updates."""

    points: int
    updates: int
    first_lr: float
    peak_lr: float
    last_lr: float
    warmup: int
    weight_decay: float | None
    final_loss: float


class ReadDocument(TypedDict):
    """What was understood of a log. If something is missing, `run` is null and `missing` says what.

    Everything is counted in `unit`; `counter` is the column that counts; the first of `losses` is the chosen one.
    """

    version: Literal[1]
    logs: str
    formats: list[str]
    rows: int
    counter: str
    unit: Literal["updates", "epochs"]
    columns: list[ColumnRecord]
    losses: list[CurveRecord]
    run: RunRecord | None
    notes: list[str]
    missing: str


def read(
    logs: Sequence[str | Path],
    *,
    loss: str | None = None,
    lr: str | None = None,
    step: str | None = None,
    warmup: int | None = None,
    weight_decay: float | None = None,
    updates_per_epoch: float | None = None,
    samples_per_update: float | None = None,
    tokens_per_update: float | None = None,
    accumulate: int | None = None,
) -> Reading:
    """What is understood of the files of one run; see `lrlab.read_run`."""
    rates = Rates(updates_per_epoch, samples_per_update, tokens_per_update, accumulate)
    return understood(list(logs), Asked(loss, lr, warmup, weight_decay, step, rates=rates))


def record(found: Reading) -> dict[str, object]:
    """A reading as a document, without its version."""
    columns = [
        ColumnRecord(
            name=each.name, what=each.what, points=each.points, first=_finite(each.first), last=_finite(each.last),
            used=each.used,
        )
        for each in found.columns
    ]  # fmt: skip
    losses = [
        CurveRecord(
            name=each.name, validation=each.validation, count=len(each.loss), points=_points(each.updates, each.loss)
        )
        for each in found.curves
    ]
    run = found.run and RunRecord(
        points=len(found.run.loss),
        updates=found.run.horizon,
        first_lr=float(found.run.lrs[0]),
        peak_lr=float(found.run.lrs.max()),
        last_lr=float(found.run.lrs[-1]),
        warmup=found.run.warmup,
        weight_decay=found.run.weight_decay,
        final_loss=float(found.run.loss[-1]),
    )
    return {
        "logs": found.name,
        "formats": list(found.formats),
        "rows": found.rows,
        "counter": found.counter,
        "unit": found.unit,
        "columns": columns,
        "losses": losses,
        "run": run,
        "notes": list(found.notes),
        "missing": found.missing,
    }


def _points(at: NDArray[np.int64], values: NDArray[np.float64]) -> list[tuple[int, float | None]]:
    kept = np.unique(np.linspace(0, len(at) - 1, min(len(at), POINTS)).astype(np.int64))
    return [(int(at[k]), _finite(float(values[k]))) for k in kept]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
