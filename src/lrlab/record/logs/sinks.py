"""Where the rows of a log go: CSV, JSON lines, TensorBoard, and the user's own Weights & Biases or MLflow object.

A sink takes rows (step, {name: value}) and can be called repeatedly; it appends to files, so a resumed run continues
the log of the first. `read_run` can read all three kinds of file.

    log = RateLog(scheduler, csv_log("run.csv"), tensorboard_log("runs/1"), wandb_log(wandb.init()), mlflow_log(mlflow))
"""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabTypeError, worded
from lrlab.record.logs.tensorboard_writer import append, new_file

Row = tuple[int, Mapping[str, float]]
Sink = Callable[[Iterable[Row]], None]

STEP = "step"


def csv_log(path: str | os.PathLike[str]) -> Sink:
    """A CSV file with a column `step` and one for each name; a new name adds a column.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "run.csv")
    >>> csv_log(file)([(0, {"lr": 0.1}), (1, {"lr": 0.05})])
    >>> file.read_text().split()
    ['step,lr', '0,0.1', '1,0.05']
    """
    file = _appendable(path)
    columns = _header(file)

    def write(rows: Iterable[Row]) -> None:
        table = [{STEP: step, **values} for step, values in rows]
        fresh = [name for name in dict.fromkeys(name for row in table for name in row) if name not in columns]
        if fresh:
            columns.extend(fresh)
            _widen(file, columns)
        with file.open("a", newline="", encoding="utf-8") as stream:
            csv.DictWriter(stream, columns, restval="", lineterminator="\n").writerows(table)

    return write


def jsonl_log(path: str | os.PathLike[str]) -> Sink:
    """A file of JSON lines, {"step": ..., name: value}; infinities and NaN are written as texts.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "run.jsonl")
    >>> jsonl_log(file)([(0, {"lr": 0.1})])
    >>> file.read_text()
    '{"step": 0, "lr": 0.1}\\n'
    """
    file = _appendable(path)

    def write(rows: Iterable[Row]) -> None:
        with file.open("a", encoding="utf-8") as stream:
            for step, values in rows:
                plain = {name: value if math.isfinite(value) else str(value) for name, value in values.items()}
                stream.write(json.dumps({STEP: step, **plain}) + "\n")

    return write


def tensorboard_log(directory: str | os.PathLike[str]) -> Sink:
    """A TensorBoard event file in this directory with float64 scalars; each sink makes a new file.

    >>> import tempfile
    >>> from lrlab.record.logs.tensorboard import scalars
    >>> folder = Path(tempfile.mkdtemp())
    >>> tensorboard_log(folder)([(0, {"lr": 0.1})])
    >>> list(scalars(folder))
    [(0, 'lr', 0.1)]
    """
    file: list[Path] = []

    def write(rows: Iterable[Row]) -> None:
        if not file:
            file.append(new_file(Path(directory)))
        append(file[0], rows)

    return write


def wandb_log(run: Any) -> Sink:
    """Your Weights & Biases run, or any object with `.log({name: value}, step=)`.

    W&B drops rows with a step below the last one: log at every update, before your own values.

    >>> class Recorder:
    ...     def log(self, values, step): print(step, values)
    >>> wandb_log(Recorder())([(0, {"lr": 0.1})])
    0 {'lr': 0.1}
    """
    log = _method(run, "log", "wandb_log(wandb.init())")

    def write(rows: Iterable[Row]) -> None:
        for step, values in rows:
            log(dict(values), step=step)

    return write


def mlflow_log(client: Any) -> Sink:
    """The module `mlflow` with its active run, or any object with `.log_metric(name, value, step=)`.

    >>> class Recorder:
    ...     def log_metric(self, name, value, step): print(step, name, value)
    >>> mlflow_log(Recorder())([(0, {"lr": 0.1})])
    0 lr 0.1
    """
    log_metric = _method(client, "log_metric", "mlflow_log(mlflow)")

    def write(rows: Iterable[Row]) -> None:
        for step, values in rows:
            for name, value in values.items():
                log_metric(name, value, step=step)

    return write


def _method(target: Any, name: str, hint: str) -> Callable[..., Any]:
    method = getattr(target, name, None)
    if not callable(method):
        raise LrlabTypeError(worded(f"this has no method {name}()", target, hint=hint))
    return method  # type: ignore[no-any-return]


def _appendable(path: str | os.PathLike[str]) -> Path:
    """The file, ready to append: its folder is made, and an unfinished last line of a killed writer is removed."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        text = file.read_bytes()
        if not text.endswith(b"\n"):
            os.truncate(file, text.rfind(b"\n") + 1)
    return file


def _header(file: Path) -> list[str]:
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return next(csv.reader(stream), [])


def _widen(file: Path, columns: list[str]) -> None:
    """Rewrite the table in `file` with these columns, atomically."""
    wider = file.with_name(file.name + ".wider")
    with wider.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, columns, restval="", lineterminator="\n")
        writer.writeheader()
        if file.exists():
            with file.open(newline="", encoding="utf-8") as source:
                writer.writerows(csv.DictReader(source))
    wider.replace(file)
