"""What a comparison did and what it can show, in plain words; and how many more runs would decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lrlab.analysis.comparison.paired import ENOUGH_FOLDS

Array = NDArray[np.float64]
Unit = Literal["fold", "seed"]
Edge = Literal["lowest", "highest"]

POWER = 0.8  # "would decide" means: with this probability, if the difference seen is the true one
FARTHEST = 100  # more further folds or seeds than this are not worth naming


def method(units: int, arms: int, diverged: Sequence[str], unit: Unit, seeds: int, level: float) -> str:
    """What was done and what the intervals mean."""
    least = _least_seeds(level)
    few = ""
    if unit == "fold":
        what = f"paired t tests on {units} folds" + (f" (means over {seeds} seeds)" if seeds > 1 else "")
        if units < ENOUGH_FOLDS:
            few = f" Fewer than {ENOUGH_FOLDS} folds find only very large differences."
    else:
        what = f"paired sign-flip tests over {units} seeds"
        if units < least:
            few = f" With {units} seeds no difference can be established at {level:.4g}; it takes {least} or more."
    lost = ""
    if len(diverged) == arms:
        lost = " Every arm diverged somewhere, so nothing was tested."
    elif diverged:
        lost = f" Not tested, because a run diverged: {', '.join(diverged)}."
    return (
        f"The learning rate of each arm was chosen for each {unit} on the other {unit}s only. Each arm was "
        f"compared with the best by {what}, with the jackknife's standard error, which counts the noise of that "
        f"choice, and corrected step by step for all {arms} arms and for the best having been picked "
        f"from the same data: the chance of any false 'worse' is at most {1 - level:.3g}. An interval holds the "
        f"mean differences to the best that this test does not rule out; it lies above zero exactly where the "
        f"verdict is 'worse', or 'open': worse so far, but at the lowest or highest learning rate tried."
        f"{few}{lost}"
    )


def advice(together: Sequence[str], values: Array, others: int, unit: Unit, level: float) -> tuple[str, bool]:
    """Roughly how many further units would decide, and whether it is settled.

    `together` are the arms that cannot be told from the best, which comes first, with their `values` (arms, units);
    `others` is how many can.
    """
    best, *rivals = together
    if not rivals:
        named = f"all {others} others" if others > 1 else "the other"
        return f"Settled: {best} is distinguishable from {named}.", True
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


def widening(edges: Mapping[str, Edge], lrs: Sequence[float]) -> str:
    """Which arms end best at an edge of the grid, and the grid that would show what lies beyond; empty if none does.

    >>> widening({"cosine": "highest"}, (0.5, 1.0, 2.0))
    'Best at the highest LR tried (2): cosine. What lies beyond is not known: --lrs 0.5,1,2,4.'
    """
    if not edges:
        return ""
    said, grid = [], list(lrs)
    for edge, end in (("lowest", lrs[0]), ("highest", lrs[-1])):
        if arms := [arm for arm, where in edges.items() if where == edge]:
            said.append(f"Best at the {edge} LR tried ({end:g}): {', '.join(arms)}.")
            grid = [lrs[0] ** 2 / lrs[1], *grid] if edge == "lowest" else [*grid, lrs[-1] ** 2 / lrs[-2]]
    return f"{' '.join(said)} What lies beyond is not known: --lrs {','.join(f'{lr:g}' for lr in grid)}."


def _least_seeds(level: float) -> int:
    """The fewest seeds n with 2^(1-n) <= 1 - level, the least p of a sign-flip test: 6 at 95 %."""
    return int(np.ceil(1 - np.log2(1 - level)))


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
    total = np.arange(n + 1, n + FARTHEST + 1)
    if unit == "seed":
        total = total[total >= _least_seeds(level)]
    effect = d.mean() / spread if spread > 0 else np.inf if d.mean() > 0 else 0.0
    critical = stats.t.isf((1 - level) / (arms * (arms - 1)), total - 1)
    power = stats.nct.sf(critical, total - 1, np.minimum(effect * np.sqrt(total), 1e6))  # as good as infinite
    enough = total[power >= POWER]
    if not len(enough):
        return FARTHEST + 1
    further = int(enough[0]) - n
    coarse = 1 if further < 10 else 5 if further < 50 else 10
    return -(-further // coarse) * coarse
