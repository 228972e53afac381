"""`lr.tune`: search schedules and their LR within a budget, and judge what was found on data that it has not seen."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lrlab.analysis.comparison.statistics import Comparison
from lrlab.analysis.comparison.statistics import compare as judged
from lrlab.core.expression.node import Schedule
from lrlab.core.time.span import MOST, Span
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.executors.named import held
from lrlab.lab.search.proposals import Candidate, Proposals
from lrlab.lab.search.rungs import lengths_of, price
from lrlab.lab.search.space import BASELINE, LRS, STRATEGIES, strategies_of
from lrlab.lab.search.tuning import Field, Found, Rung, Unit, least_budget, search
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.planning import measured
from lrlab.lab.task.declaration import Task, load_task, task_of
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import DEFAULT_FOLDER, Store
from lrlab.views.progress import progress

if TYPE_CHECKING:
    from lrlab.views.model import Table

VERSION = 1
SEARCHED, JUDGED_FOLDS, JUDGED_SEEDS = 2, 6, 8  # units that candidates are tried on, and that the winner is judged on
LEVEL = 0.95

Answer = Literal["better", "undecided", "worse", "baseline"]


@dataclass(frozen=True)
class Tuned:
    """What a search found, and whether it holds on data that the search has not seen.

    `answer`: the winner is "better" than the baseline, "undecided", "worse"; "baseline" where the search itself found
    nothing below it, and nothing was left to judge. `lr` and `baseline_lr` are multiples of the task's own LR. `spent`
    and `naive` count updates: of all stages, each once, and of all runs, each alone; `spent <= budget`.
    """

    task: str
    metric: str
    updates: int
    schedule: str
    lr: float
    baseline: str
    baseline_lr: float
    answer: Answer
    comparison: Comparison | None
    rungs: tuple[Rung, ...]
    runs: int
    trained: int
    spent: int
    naive: int
    budget: int
    maximise: bool

    @property
    def saved(self) -> float:
        """The share of the updates that did not have to be trained, because runs that agree so far are trained once."""
        return 1 - self.spent / self.naive

    def record(self) -> dict[str, Any]:
        """Everything as plain JSON."""
        plain = {name: value for name, value in vars(self).items() if name not in ("comparison", "rungs", "maximise")}
        found = self.comparison
        evidence = found and {
            "difference": self._difference[0],
            "low": self._difference[1],
            "high": self._difference[2],
            "level": found.level,
            "method": found.method,
            "advice": found.advice,
            "scores": {line.arm: [self._value(score) for score in line.scores] for line in found.standings},
        }
        return {
            "version": VERSION,
            **plain,
            "saved": round(self.saved, 4),
            "evidence": evidence,
            "rungs": [dataclasses.asdict(rung) for rung in self.rungs],
        }

    @property
    def _difference(self) -> tuple[float | None, float | None, float | None]:
        """Of the winner to the baseline, and its interval: below zero where the winner has less."""
        assert self.comparison is not None
        other = self.comparison.standings[1]
        if other.difference is None:
            return None, None, None
        sign = (-1.0 if other.arm == BASELINE.name else 1.0) * (-1.0 if self.maximise else 1.0)
        low, high = (None if end is None else sign * end for end in (other.low, other.high))
        return (sign * other.difference, low, high) if sign > 0 else (sign * other.difference, high, low)

    def _value(self, score: float | None) -> float | None:
        return -score if score is not None and self.maximise else score

    def table(self) -> Table:
        """The rungs."""
        from lrlab.views.model import Table

        rows = tuple((r.updates, r.tried, r.kept, r.carried, r.dropped, r.spent, r.naive) for r in self.rungs)
        return Table(("updates", "tried", "go on", "by noise", "no room", "trained", "each alone"), rows)

    def __str__(self) -> str:
        """The answer in sentences."""
        lines = [f"{self.schedule} at {self.lr:g} times the LR of {self.task}."]
        against = f"{self.baseline} at {self.baseline_lr:g}"
        if self.comparison is None:
            lines.append(f"The search found nothing that ends below the baseline, {against}: take that.")
        else:
            mean, low, high = self._difference
            numbers = "" if mean is None else f", {self.metric} {mean:+.4g}{_interval(low, high)}"
            said = {"better": "Better than", "worse": "Worse than", "undecided": "Undecided against"}[self.answer]
            units = len(self.comparison.standings[0].scores)
            lines.append(f"{said} {against}{numbers}, on {units} folds or seeds that the search has not seen.")
            if self.answer == "undecided":
                lines.append(self.comparison.advice)
        lines.append(
            f"Spent {self.spent / self.updates:.1f} runs' worth of updates of {self.budget / self.updates:.1f}, "
            f"instead of {self.naive / self.updates:.1f} with every run alone ({self.saved:.0%} saved)."
        )
        return "\n".join(lines)


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
    slots by name (see `lrlab.lab.search.space`; without any, the usual ones), `lrs` the multiples of the task's own LR.
    `budget` is in runs' worth of updates (60), or minutes ("30min"), which the time of a first run turns into runs;
    updates that several runs share count once. It is never exceeded, the judging included.

    Candidates are proposed by Optuna's TPE sampler, seeded with `seed`, and tried on two folds as complete schedules
    over a quarter, a half and the whole of the run; nothing is ever judged in the middle of a schedule. The winner and
    the baseline are then compared on six other folds (eight other seeds where the task has one fold). Runs are kept in
    `store`: the same call goes on where it was interrupted. `executor` and `workers` are as in `lr.compare`.

    Raises `LrlabError` where the budget is too small, a strategy is another one in a shorter run, or all runs diverge,
    and `MissingExtra` without Optuna.

    >>> import lrlab as lr
    >>> lr.tune("digits", budget=2)
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the budget is too small
      given:   '2 runs'
      allowed: 30.5 runs or more
    """
    task = load_task(train) if isinstance(train, str) else task_of(train)
    updates = task.settings.updates if horizon is None else horizon
    if type(updates) is not int or updates < 1:
        raise LrlabTypeError(worded("horizon is the number of updates of each run", horizon, "1, 2, ...", "1000"))
    if not lrs or len({*lrs}) < len(lrs) or not all(isinstance(lr, (int, float)) and 0 < lr < np.inf for lr in lrs):
        raise LrlabError(worded("lrs are different multiples of the task's own LR", tuple(lrs), "above 0", "0.5, 1, 2"))
    texts = {name: str(strategy) for name, strategy in (strategies or STRATEGIES).items()}
    proposals = Proposals(strategies_of(texts, lengths_of(updates)), lrs, seed)
    tried, unseen, folds = _units(task)
    how = {"config": dict(config or {}), "threads": threads, "device": device}
    evaluated = task.settings.evals if evals is None else evals
    with held(task, executor, workers=workers, threads=threads, device=device) as where:
        lab = _Lab(task, Store(store), workers, where, quiet)
        field = Field(tried, folds, updates, evaluated, task.mode == "max", lab.train, lab.price, how)
        least = 2 * len(unseen) * updates + least_budget(updates, len(tried), len(lrs))
        allowed, first = _allowed(budget, field, lab, least)
        found = search(proposals, len(lrs), field, allowed - first - 2 * len(unseen) * updates)
        comparison, judging = _judge(found, dataclasses.replace(field, units=unseen))
    return Tuned(
        task=task.name,
        metric=task.metric,
        updates=updates,
        schedule=str(found.winner.schedule),
        lr=found.winner.lr,
        baseline=str(found.baseline.schedule),
        baseline_lr=found.baseline.lr,
        answer=_answer(comparison),
        comparison=comparison,
        rungs=found.rungs,
        runs=lab.runs,
        trained=lab.trained,
        spent=found.spent + judging + first,
        naive=found.naive + first + (2 * len(unseen) * updates if comparison else 0),
        budget=allowed,
        maximise=field.maximise,
    )


