"""Reading the log of a training into a `LogRun`, with the warts that logs have.

    run = read_run("wandb.json", loss="val_loss")
    run = read_run("metrics.csv", lr='3e-4 * (warmup(2000) >> cosine(to=0.1))', weight_decay=0.1)
    run = read_run("cooldown.json", parent=read_run("trunk.json"))

Rows are streamed; of a file of any size only the columns in question are kept.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.held import held
from lrlab.record.logs import learning_rates
from lrlab.record.logs.columns import LogTable, choose, collect, find
from lrlab.record.logs.formats import rows
from lrlab.record.logs.log import LogRun, numbers
from lrlab.record.logs.steps import number
from lrlab.record.regular import content, descriptor
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import StoredRun, from_json

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOSS = ("val/loss", "val_loss", "eval/loss", "eval_loss", "validation/loss", "valid_loss", "test_loss")
TRAIN_LOSS = ("loss", "train/loss", "train_loss", "train/train_loss", "training_loss")
BATCH = ("batch_size", "train/batch_size", "global_batch_size", "tokens_per_update")
RATE = ("lr", "learning_rate", "train/lr", "train_lr", "train/learning_rate", "lr-AdamW", "lr-Adam", "lr-SGD")

_DENSE = 1000  # points: a training loss logged more often than this is taken to be of single batches
_LARGEST_RUN = 100_000_000  # bytes of a stored run
_SMOOTHED = 200  # points that a smoothed training loss keeps


def read_run(
    path: str | PathLike[str],
    *,
    loss: str | None = None,
    lr: Any = None,
    warmup: int | None = None,
    weight_decay: float | None = None,
    step: str | None = None,
    horizon: int | None = None,
    parent: LogRun | None = None,
    smooth: int | None = None,
) -> LogRun:
    """The run in a log file: CSV, JSON lines, TensorBoard events, a tracker's CSV export or history JSON.

    `loss` and `step` name columns; left out, a validation loss is preferred to a training loss, which is averaged
    over `smooth` neighbouring points (by default, above 1000 points, so that 200 remain).

    `lr` names a column with the LR of the *next* update (as schedulers report it after their step; sparse is enough),
    or gives the LR itself: a number, a schedule or its text with absolute values, or an array with the LR of every
    update. `warmup` is the length of a linear warmup that was not logged; with `parent`, loss and LR before the first
    logged point come from that run. `weight_decay` and the warmup are taken from the configuration in the file where
    it has one.

    Raises `LrlabError` where a column is missing or holds no number.

    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = log.write_text("step,val_loss,lr\\n1,4.0,0.1\\n2,3.5,0.1\\n3,3.2,0.1\\n")
    >>> read_run(log).loss.tolist()
    [4.0, 3.5, 3.2]
    """
    if not isinstance(path, str | PathLike):
        raise LrlabTypeError(worded("a log is a file", path, "its path: text, or a Path", 'read_run("log.csv")'))
    for name, given in (("horizon", horizon), ("warmup", warmup), ("smooth", smooth)):
        if given is not None and (type(given) is not int or given < 0):
            raise LrlabTypeError(worded(f"{name} is a number of updates", given, "0, 1, 2, ...", f"{name}=1000"))
    if stored := _stored(Path(path)):
        return from_record(stored, loss)
    with np.errstate(all="ignore"):  # numbers of any size: what comes of them is looked at in the end
        return _read(Path(path), loss, lr, warmup, weight_decay, step, horizon, parent, smooth)


def _read(
    path: Path,
    loss: str | None,
    lr: Any,
    warmup: int | None,
    weight_decay: float | None,
    step: str | None,
    horizon: int | None,
    parent: LogRun | None,
    smooth: int | None,
) -> LogRun:
    named = {name for name in (loss, lr) if isinstance(name, str)}
    table = collect(rows(path), step, {*LOSS, *TRAIN_LOSS, *RATE, *BATCH, *named}, path)
    name = choose(table, loss, (*LOSS, *TRAIN_LOSS), "loss", path)
    at, values = table.column(name)
    notes = table.remarks(name)
    if name.endswith(TRAIN_LOSS) and not name.endswith(LOSS):
        at, values, smoothed = _smooth(at, values, smooth)
        notes += smoothed
    rate = _rate_column(table, lr, path)
    known_at, known = table.column(rate) if rate else (np.zeros(0, np.int64), np.zeros(0))
    notes += table.remarks(rate) if rate else ()
    known_at, known = _ordered(known_at, known)
    last = horizon or int(max(at.max(initial=1), known_at.max(initial=1)))
    held(
        last, f"{path}, whose steps are taken for updates,", 'step="iteration", or horizon=10_000 to leave out the rest'
    )
    if rate:
        warmup = warmup if warmup is not None else _unlogged(known_at, table.config.get("warmup_steps"))
        begin = int(min(at.min(), known_at.min()))
        if parent is not None and begin > 0:
            lrs = _joined(parent, begin, known_at, known, last)
        else:
            lrs = learning_rates.fill(known_at, known, last, warmup or 0)
            if known_at[0] > 0.02 * last and not warmup:
                notes += (f"the LR before update {known_at[0]} is not in the log; taken as {lrs[0]:g}",)
    else:
        lrs = _given(lr, last)
    if parent is not None:
        before = parent.updates < at.min()
        at, values = np.append(parent.updates[before], at), np.append(parent.loss[before], values)
    if weight_decay is None:
        weight_decay = number(table.config.get("weight_decay"))
    batches = [table.column(column)[1] for column in BATCH if column in table.series]
    return LogRun.from_arrays(
        at,
        values,
        lrs,
        weight_decay,
        name=path.stem,
        notes=notes,
        batch_changes=any(len(np.unique(sizes)) > 1 for sizes in batches),
    )


def from_record(run: StoredRun, metric: str | None = None) -> LogRun:
    """A run of our own store: an evaluated metric (by default the judged one) under the LR it really had.

    The LR is in multiples of the task's own; what controllers decided is in it.
    """
    series = run.loss if metric == "loss" else run.evals.get(metric or run.metric, run.loss)
    note = 'the LR is in multiples of the task\'s own; fit it with prior="generic"'
    return LogRun.from_arrays(series.updates, series.values, realised(run), name=run.arm, notes=(note,))


def _stored(path: Path) -> StoredRun | None:
    """A run of our own store, if the file is one."""
    if path.suffix != ".json":
        return None
    try:
        with open(descriptor(path), "rb") as stream:
            head = stream.read(4000)
        if b'"key"' not in head or b'"schedule"' not in head:
            return None
        return from_json(content(path, most=_LARGEST_RUN))
    except (OSError, ValueError) as error:  # is said when it is read as a log
        if isinstance(error, LrlabError):
            raise
        return None


def _rate_column(table: LogTable, lr: Any, path: object) -> str | None:
    if lr is None:
        return choose(table, None, RATE, "lr", path)
    column = find(table, lr) if isinstance(lr, str) else None
    return choose(table, column, (), "lr", path) if column else None


def _given(lr: Any, horizon: int) -> Floats:
    """The LR of every update from a number, an array, a schedule, or a schedule's text."""
    if isinstance(lr, int | float):
        return np.full(horizon, float(lr))
    if isinstance(lr, str):
        lr = parse(lr)
    if hasattr(lr, "over"):
        lr = lr.over(horizon).values()
    return numbers(lr, "lr")


