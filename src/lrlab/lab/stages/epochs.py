"""The updates in an epoch of a task, read from the loader that its training function gives to `run.steps`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.run.segments import relative
from lrlab.core.shapes.base import constant
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.refusals import refuse_units
from lrlab.lab.stages.asking import asked
from lrlab.lab.stages.job import Job, jobs_of
from lrlab.lab.task.declaration import Settings, Task
from lrlab.lab.training.batches import updates_of_a_pass


def without_epochs(
    arms: Iterable[Arm], task: Task, settings: Settings, first_seed: int = 0, config: Mapping[str, Any] | None = None
) -> tuple[Arm, ...]:
    """The arms with spans in epochs converted to updates by the task's own loader; prints the length of an epoch.

    The training function is called up to its first update, for the first fold and the last. Raises `LrlabError` if its
    loader does not say how many updates an epoch has, or if this differs between the folds.
    """
    given = tuple(arms)
    if not any(_in_epochs(schedule) for arm in given for schedule in (arm.schedule, *arm.also.values())):
        return given
    jobs = jobs_of((Arm("asked", constant()),), settings, config=dict(config or {}), first_seed=first_seed)
    found = {updates_per_epoch(task, job) for job in (jobs[0], jobs[-1])}
    if None in found:
        for arm in given:
            for schedule in (arm.schedule, *arm.also.values()):
                refuse_units(arm.name, schedule)
    if len(found) > 1:
        raise LrlabError(
            worded(
                f"the folds of {task.name} have epochs of another length each, and a schedule is one for all",
                f"{', '.join(map(str, sorted(each or 0 for each in found)))} updates",
                'updates (500), a share of the run ("10%")',
            )
        )
    (each,) = found
    horizon = Horizon(updates=settings.updates, updates_per_epoch=each)
    print(f"an epoch of {task.name} has {each} updates, as its loader says", file=sys.stderr)
    return tuple(
        dataclasses.replace(
            arm,
            written=str(arm.schedule) if _in_epochs(arm.schedule) else "",
            schedule=relative(arm.schedule, horizon),
            also={name: relative(schedule, horizon) for name, schedule in arm.also.items()},
        )
        for arm in given
    )


def _in_epochs(schedule: Schedule) -> bool:
    return any(span.unit == "epochs" for one in schedule.walk() for span in one._own_spans())


def updates_per_epoch(task: Task, job: Job) -> int | None:
    """The updates of a pass through the loader of a task; None if it does not say, or if the training fails earlier."""
    return asked(task, job, lambda run, loader: updates_of_a_pass(loader))
