"""Where to train, from a text: on this machine, on a Ray cluster, on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from lrlab.errors import LrlabError, worded
from lrlab.lab.executors.dask import Dask
from lrlab.lab.executors.ray import Ray
from lrlab.lab.stages.engine import pool
from lrlab.lab.stages.executor import Executor
from lrlab.lab.task.declaration import Task


@contextmanager
def opened(
    executor: str | Executor, *, workers: int | None = None, threads: int = 1, device: str = "cpu"
) -> Iterator[Executor | None]:
    """The executor that a text names, closed afterwards; None for "local", where the engine has its own.

    An object is given as it is, and stays open. Nothing is connected before a stage is to be trained. Raises
    `LrlabError` where the text names none.

    >>> with opened("dask://10.0.0.1:8786") as executor:
    ...     type(executor).__name__
    'Dask'
    """
    named = _named(executor, workers, threads, device) if isinstance(executor, str) else None
    try:
        yield named or (None if isinstance(executor, str) else executor)
    finally:
        if named:
            named.close()


@contextmanager
def held(
    task: Task, executor: str | Executor, *, workers: int | None, threads: int, device: str
) -> Iterator[Executor | None]:
    """One executor for several calls of the engine, so that worker processes start once; see `opened`.

    None where the engine trains in this process, or says why no other one could.
    """
    with opened(executor, workers=workers, threads=threads, device=device) as named:
        if named is not None or workers == 0 or not task.text:
            yield named
            return
        with closing(pool(workers, threads, device)) as own:
            yield own


def _named(text: str, workers: int | None, threads: int, device: str) -> Executor | None:
    scheme, _, place = text.partition("://")
    if text == "local":
        return None
    if text == "ray" or (scheme in ("ray", "dask") and place):
        if workers == 0:
            raise LrlabError(worded("workers=0 trains in this process, which is no cluster", text, "1, 2, ..."))
        if scheme == "dask":
            return Dask(place, workers=workers)
        return Ray("auto" if text == "ray" else text, workers=workers, threads=threads, device=device)
    raise LrlabError(
        worded(
            "there is no such executor",
            text,
            '"local", "ray", "ray://host:port", "dask://host:port", or an object with submit, wait and close',
        )
    )
