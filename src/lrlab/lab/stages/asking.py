"""Ask a training function something before it trains: it is called up to `run.steps`, or for two updates."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from lrlab.core.shapes.base import constant
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import Task
from lrlab.lab.training.run import TrainingRun

_Answer = TypeVar("_Answer")

FEW = 2  # updates, with an evaluation after each: the second is trained after averaged weights were judged


class _Asked(BaseException):
    """Ends a training function at `run.steps`, before anything is trained."""


def asked(task: Task, job: Job, question: Callable[[TrainingRun, Any], _Answer]) -> _Answer | None:
    """What `question(run, loader)` answers at `run.steps(loader)`; None where the training fails before.

    The real training will raise the same error again, and then it is reported.
    """
    found: list[_Answer] = []

    def asks(run: TrainingRun) -> None:
        def steps(loader: Any) -> NoReturn:
            found.append(question(run, loader))
            raise _Asked

        run.steps = steps  # type: ignore[method-assign]
        task.function(run)

    with contextlib.suppress(Exception, _Asked):
        train(dataclasses.replace(task, function=asks), job)
    return found[0] if found else None


def own_lrs(task: Task, job: Job) -> tuple[float, ...]:
    """The LR of each parameter group of each tracked optimizer, as the training function made it; empty without one.

    >>> from lrlab.core.text.parse import parse
    >>> from lrlab.lab.arms.arms import Arm
    >>> from lrlab.lab.task.declaration import load_task
    >>> own_lrs(load_task("control"), Job(Arm("asked", parse("constant()")), 1.0, 0, 0, 2, 1, 1))
    (0.05,)
    """
    return asked(task, job, lambda run, loader: run.own_lrs) or ()


def can_average(task: Task, job: Job, averaging: float | str) -> bool:
    """Whether the training can be judged by averaged weights: two updates are trained here, and nothing is stored.

    >>> from lrlab.core.text.parse import parse
    >>> from lrlab.lab.task.declaration import load_task
    >>> can_average(load_task("control"), Job(Arm("asked", parse("constant()")), 1.0, 0, 0, 2, 100, 1), 0.1)
    True
    """
    arm = Arm("asked", constant(), averaging)
    try:
        train(task, dataclasses.replace(job, arm=arm, updates=min(FEW, job.updates), evals=FEW))
    except Exception:  # without averages its runs will raise it again where it is not theirs, and then it is reported
        return False
    return True
