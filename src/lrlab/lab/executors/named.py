"""Where to train, from a text: in this process, in others on this machine, or on a Ray or Dask cluster."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from lrlab.errors import LrlabError, nearest, worded
from lrlab.lab.executors.dask import Dask
from lrlab.lab.executors.local import Local
from lrlab.lab.executors.ray import Ray
from lrlab.lab.stages.executor import Executor, Here
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import Task


@contextmanager
def opened(resources: Resources, task: Task) -> Iterator[Executor]:
    """The executor of these resources, for any number of calls of the engine; closed afterwards.

    An executor object is used as it is, and stays open. Nothing is started or connected before a stage is to be
    trained. Raises `LrlabError` if the text names no executor, or if other processes could not find the task.

    >>> from lrlab.lab.task.declaration import load_task
    >>> with opened(Resources(executor="dask://10.0.0.1:8786"), load_task("digits")) as executor:
    ...     type(executor).__name__
    'Dask'
    """
    if not isinstance(resources.executor, str):
        yield resources.executor
        return
    with closing(_named(resources.executor, resources, task)) as executor:
        yield executor


def within_reach(resources: Resources, task: Task) -> tuple[Resources, str]:
    """These resources, or this process where no other one could find the task and nobody asked for others; and a note.

    >>> from lrlab.lab.task.declaration import task_of
    >>> within_reach(Resources(), task_of(lambda run: None))[0].workers
    0
    """
    if task.text or resources.workers is not None or resources.executor != "local":
        return resources, ""
    here = dataclasses.replace(resources, workers=0)
    return here, f"{task.name} is in no file, so that other processes cannot find it: it is trained in this one."


def usable_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def at_once(resources: Resources) -> int:
    """How many stages these resources train at once; of a cluster that was given no number, as many as here."""
    if resources.workers is not None:
        return max(1, resources.workers)
    return max(1, usable_cores() // resources.threads)


def _named(text: str, resources: Resources, task: Task) -> Executor:
    scheme, _, place = text.partition("://")
    workers, threads, device = resources.workers, resources.threads, resources.device
    if text == "local":
        if workers == 0:
            return Here(task)
        _refuse_homeless(task)
        return Local(at_once(resources), threads=threads, device=device)
    if text == "ray" or (scheme in ("ray", "dask") and place):
        if workers == 0:
            raise LrlabError(worded("workers=0 trains in this process, which is no cluster", text, "1, 2, ..."))
        _refuse_homeless(task)
        if scheme == "dask":
            return Dask(place, workers=workers)
        return Ray("auto" if text == "ray" else text, workers=workers, threads=threads, device=device)
    raise LrlabError(
        worded(
            "there is no such executor",
            text,
            '"local", "ray", "ray://host:port", "dask://host:port", or an object with submit, wait and close',
            nearest(scheme, ("local", "ray", "dask")),
        )
    )


def _refuse_homeless(task: Task) -> None:
    if not task.text:
        raise LrlabError(
            worded(
                f"{task.name} is in no file, so that other processes cannot find it",
                allowed="a function of a file, named there (no lambda, no notebook cell)",
                hint="workers=0 trains in this process",
            )
        )
