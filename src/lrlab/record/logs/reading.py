"""What was understood of a log before a fit: its columns, the counter of its rows, and what was repaired.

found = read_log(["metrics.csv"], loss="val_loss")
found.run, found.missing    # the run, or a sentence that says why there is none
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.held import held
from lrlab.record.logs import learning_rates
from lrlab.record.logs.choice import add_sums, choose_loss, choose_rate, losses, refuse
from lrlab.record.logs.clock import Clock, clock_of, suspicion
from lrlab.record.logs.columns import LogTable, collect
from lrlab.record.logs.formats import registry
from lrlab.record.logs.log import LogRun, LossCurve, numbers
from lrlab.record.logs.repair import ordered
from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.steps import number
from lrlab.record.logs.units import Rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST = 20_000_000  # updates of a run: the LR of each is held in memory several times
_DENSE = 1000  # points: a training loss with more is taken as the loss of single batches
_SMOOTHED = 200  # points that a smoothed training loss keeps
_UNKNOWN = Rates()


@dataclass(frozen=True)
class ReadColumn:
    """One column as understood: its role, its number of points, and its first and last value."""

    name: str
    what: str
    points: int
    first: float
    last: float
    used: bool


@dataclass(frozen=True, eq=False)
class Reading:
    """What was understood of a log.

    `run` is what a law is fitted to; it is None if something is missing, and then `missing` says in a sentence what.
    `curves` are all losses of the log by completed updates, the chosen one first.
    """

    name: str
    formats: tuple[str, ...]
    rows: int
    counter: str
    unit: str
    columns: tuple[ReadColumn, ...]
    curves: tuple[LossCurve, ...]
    notes: tuple[str, ...]
    run: LogRun | None
    missing: str


@dataclass(frozen=True)
class Asked:
    """How a log is to be read: see `read_run`."""

    loss: str | None = None
    lr: Any = None
    warmup: int | None = None
    weight_decay: float | None = None
    step: str | None = None
    horizon: int | None = None
    parent: LogRun | None = None
    smooth: int | None = None
    rates: Rates = _UNKNOWN

    def __post_init__(self) -> None:
        for name in ("horizon", "warmup", "smooth"):
            given = getattr(self, name)
            if given is not None and (type(given) is not int or given < 0):
                raise LrlabTypeError(worded(f"{name} is a number of updates", given, "0, 1, 2, ...", f"{name}=1000"))


def read_log(paths: Sequence[Path], asked: Asked) -> Reading:
    """Read the files of one run. Raises `LrlabError` if they hold no rows, or no counter of rows."""
    refuse(asked.loss)
    name = str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    formats = [registry.of(path) for path in paths]
    named = {each for each in (asked.loss, asked.lr) if isinstance(each, str)}
    table = collect(_files(paths, formats, asked, named), asked.step, named, name)
    add_sums(table)
    with np.errstate(all="ignore"):  # numbers of any size: the results are checked at the end
        return _understood(paths, tuple(each.NAME for each in formats), table, asked, name)


def _files(paths: Sequence[Path], formats: Sequence[registry.Format], asked: Asked, named: set[str]) -> Any:
    """The rows of each file; the parts of a resumed run come after its beginning."""
    if len(paths) == 1:
        return [registry.told(paths[0], formats[0])]
    first = []
    for path, form in zip(paths, formats, strict=True):
        table = collect([registry.told(path, form)], asked.step, named, path)
        steps = [float(np.nanmin(s)) for c in table.series.values() for s in (c.steps(n) for n in c.own) if len(s)]
        first.append(min(steps, default=0.0))
    order = sorted(range(len(paths)), key=first.__getitem__)
    return [registry.told(paths[k], formats[k]) for k in order]


def _understood(paths: Sequence[Path], formats: tuple[str, ...], table: LogTable, asked: Asked, path: str) -> Reading:
    clock = clock_of(table, asked.rates, asked.step, path)
    _begun_once(table, clock, path)
    curves: dict[str, LossCurve] = {}
    repairs: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys([*losses(table), *(each for each in table.series if each == asked.loss)]):
        at, kept, repairs[name] = _points(table, clock, name)
        curves[name] = LossCurve(name, loss(name).validation, at, kept)
    points = {name: int(np.isfinite(curve.loss[curve.updates > 0]).sum()) for name, curve in curves.items()}
    rate, missing, run = None, "", None
    chosen, notes = "", clock.said
    known: tuple[Ints, Floats] = (np.zeros(0, np.int64), np.zeros(0))
    try:
        chosen, said = choose_loss(table, asked.loss, points, path)
        if chosen not in curves:  # asked for, but not a loss by its name
            at, kept, repairs[chosen] = _points(table, clock, chosen)
            curves[chosen] = LossCurve(chosen, loss(chosen).validation, at, kept)
        notes += (*said, *table.remarks(chosen), *repairs[chosen])
        rate, said = choose_rate(table, asked.lr, path)
        notes += said
        if rate:
            known, said = _known(table, clock, rate)
            notes += said
        run = _run(paths, table, clock, asked, curves, chosen, rate, known, notes, path)
        notes = run.notes
    except LrlabError as error:
        missing = str(error)
    order = sorted(curves.values(), key=lambda curve: (curve.name != chosen, loss(curve.name)))
    return Reading(
        path, formats, table.rows, clock.counter, "epochs" if clock.epochs else "updates",
        _columns(table, {chosen, rate, clock.counter}), tuple(order), notes, run, missing,
    )  # fmt: skip


def _begun_once(table: LogTable, clock: Clock, path: str) -> None:
    """Raise `LrlabError` if the steps run from one beginning to one end three times or more: no resume does."""
    column = max(table.series.values(), key=lambda each: each.met, default=None)
    at = np.zeros(0) if column is None else np.rint(clock.updates(column))
    at = at[np.isfinite(at)]
    parts = np.split(at, np.flatnonzero(np.diff(at) < 0) + 1)
    ends = {(float(part[0]), float(part[-1])) for part in parts if len(part)}
    if len(parts) > 2 and len(ends) == 1 and len(parts[0]) > 1:
        first, last = ends.pop()
        raise LrlabError(
            worded(
                f"{path}: {clock.counter} runs from {first:g} to {last:g} {len(parts)} times: batches within epochs, "
                "or several runs in one file",
                [clock.counter],
                "a counter that goes on, or a column with the epoch; one file per run",
                'step="global_step"',
            )
        )


def _points(table: LogTable, clock: Clock, name: str) -> tuple[Ints, Floats, tuple[str, ...]]:
    """A loss by completed updates, in order."""
    column = table.series[name]
    at = np.rint(clock.updates(column))
    kept, said = ordered(at, column.numbers())
    lost = int((~np.isfinite(at)).sum())
    said += (f"{lost} points of {name} have no step, and were left out",) if lost else ()
    return at[kept].astype(np.int64), column.numbers()[kept], said


def _known(table: LogTable, clock: Clock, name: str) -> tuple[tuple[Ints, Floats], tuple[str, ...]]:
    """The logged LRs in order, each with the update that used it."""
    column = table.series[name]
    at, values = np.rint(clock.updates(column, began=True)), column.numbers()
    at = np.where(np.isfinite(values), at, np.nan)
    _one_lr(at, values, name)
    kept, _ = ordered(at, values)
    updates, values = at[kept].astype(np.int64), values[kept]
    if not len(updates):
        raise LrlabError(f"{name} has no finite number at a step of the losses")
    said = tuple(remark for remark in table.remarks(name) if name in remark)
    if clock.held(column):  # one value per epoch: it holds until the next
        before = updates[1:] - 1
        inside = before > updates[:-1]
        updates = np.append(updates, before[inside])
        values = np.append(values, values[:-1][inside])
        order = np.argsort(updates, kind="stable")
        updates, values = updates[order], values[order]
    return (updates, values), said


def _one_lr(at: Floats, values: Floats, name: str) -> None:
    """Raise `LrlabError` if most steps have rows beside each other with different LRs."""
    twice = (np.diff(at) == 0) & ~np.isclose(values[1:], values[:-1], rtol=1e-6, atol=0.0)
    if twice.sum() > 0.5 * len(np.unique(at[np.isfinite(at)])):
        first = int(twice.argmax())
        raise LrlabError(
            worded(
                f"the rows of one step have different LRs in {name}: several runs, or groups, in one table",
                f"{values[first]:g} and {values[first + 1]:g} at {at[first]:g}",
                "one run, with one LR at each step",
                "one file per run",
            )
        )


def _run(
    paths: Sequence[Path],
    table: LogTable,
    clock: Clock,
    asked: Asked,
    curves: dict[str, LossCurve],
    chosen: str,
    rate: str | None,
    known: tuple[Ints, Floats],
    notes: tuple[str, ...],
    path: str,
) -> LogRun:
    """The run: the chosen loss, and the LR of every update. Raises `LrlabError` if there are too few points."""
    at, values = curves[chosen].updates, curves[chosen].loss
    if not curves[chosen].validation and role(chosen) is Role.LOSS:
        at, values, smoothed = _smooth(at, values, asked.smooth)
        notes += smoothed
    known_at, known_lr = known
    last = asked.horizon or int(max(at.max(initial=1), known_at.max(initial=1)))
    hint = 'step="iteration", or horizon=10_000 to leave out the rest'
    if doubt := suspicion(clock, last):
        hint = f"{doubt}; or {hint}"
    held(last, f"{path}, whose steps are taken for updates,", hint, _MOST)
    parent = asked.parent
    if rate:
        warmup = asked.warmup if asked.warmup is not None else _unlogged(known_at, table.config.get("warmup_steps"))
        begin = int(min(at.min(), known_at.min()))
        if parent is not None and begin > 0:
            lrs = _joined(parent, begin, known_at, known_lr, last)
        else:
            lrs = learning_rates.fill(known_at, known_lr, last, warmup or 0)
            if known_at[0] > 0.02 * last and not warmup:
                notes += (f"the LR before update {known_at[0]} is not in the log; taken as {lrs[0]:g}",)
            if known_at[-1] < 0.9 * last - 1:
                notes += (f"the LR after update {known_at[-1]} is not in the log; taken as {lrs[-1]:g}",)
            after = known_lr[int(known_lr.argmax()) :]
            if (zeros := int((after == 0).sum())) > 2:
                notes += (f"the LR is 0 at {zeros} logged points: was it rounded when it was logged? lr= gives it",)
    else:
        lrs = _given(asked.lr, last)
    if parent is not None:
        before = parent.updates < at.min()
        at, values = np.append(parent.updates[before], at), np.append(parent.loss[before], values)
    decay = asked.weight_decay if asked.weight_decay is not None else number(table.config.get("weight_decay"))
    sizes = [column.numbers() for name, column in table.series.items() if role(name) is Role.BATCH]
    others = tuple(curve for name, curve in curves.items() if name != chosen and not loss(name).part)
    return LogRun.from_arrays(
        at,
        values,
        lrs,
        decay,
        name=paths[0].stem,
        notes=notes,
        batch_changes=any(len(np.unique(each)) > 1 for each in sizes),
        unit="epoch" if clock.epochs else "update",
        other_losses=others,
    )


def _columns(table: LogTable, used: set[str | None]) -> tuple[ReadColumn, ...]:
    """The columns as understood: first those that were used, then by role."""
    found = []
    for name, column in table.series.items():
        values = column.numbers()
        ends = (float(values[0]), float(values[-1])) if len(values) else (np.nan, np.nan)
        found.append(ReadColumn(name, _what(name), column.met, *ends, name in used))
    found += [ReadColumn(name, role(name).value, 0, np.nan, np.nan, name in used) for name in table.counters]
    found += [ReadColumn(name, role(name).value, 0, np.nan, np.nan, False) for name in table.others]
    roles = [role.value for role in Role]
    return tuple(sorted(found, key=lambda each: (not each.used, roles.index(role(each.name).value), -each.points)))


def _what(name: str) -> str:
    if role(name) is not Role.LOSS:
        return role(name).value
    kind = loss(name)
    return f"{'a part of a' if kind.part else 'a'} {'validation' if kind.validation else 'training'} loss"


def _given(lr: Any, horizon: int) -> Floats:
    """The LR of every update from a number, an array, a schedule, or a schedule's text."""
    if isinstance(lr, int | float):
        return np.full(horizon, float(lr))
    if isinstance(lr, str):
        lr = parse(lr)
    if hasattr(lr, "over"):
        lr = lr.over(horizon).values()
    return numbers(lr, "lr")


