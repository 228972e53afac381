"""One job: an arm at one LR, seed and fold. Its key names the run before it is made; `train` makes it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrlab.core.text import parse
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms import Arm
from lrlab.lab.live import Diverged, LiveRun
from lrlab.lab.task import Task
from lrlab.record.run import VERSION, Run, content_key


@dataclass(frozen=True)
class Job:
    """One training to do: everything that determines it beside the task."""

    arm: Arm
    lr: float
    seed: int
    fold: int
    folds: int
    updates: int
    evals: int
    config: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The job as plain JSON, for another process."""
        arm = {"name": self.arm.name, "schedule": str(self.arm.schedule), "averaging": self.arm.averaging}
        return {**vars(self), "arm": arm, "config": dict(self.config)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Job:
        """The job that `to_json` wrote."""
        arm = data["arm"]
        return cls(**{**data, "arm": Arm(arm["name"], parse(arm["schedule"]), arm["averaging"])})


def versions() -> dict[str, str]:
    """What the numbers depend on beside the code: Python, the libraries, the format of the record.

    Read from the installation, so that planning imports no framework.
    """
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "record": str(VERSION)}
    for library in ("numpy", "torch"):
        with suppress(importlib.metadata.PackageNotFoundError):
            found[library] = importlib.metadata.version(library)
    return found


def job_key(task: Task, job: Job) -> str:
    """The key of the run that this job makes: the arm's name is no part of it."""
    return content_key(
        {
            "task": task.identity,
            "metric": task.metric,
            "mode": task.mode,
            "schedule": job.arm.schedule.fingerprint(),
            "averaging": job.arm.averaging,
            "lr": float(job.lr),
            "seed": job.seed,
            "fold": job.fold,
            "folds": job.folds,
            "updates": job.updates,
            "evals": job.evals,
            "config": dict(job.config),
            "versions": versions(),
        }
    )


def train(task: Task, job: Job) -> Run:
    """Train one job here and now.

    Divergence is a result, not an error. An exception of the training function passes through, with a note on
    which run it was; misuse of `run` raises `LrlabError`.
    """
    live = LiveRun(
        job.arm.schedule,
        job.updates,
        lr=job.lr,
        seed=job.seed,
        fold=job.fold,
        folds=job.folds,
        config=job.config,
        evals=job.evals,
        metric=task.metric,
        mode=task.mode,
        averaging=job.arm.averaging,
    )
    for library in task.needs:
        importlib.import_module(library)
    started = time.perf_counter()
    outcome: Literal["finished", "diverged"] = "finished"
    try:
        with seeded(job.seed, job.fold), one_thread():
            task.function(live)
        score = live.score
    except Diverged:
        outcome, score = "diverged", live.worst
    except Exception as error:
        error.add_note(f"in the task {task.name}: arm {job.arm.name}, lr {job.lr:g}, seed {job.seed}, fold {job.fold}")
        raise
    return Run(
        key=job_key(task, job),
        task=task.name,
        arm=job.arm.name,
        schedule=str(job.arm.schedule),
        lr=job.lr,
        seed=job.seed,
        fold=job.fold,
        updates=job.updates,
        metric=task.metric,
        score=score,
        outcome=outcome,
        seconds=time.perf_counter() - started,
        loss=live.loss,
        evals=live.evals,
        decisions=live.decisions,
        versions=versions(),
    )


@contextmanager
def seeded(seed: int, fold: int) -> Iterator[None]:
    """Seed the random numbers of Python, NumPy and, where it is loaded, PyTorch: from seed and fold alone.

    Raises `LrlabError` where PyTorch is first imported within: it would not have been seeded.
    """
    number = int.from_bytes(hashlib.sha256(f"{seed}/{fold}".encode()).digest()[:4])
    random.seed(number)
    np.random.seed(number)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)
    yield
    if torch is None and "torch" in sys.modules:
        raise LrlabError(
            worded(
                "torch was first imported while training, too late for its random numbers to be seeded",
                hint='import torch at the top of the file, or @task(needs=("torch",))',
            )
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for PyTorch, where it is loaded: sums differ in the last bits with the number of threads."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
