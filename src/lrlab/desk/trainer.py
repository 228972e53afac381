"""Trains jobs for a search, and counts what it took."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lrlab.lab.search.rungs import price
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.planning import measured
from lrlab.lab.task.declaration import Task
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import Store
from lrlab.views.progress import progress


class Trainer:
    """Trains jobs on the chosen executor, and counts runs and the updates trained now."""

    def __init__(self, task: Task, store: Store, executor: Executor, quiet: bool) -> None:
        self._task, self._store, self._executor, self._quiet = task, store, executor, quiet
        self._every: int | None = None
        self.runs = self.trained = 0

    def train(self, jobs: Sequence[Job], what: str = "") -> Sequence[StoredRun]:
        """The runs of these jobs, from the store if they are there; `what` they are for, where it is shown."""
        count = "1 run" if len(jobs) == 1 else f"{len(jobs)} runs"
        text = f"{count} of {max(job.updates for job in jobs)} updates on {self._task.name}"
        text = f"{what}: {text}" if what else text
        with progress(text, len(jobs), sys.stderr, quiet=self._quiet) as watch:
            runs, effort = run_jobs(
                self._task, jobs, self._store, self._executor, on_progress=watch.moved, on_failed=watch.failed
            )
        self.runs += len(runs)
        self.trained += effort.trained
        return runs

    def price(self, jobs: Sequence[Job]) -> int:
        """The updates that these jobs take together, with forks if the task allows them."""
        if self._every is None:
            self._every = measured(self._task, jobs[0]).every
        return price(self._task, jobs, self._every)
