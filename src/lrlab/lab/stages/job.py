"""One job: an arm at one LR, seed and fold, and everything that determines its training beside the task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.expression.write import document_of
from lrlab.core.text.document import read
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.controls import ControlSpec
from lrlab.lab.identity.environment import PINNED
from lrlab.lab.task.declaration import Settings
from lrlab.record.runs.run import content_key


@dataclass(frozen=True)
class Job:
    """One training to do. The training function finds `config` in `run.config`, with the arm's own on top.

    `order` is that of sets of texts in the process that trains: pinned, or what tells this process from others.
    """

    arm: Arm
    lr: float
    seed: int
    fold: int
    folds: int
    updates: int
    evals: int
    config: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    device: str = "cpu"
    order: str = PINNED

    @property
    def whole_config(self) -> dict[str, Any]:
        """What the training function finds in `run.config`: as JSON has it, so that it is the same in every process.

        Raises `LrlabError` for what JSON does not have.
        """
        given = {**self.config, **self.arm.config}
        content_key(given)
        whole: dict[str, Any] = json.loads(json.dumps(given))
        return whole

    @property
    def regime(self) -> ControlSpec:
        """What it sets at each update."""
        return ControlSpec(self.arm.schedule, self.lr, tuple(sorted(self.arm.also.items())))

    @property
    def place(self) -> tuple[str, float, int, int]:
        """Where it stands among the jobs of a comparison: its arm, LR, seed and fold."""
        return self.arm.name, self.lr, self.seed, self.fold

    @property
    def title(self) -> str:
        """Which one it is, in words."""
        return f"arm {self.arm.name}, lr {self.lr:g}, seed {self.seed}, fold {self.fold}"

    def to_json(self) -> dict[str, Any]:
        """The job as plain JSON, for another process."""
        also = {name: document_of(schedule) for name, schedule in self.arm.also.items()}
        arm = {
            **vars(self.arm),
            "schedule": document_of(self.arm.schedule),
            "config": dict(self.arm.config),
            "also": also,
        }
        return {**vars(self), "arm": arm, "config": dict(self.config)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Job:
        """The job that `to_json` wrote."""
        arm = data["arm"]
        also = {name: read(written) for name, written in arm["also"].items()}
        return cls(**{**data, "arm": Arm(**{**arm, "schedule": read(arm["schedule"]), "also": also})})


def jobs_of(
    arms: Sequence[Arm],
    settings: Settings,
    *,
    config: Mapping[str, Any] | None = None,
    first_seed: int = 0,
    threads: int = 1,
    device: str = "cpu",
    order: str = PINNED,
    grids: Mapping[str, Sequence[float]] | None = None,
) -> tuple[Job, ...]:
    """Every job of a comparison. All arms share seeds and folds; folds and seeds come outermost, so that an
    interrupted comparison has all arms on what it has. `grids` are LRs of arms that have others than `settings.lrs`.

    Raises `LrlabError` if two arms have one name, or a schedule does not fit the run length.

    >>> from lrlab.lab.arms.arms import default_arms
    >>> len(jobs_of(default_arms(), Settings(updates=600, folds=5, seeds=1, lrs=(0.5, 1, 2))))
    195
    """
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise LrlabError(worded("two arms have the same name", name, hint="name each arm differently"))
    for schedule in (each for arm in arms for each in (arm.schedule, *arm.also.values())):
        schedule.over(settings.updates)
        _refuse_functions(schedule, settings.updates)
    own = grids or {}
    tried = (*settings.lrs, *sorted({lr for lrs in own.values() for lr in lrs} - {*settings.lrs}))
    return tuple(
        Job(
            arm,
            float(lr),
            seed,
            fold,
            settings.folds,
            settings.updates,
            settings.evals,
            dict(config or {}),
            threads,
            device,
            order,
        )
        for seed in range(first_seed, first_seed + settings.seeds)
        for fold in range(settings.folds)
        for lr in tried
        for arm in arms
        if lr in own.get(arm.name, settings.lrs)
    )


def _refuse_functions(schedule: Schedule, updates: int) -> None:
    """Runs are kept, and trained by other processes, by the document of their schedule."""
    try:
        read(document_of(schedule)).over(updates)
    except LrlabError:
        raise LrlabError(
            worded(
                "a function in a schedule is known by its name alone, here and in other processes",
                str(schedule),
                "schedules that their text holds",
                f"table(schedule.over({updates}).values())",
            )
        ) from None