class _Lab:
    """Trains jobs where `executor` says, and counts runs and the updates that were trained now."""

    def __init__(self, task: Task, store: Store, workers: int | None, executor: Executor | None, quiet: bool) -> None:
        self._task, self._store, self._quiet = task, store, quiet
        self._how: Any = {"workers": workers, "executor": executor}
        self._every: int | None = None
        self.slots = executor.slots if executor else 1
        self.runs = self.trained = 0

    def train(self, jobs: Sequence[Job]) -> Sequence[StoredRun]:
        """The runs of these jobs, from the store where they are there."""
        text = f"{len(jobs)} runs of {jobs[0].updates} updates on {self._task.name}"
        with progress(text, len(jobs), sys.stderr, quiet=self._quiet) as watch:
            runs, effort = run_jobs(
                self._task, jobs, self._store, on_progress=watch.moved, on_failed=watch.failed, **self._how
            )
        self.runs += len(runs)
        self.trained += effort.trained
        return runs

    def price(self, jobs: Sequence[Job]) -> int:
        """The updates that these jobs take together, forking where this task can."""
        if self._every is None:
            self._every = measured(self._task, jobs[0]).every
        return price(self._task, jobs, self._every)


def _units(task: Task) -> tuple[tuple[Unit, ...], tuple[Unit, ...], int]:
    """Where candidates are tried, where the winner is judged, and into how many folds the data are cut."""
    if task.settings.folds == 1:
        seeds = [Unit(seed, 0) for seed in range(SEARCHED + JUDGED_SEEDS)]
        return tuple(seeds[:SEARCHED]), tuple(seeds[SEARCHED:]), 1
    folds = [Unit(0, fold) for fold in range(SEARCHED + JUDGED_FOLDS)]
    return tuple(folds[:SEARCHED]), tuple(folds[SEARCHED:]), len(folds)


