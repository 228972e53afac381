"""Comparisons that were trained once and are kept: the scores of every run, from which each verdict is computed anew.

`evidence.py` trains them; a file of the folder `data/evidence` holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lrlab.analysis.comparison.statistics import Comparison, compare
from lrlab.errors import LrlabError, nearest, worded

FOLDER = Path(__file__).parent / "data" / "evidence"
VERSION = 1


@dataclass(frozen=True)
class Contestant:
    """One arm: its schedule as a text, what it has beside it, and `scores`: by LR multiple, one for each fold.

    A score is None where that run diverged.
    """

    schedule: str
    beside: str
    scores: Mapping[float, tuple[float | None, ...]]


@dataclass(frozen=True)
class Study:
    """One task with one optimizer of its own for all arms that name none: what was trained, and its scores.

    `label` tells it from others of that task and optimizer, such as the variant of the task.
    """

    task: str
    optimizer: str
    metric: str
    mode: Literal["min", "max"]
    updates: int
    folds: int
    arms: Mapping[str, Contestant]
    versions: Mapping[str, str]
    label: str = ""

    @property
    def name(self) -> str:
        """The name of its file."""
        return name_of(self.task, self.optimizer, self.label)

    def compared(self, *names: str) -> Comparison:
        """The verdict on these arms (by default on all), by today's statistics."""
        worst = np.inf if self.mode == "min" else -np.inf
        return compare(
            {
                name: {lr: [[worst if x is None else x for x in scores]] for lr, scores in arm.scores.items()}
                for name, arm in self.arms.items()
                if not names or name in names
            },
            maximise=self.mode == "max",
        )

    def written(self) -> str:
        """As JSON, one LR a line."""
        arms = {
            name: {
                "schedule": arm.schedule,
                "beside": arm.beside,
                "scores": {f"{lr:g}": list(scores) for lr, scores in sorted(arm.scores.items())},
            }
            for name, arm in self.arms.items()
        }
        return json.dumps({"version": VERSION, **vars(self), "arms": arms}, separators=(",", ":")) + "\n"


def name_of(task: str, optimizer: str, label: str) -> str:
    """The name of a study.

    >>> name_of("digits", "schedule-free adamw", "noisy")
    'digits-schedule-free-adamw-noisy'
    """
    return "-".join(filter(None, (task, optimizer.replace(" ", "-"), label)))


def read(text: str) -> Study:
    """The study that `written` wrote."""
    found: dict[str, Any] = json.loads(text)
    if (version := found.pop("version")) != VERSION:
        raise LrlabError(worded("a study of another version", version, str(VERSION)))
    arms = {
        name: Contestant(
            arm["schedule"], arm["beside"], {float(lr): tuple(scores) for lr, scores in arm["scores"].items()}
        )
        for name, arm in found["arms"].items()
    }
    return Study(**{**found, "arms": arms})


@cache
def study(name: str) -> Study:
    """The kept study of this name, such as "digits-momentum". Raises `LrlabError` where there is none."""
    place = FOLDER / f"{name}.json"
    if name not in kept():
        raise LrlabError(worded("there is no such study", name, ", ".join(kept()), nearest(name, kept())))
    return read(place.read_text(encoding="utf-8"))


def kept() -> tuple[str, ...]:
    """The names of all kept studies."""
    return tuple(sorted(place.stem for place in FOLDER.glob("*.json")))


def studies() -> Iterator[Study]:
    """All kept studies."""
    return (study(name) for name in kept())
