"""Which arm is best, which arms cannot be told from it, and how many runs would tell.

Every arm is judged on data on which its learning rate was not chosen (`lrlab.analysis.comparison.choice`), every
difference is paired by fold or by seed, and every claim of the report is corrected for all arms and for the best having
been picked from the same data (`lrlab.analysis.comparison.paired`). "Not distinguishable" is an answer; it comes with
the number of further runs that would decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lrlab.analysis.comparison.choice import judge
from lrlab.analysis.comparison.paired import ENOUGH_FOLDS, Tested, sign_flip_test, t_test
from lrlab.errors import LrlabError, worded

Array = NDArray[np.float64]
Unit = Literal["fold", "seed"]
Verdict = Literal["best", "not distinguishable", "worse"]

POWER = 0.8  # "would decide" means: with this probability, if the difference seen is the true one
FARTHEST = 100  # more further folds or seeds than this are not worth naming


@dataclass(frozen=True)
class Standing:
    """One arm's line of the report. Every number is finite or None, so that it can be written as JSON.

    `scores` has one value per unit (fold, or seed where there is one fold), with the learning rate of `lrs`, which
    was chosen on the other units. A unit in which a run diverged is None, and then so are `mean`, `sd` and all that
    compares. `sd` is the spread of the scores over units. `difference` is the mean paired difference to the best
    (0.0 for the best itself), `low` and `high` its interval, None where unbounded, `p` the adjusted p-value;
    `low > 0` exactly where `p <= 1 - level`, and then the verdict is "worse".
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
    """The report on all arms, best first; `together` are those not distinguishable from the best, best included.

    It is `settled` where no arm is together with the best, or no number of further units worth naming would part them.
    """

    standings: tuple[Standing, ...]
    best: str
    together: tuple[str, ...]
    level: float
    method: str
    advice: str
    settled: bool


def compare(scores: Mapping[str, Mapping[float, ArrayLike]], *, level: float = 0.95) -> Comparison:
    """Rank arms by scores where their learning rate was not chosen, and say what the ranking can carry.

    `scores[arm][lr]`: (seeds, folds), lower is better, inf = a diverged run. With two or more folds the units are
    folds (means over seeds; paired t on n - 1 degrees of freedom), with one fold they are seeds (sign-flip test).
    The learning rate for a unit is the one with the lowest mean over all other units.

    The chance that the report calls any arm worse than a best that is not better is at most 1 - level. An arm that
    diverged where it was judged is "worse" without a test: that is an observation, outside this guarantee.

    Raises LrlabError: fewer than two arms, an arm without learning rates, unequal shapes, NaN or -inf, fewer than
    two units, a level outside (0.5, 0.999).

    >>> noise = np.array([[0.00, 0.03, 0.01, 0.02, 0.04]])
    >>> arms = {"cosine": {1.0: 0.30 + noise}, "fixed": {1.0: 0.50 - noise}, "step": {1.0: 0.31 + 0 * noise}}
    >>> [(line.arm, line.verdict) for line in compare(arms).standings]
    [('step', 'best'), ('cosine', 'not distinguishable'), ('fixed', 'worse')]
    """
    if not 0.5 < level < 0.999:
        raise LrlabError(worded("compare: level out of range", level, "0.5 < level < 0.999", "level=0.95"))
    runs = _checked(scores)
    seeds, folds = next(iter(next(iter(runs.values())).values())).shape
    unit: Unit = "fold" if folds > 1 else "seed"
    judged = {
        arm: judge({lr: runs.mean(axis=0) if unit == "fold" else runs[:, 0] for lr, runs in grid.items()})
        for arm, grid in runs.items()
    }
    ranking = sorted(judged, key=lambda arm: (*_badness(judged[arm].scores), arm))
    values = np.array([judged[arm].values for arm in ranking])
    whole = int(np.isfinite(values).all(axis=1).sum())  # these come first in the ranking
    test = t_test if unit == "fold" else sign_flip_test
    tested = test(values[:whole], 0, level) if whole else None

    standings = []
    for place, arm in enumerate(ranking):
        found = judged[arm]
        standings.append(
            Standing(
                arm=arm,
                rank=place + 1,
                mean=_number(found.scores.mean()),
                sd=float(found.scores.std(ddof=1)) if place < whole else None,
                lrs=found.lrs,
                scores=tuple(_number(score) for score in found.scores),
                difference=_at(tested, "difference", place),
                low=_at(tested, "low", place),
                high=_at(tested, "high", place),
                p=_at(tested, "p", place),
                verdict=_verdict(tested, place, level),
            )
        )
    close = [place for place, line in enumerate(standings) if line.verdict != "worse"]
    advice, settled = _advice([ranking[place] for place in close], values[close], len(ranking), unit, level)
    return Comparison(
        standings=tuple(standings),
        best=ranking[0],
        together=tuple(ranking[place] for place in close),
        level=level,
        method=_method(standings, unit, seeds, level),
        advice=advice,
        settled=settled,
    )


