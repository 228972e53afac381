"""How often a report of equal arms calls one worse, to a few parts in a thousand: grids that are fixed, and widened.

    python benchmarks/error_grids.py            12 000 reports a line with few arms, half an hour
    python benchmarks/error_grids.py 1000       fewer
    python benchmarks/error_grids.py --size smallest

Many reports are judged at once by the functions that `compare` judges one with: the weighed choice of the LR
(`lrlab.analysis.comparison.choice`) and the corrected test of `lrlab.analysis.comparison.paired`. A run scores

    penalty of the LR + 10 * unit + spread of the arm * (arm x unit + own * arm x LR x unit + noise)

WIDTH and LEAST were set by worlds of two arms like the first ones, in which noise is normal, own = 0.5 and spreads are
equal. Nothing was set by the others. Grids are fixed at three LRs, with the outer two worse by a penalty; or widened:
each arm is best at another LR, up to 8 times off, scores `curvature` x doublings^2 from it, and is tried at 0.5, 1, 2
and beyond until its best is inside. `c` is the factor of the standard error with which the line would come to 5 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.comparison.choice import doubted, weighed
from lrlab.analysis.comparison.paired import t_test
from lrlab.analysis.comparison.profile import WIDEST
from sizes import add_size

Array = NDArray[np.float64]
REACH = int(np.log2(WIDEST))  # doublings to either side of the task's own LR
AT_ONCE = 2000  # arms


@dataclass(frozen=True)
class World:
    """What is true; `penalties` are those of a fixed grid, `curvature` that of a widened one."""

    arms: int
    folds: int
    penalties: tuple[float, ...] = ()
    curvature: float = 0.0
    cliff: float = 0.0  # what an LR above the best costs more, for each doubling
    own: float = 0.5
    unequal: float = 1.0  # the largest spread of an arm, times the smallest
    draw: str = "normal"
    shape: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        grid = f"LRs {self.penalties}" if self.penalties else f"widened, {self.curvature:g} x doublings^2"
        beside = [f"cliff {self.cliff:g}"] if self.cliff else []
        beside += [f"own {self.own:g}"] if self.own != World.own else []
        beside += [f"spreads 1 : {self.unequal:g}"] if self.unequal != 1 else []
        beside += [self.draw] if self.draw != "normal" else []
        return f"{self.arms} arms, {self.folds} folds, {grid}" + "".join(f", {each}" for each in beside)

    def judged(self, reports: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Of so many reports the scores, (reports, arms, folds), and the doubts about the LRs, (reports, arms)."""
        size = (reports, self.arms)
        lrs = np.zeros(len(self.penalties)) if self.penalties else np.arange(-REACH, REACH + 1.0)
        draw = getattr(rng, self.draw)
        runs = draw(size=(*size, 1, self.folds), **self.shape) + self.own * draw(
            size=(*size, len(lrs), self.folds), **self.shape
        )
        runs = runs + draw(size=(*size, len(lrs), self.folds), **self.shape)
        runs *= np.geomspace(1, self.unequal, self.arms)[:, None, None]
        if self.penalties:
            runs += np.array(self.penalties)[:, None]
        else:
            off = lrs - rng.integers(-3, 4, size=size)[..., None]
            runs += (self.curvature * off**2 + self.cliff * np.maximum(off, 0.0))[..., None]
        runs += 10 * rng.standard_normal((reports, 1, 1, self.folds))
        flat = runs.reshape(-1, len(lrs), self.folds)
        scores, doubts = np.empty((len(flat), self.folds)), np.empty(len(flat))
        low, high = (0 * flat[:, 0, 0].astype(int), 0 * flat[:, 0, 0].astype(int) + len(lrs) - 1)
        if not self.penalties:
            low, high = widened(flat.mean(axis=2))
        for first, last in sorted({*zip(low.tolist(), high.tolist(), strict=True)}):
            rows = np.flatnonzero((low == first) & (high == last))
            for part in np.array_split(rows, -(-len(rows) // AT_ONCE)):
                _, scores[part], doubts[part] = weighed(flat[part, first : last + 1])
        return scores.reshape(*size, self.folds), doubts.reshape(size)


def widened(means: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last LR of each arm, widened from 0.5, 1, 2 until the best is inside; means (arms, LRs)."""
    places = np.arange(means.shape[1])
    low, high = np.full(len(means), REACH - 1), np.full(len(means), REACH + 1)
    for _ in places:
        tried = (places >= low[:, None]) & (places <= high[:, None])
        best = np.where(tried, means, np.inf).argmin(axis=1)
        low, high = low - ((best == low) & (low > 0)), high + ((best == high) & (high < places[-1]))
    return low, high


def first_worlds() -> Iterator[World]:
    """The plain ones."""
    for arms, folds in product((2, 5, 13), (5, 8, 20)):
        for penalty in (0.0, 0.5, 1.0, 2.0):
            yield World(arms, folds, (penalty, 0.0, penalty))
        for curvature in (0.1, 0.3, 1.0, 3.0):
            yield World(arms, folds, curvature=curvature)


def other_worlds() -> Iterator[World]:
    """Those with other noise."""
    for arms, folds in ((5, 8), (13, 5)):
        for grid in (World(arms, folds, (1.0, 0.0, 1.0)), World(arms, folds, curvature=1.0)):
            yield replace(grid, own=0.0)
            yield replace(grid, own=2.0)
            yield replace(grid, unequal=10.0)
            yield replace(grid, draw="standard_t", shape={"df": 3})
            yield replace(grid, draw="exponential")
        yield World(arms, folds, curvature=0.5, cliff=2.0)
        yield World(arms, folds, (0.0, 0.0, 1.0, 4.0))


def measured(world: World, reports: int) -> tuple[float, float]:
    """The share of reports with a false 'worse', and the factor of the error that would make it 5 %."""
    rng = np.random.default_rng(2029)
    needed = np.empty(reports)
    for k, (scores, doubts) in enumerate(zip(*world.judged(reports, rng), strict=True)):
        order = np.argsort(scores.mean(axis=1))
        tested = t_test(doubted(scores[order], doubts[order]), 0, 0.95)
        reach = tested.difference - tested.low
        needed[k] = np.max(tested.difference / np.where(reach > 0, reach, np.inf))
    return float(np.mean(needed > 1)), float(np.quantile(needed, 0.95))


def main() -> None:
    """Print one line for each world."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument(
        "reports", nargs="?", type=int, default=12_000, help="reports a line, where there are few arms"
    )
    add_size(options)
    given = options.parse_args()
    reports = 2 if given.size == "smallest" else given.reports
    for name, worlds in (("with normal noise", first_worlds()), ("others", other_worlds())):
        print(f"worlds {name}{'':50}any false      +-     c")
        for world in worlds:
            count = max(reports // max(world.arms * world.folds // 40, 1), 2)
            false, factor = measured(world, count)
            error = (max(false * (1 - false), 1e-4) / count) ** 0.5
            print(f"{world!s:72}{false:9.4f}{error:8.4f}{factor:7.3f}", flush=True)


if __name__ == "__main__":
    main()