def _allowed(budget: float | str, field: Field, lab: _Lab, least: int) -> tuple[int, int]:
    """The budget in updates, and how many of them a first run took, which minutes are measured by.

    That run's time is kept in the store with it, so that an interrupted search goes on with the budget it had.
    """
    if isinstance(budget, str):
        span = Span.of(budget, "budget")
        if span.unit != "seconds":
            raise LrlabError(worded("a budget is in runs or in minutes", budget, '40, or "30min"'))
        (job, *_) = field.jobs([Candidate(BASELINE, (), 1.0)], field.updates)
        (run,) = field.train([job])
        allowed, first = int(float(span.amount) * lab.slots / run.seconds * run.updates), run.updates
    elif isinstance(budget, bool) or not isinstance(budget, (int, float)) or not 0 < budget < MOST:
        raise LrlabTypeError(worded("a budget is in runs or in minutes", budget, '40, or "30min"'))
    else:
        allowed, first = int(budget * field.updates), 0
    if allowed - first < least:
        runs = f"{allowed / field.updates:.4g} runs"
        raise LrlabError(worded("the budget is too small", runs, f"{(least + first) / field.updates:.4g} runs or more"))
    return allowed, first


def _judge(found: Found, field: Field) -> tuple[Comparison | None, int]:
    """Winner against baseline on units that were not searched, and what it took; nothing where they are the same."""
    rivals = [found.winner, found.baseline]
    if (rivals[0].schedule, rivals[0].lr) == (rivals[1].schedule, rivals[1].lr):
        return None, 0
    scores = field.scores(rivals, field.updates)
    shape = (1, -1) if field.folds > 1 else (-1, 1)
    arms = {rival.name: {rival.lr: row.reshape(shape)} for rival, row in zip(rivals, scores, strict=True)}
    return judged(arms, level=LEVEL), field.price(field.jobs(rivals, field.updates))


def _answer(comparison: Comparison | None) -> Answer:
    if comparison is None:
        return "baseline"
    if comparison.standings[1].verdict == "not distinguishable":
        return "undecided"
    return "worse" if comparison.best == BASELINE.name else "better"


def _interval(low: float | None, high: float | None) -> str:
    ends = ["?" if end is None else f"{end:.4g}" for end in (low, high)]
    return f" ({LEVEL:.0%} interval {ends[0]} to {ends[1]})"
