"""What is to be compared, as it is written down for the process that does it; and the files of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrlab.desk.alone import ASKED

EVENTS, RESULT = "events.jsonl", "result.json"


@dataclass(frozen=True)
class Wanted:
    """What is to be compared; None: as the task says."""

    task: str
    quick: bool = True
    schedules: Mapping[str, str] = field(default_factory=dict)
    arms: str | None = None
    updates: int | None = None
    folds: int | None = None
    seeds: int | None = None
    lrs: tuple[float, ...] | None = None
    workers: int | None = None
    baseline: str | None = None


def experiment_of(wanted: Wanted) -> Any:
    """The experiment of what is wanted."""
    from lrlab.desk.experiment import set_up

    return set_up(
        wanted.task,
        quick=wanted.quick,
        schedules=wanted.schedules,
        arms=wanted.arms,
        updates=wanted.updates,
        folds=wanted.folds,
        seeds=wanted.seeds,
        lrs=wanted.lrs,
    )


def wanted_of(folder: Path) -> Wanted:
    """What was asked for."""
    found = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    lrs = found.pop("lrs")
    return Wanted(**found, lrs=None if lrs is None else tuple(lrs))
