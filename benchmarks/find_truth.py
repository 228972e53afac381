"""The truth that `find.py` judges by: complete runs at the LRs of a grid, on the built-in tasks, as a file.

    nice python benchmarks/find_truth.py [--tasks digits,charlm] [--optimizers momentum,adamw,rmsprop] [--workers 2]
        [--file benchmarks/data/find_truth.csv] [--size smallest]

Each task is trained with momentum, AdamW and RMSProp under warmup + linear: for T/8 updates at multiples of its own LR
by factors of 2, on two folds; for T at seven LRs around what was best there, and at seven around what was best of
these, on two folds; and then by factors of the root of 2 on six. A row is one run: its score is the judged metric, inf
where it diverged. Rows are appended as they are made: interrupted, the script goes on where it was. All of it takes
about an hour of one quiet core.

data/find_truth_held.csv has what nothing was chosen by: `--tasks digits,teacher,control,tabular --optimizers
sgd,adam,adagrad`.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from evidence import PURE
from lrlab.core.text.parse import parse
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store
from sizes import add_size

FILE = Path(__file__).parent / "data" / "find_truth.csv"
SCHEDULE = 'warmup("5%") >> linear()'
OPTIMIZERS = ("momentum", "adamw", "rmsprop")
TASKS = {  # T, and the size
    "digits": (320, "tiny"),
    "finetune": (320, "std"),
    "teacher": (3000, "tiny"),
    "control": (400, "std"),
    "tabular": (1600, "std"),
    "charlm": (800, "tiny"),
    "series": (800, "std"),
    "signals": (1000, "std"),
}
AT_ONCE = 48  # runs of a task with a pure form that are trained at once
MULTIPLES = tuple(2.0**k for k in range(-5, 5))
COARSE = (-3, -2, -1, 0, 1, 2, 3)  # powers of 2 around the best
FINE = (-1.5, -0.5, 0.5, 1.5)
FIRST, FOLDS = 2, 6
Pair = tuple[str, str]  # a task and its optimizer


class Cell(NamedTuple):
    """One run: where it is trained, for how long and at which multiple of the task's own LR."""

    task: str
    optimizer: str
    updates: int
    multiple: float
    fold: int


def job_of(cell: Cell) -> Job:
    """What is trained."""
    task = load_task(cell.task)
    config = {"size": TASKS[cell.task][1], "optimizer": cell.optimizer}
    folds, vectorise = task.settings.folds, AT_ONCE if cell.task in PURE else 0
    arm, fold = Arm("truth", parse(SCHEDULE)), cell.fold % folds
    return Job(arm, cell.multiple, cell.fold, fold, folds, cell.updates, 1, config, vectorise=vectorise)


def read(file: Path = FILE) -> dict[Cell, float]:
    """The runs that are there."""
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            Cell(row["task"], row["optimizer"], int(row["updates"]), float(row["multiple"]), int(row["fold"])): float(
                row["score"]
            )
            for row in csv.DictReader(lines)
        }


def short(pairs: Sequence[Pair], divisor: int) -> list[Cell]:
    """The whole grid at a part of T, on the first folds."""
    return [
        Cell(name, optimizer, TASKS[name][0] // divisor, multiple, fold)
        for fold in range(FIRST)
        for name, optimizer in pairs
        for multiple in MULTIPLES
    ]


def around(
    pairs: Sequence[Pair], found: dict[Cell, float], divisor: int, steps: Sequence[float], folds: Sequence[int]
) -> list[Cell]:
    """At T, the LRs by these powers of 2 around the one that is best at a part of T, by the first folds."""
    cells = []
    for name, optimizer in pairs:
        updates = TASKS[name][0]
        losses: dict[float, list[float]] = {}
        for cell, value in found.items():
            if cell[:3] == (name, optimizer, updates // divisor) and cell.fold < FIRST:
                losses.setdefault(cell.multiple, []).append(value)
        best = min((m for m, each in losses.items() if len(each) == FIRST), key=lambda m: np.mean(losses[m]))
        multiples = [float(f"{best * 2.0**k:.5g}") for k in steps]
        cells += [Cell(name, optimizer, updates, multiple, fold) for fold in folds for multiple in multiples]
    return cells


def rounds(pairs: Sequence[Pair], file: Path) -> Iterator[list[Cell]]:
    """What is trained, in this order: each round depends on the ones before."""
    yield short(pairs, 8)
    yield around(pairs, read(file), 8, COARSE, range(FIRST))
    yield around(pairs, read(file), 1, COARSE, range(FIRST))
    yield around(pairs, read(file), 1, sorted((*COARSE, *FINE)), range(FOLDS))


def made(cells: Iterable[Cell], file: Path, workers: int) -> Iterator[tuple[Cell, float]]:
    """Train what is missing, some at a time, and append it; inf where it diverged."""
    there = read(file)
    missing: dict[tuple[str, str, int], list[Cell]] = {}
    for cell in cells:
        if cell not in there:
            missing.setdefault(cell[:3], []).append(cell)
    fresh = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as lines, TemporaryDirectory() as store:
        writer = csv.writer(lines, lineterminator="\n")
        if fresh:
            writer.writerow([*Cell._fields, "score"])
        for (name, _, _), those in missing.items():
            task = load_task(name)
            with opened(Resources(workers, vectorise=AT_ONCE if name in PURE else 0), task) as executor:
                for few in batched(those, AT_ONCE):
                    runs, _ = run_jobs(task, [job_of(cell) for cell in few], Store(store), executor, fork_every=0)
                    for cell, run in zip(few, runs, strict=True):
                        value = run.score if run.outcome == "finished" else math.inf
                        writer.writerow([*cell, f"{value:.6g}"])
                        yield cell, value
                    lines.flush()


def batched(cells: Sequence[Cell], count: int) -> Iterator[Sequence[Cell]]:
    """So many at a time."""
    for first in range(0, len(cells), count):
        yield cells[first : first + count]


def main() -> None:
    """Train what is missing."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(TASKS))
    options.add_argument("--optimizers", default=",".join(OPTIMIZERS))
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--file", type=Path, default=FILE)
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        few = [Cell("control", "momentum", 50, multiple, 0) for multiple in (0.5, 1.0)]
        parts: Iterable[list[Cell]] = [few]
        given.file = Path("find_truth.csv")
    else:
        pairs = [(name, optimizer) for name in given.tasks.split(",") for optimizer in given.optimizers.split(",")]
        parts = rounds(pairs, given.file)
    for cells in parts:
        for cell, value in made(cells, given.file, given.workers):
            print(*cell, value, flush=True)


if __name__ == "__main__":
    main()
