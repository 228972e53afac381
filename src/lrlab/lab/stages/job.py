"""One job: an arm at one LR, seed and fold, and everything else besides the task that determines its training."""

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
    """One training to do; `run.config` is `config`, in which the arm's own values replace those of the same name.

    With `vectorise`, up to so many jobs are trained at once by one vectorised step.
    `order` is the order of sets of texts in the process that trains: pinned, or a value that identifies this process.
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
    vectorise: int = 0

    @property
    def whole_config(self) -> dict[str, Any]:
        """The given part of `run.config`, as JSON stores it, so that it is the same in every process.

        Raises `LrlabError` for a value that JSON cannot hold.
        """
        given = {**self.config, **self.arm.config}
        content_key(given)
        whole: dict[str, Any] = json.loads(json.dumps(given))
        return whole

    @property
    def regime(self) -> ControlSpec:
        """What this job sets at each update."""
        return ControlSpec(self.arm.schedule, self.lr, tuple(sorted(self.arm.also.items())))

    @property
    def place(self) -> tuple[str, float, int, int]:
        """Its place among the jobs of a comparison: its arm, LR, seed and fold."""
        return self.arm.name, self.lr, self.seed, self.fold

    @property
    def title(self) -> str:
        """The arm, LR, seed and fold as a text."""
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
    vectorise: int = 0,
    grids: Mapping[str, Sequence[float]] | None = None,
) -> tuple[Job, ...]:
    """Every job of a comparison, by seed, fold, LR and arm. All arms share the seeds and folds, which come first, so
    that an interrupted comparison has all arms on what it has. `grids` are the LRs of arms that replace `settings.lrs`.

    Raises `LrlabError` if two arms have the same name, or a schedule does not fit the run length.

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
            vectorise,
        )
        for seed in range(first_seed, first_seed + settings.seeds)
        for fold in range(settings.folds)
        for lr in tried
        for arm in arms
        if lr in own.get(arm.name, settings.lrs)
    )


def _refuse_functions(schedule: Schedule, updates: int) -> None:
    """Refuse a schedule that its document does not hold: runs are stored and sent to processes by this document."""
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
