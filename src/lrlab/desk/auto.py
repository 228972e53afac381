"""`lr.auto`: from a training function to one schedule with its LR: found, advised, screened, tried, then judged."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from lrlab.analysis.advice.advised import Offer
from lrlab.analysis.comparison.statistics import Comparison, compare
from lrlab.analysis.find.policy import BUDGET, least_budget
from lrlab.core.expression.node import Schedule
from lrlab.desk.advise import advise
from lrlab.desk.asked import reached, wanted
from lrlab.desk.chosen import CONSTANT, Best, Chosen, Screened
from lrlab.desk.find import find
from lrlab.desk.trainer import Trainer
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.average import average_of
from lrlab.lab.executors.named import opened
from lrlab.lab.search.budget import Budget, budget_of
from lrlab.lab.search.proposals import Candidate
from lrlab.lab.search.rungs import ranking
from lrlab.lab.search.space import BASELINE, Strategy, refuse_another
from lrlab.lab.search.tuning import Field
from lrlab.lab.search.units import split_of
from lrlab.lab.stages.asking import can_average
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.config import refuse_unknown
from lrlab.record.runs.store import DEFAULT_FOLDER, Store

FIXED = Strategy(CONSTANT, "constant()")  # what the gain is told against
STEPS = (0.5, 1.0, 2.0)  # of the LR that was found: those that every schedule is screened at
MOST, LEAST = 4, 2  # schedules that are screened, and go on to whole runs where there is room
SHORTER = 4  # by which a run of the screening is shorter
FEWEST = 3  # folds or seeds on which two arms can be told apart at all


@dataclasses.dataclass(frozen=True)
class Shares:
    """What a budget is spent on: how many schedules are screened, how many of them at the least are tried as whole runs
    before the best is judged, and on how many folds or seeds it is judged."""

    schedules: int
    finalists: int
    judged: int


def shares_of(allowed: int, updates: int, tried: int, judged: int) -> Shares | None:
    """The shares of so many updates, as if nothing were shared; None where they are too few.

    >>> shares_of(allowed=2400, updates=100, tried=2, judged=6)
    Shares(schedules=4, finalists=0, judged=6)
    >>> shares_of(allowed=4000, updates=100, tried=2, judged=6)
    Shares(schedules=4, finalists=2, judged=6)
    >>> shares_of(allowed=1000, updates=100, tried=2, judged=6) is None
    True
    """
    for schedules in range(MOST, LEAST - 1, -1):
        left = allowed - _before(schedules, updates, tried)
        units = min(judged, left // (2 * updates))
        if units >= FEWEST + (schedules > LEAST):
            arms = (left - 2 * units * updates) // (len(STEPS) * tried * updates)  # one of them is the constant LR
            return Shares(schedules, min(schedules, max(0, arms - 1)), units)
    return None


@dataclasses.dataclass(frozen=True)
class Tried:
    """A schedule at one LR, trained for so many updates: its score on each unit; lower is better."""

    candidate: Candidate
    updates: int
    scores: Any

    @property
    def score(self) -> float:
        """The mean; inf where it diverged."""
        return float(self.scores.mean())


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
    are tried, one of them with averaged weights if the task can be judged by them. Each is screened as complete runs of
    a quarter of the length, at half, once and twice that LR, beside a constant LR, on two folds. Where the budget has
    room, the best of them are tried again as whole runs around their best LR, and farther while that lies at an end.
    The best of all is then judged against the constant LR, each at its best LR so far, on folds (or seeds, where the
    task has one fold) that nothing before has seen; where it is worse, the constant LR is chosen.

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
            partial(trainer.train, what="screening"),
            trainer.price,
            dict(config or {}),
            resources,
        )
        least = _before(LEAST, updates, len(units)) + 2 * FEWEST * updates
        allowed = budget_of(budget, field, place.slots, least)
        shares = shares_of(allowed.allowed - allowed.first, updates, len(units), len(others))
        assert shares is not None
        (asked,) = field.jobs([Candidate(FIXED, (), 1.0)], updates)[:1]
        arms = _shortlist(advice.ranking, shares.schedules, updates, partial(can_average, task, asked))
        found = find(
            train,
            horizon=updates,
            budget=_tested(updates),
            config=config,
            seed=seed,
            store=store,
            executor=place,
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
        tried = [Tried(each, short, row) for each, row in zip(rivals, field.scores(rivals, short), strict=True)]
        spent = (
            allowed.first
            + sum(asked.updates for asked, _ in found.policy.done)
            + field.price(field.jobs(rivals, short))
        )
        last = tried
        if shares.finalists:
            before = allowed.first + _before(shares.schedules, updates, len(units))
            last = _whole(tried, field, allowed.allowed - before - 2 * shares.judged * updates)
            spent += field.price(field.jobs([each.candidate for each in last], updates))
            tried = [*tried, *last]
        fixed, best = _best(last, updates)
        final = dataclasses.replace(field, units=others[: shares.judged], train=partial(trainer.train, what="verdict"))
        comparison = _judged([best, fixed], final)
        spent += final.price(final.jobs([best, fixed], updates))
    return Chosen(
        task=task.name,
        metric=task.metric,
        updates=updates,
        framework=framework,
        best=Best(best.name, str(best.schedule), best.arm.averaging, best.lr),
        fixed=fixed.lr,
        own=found.own,
        found=found,
        screened=tuple(map(_screened, tried)),
        comparison=comparison,
        maximise=field.maximise,
        spent=spent,
        budget=allowed.allowed,
        farther=_farther(allowed, updates, len(units), len(others)),
        trained=trainer.trained + found.trained,
    )


def _tested(updates: int) -> float:
    """What the range test may take, in runs."""
    return max(BUDGET, least_budget(updates))


def _before(schedules: int, updates: int, tried: int) -> int:
    """The updates of the range test and of the screening."""
    return round(_tested(updates) * updates) + (schedules + 1) * len(STEPS) * tried * max(1, updates // SHORTER)


def _shortlist(
    ranking: Sequence[Offer], count: int, updates: int, averages: Callable[[float | str], bool]
) -> tuple[Strategy, ...]:
    """The first schedules of the advice that are the same at a quarter of a run, and need nothing but what is done
    here: averaged weights, where the task `averages`, in runs long enough for an average. These have the last place, if
    they have none before it: schedules that all decay are too much alike to be all that is tried."""
    found: list[Strategy] = []
    for offer in ranking:
        plain = not offer.beside and str(offer.schedule) != FIXED.text
        here = plain or (_averaged(offer.averaging, updates) and averages(offer.averaging))
        if here and _lasts(offer.name, offer.schedule, updates):
            found.append(Strategy(offer.name, Arm(offer.name, offer.schedule, offer.averaging).text))
    averaged = [each for each in found if each.filled({}).averaging is not None]
    first = found[:count]
    if averaged and averaged[0] not in first:
        first[-1] = averaged[0]
    return tuple(first) or (BASELINE,)


def _averaged(averaging: float | str | None, updates: int) -> TypeGuard[float | str]:
    """Whether there is an average that holds more than the newest weights, in a quarter of a run too.

    >>> _averaged(0.1, 44), _averaged(0.1, 40)
    (True, False)
    """
    return averaging is not None and not average_of(averaging).is_one_state(updates // SHORTER)


def _screened(tried: Tried) -> Screened:
    of = tried.candidate
    return Screened(of.name, str(of.schedule), of.arm.averaging, of.lr, tried.updates, tried.score)


def _lasts(name: str, schedule: Schedule, updates: int) -> bool:
    try:
        refuse_another(name, schedule, (max(1, updates // SHORTER), updates))
    except LrlabError:
        return False
    return True


def _whole(tried: Sequence[Tried], field: Field, room: int) -> list[Tried]:
    """The constant and the best others as whole runs, each around its best LR so far, as many as there is room for in
    so many updates, and for one run more; farther where the best is at an end, the best schedule first."""
    fixed, _ = _best(tried, field.updates)
    others: dict[Strategy, Candidate] = {}
    for each in _ranked(tried):
        if each.candidate.strategy != FIXED:
            others.setdefault(each.candidate.strategy, each.candidate)
    price = len(field.units) * field.updates
    more: list[Candidate] = []
    for place, best in enumerate((fixed, *others.values())):
        around = [dataclasses.replace(best, lr=best.lr * step) for step in _steps(best, tried)]
        if place > 1 and (len(more) + len(around) + 1) * price > room:
            break
        more += around
    done: list[Tried] = []
    while more := more[: room // price]:
        room -= len(more) * price
        rows = field.scores(more, field.updates)
        done += [Tried(each, field.updates, row) for each, row in zip(more, rows, strict=True)]
        more = _beyond(done)
    return done


def _steps(best: Candidate, tried: Sequence[Tried]) -> tuple[float, ...]:
    """Where to look for the LR of whole runs. If the best of the shorter ones was that of an end, not on its other
    side: there they were worse already."""
    lrs = [each.candidate.lr for each in tried if each.candidate.strategy == best.strategy]
    return STEPS[:-1] if best.lr == min(lrs) else STEPS[1:] if best.lr == max(lrs) else STEPS


def _beyond(tried: Sequence[Tried]) -> list[Candidate]:
    """The next LR of each schedule whose best lies at the lowest or the highest that was tried, and a lower one where
    all diverged; the best schedule first."""
    found: list[Candidate] = []
    for strategy in dict.fromkeys(each.candidate.strategy for each in sorted(tried, key=lambda each: each.score)):
        by_lr = sorted(
            (each for each in tried if each.candidate.strategy == strategy), key=lambda each: each.candidate.lr
        )
        best = min(by_lr, key=lambda each: each.score)
        if best is by_lr[0]:
            found.append(dataclasses.replace(best.candidate, lr=best.candidate.lr * STEPS[0]))
        elif best is by_lr[-1]:
            found.append(dataclasses.replace(best.candidate, lr=best.candidate.lr * STEPS[-1]))
    return found


def _ranked(tried: Sequence[Tried]) -> list[Tried]:
    """The best first."""
    return [tried[k] for k in ranking(np.array([each.scores for each in tried])).order]


def _best(tried: Sequence[Tried], updates: int) -> tuple[Candidate, Candidate]:
    """The constant at its best LR, and the best of the others. Raises `LrlabError` where either diverged everywhere."""
    order = [each.candidate for each in _ranked(tried)]
    fixed = [each for each in order if each.strategy == FIXED]
    others = [each for each in order if each.strategy != FIXED]
    if fixed and others:
        return fixed[0], others[0]
    whole = tried[0].updates == updates
    which = "of another schedule than the constant " if fixed else "of the constant " if others else ""
    gone = [each.candidate.lr for each in tried if each.candidate not in order]
    raise LrlabError(
        worded(
            f"every {'whole run' if whole else 'run of the screening'} {which}diverged on a fold or seed",
            f"LRs down to × {min(gone):.2g} of the task's own",
            hint="a lower LR in the optimizer of the task" + (", or more budget for lower LRs" if whole else ""),
        )
    )


def _farther(budget: Budget, updates: int, tried: int, judged: int) -> int:
    """A budget in runs that has room for LRs beyond: twice as much, and whole runs of a schedule at the least."""
    runs = math.ceil(2 * budget.allowed / updates)
    while (shares := shares_of(runs * updates - budget.first, updates, tried, judged)) is None or not shares.finalists:
        runs += 1
    return runs


def _judged(rivals: Sequence[Candidate], field: Field) -> Comparison:
    """The best against the constant, on units that nothing has seen."""
    scores = (-1.0 if field.maximise else 1.0) * field.scores(rivals, field.updates)
    shape = (1, -1) if field.folds > 1 else (-1, 1)
    arms = {each.name: {each.lr: np.asarray(row).reshape(shape)} for each, row in zip(rivals, scores, strict=True)}
    return compare(arms, maximise=field.maximise)
