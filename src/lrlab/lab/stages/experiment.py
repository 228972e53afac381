"""An experiment: which arms are compared on which task, and how much is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.optimizer import call_of
from lrlab.lab.arms.refusals import refuse_absolute, refuse_one_state, refuse_turned
from lrlab.lab.stages.job import Job, jobs_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.config import defaults, refuse_unknown
from lrlab.lab.task.declaration import Settings, Task
from lrlab.record.runs.run import content_key


@dataclass(frozen=True)
class Experiment:
    """A comparison that is about to run; one value from the command line to the engine.

    Raises `LrlabError` if its result could not be judged after training.
    """

    task: Task
    arms: tuple[Arm, ...]
    settings: Settings
    first_seed: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.arms) < 2:
            raise LrlabError(worded("one strategy alone cannot be compared", self.arms[0].name, "two or more"))
        if self.settings.folds * self.settings.seeds < 2:
            pairs = "two folds or more, or one fold and two seeds or more"
            raise LrlabError(worded("one fold with one seed: nothing to pair", None, pairs, "folds=5, or seeds=8"))
        task, settings = self.task, self.settings
        for given in (self.config, *(arm.config for arm in self.arms)):
            refuse_unknown(task.name, task.config, given)
        if (free := self.at_their_own) and 1.0 not in settings.lrs:
            what = f"{free[0]} finds its LR by itself: there is none of its own to be multiplied"
            raise LrlabError(
                worded(what, tuple(settings.lrs), "LRs with 1 among them: it is tried at that alone", "--lrs 1")
            )
        for arm in self.arms:
            refuse_absolute(arm.name, arm.schedule, settings.updates, settings.lrs)
            refuse_one_state(arm.name, arm.averaging, settings.updates)
            for schedule in (arm.schedule, *arm.also.values()):
                refuse_turned(arm.name, schedule, settings.updates, task.metric, task.mode)

    def jobs(self, resources: Resources, grids: Mapping[str, Sequence[float]] | None = None) -> tuple[Job, ...]:
        """Its jobs with these resources, by seed, fold, LR and arm; `grids` are the LRs of each arm (None: its own)."""
        return jobs_of(
            self.arms,
            self.settings,
            config=self.config,
            first_seed=self.first_seed,
            threads=resources.threads,
            device=resources.device,
            order=resources.order,
            vectorise=resources.vectorise,
            grids=self.grids if grids is None else grids,
        )

    @property
    def at_their_own(self) -> tuple[str, ...]:
        """The arms with an optimizer that finds its LR by itself: they are tried only at the LR that it is given."""
        calls = {arm.name: call_of({**defaults(self.task.config), **self.config, **arm.config}) for arm in self.arms}
        return tuple(name for name, call in calls.items() if call is not None and call.finds_its_lr)

    @property
    def grids(self) -> dict[str, tuple[float, ...]]:
        """The LRs of each arm, before any widening."""
        own = self.at_their_own
        return {arm.name: (1.0,) if arm.name in own else tuple(map(float, self.settings.lrs)) for arm in self.arms}

    @property
    def runs(self) -> int:
        """The number of its runs; with widened LRs there may be more."""
        s = self.settings
        return sum(map(len, self.grids.values())) * s.seeds * s.folds

    @property
    def digest(self) -> str:
        """Six characters that identify this experiment; they also change if the code of the task changes."""
        arms = [(arm.name, str(arm.schedule), arm.averaging, arm.beside) for arm in self.arms]
        asked = {"arms": arms, "settings": vars(self.settings), "seed": self.first_seed, "config": dict(self.config)}
        code = "" if self.task.decided.unseen else self.task.identity  # with unseen parts, it differs in each process
        return content_key({"task": self.task.text, "code": code, **asked})[:6]

    @property
    def title(self) -> str:
        """What it compares, as a short text."""
        return f"{len(self.arms)} strategies on {self.task.name}"
