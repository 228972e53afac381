"""What a process does once for many stages: import what a training needs, and forget what other values have left."""

from __future__ import annotations

import importlib
import time

from lrlab.lab.task.declaration import Task
from lrlab.lab.training.own import import_later_ones
from lrlab.lab.training.traced import forget


def ready(task: Task) -> float:
    """Make the process ready for stages of a task, and return the time at which the next one begins."""
    for library in task.needs:
        importlib.import_module(library)
    import_later_ones(task.function)
    forget(task.function, task.identity)
    return time.perf_counter()
