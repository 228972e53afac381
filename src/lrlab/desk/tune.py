"""`lr.tune`: search schedules and their LR within a budget, and judge the winner on data the search has not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lrlab.analysis.comparison.statistics import Comparison, compare
from lrlab.core.expression.node import Schedule
from lrlab.desk.asked import reached, wanted
from lrlab.desk.trainer import Trainer
from lrlab.desk.tuned import Tuned
from lrlab.errors import LrlabError, worded
from lrlab.lab.executors.named import opened
from lrlab.lab.search.budget import budget_of
from lrlab.lab.search.proposals import Proposals
from lrlab.lab.search.rungs import lengths_of
from lrlab.lab.search.space import LRS, STRATEGIES, strategies_of
from lrlab.lab.search.tuning import Field, Found, least_budget, search
from lrlab.lab.search.units import split_of
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.config import refuse_unknown
from lrlab.record.runs.store import DEFAULT_FOLDER, Store


def tune(
    train: Callable[..., object] | type | str,
    strategies: Mapping[str, str | Schedule] | None = None,
    *,
    budget: float | str,
    horizon: int | None = None,
    lrs: Sequence[float] = LRS,
    evals: int | None = None,
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    store: str | Path = DEFAULT_FOLDER,
    executor: str | Executor = "local",
    workers: int | None = None,
    threads: int = 1,
    device: str = "cpu",
    quiet: bool = False,
) -> Tuned:
    """Search the schedule and base LR of a training within a budget, and judge the winner against warmup + linear.

    `train` is a function or class (see `lr.compare`), or the name of a built-in task; `strategies` are schedules with
    slots, by name (see `lrlab.lab.search.space`; by default the usual ones), with or without an average of the weights
    behind an @; `lrs` are the multiples of the task's own LR.
    `budget` is in runs' worth of updates (60), or minutes ("30min"), which the time of a first run converts to runs;
    updates that several runs share count once. It is never exceeded, judging included.

    Candidates are proposed by Optuna's TPE sampler, seeded with `seed`, and tried on two folds as complete schedules
    over a quarter, a half and the whole of the run; nothing is judged in the middle of a schedule. The winner and the
    baseline are then compared on six other folds (eight other seeds if the task has one fold). Runs are kept in
    `store`: after an interrupt the same call goes on. `executor` and `workers` are as in `lr.compare`.

    Raises `LrlabError` if the budget is too small, if a strategy changes in a shorter run, or if all runs diverge, and
    `MissingExtra` without Optuna.

    >>> import lrlab as lr
    >>> lr.tune("digits", budget=2)
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the budget is too small
      given:   '2 runs'
      allowed: 30.5 runs or more
    """
    task, updates = wanted(train, horizon)
    if not lrs or len({*lrs}) < len(lrs) or not all(isinstance(lr, (int, float)) and 0 < lr < np.inf for lr in lrs):
        raise LrlabError(worded("lrs are different multiples of the task's own LR", tuple(lrs), "above 0", "0.5, 1, 2"))
    refuse_unknown(task.name, task.config, config or {})
    texts = {name: str(strategy) for name, strategy in (strategies or STRATEGIES).items()}
    proposals = Proposals(strategies_of(texts, lengths_of(updates), lrs), lrs, seed)
    resources = reached(Resources(workers, executor, threads, device), task)
    split = split_of(task.settings)
    evaluated = task.settings.evals if evals is None else evals
    with opened(resources, task) as place:
        lab = Trainer(task, Store(store), place, quiet)
        field = Field(
            split.tried,
            split.folds,
            updates,
            evaluated,
            task.mode == "max",
            lab.train,
            lab.price,
            dict(config or {}),
            resources,
        )
        judging = 2 * len(split.judged) * updates
        least = judging + least_budget(updates, len(split.tried), len(lrs))
        allowed = budget_of(budget, field, place.slots, least)
        found = search(proposals, len(lrs), field, allowed.allowed - allowed.first - judging)
        comparison, spent = _judge(found, dataclasses.replace(field, units=split.judged))
    return Tuned(
        task=task.name,
        metric=task.metric,
        updates=updates,
        schedule=str(found.winner.schedule),
        averaging=found.winner.arm.averaging,
        lr=found.winner.lr,
        baseline=str(found.baseline.schedule),
        baseline_lr=found.baseline.lr,
        comparison=comparison,
        rungs=found.rungs,
        runs=lab.runs,
        trained=lab.trained,
        spent=found.spent + spent + allowed.first,
        naive=found.naive + allowed.first + (judging if comparison else 0),
        budget=allowed.allowed,
        maximise=field.maximise,
        lrs=tuple(lrs),
    )


def _judge(found: Found, field: Field) -> tuple[Comparison | None, int]:
    """Winner against baseline on units that were not searched, and its cost; nothing if they are the same."""
    rivals = [found.winner, found.baseline]
    if len({(rival.arm.text, rival.lr) for rival in rivals}) == 1:
        return None, 0
    scores = (-1.0 if field.maximise else 1.0) * field.scores(rivals, field.updates)
    shape = (1, -1) if field.folds > 1 else (-1, 1)
    arms = {rival.name: {rival.lr: row.reshape(shape)} for rival, row in zip(rivals, scores, strict=True)}
    return compare(arms, maximise=field.maximise), field.price(field.jobs(rivals, field.updates))