def _checked(scores: Mapping[str, Mapping[float, ArrayLike]]) -> dict[str, dict[float, Array]]:
    """The scores as float64 arrays of one shape (seeds, folds), arms by name, or a worded refusal."""
    if len(scores) < 2:
        raise LrlabError(worded("compare: there is nothing to compare", sorted(scores), "two arms or more"))
    runs: dict[str, dict[float, Array]] = {}
    shapes: dict[tuple[int, ...], str] = {}
    for arm, grid in sorted(scores.items()):
        if not grid:
            raise LrlabError(worded(f"compare: arm {arm!r} has no runs", {}, "{lr: array (seeds, folds)}"))
        runs[arm] = {float(lr): np.array(found, dtype=np.float64) for lr, found in grid.items()}
        for lr, array in runs[arm].items():
            shapes.setdefault(array.shape, f"{arm!r} at lr {lr:g}")
            if np.isnan(array).any() or np.isneginf(array).any():
                what = f"compare: arm {arm!r} at lr {lr:g} has a score that is not a number"
                raise LrlabError(worded(what, array.tolist(), "finite scores, and inf for a run that diverged"))
    if len(shapes) > 1:
        given = ", ".join(f"{shape} for {name}" for shape, name in shapes.items())
        allowed = "one shape (seeds, folds) for all arms and learning rates"
        raise LrlabError(worded("compare: arms differ in seeds or folds", given, allowed))
    (shape,) = shapes
    if len(shape) != 2 or 0 in shape or shape == (1, 1):
        allowed = "(seeds, folds): two folds or more, or one fold and two seeds or more"
        raise LrlabError(worded("compare: too few runs to pair", shape, allowed, "folds=5, or folds=1, seeds=8"))
    return runs


def _badness(scores: Array) -> tuple[int, float]:
    """Sorts arms: fewer diverged units first, then the mean of the others."""
    finite = scores[np.isfinite(scores)]
    return len(scores) - len(finite), float(finite.mean()) if len(finite) else 0.0


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _at(tested: Tested | None, name: str, place: int) -> float | None:
    """One number of the test's result, None for an arm that diverged and so was not tested."""
    if tested is None or place >= len(tested.p):
        return None
    return _number(getattr(tested, name)[place])


def _verdict(tested: Tested | None, place: int, level: float) -> Verdict:
    if place == 0:
        return "best"
    if tested is None or (place < len(tested.p) and tested.p[place] > 1 - level):
        return "not distinguishable"
    return "worse"


def _least_seeds(level: float) -> int:
    """The fewest seeds n with 2^(1-n) <= 1 - level, the least p of a sign-flip test: 6 at 95 %."""
    return int(np.ceil(1 - np.log2(1 - level) - 1e-9))


