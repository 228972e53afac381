"""What a comparison did and what it can show, in plain words; and how many more runs would decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lrlab.analysis.comparison.paired import ENOUGH_FOLDS, ROUNDING
from lrlab.analysis.comparison.standing import Edge, Standing

Array = NDArray[np.float64]
Unit = Literal["fold", "seed"]

# "Would decide": with this chance, by what was seen, and so much more where the p of that is 1. A difference that is
# nearly beyond chance is mostly a large one, which takes few units; see benchmarks/error_rates.py.
LIKELY, SURER = 0.56, 0.15
FARTHEST = 100  # more further folds or seeds than this are not worth naming


def method(
    units: int, arms: int, diverged: Sequence[str], unit: Unit, seeds: int, level: float, overlapping: bool = False
) -> str:
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
        lost = f" Not tested, because runs diverged at every learning rate: {', '.join(diverged)}."
    assumed = f", if {unit}s err independently"
    if overlapping:
        assumed = ", with the variance of Nadeau and Bengio for folds whose training data overlap"
    elif unit == "fold":
        assumed += " (folds of one data set share training data: --overlapping counts that)"
    return (
        f"For each {unit} the learning rates of an arm count by how likely each is the best on the other {unit}s; a "
        f"rate at which a run diverged does not count. Each arm was compared with the best by {what}, with a "
        f"standard error that counts the doubt about the rates, and corrected step by step for all {arms} "
        f"arms and for the best having been picked from the same data: the chance of any false 'worse' is "
        f"{held(level)}{assumed}. An interval holds the mean differences to the best that this test does not rule "
        f"out; it lies above zero exactly where the verdict is 'worse', 'open' (worse so far, but at the lowest or "
        f"highest learning rate tried), or 'unstable' (worse, but not at a rate that it lost because runs diverged)."
        f"{few}{lost}"
    )


def held(level: float) -> str:
    """How the chance of any false 'worse' is told: what it is meant to be, and what simulations came to.

    >>> held(0.95)
    'held near 0.05 (where 0.05 is meant, simulations came to 0.06 at most, also with widened grids)'
    """
    return f"held near {1 - level:.3g} (where 0.05 is meant, simulations came to 0.06 at most, also with widened grids)"


def advice(
    standings: Sequence[Standing],
    values: Array,
    unit: Unit,
    level: float,
    overlapping: bool = False,
) -> tuple[str, bool]:
    """Roughly how many further units would decide, and whether it is settled: with an arm that is "open" it is not.

    `values` (arms, units) are those of the standings that were tested, which come first; `overlapping` as in
    `lrlab.analysis.comparison.paired.t_test`.
    """
    best = standings[0].arm
    equal = [line.arm for line in standings if line.verdict == "equally good"]
    close = [place for place, line in enumerate(standings) if line.verdict == "not distinguishable"]
    edge = [line.arm for line in standings if line.verdict == "open"]
    same = [f"Equally good as {best}: {', '.join(equal)}."] if equal else []
    if edge:
        are = "is" if len(edge) == 1 else "are"
        same.append(f"{', '.join(edge)} {are} worse so far, but best at an edge of the LRs tried: that is open.")
    if not close and edge:
        return " ".join(["Undecided: more runs at these LRs would not decide.", *same]), False
    if not close:
        others = len(standings) - 1 - len(equal)
        named = f"all {others} others" if others > 1 else "the other"
        told = f"Settled: {best} is distinguishable from {named}." if others else "Settled."
        return " ".join([told, *same]), True
    rivals = [standings[place].arm for place in close]
    inflation = 1 + len(values[0]) / (len(values[0]) - 1) if overlapping else 1.0
    wanted = [needed(values[place] - values[0], len(close) + 1, unit, level, inflation) for place in close]
    first, last = min(wanted), max(wanted)
    named = ", ".join(rivals[:3]) + (f" and {len(rivals) - 3} more" if len(rivals) > 3 else "")
    start = f"Undecided: {best} is not distinguishable from {named};"
    if first > FARTHEST:
        ends = [high for place in close if (high := standings[place].high) is not None]
        most = (
            f"a difference of {max(ends):.2g} is not ruled out" if len(ends) == len(close) else "nothing is ruled out"
        )
        told = f"telling them apart would take {_further(first, unit)}, and {most}."
    elif first == last:
        told = f"{_further(first, unit)} would probably decide."
    else:
        easiest = rivals[wanted.index(first)]
        told = f"{_further(first, unit)} would probably decide about {easiest}, {_further(last, unit)} about all."
    return " ".join([start, told, *same]), first > FARTHEST and not edge


def widening(edges: Mapping[str, Edge], lrs: Sequence[float]) -> str:
    """Which arms end best at an edge of the grid, and the grid that would show what lies beyond; empty if none does.

    >>> widening({"cosine": "highest"}, (0.5, 1.0, 2.0))
    'Best at the highest LR tried (2): cosine. What lies beyond is not known: --lrs 0.5,1,2,4.'
    """
    if not edges:
        return ""
    said, grid = [], [f"{lr:g}" for lr in lrs]
    for edge, end in (("lowest", lrs[0]), ("highest", lrs[-1])):
        if arms := [arm for arm, where in edges.items() if where == edge]:
            said.append(f"Best at the {edge} LR tried ({end:g}): {', '.join(arms)}.")
            beyond = lrs[0] ** 2 / lrs[1] if edge == "lowest" else lrs[-1] ** 2 / lrs[-2]
            halved = beyond in (lrs[0] / 2, 2 * lrs[-1])  # as grids are widened: it stays on their lattice
            told = f"{beyond:g}" if halved else f"{beyond:.2g}"
            grid = [told, *grid] if edge == "lowest" else [*grid, told]
    return f"{' '.join(said)} What lies beyond is not known: --lrs {','.join(grid)}."


def _least_seeds(level: float) -> int:
    """The fewest seeds n with 2^(1-n) <= 1 - level, the least p of a sign-flip test: 6 at 95 %."""
    return int(np.ceil(1 - np.log2(1 - level)))


def _further(units: int, unit: Unit) -> str:
    if units > FARTHEST:
        return f"more than {FARTHEST} further {unit}s"
    return f"roughly {units} further {unit}{'s' if units > 1 else ''}"


def needed(d: Array, arms: int, unit: Unit, level: float, inflation: float = 1.0) -> int:
    """Further units after which the mean of differences d (units,) is likely beyond chance, rounded up.

    After k further units, of m = n + k, the mean lies about the present one by Student's t of n - 1 degrees of freedom
    times sd * sqrt(k / (n m)): what was seen is itself uncertain, and so is in whose favour it will be decided. It has
    to be beyond the critical t of m units, with Bonferroni's correction for all pairs of the arms still together, with
    a chance of LIKELY + SURER p, p being that of what was seen. More than FARTHEST where no such number will do.
    """
    n, spread = len(d), d.std(ddof=1) * np.sqrt(inflation)
    further = np.arange(1, FARTHEST + 1)
    equal = spread <= ROUNDING * np.abs(d).max()  # no spread to measure: beyond chance from so many folds on
    if unit == "seed" or equal:
        further = further[n + further >= (_least_seeds(level) if unit == "seed" else ENOUGH_FOLDS)]
    if equal:
        return int(further[0]) if d.mean() > 0 else FARTHEST + 1
    total, effect = n + further, d.mean() / spread
    reach = stats.t.isf((1 - level) / (arms * (arms - 1)), total - 1) / np.sqrt(total)
    unsure = np.sqrt(further / (n * total))
    chance = stats.t.sf((reach - effect) / unsure, n - 1) + stats.t.cdf((-reach - effect) / unsure, n - 1)
    p = 2 * stats.t.sf(np.sqrt(n) * abs(effect), n - 1)
    enough = further[chance >= LIKELY + SURER * p]
    if not len(enough):
        return FARTHEST + 1
    found = int(enough[0])
    coarse = 1 if found < 10 else 5 if found < 50 else 10
    return -(-found // coarse) * coarse
