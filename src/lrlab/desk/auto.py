"""`lr.auto`: from a training function to one schedule with its LR: found, advised, screened, judged on other data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lrlab.analysis.comparison.statistics import Comparison, compare
from lrlab.analysis.find.policy import BUDGET, least_budget
from lrlab.core.expression.node import Schedule
from lrlab.desk.advise import advise
from lrlab.desk.asked import reached, wanted
from lrlab.desk.chosen import Chosen, Screened
from lrlab.desk.find import find
from lrlab.desk.trainer import Trainer
from lrlab.errors import LrlabError, worded
from lrlab.lab.executors.named import opened
from lrlab.lab.search.budget import budget_of
from lrlab.lab.search.proposals import Candidate
from lrlab.lab.search.rungs import ranking
from lrlab.lab.search.space import BASELINE, Strategy, refuse_another
from lrlab.lab.search.tuning import Field
from lrlab.lab.search.units import split_of
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.config import refuse_unknown
from lrlab.record.runs.store import DEFAULT_FOLDER, Store

FIXED = Strategy("constant", "constant()")  # what the gain is told against
STEPS = (0.5, 1.0, 2.0)  # of the LR that was found: those that every schedule is screened at
MOST, LEAST = 4, 2  # schedules that are screened
SHORTER = 4  # by which a run of the screening is shorter
FEWEST = 3  # folds or seeds on which two arms can be told apart at all


@dataclasses.dataclass(frozen=True)
class Shares:
    """What a budget is spent on: how many schedules are screened, and on how many folds or seeds the best is judged."""

    schedules: int
    judged: int


def shares_of(allowed: int, updates: int, tried: int, judged: int) -> Shares | None:
    """The shares of so many updates, as if nothing were shared; None where they are too few.

    >>> shares_of(allowed=2400, updates=100, tried=2, judged=6)
    Shares(schedules=4, judged=6)
    >>> shares_of(allowed=1000, updates=100, tried=2, judged=6) is None
    True
    """
    for schedules in range(MOST, LEAST - 1, -1):
        left = allowed - _before(schedules, updates, tried)
        units = min(judged, left // (2 * updates))
        if units >= FEWEST + (schedules > LEAST):
            return Shares(schedules, units)
    return None


def auto(
    train: Callable[..., object] | type | str,
    *,
    budget: float | str,
    framework: str = "torch",
    questions: Mapping[str, str] | None = None,
    horizon: int | None = None,
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    store: str | Path = DEFAULT_FOLDER,
    executor: str | Executor = "local",
    workers: int | None = None,
    threads: int = 1,
    device: str = "cpu",
    quiet: bool = False,
) -> Chosen:
    """Choose a schedule and its LR within a budget, and tell what it gains over a constant LR.

    A range test (`lr.find`) finds the LR; advice (`lr.advise`, with the answers in `questions`) says which schedules
    are tried; each is screened as complete runs of a quarter of the length, at half, once and twice that LR, beside a
    constant LR, on two folds. The best is then judged against the constant LR, each at its best LR of the screening,
    on folds (or seeds, where the task has one fold) that nothing before has seen.

    `budget` is in runs' worth of updates (20), or minutes ("30min"); it is never exceeded. `framework` is that of the
    code that is given: torch, keras, optax or transformers. The rest is as in `lr.tune`; runs are kept in `store`.

    Raises `LrlabError` if the budget is too small, nothing is learned at any LR, or all runs diverge.

    Source: the parts say theirs; complete short schedules do not prefer those that decay early, as cut ones do.

    >>> import lrlab as lr
    >>> lr.auto("digits", budget=2)
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the budget is too small
      given:   '2 runs'
      allowed: 11 runs or more
    """
    task, updates = wanted(train, horizon)
    refuse_unknown(task.name, task.config, config or {})
    advice = advise(**(questions or {}))
    resources = reached(Resources(workers, executor, threads, device), task)
    split = split_of(task.settings)
    units = tuple(dataclasses.replace(unit, seed=unit.seed + seed) for unit in split.tried)
    others = tuple(dataclasses.replace(unit, seed=unit.seed + seed) for unit in split.judged)
    with opened(resources, task) as place:
        trainer = Trainer(task, Store(store), place, quiet)
        field = Field(
            units,
            split.folds,
            updates,
            task.settings.evals,
            task.mode == "max",
            trainer.train,
            trainer.price,
            dict(config or {}),
            resources,
        )
        least = _before(LEAST, updates, len(units)) + 2 * FEWEST * updates
        allowed = budget_of(budget, field, place.slots, least)
        shares = shares_of(allowed.allowed - allowed.first, updates, len(units), len(others))
        assert shares is not None
        arms = _shortlist(advice.ranking, shares.schedules, updates)
        found = find(
            train,
            horizon=updates,
            budget=_tested(updates),
            config=config,
            seed=seed,
            store=store,
            executor=executor if isinstance(executor, str) else place,
            workers=resources.workers,
            threads=threads,
            device=device,
            quiet=quiet,
        )
        around = found.answer.guess
        if around is None:
            raise LrlabError(
                worded(f"there is no usable range of LRs: {found.answer.why}", hint=f"lrlab find {task.name}")
            )
        rivals = [Candidate(arm, (), around * step) for arm in (FIXED, *arms) for step in STEPS]
        short = max(1, updates // SHORTER)
        scores = field.scores(rivals, short)
        spent = (
            allowed.first
            + sum(asked.updates for asked, _ in found.policy.done)
            + field.price(field.jobs(rivals, short))
        )
        fixed, best = _best(rivals, scores)
        final = dataclasses.replace(field, units=others[: shares.judged])
        comparison = _judged([best, fixed], final)
        spent += final.price(final.jobs([best, fixed], updates))
    return Chosen(
        task=task.name,
        metric=task.metric,
        updates=updates,
        framework=framework,
        name=best.name,
        schedule=str(best.schedule),
        multiple=best.lr,
        fixed=fixed.lr,
        own=found.own,
        found=found,
        screened=tuple(
            Screened(each.name, str(each.schedule), each.lr, float(row.mean()))
            for each, row in zip(rivals, scores, strict=True)
        ),
        comparison=comparison,
        maximise=field.maximise,
        spent=spent,
        budget=allowed.allowed,
        trained=trainer.trained + found.trained,
    )


def _tested(updates: int) -> float:
    """What the range test may take, in runs."""
    return max(BUDGET, least_budget(updates))


def _before(schedules: int, updates: int, tried: int) -> int:
    """The updates of the range test and of the screening."""
    return round(_tested(updates) * updates) + (schedules + 1) * len(STEPS) * tried * max(1, updates // SHORTER)


def _shortlist(ranking: Sequence[Any], count: int, updates: int) -> tuple[Strategy, ...]:
    """The first schedules of the advice that are schedules and nothing besides, and the same at a quarter of a run."""
    found: list[Strategy] = []
    for offer in ranking:
        if offer.beside or str(offer.schedule) == FIXED.text:
            continue
        if _lasts(offer.name, offer.schedule, updates):
            found.append(Strategy(offer.name, str(offer.schedule)))
    return tuple(found[:count]) or (BASELINE,)


def _lasts(name: str, schedule: Schedule, updates: int) -> bool:
    try:
        refuse_another(name, schedule, (max(1, updates // SHORTER), updates))
    except LrlabError:
        return False
    return True


def _best(rivals: Sequence[Candidate], scores: Any) -> tuple[Candidate, Candidate]:
    """The constant at its best LR, and the best of the others. Raises `LrlabError` where either diverged everywhere."""
    order = ranking(scores).order
    fixed = [rivals[k] for k in order if rivals[k].strategy == FIXED]
    others = [rivals[k] for k in order if rivals[k].strategy != FIXED]
    if not fixed or not others:
        raise LrlabError(worded("every run of the screening diverged", hint="a lower LR in the optimizer of the task"))
    return fixed[0], others[0]


def _judged(rivals: Sequence[Candidate], field: Field) -> Comparison:
    """The best against the constant, on units that nothing has seen."""
    scores = (-1.0 if field.maximise else 1.0) * field.scores(rivals, field.updates)
    shape = (1, -1) if field.folds > 1 else (-1, 1)
    arms = {each.name: {each.lr: np.asarray(row).reshape(shape)} for each, row in zip(rivals, scores, strict=True)}
    return compare(arms, maximise=field.maximise)
