"""One logged training as a loss law needs it: the loss at some updates, and the LR of every update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.shown import Shown

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LossCurve:
    """One loss of a log, on validation data or not: `loss[j]` was observed after `updates[j]` completed updates."""

    name: str
    validation: bool
    updates: Ints
    loss: Floats


@dataclass(frozen=True, eq=False)
class LogRun(Shown):
    """The columns of one log, as made by `LogRun.from_arrays` and by `read_run`.

    `loss[j]` was observed after `updates[j]` completed updates (ascending, at least 1, within the horizon); `lrs[i]`
    is the LR that update i used. `weight_decay` is None if it is not known. `notes` are sentences about what was
    repaired or left out; `batch_changes` is true if the batch size changes, which no law takes into account. `unit` is
    "epoch" if the log counts epochs of unknown length: then all of the above is in epochs. `other_losses` are the
    other losses of the log.

    >>> LogRun.from_arrays(updates=[100, 200], loss=[3.5, 3.0], lrs=[1e-3] * 200).horizon
    200
    """

    updates: Ints
    loss: Floats
    lrs: Floats
    weight_decay: float | None = None
    name: str = ""
    notes: tuple[str, ...] = ()
    batch_changes: bool = False
    unit: str = "update"
    other_losses: tuple[LossCurve, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        updates: ArrayLike,
        loss: ArrayLike,
        lrs: ArrayLike,
        weight_decay: float | None = None,
        *,
        name: str = "",
        notes: Sequence[str] = (),
        batch_changes: bool = False,
        unit: str = "update",
        other_losses: Sequence[LossCurve] = (),
    ) -> LogRun:
        """A run from arrays: `updates` and `loss` (points,), `lrs` (horizon,) with the LR of every update from 0.

        Points are sorted; of points logged twice the last is kept; points that are not finite, before the first update
        or after the horizon are left out. A note reports each of these, but for those at update 0.

        Raises `LrlabError` for columns of different length, for negative or non-finite LRs, and if fewer than two
        points are left.

        >>> run = LogRun.from_arrays(updates=[200, 100], loss=[3.0, 3.5], lrs=[1e-3] * 200)
        >>> run.updates.tolist(), run.loss.tolist(), run.horizon
        ([100, 200], [3.5, 3.0], 200)
        """
        at, value, rates = (numbers(column, what) for column, what in _columns(updates, loss, lrs))
        if at.shape != value.shape:
            raise LrlabError(
                worded(
                    "updates and loss differ in length",
                    f"{len(at)} updates, {len(value)} losses",
                    "one loss for each update in `updates`",
                )
            )
        if not len(rates) or not np.isfinite(rates).all() or rates.min() < 0 or rates.max() <= 0:
            wrong = rates[~(np.isfinite(rates) & (rates >= 0))]
            raise LrlabError(
                worded(
                    "lrs must be the LR of every update",
                    float(wrong[0]) if len(wrong) else rates[:3].tolist(),
                    "finite numbers, none negative, not all 0",
                    'schedule.over(1000).lr(1e-3), or read_run(path, lr="warmup(100) >> cosine()")',
                )
            )
        if weight_decay is not None and not (np.isfinite(weight_decay) and weight_decay >= 0):
            raise LrlabError(worded("weight_decay", weight_decay, "a number of at least 0, or None if unknown"))
        kept, clean, found = _clean(at, value, len(rates))
        others = tuple(other_losses)
        return cls(kept, clean, rates, weight_decay, name, (*notes, *found), batch_changes, unit, others)

    @property
    def horizon(self) -> int:
        """The number of updates of the run."""
        return len(self.lrs)

    @property
    def warmup(self) -> int:
        """The number of updates before the LR first stops rising, including leading zeros."""
        return rising(self.lrs)


def rising(lrs: Floats) -> int:
    """The number of updates before an LR first stops rising, including leading zeros.

    >>> rising(np.array([0.0, 0.1, 0.2, 0.2, 0.1]))
    2
    """
    begin = int(np.argmax(lrs > 0))
    still = np.append(np.diff(lrs[begin:]) <= 0, True)
    rise = int(np.argmax(still))
    return begin + rise if rise else 0


def _columns(updates: ArrayLike, loss: ArrayLike, lrs: ArrayLike) -> list[tuple[ArrayLike, str]]:
    return [(updates, "updates"), (loss, "loss"), (lrs, "lrs")]


def numbers(column: ArrayLike, what: str) -> Floats:
    """A column as float64 of shape (n,); raises `LrlabError` naming `what` and the entry that is not a number."""
    try:
        array = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        raise LrlabTypeError(worded(f"{what}: not numbers", _stranger(column), "a sequence of numbers")) from None
    if array.ndim != 1:
        raise LrlabError(worded(f"{what}: one dimension", f"shape {array.shape}", "shape (n,)"))
    return array


def _stranger(column: object) -> object:
    """The first entry that is not a number, for the error message."""
    if isinstance(column, Sequence) and not isinstance(column, str):
        for entry in column:
            try:
                float(entry)
            except (TypeError, ValueError):
                return entry
    return column


def _clean(at: Floats, value: Floats, horizon: int) -> tuple[Ints, Floats, list[str]]:
    notes = []
    finite = np.isfinite(at) & np.isfinite(value)
    inside = finite & (at >= 1) & (at <= horizon)
    if not finite.all():
        notes.append(f"{int((~finite).sum())} points that are not finite were left out")
    if (early := int((finite & (at < 0)).sum())) > 0:
        notes.append(f"{early} points before update 0 were left out")
    if (late := int((finite & (at > horizon)).sum())) > 0:
        notes.append(f"{late} points after the last update with a known LR ({horizon}) were left out")
    updates, loss = np.rint(at[inside]).astype(np.int64), value[inside]
    # A stable sort keeps the order of the file among equal updates, so the last one written is kept.
    order = np.argsort(updates, kind="stable")
    updates, loss = updates[order], loss[order]
    last = np.append(np.diff(updates) > 0, True)[: len(updates)]
    if not last.all():
        notes.append(f"{int((~last).sum())} points were logged again later; the last of each is kept")
    if last.sum() < 2:
        raise LrlabError(
            worded(
                "too few points: a loss law needs a curve",
                f"{int(last.sum())} usable of {len(at)}",
                f"at least 2 finite losses after updates 1 ... {horizon}",
            )
        )
    return updates[last], loss[last], notes


Run = LogRun  # its public name