def _ordered(at: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Finite points in ascending order, the last written of those logged twice."""
    finite = np.isfinite(values)
    at, values = at[finite], values[finite]
    order = np.argsort(at, kind="stable")
    at, values = at[order], values[order]
    last = np.append(np.diff(at) > 0, True) if len(at) else finite[:0]
    return at[last], values[last]


def _unlogged(known_at: Ints, configured: object) -> int | None:
    """A warmup named in the file's configuration, where the log begins after it."""
    steps = number(configured)
    return int(steps) if steps and len(known_at) and 0 < steps <= known_at[0] else None


def _joined(parent: LogRun, start: int, at: Ints, values: Floats, horizon: int) -> Floats:
    """The parent's LR before `start`, the run's own from there on."""
    start = min(start, parent.horizon)
    anchor = parent.lrs[start - 1] if start else values[0]
    own = at > start
    at, values = np.append(start, at[own]), np.append(anchor, values[own])
    return np.append(parent.lrs[:start], learning_rates.fill(at, values, horizon)[start:])


def _smooth(at: Ints, values: Floats, points: int | None) -> tuple[Ints, Floats, tuple[str, ...]]:
    """Means of consecutive points: the loss of one batch is mostly noise."""
    logged, entries = at, values
    at, values = _ordered(at, values)
    size = points or (-(-len(at) // _SMOOTHED) if len(at) > _DENSE else 1)
    bins = len(at) // size
    if size < 2 or bins < 2:
        return logged, entries, ()
    used = slice(len(at) - bins * size, None)
    middle = np.rint(at[used].reshape(bins, size).mean(1)).astype(np.int64)
    notes = [f"training loss: means of {size} neighbouring points"]
    if lost := int((~np.isfinite(entries)).sum()):
        notes.append(f"{lost} points that are not finite were left out")
    return middle, values[used].reshape(bins, size).mean(1), tuple(notes)