def _method(standings: Sequence[Standing], unit: Unit, seeds: int, level: float) -> str:
    """What was done and what the intervals mean, in plain words."""
    n, least = len(standings[0].scores), _least_seeds(level)
    few = ""
    if unit == "fold":
        what = f"paired t tests on {n} folds" + (f" (means over {seeds} seeds)" if seeds > 1 else "")
        if n < ENOUGH_FOLDS:
            few = f" Fewer than {ENOUGH_FOLDS} folds find only very large differences."
    else:
        what = f"paired sign-flip tests over {n} seeds"
        if n < least:
            few = f" With {n} seeds no difference can be established at {level:.4g}; it takes {least} or more."
    diverged = [line.arm for line in standings if line.mean is None]
    lost = ""
    if len(diverged) == len(standings):
        lost = " Every arm diverged somewhere, so nothing was tested."
    elif diverged:
        lost = f" Worse without a test, because a run diverged: {', '.join(diverged)}."
    return (
        f"The learning rate of each arm was chosen for each {unit} on the other {unit}s only. Each arm was "
        f"compared with the best by {what}, with the jackknife's standard error, which counts the noise of that "
        f"choice, and corrected step by step for all {len(standings)} arms and for the best having been picked "
        f"from the same data: the chance of any false 'worse' is at most {1 - level:.3g}. An interval holds the "
        f"mean differences to the best that this test does not rule out; it lies above zero exactly where the "
        f"verdict is 'worse'.{few}{lost}"
    )


def _advice(together: Sequence[str], values: Array, arms: int, unit: Unit, level: float) -> tuple[str, bool]:
    """Roughly how many further units would decide, and whether it is settled; values: (arms together, units)."""
    best, *rivals = together
    if not np.isfinite(values).all():
        return "Undecided: every arm diverged somewhere; give the comparison lower learning rates.", False
    if not rivals:
        others = f"all {arms - 1} others" if arms > 2 else "the other"
        return f"Settled: {best} is distinguishable from {others}.", True
    needed = [_needed(other - values[0], len(values), unit, level) for other in values[1:]]
    first, last = min(needed), max(needed)
    named = ", ".join(rivals[:3]) + (f" and {len(rivals) - 3} more" if len(rivals) > 3 else "")
    start = f"Undecided: {best} is not distinguishable from {named}; if the differences seen are real,"
    if first > FARTHEST:
        return f"{start} telling them apart would take {_further(first, unit)}: take them as equally good.", True
    if first == last:
        return f"{start} {_further(first, unit)} would decide.", False
    easiest = rivals[needed.index(first)]
    return f"{start} {_further(first, unit)} would decide about {easiest}, {_further(last, unit)} about all.", False


def _further(units: int, unit: Unit) -> str:
    if units > FARTHEST:
        return f"more than {FARTHEST} further {unit}s"
    return f"roughly {units} further {unit}{'s' if units > 1 else ''}"


def _needed(d: Array, arms: int, unit: Unit, level: float) -> int:
    """Further units that would find the mean of differences d (units,) with probability POWER, rounded up.

    By the noncentral t with Bonferroni's correction for all pairs of the arms still together, somewhat stricter
    than the test that is used; more than FARTHEST where no such number will do.
    """
    n, spread = len(d), d.std(ddof=1)
    total = np.arange(max(n + 1, _least_seeds(level) if unit == "seed" else 2), n + FARTHEST + 1)
    effect = d.mean() / spread if spread > 0 else np.inf if d.mean() > 0 else 0.0
    critical = stats.t.isf((1 - level) / (arms * (arms - 1)), total - 1)
    power = stats.nct.sf(critical, total - 1, np.minimum(effect * np.sqrt(total), 30.0))
    enough = total[power >= POWER]
    if not len(enough):
        return FARTHEST + 1
    further = int(enough[0]) - n
    coarse = 1 if further < 10 else 5 if further < 50 else 10
    return -(-further // coarse) * coarse
