"""Chooses the columns of a log that are the loss to fit and the LR: by name and by number of points."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Mapping, Sequence

import numpy as np

from lrlab.errors import LrlabError, nearest, worded
from lrlab.record.logs.columns import SHOWN, Column, LogTable
from lrlab.record.logs.roles import Loss, Role, loss, own, refuse_scaled, role
from lrlab.record.logs.units import counted, words

_DENSE = 5  # points: a validation loss with this many is fitted, however many the training loss has
_SHARE = 0.5  # or with this share of the points of the training loss
_NEVER = (Role.RATE, Role.COUNTER, Role.TIME, Role.BATCH, Role.SCORE)
_PART = re.compile(r"(train|val)/(box|obj|cls|dfl|seg|sem|pose|kobj|angle|rle)_loss")


def refuse(asked: str | None) -> None:
    """Raise `LrlabError` if the column asked for as the loss is not a loss by its name."""
    if asked and (kind := role(asked)) in _NEVER and not {"loss", "losses"} & set(words(own(asked))):
        allowed = "a column with a loss, which falls as the training goes on"
        raise LrlabError(worded(f"{own(asked)} is {kind.value}, not a loss", asked, allowed))


def add_sums(table: LogTable) -> None:
    """Add the sum of the loss parts as the loss, if an Ultralytics detector logs only the parts."""
    for phase in ("val", "train"):
        names = [name for name in table.series if (part := _PART.fullmatch(own(name))) and part[1] == phase]
        parts = [table.series[name] for name in names]
        whole = any(not loss(name).part and loss(name).validation == (phase == "val") for name in losses(table))
        if whole or len(parts) < 2 or not any("box" in name for name in names):
            continue
        first, *_ = parts
        if len({tuple((name, steps.tobytes()) for name, steps in part.at.items()) for part in parts}) > 1:
            continue  # not in one row: the values at one index are losses of different updates
        total = Column(array("d", np.sum([part.numbers() for part in parts], axis=0)))
        total.at, total.own, total.met, total.stride = first.at, first.own, first.met, first.stride
        table.series[f"{phase}/loss"] = total
        table.said[f"{phase}/loss is the sum of {', '.join(names)}"] = None


def losses(table: LogTable) -> list[str]:
    """The columns with a loss, in the order of preference."""
    return sorted((name for name in table.series if role(name) is Role.LOSS), key=loss)


def choose_loss(
    table: LogTable, asked: str | None, points: Mapping[str, int], path: object
) -> tuple[str, tuple[str, ...]]:
    """The loss to fit: the one asked for, else the validation loss if it is dense enough, else the training loss.

    Raises `LrlabError` if there is no loss, or only parts of one.
    """
    if asked:
        return _named(table, asked, "loss", path), ()
    whole = [name for name in losses(table) if not loss(name).part]
    said: tuple[str, ...] = ()
    kinds = {loss(name).kind for name in losses(table) if loss(name).alone}
    if not whole and len(kinds) == 1:
        whole = [name for name in losses(table) if loss(name).alone]
        said = (f"{whole[0]} is the only kind of loss in the log",)
    kept = [name for name in whole if points.get(name, 0)]
    if not kept:
        if whole:
            _finite(table, whole[0], path)
        raise _none(table, "loss", path)
    _one_run(kept)
    validation = [name for name in kept if loss(name).validation]
    training = [name for name in kept if not loss(name).validation]
    best = _densest(validation, points)
    other = _densest(training, points)
    _finite(table, best or other, path)
    if best and other and points[best] < _DENSE and points[best] < _SHARE * points[other]:
        sparse = f"{best} has {points[best]} points only: {other} is taken; loss={best!r} takes the other"
        return other, (*said, sparse)
    return best or other, said


def choose_rate(table: LogTable, asked: object, path: object) -> tuple[str | None, tuple[str, ...]]:
    """The column of the LR: the one asked for, or the one with most points; None if the LR itself is given.

    Raises `LrlabError` if no column is asked for and the log has none.
    """
    if asked is not None:
        if not isinstance(asked, str) or find(table, asked) is None:
            return None, ()
        return _named(table, asked, "lr", path), ()
    rates = [name for name in table.series if role(name) is Role.RATE and len(table.series[name].values)]
    if not rates:
        if silent := next((name for name in table.series if role(name) is Role.RATE), None):
            _finite(table, silent, path)
        raise _none(table, "lr", path)
    _one_run(rates)
    order = sorted(rates, key=lambda name: (-table.series[name].met, len(words(own(name)))))
    _finite(table, order[0], path)
    best = table.series[order[0]]
    refuse_scaled(order[0], path)
    others = [name for name in order[1:] if table.series[name].values != best.values]
    if others:
        return order[0], (f"the LR is {order[0]}; {', '.join(others[:3])} differ: lr= names another",)
    return order[0], ()


def find(table: LogTable, name: str) -> str | None:
    """A column by its name, or by the name after "<run> - ", as in a tracker's export of several runs.

    Raises `LrlabError` if several runs have this column.
    """
    if name in table.series:
        return name
    found = [column for column in table.series if column.endswith(f" - {name}")]
    if len(found) > 1:
        raise LrlabError(worded(f"several runs have a column {name}", found[:SHOWN], "one", f'loss="{found[0]}"'))
    return found[0] if found else None


def _one_run(names: Sequence[str]) -> None:
    """Raise `LrlabError` if columns with the same name belong to several runs."""
    for name in names:
        found = [each for each in names if own(each) == own(name)]
        if len(found) > 1:
            raise LrlabError(
                worded(f"several runs have a column {own(name)}", found[:SHOWN], "one", f'loss="{found[0]}"')
            )


def _densest(names: Sequence[str], points: Mapping[str, int]) -> str:
    """The column with most points of the preferred kind; of another kind if that kind is sparse."""
    order: list[tuple[bool, int, int, Loss, str]] = []
    for name in names:
        kind = loss(name)
        sparse = points[name] < min(_DENSE, max(points[each] for each in names))
        order.append((sparse, kind.phase, -points[name], kind, name))
    return min(order)[-1] if order else ""


def _named(table: LogTable, asked: str, what: str, path: object) -> str:
    """A column that was asked for. Raises `LrlabError` if it is missing or holds no number."""
    name = find(table, asked)
    if asked in table.unusable and name is None:
        allowed = "one column of this name, with one entry per step"
        raise LrlabError(worded(f"{path}: {asked} cannot be used", table.unusable[asked], allowed))
    if name is None:
        raise _none(table, what, path, asked)
    _finite(table, name, path)
    return name


def _finite(table: LogTable, name: str, path: object) -> None:
    series = table.series[name]
    if not any(map(math.isfinite, series.values)):
        what, entry = ("no finite number", series.values[0]) if series.values else ("no number", series.stranger)
        raise LrlabError(worded(f"{path}: {name} holds {what}", entry, "numbers, with a decimal point"))
    if series.garbled > len(series.values):
        what, entry = f"{series.garbled} entries that are no numbers, more than numbers", series.stranger
        raise LrlabError(worded(f"{path}: {name} holds {what}", entry, "numbers, with a decimal point"))


def _none(table: LogTable, what: str, path: object, asked: str = "") -> LrlabError:
    """The error for a missing column; it names the existing columns and the nearest name."""
    names = [name for name in (*table.series, *table.others) if not counted(name)]
    for name in losses(table) if what == "loss" else ():
        if name in table.unusable:
            return LrlabError(worded(f"{path}: {name} cannot be used", table.unusable[name], "one entry per step"))
    for name in table.unusable if not asked else ():
        if role(name) is (Role.LOSS if what == "loss" else Role.RATE):
            allowed = "one column of this name, with one entry per step"
            return LrlabError(worded(f"{path}: {name} cannot be used", table.unusable[name], allowed))
    if what == "lr":
        hint = 'lr="3e-4 * (warmup(100) >> cosine())"'
    else:
        may_be = [name for name in names if role(name) is Role.LOSS] or [
            name for name in names if role(name) is Role.OTHER
        ]
        meant = (nearest(asked, may_be) if asked else "") or (may_be[0] if may_be else "")
        hint = f'loss="{meant}"' if meant else ""
    parts = what == "loss" and not asked and bool(losses(table))
    missing = (
        f"no column {asked!r}" if asked else "several losses, and none is the whole" if parts else f"no {what} column"
    )
    allowed = f"{what}= one of the columns" + (", or the LR as a schedule's text" if what == "lr" else "")
    return LrlabError(worded(f"{path}: {missing}", names[:SHOWN], allowed, hint))
