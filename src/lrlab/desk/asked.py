"""What a verb is asked to train, and where: the task, the updates of a run, and the resources within reach."""

from __future__ import annotations

import sys
from collections.abc import Callable

from lrlab.errors import LrlabTypeError, worded
from lrlab.lab.executors.named import within_reach
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import Task, load_task, task_of


def wanted(train: Callable[..., object] | type | str, horizon: int | None) -> tuple[Task, int]:
    """The task of a training or of its name, and the updates of each run: the task's own, where none are given.

    Raises `LrlabError` if there is no such task, and `LrlabTypeError` for a horizon that is no number of updates.
    """
    task = load_task(train) if isinstance(train, str) else task_of(train)
    updates = task.settings.updates if horizon is None else horizon
    if type(updates) is not int or updates < 1:
        raise LrlabTypeError(worded("horizon is the number of updates of each run", horizon, "1, 2, ...", "1000"))
    return task, updates


def reached(resources: Resources, task: Task) -> Resources:
    """The resources that the task can be trained with; where these are others, a note says so on standard error."""
    found, note = within_reach(resources, task)
    if note:
        print(note, file=sys.stderr)
    return found
