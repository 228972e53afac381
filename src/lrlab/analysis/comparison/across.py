"""Several tasks at once: the performance profile of each arm, and the geometric mean of its speed-ups.

As AlgoPerf scores (Dahl et al., 2023, arXiv:2306.07179), after Dolan and More, Benchmarking optimization software with
performance profiles, 2002, arXiv:cs/0102001. Times are updates to the target of each task; a miss is infinitely long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lrlab.errors import LrlabError, worded

FARTHEST = 4.0  # times the quickest arm: a profile is drawn, and scored, up to there


@dataclass(frozen=True)
class Across:
    """One arm over all tasks.

    `ratios` are its times over those of the quickest arm, task by task, `speedups` those of the reference over its own;
    None is a miss. `score` is the area under its profile from 1 to FARTHEST, as a share; `speedup` the geometric mean
    of the speed-ups, None where it misses a target.
    """

    arm: str
    ratios: Mapping[str, float | None]
    speedups: Mapping[str, float | None]
    missed: int
    score: float
    speedup: float | None

    def profile(self, farthest: float = FARTHEST) -> tuple[tuple[float, float], ...]:
        """The points (r, share of the tasks on which it takes at most r times the quickest arm's time), as a staircase.

        >>> Across("a", {"one": 1.0, "two": 2.0, "three": None}, {}, 1, 0.5, None).profile()
        ((1.0, 0.3333333333333333), (2.0, 0.6666666666666666), (4.0, 0.6666666666666666))
        """
        known = [ratio for ratio in self.ratios.values() if ratio is not None and ratio <= farthest]
        steps = sorted({1.0, *known, farthest})
        return tuple((step, sum(ratio <= step for ratio in known) / len(self.ratios)) for step in steps)


def across(times: Mapping[str, Mapping[str, int | None]], reference: str) -> tuple[Across, ...]:
    """The arms of several tasks, the best score first; times[task][arm] are updates to the target, None for a miss.

    rho(r) = share of the tasks with time / quickest time <= r
    score = 1 / (FARTHEST - 1) * integral of rho from 1 to FARTHEST

    Raises `LrlabError` where the tasks have different arms, or the reference is not among them.

    >>> found = across({"one": {"a": 10, "b": 20}, "two": {"a": 40, "b": None}}, "a")
    >>> [(each.arm, round(each.score, 3), each.speedup) for each in found]
    [('a', 1.0, 1.0), ('b', 0.333, None)]
    """
    arms = _same_arms(times)
    if reference not in arms:
        raise LrlabError(
            worded(
                f"several tasks are compared by the time to what {reference!r} reaches: it has to be an arm",
                arms,
                hint=f"--arm '{reference}=warmup(\"5%\") >> linear()'",
            )
        )
    quickest = {task: min((t for t in own.values() if t is not None), default=None) for task, own in times.items()}
    found = []
    for arm in arms:
        ratios = {task: _over(own[arm], quickest[task]) for task, own in times.items()}
        speedups = {task: _over(own[reference], own[arm]) for task, own in times.items()}
        area = sum(max(0.0, FARTHEST - ratio) for ratio in ratios.values() if ratio is not None)
        known = [speed for speed in speedups.values() if speed is not None]
        whole = len(known) == len(times)
        mean = math.exp(sum(map(math.log, known)) / len(known)) if whole else None
        missed = sum(own[arm] is None for own in times.values())
        found.append(Across(arm, ratios, speedups, missed, area / (FARTHEST - 1) / len(times), mean))
    return tuple(sorted(found, key=lambda each: (-each.score, each.arm)))


def _same_arms(times: Mapping[str, Mapping[str, int | None]]) -> Sequence[str]:
    sets = {task: tuple(sorted(own)) for task, own in times.items()}
    if len({*sets.values()}) != 1:
        raise LrlabError(worded("the tasks have different arms", sets, "the same arms on every task"))
    return next(iter(sets.values()))


def _over(above: int | None, below: int | None) -> float | None:
    return None if above is None or below is None else above / below
