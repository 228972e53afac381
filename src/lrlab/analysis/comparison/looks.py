"""Looking at a comparison while it grows, and stopping once it is settled, without more errors.

Several looks are several chances to see a difference that is not there. Each of L planned looks is therefore
judged at the level 1 - (1 - level) / L (Bonferroni): the chance that the report calls any arm worse falsely is held
near 1 - level, whichever look becomes the last. Stopping where nothing worth naming would decide claims nothing, and
costs nothing of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, takewhile
from typing import Literal

from lrlab.analysis.comparison.paired import ENOUGH_FOLDS
from lrlab.analysis.comparison.wording import held

# Of a fixed split: the least p of a sign-flip test is then 2^-7, enough at 95 % for six looks.
ENOUGH_SEEDS = 8


@dataclass(frozen=True)
class Looks:
    """The looks of one comparison: after how many folds or seeds (`units`), and the `level` of all of them together.

    >>> looks = Looks("fold", (5, 10, 20))
    >>> round(looks.each, 4)
    0.9833
    >>> looks.told(10, settled=True).partition(". ")[0]
    'Settled after 10 of 20 folds'
    """

    unit: Literal["fold", "seed"]
    units: tuple[int, ...]
    level: float = 0.95

    @property
    def each(self) -> float:
        """The level of each look."""
        return 1 - (1 - self.level) / len(self.units)

    def told(self, taken: int, *, settled: bool) -> str:
        """What was done, if the last look was after `taken` units."""
        seen = [str(units) for units in self.units if units <= taken]
        listed = " and ".join(filter(None, (", ".join(seen[:-1]), seen[-1])))
        return (
            f"{'Settled' if settled else 'Not settled'} after {taken} of {self.units[-1]} {self.unit}s. It was looked "
            f"at after {listed} {self.unit}s, of {len(self.units)} planned looks at {self.each:.4g} each: all together "
            f"the chance of any false 'worse' is {held(self.level)}."
        )


def looks_of(seeds: int, folds: int) -> Looks:
    """When to look at a comparison of at most this many seeds and folds: after the fewest seeds (with one seed: folds)
    that can tell something, after twice as many, and so on, and at the end.

    >>> looks_of(seeds=1, folds=8).units, looks_of(seeds=30, folds=1).units, looks_of(seeds=5, folds=5).units
    ((5, 8), (8, 16, 30), (1, 2, 4, 5))
    """
    whole = seeds if seeds > 1 else folds
    first = ENOUGH_FOLDS if seeds == 1 else ENOUGH_SEEDS if folds == 1 else 1
    before = takewhile(lambda units: units < whole, (first * 2**k for k in count()))
    return Looks("seed" if seeds > 1 else "fold", (*before, whole))
