"""The truth that `find.py` judges by: complete runs at the LRs of a grid, on the built-in tasks, as a file.

    nice python benchmarks/find_truth.py [--workers 2] [--file benchmarks/data/find_truth.csv] [--size smallest]

Each task is trained with momentum, AdamW and RMSProp under warmup + linear: complete at T/8 updates at multiples of its
own LR by factors of 2, on two folds, and at T at seven multiples around what was best there, on one fold, and then at
all of these on the other. A row is one run: its score is the judged metric, inf where it diverged. Rows are appended as
they are made: interrupted, the script goes on where it was. All of it takes about ten minutes of one quiet core.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lrlab.core.text.parse import parse
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import load_task
from sizes import add_size

FILE = Path(__file__).parent / "data" / "find_truth.csv"
SCHEDULE = 'warmup("5%") >> linear()'
OPTIMIZERS = ("momentum", "adamw", "rmsprop")
TASKS = {  # T, and the size
    "digits": (320, "tiny"),
    "finetune": (320, "std"),
    "teacher": (1600, "tiny"),
    "control": (400, "std"),
    "tabular": (1600, "std"),
    "charlm": (400, "tiny"),
    "series": (400, "std"),
    "signals": (480, "std"),
}
MULTIPLES = tuple(2.0**k for k in range(-5, 5))
FOLDS = 2


class Cell(NamedTuple):
    """One run: where it is trained, for how long and at which multiple of the task's own LR."""

    task: str
    optimizer: str
    updates: int
    multiple: float
    fold: int


def score(cell: Cell) -> float:
    """The judged metric at its end; inf where it diverged."""
    task = load_task(cell.task)
    config = {"size": TASKS[cell.task][1], "optimizer": cell.optimizer}
    arm = Arm("truth", parse(SCHEDULE))
    folds = task.settings.folds
    return train(task, Job(arm, cell.multiple, cell.fold, cell.fold, folds, cell.updates, 1, config)).score


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


def short(divisor: int, fold: int) -> list[Cell]:
    """The whole grid at a part of T, on one fold."""
    return [
        Cell(name, optimizer, updates // divisor, multiple, fold)
        for name, (updates, _) in TASKS.items()
        for optimizer in OPTIMIZERS
        for multiple in MULTIPLES
    ]


def again(found: dict[Cell, float], fold: int) -> list[Cell]:
    """What was trained for T on the first fold, on another."""
    return [cell._replace(fold=fold) for cell in found if cell.fold == 0 and cell.updates == TASKS[cell.task][0]]


def around(found: dict[Cell, float], updates_of: Callable[[int], int], steps: Sequence[float], fold: int) -> list[Cell]:
    """At T, the LRs by these powers of 2 around the one that is best at another length."""
    more = []
    for name, (updates, _) in TASKS.items():
        for optimizer in OPTIMIZERS:
            means: dict[float, list[float]] = {}
            for cell, value in found.items():
                if cell[:3] == (name, optimizer, updates_of(updates)):
                    means.setdefault(cell.multiple, []).append(value)
            best = min(means, key=lambda multiple: np.mean(means[multiple]))
            more.append([Cell(name, optimizer, updates, best * 2.0**k, fold) for k in steps])
    return [cell for those in zip(*more, strict=True) for cell in those]


def rounds(file: Path) -> Iterator[list[Cell]]:
    """What is trained, in this order: each round depends on the ones before."""
    for fold in range(FOLDS):
        yield short(8, fold)
    yield around(read(file), lambda updates: updates // 8, (0, -1, 1, -2, 2, -3, 3), 0)
    for fold in range(1, FOLDS):
        yield again(read(file), fold)


def made(cells: list[Cell], file: Path, workers: int) -> Iterator[tuple[Cell, float]]:
    """Train what is missing, and append it."""
    there = read(file)
    missing = [cell for cell in cells if cell not in there]
    fresh = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        if fresh:
            writer.writerow([*Cell._fields, "score"])
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(score, cell): cell for cell in missing}
            for future in as_completed(running):
                cell, value = running[future], future.result()
                writer.writerow([*cell, f"{value:.6g}"])
                lines.flush()
                yield cell, value


def main() -> None:
    """Train what is missing."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--file", type=Path, default=FILE)
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        few = [Cell("control", "momentum", 50, multiple, 0) for multiple in (0.5, 1.0)]
        parts: Iterable[list[Cell]] = [few]
        given.file = Path("find_truth.csv")
    else:
        parts = rounds(given.file)
    for cells in parts:
        for cell, value in made(cells, given.file, given.workers):
            print(*cell, value, flush=True)


if __name__ == "__main__":
    main()
