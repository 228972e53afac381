"""`lr.find`: an LR range test on a training function of the lab, confirmed by short complete runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lrlab.analysis.find.answer import answer
from lrlab.analysis.find.policy import BUDGET, Asked, Policy, Told, allowed_of
from lrlab.analysis.find.scale import Scale
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.logarithms import geometric
from lrlab.core.text.parse import parse
from lrlab.desk.asked import reached, wanted
from lrlab.desk.found import Found
from lrlab.desk.trainer import Trainer
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.search.space import BASELINE, refuse_another, refuse_scaled
from lrlab.lab.search.units import split_of
from lrlab.lab.stages.asking import own_lrs
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.config import refuse_unknown
from lrlab.lab.task.declaration import Task
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import DEFAULT_FOLDER, Store

SWEEP = geometric(start=1e-3, to=1e3)  # see `lrlab.analysis.find.policy.DECADES`


def find(
    train: Callable[..., object] | type | str,
    *,
    schedule: str | Schedule = BASELINE.text,
    horizon: int | None = None,
    budget: float | None = None,
    level: float = 0.9,
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    store: str | Path = DEFAULT_FOLDER,
    executor: str | Executor = "local",
    workers: int | None = None,
    threads: int = 1,
    device: str = "cpu",
    quiet: bool = False,
) -> Found:
    """Find the LRs that suit a training: a sweep, short complete runs at a few LRs, and a profile of the loss.

        log loss = c + k/2 (log LR - log LR*)^2 + noise,   LR* at T' updates = LR* (T'/T)^a

    Args:
        train: a function or class (see `lr.compare`), or the name of a built-in task.
        schedule: what is trained with, complete also in the short runs; the LR that is found is its peak,
            so that its highest value is 1.
        horizon: the updates of a run, by default the task's own.
        budget: what may be trained, in runs; half of one by default, or 80 updates where that is more.
        level: how sure the range is to hold what is said of it.
        config, seed, store, executor, workers, threads, device: as in `lr.tune`; runs are kept in `store`, so that the
            same call trains nothing.

    The answer has a `verdict`: "range", with `low`, `lr` and `high`, or "none", with `why`. Raises `LrlabError` where
    the budget is too small, the metric can be below 0, or the training fails.

    Source: the sweep is of Smith 2017 (arXiv:1506.01186); the curvature's prior of the public sweeps of Step Law (Li et
    al. 2025, arXiv:2503.04715).

    >>> import lrlab as lr
    >>> lr.find("digits", budget=0.01)
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the budget is too small for one short run at each LR
      given:   '0.01 runs of 320 updates'
      allowed: 0.25 runs or more
    """
    task, updates = wanted(train, horizon)
    allowed = allowed_of(updates, budget)
    if not 0.5 <= level < 1:
        raise LrlabError(worded("level is a probability", level, "from 0.5, below 1", "0.9"))
    refuse_unknown(task.name, task.config, config or {})
    policy = Policy(updates, allowed)
    used = parse(schedule) if isinstance(schedule, str) else schedule
    refuse_another("the schedule", used, (policy.lengths.half, policy.lengths.run, updates))
    refuse_scaled(used, updates)
    scale = Scale.of_metric(task.metric, task.mode)
    resources = reached(Resources(workers, executor, threads, device), task)
    if budget is None and allowed > round(BUDGET * updates):
        least = f"{allowed} updates are the least that a range test takes: {allowed / updates:.3g} runs of {updates}."
        print(least, file=sys.stderr)
    jobs = Jobs(task, used, dict(config or {}), resources, seed)
    scores: list[float] = []
    with opened(resources, task) as place:
        trainer = Trainer(task, Store(store), place, quiet)
        own = own_lrs(task, jobs.of(Asked("untrained", 1, 1.0)))
        if own and not all(own):
            raise LrlabError(worded("a multiple of an LR of 0 is 0", own, "an LR above 0 in every parameter group"))
        asked: Sequence[Asked] = policy.first()
        while asked:
            runs = trainer.train([jobs.of(each) for each in asked], "range test")
            scores += [run.score for run in runs]
            asked = policy.told([told(run, scale) for run in runs])
    return Found(
        answer(policy, level, own[0] if own else None),
        policy,
        tuple(scores),
        task.name,
        task.metric,
        scale.of,
        str(used),
        own,
        trainer.trained,
    )


class Jobs:
    """What is asked for, as jobs of the lab; a unit is a fold, or a seed where the task has one fold."""

    def __init__(
        self, task: Task, schedule: Schedule, config: Mapping[str, Any], resources: Resources, seed: int
    ) -> None:
        self._split = split_of(task.settings)
        self._schedule, self._config, self._resources, self._seed = schedule, config, resources, seed

    def of(self, asked: Asked) -> Job:
        """The job."""
        unit = self._split.tried[asked.unit]
        return Job(
            Arm("range test", SWEEP if asked.kind == "sweep" else self._schedule),
            asked.multiple,
            self._seed + unit.seed,
            unit.fold,
            self._split.folds,
            asked.updates,
            1,
            self._config,
            self._resources.threads,
            self._resources.device,
            self._resources.order,
        )


def told(run: StoredRun, scale: Scale) -> Told:
    """What a policy is told of a run."""
    losses = run.loss.values if run.outcome == "finished" else (*run.loss.values[:-1], float("inf"))
    return Told(float("inf") if run.outcome == "diverged" else scale.log(run.score), losses)
