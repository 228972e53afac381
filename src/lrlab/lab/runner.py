"""From a question to its runs: every arm at every LR, seed and fold; what is stored is not trained again."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms import Arm
from lrlab.lab.job import Job, job_key, train
from lrlab.lab.pool import Pool
from lrlab.lab.task import Settings, Task
from lrlab.record.run import Run
from lrlab.record.store import Store


@dataclass(frozen=True)
class Progress:
    """How far the runs are, each time that one is there: this one, `done` of `total`.

    `reused` tells that it was stored before. `seconds_left` is an estimate from the runs trained so far; None
    before the first of them.
    """

    run: Run
    reused: bool
    done: int
    total: int
    seconds_left: float | None


def plan(
    arms: Sequence[Arm], settings: Settings, *, config: Mapping[str, Any] | None = None, first_seed: int = 0
) -> tuple[Job, ...]:
    """Every job of a comparison. All arms share seeds and folds; folds and seeds come outermost, so that an
    interrupted comparison has all arms on what it has.

    Raises `LrlabError` where two arms have one name, or a schedule does not fit the run length.

    >>> from lrlab.lab.arms import default_arms
    >>> len(plan(default_arms(), Settings(updates=600, folds=5, seeds=1, lrs=(0.5, 1, 2))))
    195
    """
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise LrlabError(worded("two arms have the same name", name, hint="name each arm differently"))
    for arm in arms:
        arm.schedule.over(settings.updates)
    return tuple(
        Job(arm, float(lr), seed, fold, settings.folds, settings.updates, settings.evals, dict(config or {}))
        for seed in range(first_seed, first_seed + settings.seeds)
        for fold in range(settings.folds)
        for lr in settings.lrs
        for arm in arms
    )


def run_jobs(
    task: Task,
    jobs: Sequence[Job],
    store: Store,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress], object] = lambda progress: None,
) -> tuple[Run, ...]:
    """Give the run of every job, in the order of the jobs; each is stored as soon as it is finished.

    `workers` processes train (by default one per core; 0: this process, for debugging). Stored runs are
    reused, equal jobs are trained once, longer ones begin first. Interrupted, it loses only the jobs in hand.

    Raises what training raises: see `lrlab.lab.pool.Pool.train`, or with workers=0 `lrlab.lab.job.train`.
    """
    workers = usable_cores() if workers is None else workers
    if workers < 0:
        raise LrlabError(worded("workers is a number of processes", workers, "0 (this process), 1, 2 ..."))
    keys = [job_key(task, job) for job in jobs]
    wanted = dict(zip(keys, jobs, strict=True))
    runs: dict[str, Run] = {}
    for key in wanted:
        stored = store.get(key)
        if stored is not None:
            runs[key] = stored
            on_progress(Progress(stored, True, len(runs), len(wanted), None))
    missing = sorted((key for key in wanted if key not in runs), key=lambda key: -wanted[key].updates)
    seconds: list[float] = []
    with contextlib.closing(_trained(task, [wanted[key] for key in missing], workers)) as trained:
        for index, run in trained:
            store.put(run)
            if run.key != missing[index]:
                raise LrlabError(
                    worded(
                        f"the source of {task.name} changed while it was trained",
                        hint="run the same line again",
                    )
                )
            runs[run.key] = run
            seconds.append(run.seconds)
            left = (len(wanted) - len(runs)) * statistics.median(seconds) / max(1, workers)
            on_progress(Progress(run, False, len(runs), len(wanted), left))
    return tuple(dataclasses.replace(runs[key], arm=job.arm.name) for key, job in zip(keys, jobs, strict=True))


def usable_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _trained(task: Task, jobs: Sequence[Job], workers: int) -> Generator[tuple[int, Run], None, None]:
    if workers == 0:
        for index, job in enumerate(jobs):
            yield index, train(task, job)
    elif jobs:
        with Pool(task, workers) as pool:
            yield from pool.train(jobs)
