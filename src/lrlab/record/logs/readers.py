"""Reads the log of a training into a `LogRun` and copes with the usual flaws of logs.

    run = read_run("wandb.json", loss="val_loss")
    run = read_run("metrics.csv", lr='3e-4 * (warmup(2000) >> cosine())', weight_decay=0.1)
    run = read_run("cooldown.json", parent=read_run("trunk.json"))

Rows are streamed; only the columns that matter are kept, so a file may have any size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded
from lrlab.record.logs.log import LogRun, LossCurve
from lrlab.record.logs.reading import Asked, ReadColumn, Reading, read_log
from lrlab.record.logs.units import Rates
from lrlab.record.regular import content, descriptor
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import StoredRun, from_json

_LARGEST_RUN = 100_000_000  # bytes of a stored run


def read_run(
    path: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    loss: str | None = None,
    lr: Any = None,
    warmup: int | None = None,
    weight_decay: float | None = None,
    step: str | None = None,
    horizon: int | None = None,
    parent: LogRun | None = None,
    smooth: int | None = None,
    updates_per_epoch: float | None = None,
    samples_per_update: float | None = None,
    tokens_per_update: float | None = None,
    accumulate: int | None = None,
) -> LogRun:
    """The run in a log: a table, JSON lines, a JSON document, lines of text, a folder of TensorBoard or MLflow.

    Several files must belong to one run: its parts after a resume, or a file for each metric. Where steps go back, the
    later rows count.

    `loss` and `step` name columns. If `loss` is left out, the validation loss is taken if it has enough points, else
    the training loss, averaged over `smooth` neighbouring points (by default only above 1000 points, so that 200
    remain); the other losses are in `other_losses`.

    `lr` names a column with the LR of the *next* update (as schedulers report it after their step; sparse is enough),
    or gives the LR itself: a number, a schedule or its text with absolute values, or an array with the LR of every
    update. `warmup` is the length of a linear warmup that was not logged. With `parent`, loss and LR before the first
    logged point come from that run. `weight_decay` and the warmup default to those of a configuration in the file.

    The unit of the rows is read from the names. `updates_per_epoch`, `samples_per_update` and `tokens_per_update`
    convert epochs, samples and tokens to updates; `accumulate` is the number of micro-batches per update. Epochs of
    unknown length stay epochs: then `unit` is "epoch", and a note says so.

    Raises `LrlabError` if a column is missing, holds no number or is not a loss, and if nothing tells how many units
    make an update.

    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = log.write_text("step,val_loss,lr\\n1,4.0,0.1\\n2,3.5,0.1\\n3,3.2,0.1\\n")
    >>> read_run(log).loss.tolist()
    [4.0, 3.5, 3.2]
    """
    rates = Rates(updates_per_epoch, samples_per_update, tokens_per_update, accumulate)
    found = understood(path, Asked(loss, lr, warmup, weight_decay, step, horizon, parent, smooth, rates))
    if found.run is None:
        raise LrlabError(found.missing)
    return found.run


def understood(path: object, asked: Asked) -> Reading:
    """What is understood of a log: one path, or a list of paths of one run. Raises `LrlabError` as `read_run` does."""
    paths = _paths(path)
    if len(paths) == 1 and (stored := _stored(paths[0])):
        _refuse_unused(asked)
        run = dataclasses.replace(from_record(stored, asked.loss), weight_decay=asked.weight_decay)
        name = asked.loss or _judged(stored)
        curve = LossCurve(name, name != "loss", run.updates, run.loss)
        what = "the judged metric" if name == stored.metric else "a training loss" if name == "loss" else "a metric"
        column = ReadColumn(name, what, len(run.loss), float(run.loss[0]), float(run.loss[-1]), True)
        formats = ("a run of lrlab's store",)
        return Reading(str(paths[0]), formats, len(run.loss), "", "updates", (column,), (curve,), run.notes, run, "")
    return read_log(paths, asked)


def _paths(path: object) -> list[Path]:
    """The files of one run."""
    given: list[Any] = list(path) if isinstance(path, list | tuple) else [path]
    if not given or not all(isinstance(each, str | PathLike) for each in given):
        allowed = "its path: text, or a Path; or a list of those of one run"
        raise LrlabTypeError(worded("a log is a file", path, allowed, 'read_run("log.csv")'))
    return [Path(each) for each in given]


def _refuse_unused(asked: Asked) -> None:
    """A run of the store knows its LR, length and warmup; a weight decay goes with LRs, and it has multiples of one."""
    given = {name: getattr(asked, name) for name in ("lr", "step", "horizon", "parent")}
    given |= {name: getattr(asked, name) or None for name in ("warmup", "weight_decay", "smooth")}  # 0 is true of it
    if unused := {name: value for name, value in given.items() if value is not None}:
        what = f"a run of lrlab's store has no use for {', '.join(unused)}"
        raise LrlabError(worded(what, unused, "what is used: this would be ignored"))


def from_record(run: StoredRun, metric: str | None = None) -> LogRun:
    """A run of our own store: an evaluated metric (by default the judged one) with the LR it really had.

    By default it is the training loss, "loss", where the run ended before it was judged. The LR is in multiples of the
    task's own and includes the decisions of controllers. Raises `LrlabError` for a metric that it does not have.
    """
    series = {"loss": run.loss, **run.evals}
    if metric is not None and metric not in series:
        what = f"the stored run {run.arm} has no column {metric!r}"
        raise LrlabError(worded(what, [*series], "loss= one of the columns", nearest(metric, series)))
    found = series[metric or _judged(run)]
    notes = ['the LR is in multiples of the task\'s own; fit it with prior="generic"']
    if metric is None and run.metric not in series:
        notes.append(f"it ended before it had a {run.metric}: this is its training loss")
    return LogRun.from_arrays(found.updates, found.values, realised(run), name=run.arm, notes=notes)


def _judged(run: StoredRun) -> str:
    """The metric by which a run was judged; "loss", the training loss, where it ended before that."""
    return run.metric if run.metric in run.evals else "loss"


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
    except (OSError, ValueError) as error:  # reported when the file is read as a log
        if isinstance(error, LrlabError):
            raise
        return None