def _unlogged(known_at: Ints, configured: object) -> int | None:
    """The warmup in the file's configuration, if the log begins after it."""
    steps = number(configured)
    return int(steps) if steps and 0 < steps <= known_at[0] else None


def _joined(parent: LogRun, start: int, at: Ints, values: Floats, horizon: int) -> Floats:
    """The parent's LR before `start`, then the run's own."""
    start = min(start, parent.horizon)
    if at[0] > start:
        at, values = np.append(start, at), np.append(parent.lrs[start - 1], values)
    return np.append(parent.lrs[:start], learning_rates.fill(at, values, horizon)[start:])


def _smooth(at: Ints, values: Floats, points: int | None) -> tuple[Ints, Floats, tuple[str, ...]]:
    """Means of consecutive points: the loss of one batch is mostly noise."""
    logged, entries = at, values
    finite = np.isfinite(values)
    at, values = at[finite], values[finite]
    size = points or (-(-len(at) // _SMOOTHED) if len(at) > _DENSE else 1)
    bins = len(at) // size
    if size < 2 or bins < 2:
        return logged, entries, ()
    used = slice(len(at) - bins * size, None)
    middle = np.rint(at[used].reshape(bins, size).mean(1)).astype(np.int64)
    notes = [f"training loss: means of {size} neighbouring points"]
    if lost := int((~finite).sum()):
        notes.append(f"{lost} points that are not finite were left out")
    return middle, values[used].reshape(bins, size).mean(1), tuple(notes)
