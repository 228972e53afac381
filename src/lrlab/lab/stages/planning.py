"""The cost of a comparison before it starts: the updates in the stage tree of its jobs are counted.

Schedules with controllers are counted as if the controllers did not act; when one acts, its arm continues alone.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from lrlab.core.shapes.base import constant
from lrlab.lab.arms.controls import ControlTrace
from lrlab.lab.arms.tree import NOWHERE, tree, updates_of
from lrlab.lab.identity.covers import covered
from lrlab.lab.identity.environment import PINNED
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of, job_key, nearest_change, recipe_of
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import Task
from lrlab.lab.training.determinism import can_pin_numpy
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.states import States
from lrlab.record.runs.store import Store

_Item = TypeVar("_Item")

PROBED = 20  # number of updates that are trained to measure the pace


@dataclass(frozen=True)
class Pace:
    """The seconds that an update takes, and the multiples (`every`) at which training may fork."""

    seconds: float
    every: int


@dataclass(frozen=True)
class StagePlan:
    """What is still to be trained: `runs` of `total`, in `shared` updates, or in `naive` updates without sharing.

    `stages` is the number of stages, `critical` the most updates that must follow one another. `pace` is the measured
    pace, if known. `reactive` says that controllers may act, so that arms may share less; `widens`, that arms whose
    best LR is at an edge will be trained at more, which is not counted. `covers` says what the key of a run covers,
    and what it does not see.

    >>> plan = StagePlan(30, 30, naive=3000, shared=1500, stages=70, critical=100, workers=2, pace=Pace(0.1, 1))
    >>> plan.saved, plan.seconds
    (0.5, 75.0)
    """

    total: int
    runs: int
    naive: int
    shared: int
    stages: int
    critical: int
    workers: int
    pace: Pace | None = None
    reactive: bool = False
    widens: bool = False
    covers: tuple[str, ...] = ()

    @property
    def saved(self) -> float:
        """The share of the updates that does not have to be trained."""
        return 1 - self.shared / self.naive if self.naive else 0.0

    @property
    def seconds(self) -> float | None:
        """The least time that it takes, without evaluations; None if the pace is not known."""
        return None if self.pace is None else self.pace.seconds * max(self.critical, self.shared / max(1, self.workers))

    def __repr__(self) -> str:
        """The whole plan as a text."""
        lines = [f"{self.total} runs, {self.total - self.runs} of them stored"]
        if self.runs:
            about = "about " if self.reactive else ""
            lines.append(
                f"{self.naive} updates each alone, {about}{self.shared} in {self.stages} stages: {self.saved:.0%} saved"
            )
            if self.pace is None and self.shared < self.naive:
                lines.append("if training can fork at any update; plan(measure=True) tells")
            lines.append(f"at least {self.critical} updates one after the other")
        if self.widens:
            lines.append("and more where the best LR of an arm is at an edge: lrs=(...) stays at these")
        if self.seconds is not None:
            lines.append(f"at least {self.seconds:.0f} s with {self.workers} at once, evaluations aside")
        return "\n".join([*lines, *self.covers])


def plan_of(
    task: Task,
    jobs: Sequence[Job],
    store: Store,
    *,
    workers: int,
    fork_every: int = 1,
    pace: Pace | None = None,
    widens: bool = False,
) -> StagePlan:
    """Count what these jobs would take; stored runs take nothing, and stored states of unfinished runs are ignored."""
    wanted = {job_key(task, job): job for job in jobs}
    stored = store.find(wanted)
    missing = [job for key, job in wanted.items() if key not in stored]
    known: dict[object, ControlTrace] = {}
    cells: dict[str, list[ControlTrace]] = {}
    for job in missing:
        arm = (job.regime, job.updates)
        known[arm] = known.get(arm) or ControlTrace(*arm)
        cells.setdefault(cell_of(task, job), []).append(known[arm])
    alike: dict[tuple[ControlTrace, ...], int] = {}  # cells differ in seed and fold, but most have the same tree
    for controls in cells.values():
        alike[tuple(controls)] = alike.get(tuple(controls), 0) + 1
    updates = missing[0].updates if missing else 0
    order = jobs[0].order if jobs else PINNED
    every = math.lcm(pace.every if pace else 1, fork_every or NOWHERE)
    shared = stages = 0
    for those, times in alike.items():
        found = tree(those, updates, every)
        shared, stages = shared + times * updates_of(found), stages + times * len(found)
    return StagePlan(
        total=len(wanted),
        runs=len(missing),
        naive=sum(job.updates for job in missing),
        shared=shared,
        stages=stages,
        critical=updates,
        workers=workers,
        pace=pace,
        reactive=any(control.reactive for control in known.values()),
        widens=widens,
        covers=covered(task.decided, order, threads_pinned=order == PINNED or can_pin_numpy(jobs[0].threads)),
    )


def changed_since(task: Task, job: Job, store: Store) -> dict[str, tuple[Any, Any]]:
    """Why no stored state fits a job: the differences between its recipe and the nearest stored one of its task."""
    mine = {"name": task.name, **recipe_of(task, job)}
    stored = States(store.address).recipes()
    return nearest_change(mine, [recipe for recipe in stored if recipe.get("name") == task.name])


def measured(task: Task, job: Job) -> Pace:
    """The pace of a task with the job's configuration, from a few updates trained here; nothing is stored."""
    marks: list[float] = []
    seen: list[TrainingRun] = []

    def watched(run: TrainingRun) -> None:
        steps = run.steps
        run.steps = lambda loader: _marked(steps(loader), marks)  # type: ignore[method-assign]
        seen.append(run)
        task.function(run)

    few = min(PROBED, job.updates)
    arm = dataclasses.replace(job.arm, schedule=constant(), averaging=None)
    train(dataclasses.replace(task, function=watched), dataclasses.replace(job, arm=arm, updates=few, evals=1))
    steps = [b - a for a, b in pairwise(marks)]  # empty if training diverges in the first update
    return Pace(statistics.median(steps) if steps else 0.0, seen[0].every)


def _marked(items: Iterable[_Item], marks: list[float]) -> Iterator[_Item]:
    """The items; the time at which each is requested is appended to `marks`."""
    for item in items:
        marks.append(time.perf_counter())
        yield item
