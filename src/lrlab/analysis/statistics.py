"""Which arm is best, which arms cannot be told from it, and how many runs would tell.

Every arm is judged on data on which its learning rate was not chosen, every difference is paired by fold (or by
seed), and every claim of the report is corrected for all arms and for the best having been picked from the same
data (`lrlab.analysis.paired`). "Not distinguishable" is an answer; it comes with the number of further runs that
would decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lrlab.analysis.paired import ENOUGH_FOLDS, Array, differences, sign_flip_test, t_test
from lrlab.errors import LrlabError, worded

Verdict = Literal["best", "not distinguishable", "worse"]

ENOUGH_SEEDS = 6  # 2^(1-5) > .05: with 5 seeds no sign-flip test can reach the 95 % level
POWER = 0.8  # "would decide" means: with this probability, if the difference seen is the true one
FARTHEST = 100  # more folds or seeds than this are not worth naming


@dataclass(frozen=True)
class Standing:
    """One arm's line of the report. Every number is finite or None, so that it can be written as JSON.

    `scores` has one value per unit (fold, or seed where there is one fold), each with the learning rate of `lrs`,
    chosen on the other units; a unit in which a run diverged is None, and then so are `mean`, `sd` and all that
    compares. `difference` is the mean paired difference to the best (0.0 for the best itself), `low` and `high`
    its interval, None where unbounded; `low > 0` exactly where `p <= 1 - level`, the verdict then is "worse".
    """

    arm: str
    rank: int
    mean: float | None
    sd: float | None
    lrs: tuple[float, ...]
    scores: tuple[float | None, ...]
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """The report on all arms, best first; `together` are those not distinguishable from the best, best included."""

    standings: tuple[Standing, ...]
    best: str
    together: tuple[str, ...]
    level: float
    method: str
    advice: str


def compare(scores: Mapping[str, Mapping[float, ArrayLike]], *, level: float = 0.95) -> Comparison:
    """Rank arms by scores on units where their learning rate was not chosen, and say what the ranking can carry.

    `scores[arm][lr]`: (seeds, folds), lower is better, inf = a diverged run. With two or more folds the units are
    folds (means over seeds; paired t on n - 1 degrees of freedom), with one fold they are seeds (sign-flip test).
    The learning rate of an arm in unit u has the lowest mean over all other units; one with a diverged run there
    loses; equals: the lowest learning rate.

    The chance that the report calls any arm worse than an arm it equals is at most 1 - level. An arm that diverged
    where it was judged is "worse" without a test: that is an observation and outside that guarantee.

    Raises LrlabError: fewer than two arms, an arm without learning rates, unequal or empty shapes, NaN or -inf,
    fewer than two units, a level outside (0.5, 0.999).

    >>> noise = np.array([[0.00, 0.03, 0.01, 0.02, 0.04]])
    >>> found = compare({"cosine": {1.0: 0.30 + noise}, "fixed": {1.0: 0.50 - noise}, "step": {1.0: 0.31 + 0 * noise}})
    >>> [(line.arm, line.verdict) for line in found.standings]
    [('step', 'best'), ('cosine', 'not distinguishable'), ('fixed', 'worse')]
    """
    _check_level(level)
    runs = _checked(scores)
    seeds, folds = next(iter(next(iter(runs.values())).values())).shape
    unit = "fold" if folds > 1 else "seed"
    judged = {arm: _judged(grid, unit) for arm, grid in sorted(runs.items())}
    ranking = sorted(judged, key=lambda arm: (*_badness(judged[arm][1]), arm))
    values = np.array([judged[arm][1] for arm in ranking])
    finite = int(np.isfinite(values).all(axis=1).sum())

    test = t_test if unit == "fold" else sign_flip_test
    tested = test(values[:finite], 0, level) if finite else None
    standings = []
    for place, arm in enumerate(ranking):
        lrs, found = judged[arm]
        whole = tested is not None and place < finite
        if place == 0:
            verdict: Verdict = "best"
        elif tested is None or (whole and tested.p[place] > 1 - level):
            verdict = "not distinguishable"
        else:
            verdict = "worse"
        standings.append(
            Standing(
                arm=arm,
                rank=place + 1,
                mean=_number(found.mean()),
                sd=float(found.std(ddof=1)) if whole else None,
                lrs=lrs,
                scores=tuple(_number(score) for score in found),
                difference=float(differences(values[[0, place]], 0)[1].mean()) if whole else None,
                low=_number(tested.low[place]) if tested and whole else None,
                high=_number(tested.high[place]) if tested and whole else None,
                p=float(tested.p[place]) if tested and whole else None,
                verdict=verdict,
            )
        )
    together = tuple(line.arm for line in standings if line.verdict != "worse")
    return Comparison(
        standings=tuple(standings),
        best=ranking[0],
        together=together,
        level=level,
        method=_method(standings, unit, seeds, level),
        advice=_advice(ranking[: len(together)], values[: len(together)], len(ranking), unit, level),
    )


def _check_level(level: float) -> None:
    if not 0.5 < level < 0.999:
        raise LrlabError(worded("compare: level out of range", level, "0.5 < level < 0.999", "level=0.95"))


def _checked(scores: Mapping[str, Mapping[float, ArrayLike]]) -> dict[str, dict[float, Array]]:
    """The scores as float64 arrays of one shape, or a worded refusal."""
    if len(scores) < 2:
        raise LrlabError(worded("compare: there is nothing to compare", sorted(scores), "two arms or more"))
    runs: dict[str, dict[float, Array]] = {}
    shapes: dict[tuple[int, ...], str] = {}
    for arm, grid in scores.items():
        if not grid:
            raise LrlabError(worded(f"compare: arm {arm!r} has no runs", dict(grid), "{lr: array (seeds, folds)}"))
        runs[arm] = {float(lr): np.array(grid[lr], dtype=np.float64) for lr in sorted(grid)}
        for lr, array in runs[arm].items():
            shapes.setdefault(array.shape, f"{arm!r} at lr {lr:g}")
            if np.isnan(array).any() or np.isneginf(array).any():
                raise LrlabError(
                    worded(
                        f"compare: arm {arm!r} at lr {lr:g} has a score that is not a number",
                        array.tolist(),
                        "finite scores, and inf for a run that diverged",
                    )
                )
    if len(shapes) > 1:
        given = ", ".join(f"{shape} for {name}" for shape, name in shapes.items())
        raise LrlabError(
            worded("compare: arms differ in seeds or folds", given, "one shape (seeds, folds) for all arms and lrs")
        )
    (shape,) = shapes
    if len(shape) != 2 or 0 in shape or max(shape[1], shape[0] if shape[1] == 1 else 0) < 2:
        raise LrlabError(
            worded(
                "compare: too few runs to pair, or not of shape (seeds, folds)",
                shape,
                "two folds or more, or one fold with two seeds or more",
                "folds=5, or seeds=8 for a fixed split",
            )
        )
    return runs


def _judged(grid: Mapping[float, Array], unit: str) -> tuple[tuple[float, ...], Array]:
    """Chosen learning rate and score of each unit, the one chosen without the other; grid[lr]: (seeds, folds)."""
    lrs = np.array(list(grid))
    table = np.array([grid[lr].mean(axis=0) if unit == "fold" else grid[lr][:, 0] for lr in lrs])
    units = np.arange(table.shape[1])
    # Not (total - own score): inf - inf would forget a run that diverged elsewhere.
    elsewhere = np.array([np.delete(table, u, axis=1).mean(axis=1) for u in units])
    chosen = elsewhere.argmin(axis=1)
    return tuple(float(lr) for lr in lrs[chosen]), table[chosen, units]


def _badness(scores: Array) -> tuple[int, float]:
    """Sorts arms: fewer diverged units first, then the mean of the others."""
    whole = np.isfinite(scores)
    return int((~whole).sum()), float(scores[whole].mean()) if whole.any() else 0.0


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _method(standings: Sequence[Standing], unit: str, seeds: int, level: float) -> str:
    """What was done and what the intervals mean, in plain words."""
    n = len(standings[0].scores)
    if unit == "fold":
        over = f" (mean over {seeds} seeds)" if seeds > 1 else ""
        what = f"paired t tests on the {n} fold scores{over}"
        few = f" Fewer than {ENOUGH_FOLDS} folds find only very large differences." if n < ENOUGH_FOLDS else ""
    else:
        what = f"paired sign-flip tests over {n} seeds"
        few = (
            f" {n} seeds cannot reach the {level:.4g} level, whatever the difference; {_least_seeds(level)} can."
            if n < _least_seeds(level)
            else ""
        )
    diverged = [line.arm for line in standings if line.mean is None]
    lost = f" Worse without a test, because a run diverged: {', '.join(diverged)}." if diverged else ""
    if len(diverged) == len(standings):
        lost = " Every arm diverged somewhere, so nothing was tested."
    return (
        f"The learning rate of each arm was chosen for each {unit} on the other {unit}s only. Each arm was compared "
        f"with the best by {what}, corrected step by step for all {len(standings)} arms and for the best having "
        f"been picked from the same data: the chance of any false 'worse' is at most {1 - level:.3g}. An interval "
        f"holds the true mean differences to the best that the same corrected test does not rule out; it lies "
        f"above zero exactly where the verdict is 'worse'.{few}{lost}"
    )


def _least_seeds(level: float) -> int:
    return int(np.ceil(1 - np.log2(1 - level) - 1e-9))


def _advice(together: Sequence[str], values: Array, arms: int, unit: str, level: float) -> str:
    """Is it settled, and if not, roughly how many further folds or seeds would decide."""
    best, rivals = together[0], together[1:]
    if not np.isfinite(values).all():
        return "Undecided: every arm diverged somewhere; give the comparison lower learning rates."
    if not rivals:
        return f"Settled: {best} is distinguishable from all {arms - 1} others."
    needed = [_needed(values[place] - values[0], len(together), unit, level) for place in range(1, len(together))]
    named = ", ".join(rivals[:3]) + (f" and {len(rivals) - 3} more" if len(rivals) > 3 else "")
    start = f"Undecided: {best} is not distinguishable from {named}; if the differences seen are real,"
    first, last = min(needed), max(needed)
    easiest = rivals[needed.index(first)]
    if first > FARTHEST:
        return f"{start} more than {FARTHEST} further {unit}s would be needed: take them as equally good."
    if len(rivals) == 1 or first == last:
        return f"{start} roughly {first} further {unit}s would decide."
    rest = f"more than {FARTHEST}" if last > FARTHEST else f"roughly {last}"
    return f"{start} roughly {first} further {unit}s would decide about {easiest}, {rest} about all of them."


def _needed(d: Array, arms: int, unit: str, level: float) -> int:
    """Further units until a difference like the one seen is found with probability POWER, rounded up to say so.

    An estimate with the noncentral t and Bonferroni's correction for all pairs of the arms left, which is somewhat
    stricter than the test that is used.
    """
    n, spread = len(d), d.std(ddof=1)
    total = np.arange(max(n + 1, _least_seeds(level) if unit == "seed" else 2), n + FARTHEST + 1)
    if spread == 0:
        return int(total[0]) - n if d[0] else FARTHEST + 1
    critical = stats.t.isf((1 - level) / (arms * (arms - 1)), total - 1)
    power = stats.nct.sf(critical, total - 1, d.mean() / spread * np.sqrt(total))
    enough = total[power >= POWER]
    if not len(enough):
        return FARTHEST + 1
    further = int(enough[0]) - n
    coarse = 1 if further < 10 else 5 if further < 50 else 10
    return -(-further // coarse) * coarse
