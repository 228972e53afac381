"""Is a contest fair: WSD against cosine at one shared LR, and each around its own best?

    python benchmarks/contest.py            400 comparisons a line, a minute
    python benchmarks/contest.py --size smallest

Two noisy valleys as `lrlab demo` descends one, so cheap that the truth is known: the mean of each schedule at each LR
over many runs, and which is better at its best LR. Then comparisons on twenty folds each:

- shared: both at one LR, which is the task's own. "wrong": the truly better one is called worse.
- tuned: each begins at 0.5, 1 and 2 times that LR and is widened, as `--lrs auto` does. "flip": the report says that
  the order depends on the LR.
- A/A: five times the same schedule on other noise, tuned; "wrong": any is called worse.

"holds" is the share of intervals of tuned comparisons that hold the true difference of the best LRs.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import lrlab as lr
from lrlab.analysis.comparison.profile import wider
from lrlab.analysis.comparison.statistics import Comparison, compare
from sizes import add_size

Array = NDArray[np.float64]
FOLDS = 20
LRS = tuple(2.0**k for k in range(-7, 8))
TEXTS = {"WSD": "wsd()", "cosine": 'warmup("5%") >> cosine()'}
BEHIND = ("worse", "open")


@dataclass(frozen=True)
class Valley:
    """SGD with noise on sum(steep w^2), from normal weights; `own` is the LR that the task sets."""

    name: str
    own: float
    updates: int
    flattest: float
    noise: float
    dimensions: int = 16

    def scores(self, text: str, runs: int, rng: np.random.Generator) -> dict[float, Array]:
        """The height at the end of so many runs at each LR; the same noise for any schedule from the same generator."""
        steep = np.geomspace(1.0, self.flattest, self.dimensions)
        curve = lr.parse(text).over(self.updates)
        start = rng.standard_normal((runs, self.dimensions))
        weights = np.repeat(start[None], len(LRS), axis=0)
        sizes = np.array(LRS)[:, None, None] * self.own
        with np.errstate(over="ignore", invalid="ignore"):
            for update in range(self.updates):
                shake = self.noise * np.sqrt(steep) * rng.standard_normal((runs, self.dimensions))
                weights = weights - sizes * curve(update) * (steep * weights + shake)
            heights = (steep * weights**2).sum(axis=2)
        heights[~np.isfinite(heights) | (heights > 1e6)] = np.inf
        return dict(zip(LRS, heights, strict=True))


VALLEYS = (Valley("long, steep", 0.225, 120, 0.01, 0.3), Valley("short, flat", 0.125, 40, 0.001, 0.3))


def tuned(scores: dict[str, dict[float, Array]]) -> Comparison:
    """Each arm from 0.5, 1 and 2 on, widened until its best is inside."""
    found = {}
    for arm, grid in scores.items():
        tried = {x: grid[x] for x in (0.5, 1.0, 2.0)}
        while (more := wider(tried)) is not None and more in grid:
            tried[more] = grid[more]
        found[arm] = {x: runs[None] for x, runs in tried.items()}
    return compare(found)


def called_worse(found: Comparison, arm: str) -> bool:
    """Whether this arm is called worse, or worse so far."""
    return any(line.arm == arm and line.verdict in BEHIND for line in found.standings)


def contest(valley: Valley, reports: int, truth: int) -> None:
    """Print what is true, and what the comparisons say."""
    means = {}
    for arm, text in TEXTS.items():
        runs = valley.scores(text, truth, np.random.default_rng(1))
        means[arm] = {x: float(each.mean()) for x, each in runs.items()}
    best = {arm: min(grid.values()) for arm, grid in means.items()}
    better = min(best, key=lambda arm: best[arm])
    shared_better = min(means, key=lambda arm: means[arm][1.0])
    print(
        f"{valley.name}: at its best LR {', '.join(f'{arm} {value:.4g}' for arm, value in best.items())}; {better} wins"
    )
    print(f"  at the shared LR {', '.join(f'{arm} {means[arm][1.0]:.4g}' for arm in means)}; {shared_better} wins")
    wrong = {"shared": 0, "tuned": 0}
    right, flips, holds, false = {"shared": 0, "tuned": 0}, 0, [], 0
    other = next(arm for arm in TEXTS if arm != better)
    for report in range(reports):
        scores = {arm: valley.scores(text, FOLDS, np.random.default_rng([2, report])) for arm, text in TEXTS.items()}
        one = compare({arm: {1.0: grid[1.0][None]} for arm, grid in scores.items()})
        each = tuned(scores)
        for name, found in (("shared", one), ("tuned", each)):
            wrong[name] += called_worse(found, better)
            right[name] += called_worse(found, other)
        flips += bool(each.flips)
        for line in each.standings[1:]:
            if line.low is not None and line.high is not None:
                gap = best[line.arm] - best[str(each.best)]
                holds.append(line.low <= gap <= line.high)
        same = {str(k): valley.scores(TEXTS["WSD"], FOLDS, np.random.default_rng([3, report, k])) for k in range(5)}
        false += any(line.verdict in BEHIND for line in tuned(same).standings)
    for name in wrong:
        print(f"  {name:7} right {right[name] / reports:.3f}  wrong {wrong[name] / reports:.3f}")
    told = f"flip told {flips / reports:.3f}, intervals hold {np.mean(holds):.3f}"
    print(f"  tuned: {told}; A/A of five: wrong {false / reports:.3f}", flush=True)


def main() -> None:
    """Both valleys."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("reports", nargs="?", type=int, default=400, help="comparisons a line")
    add_size(options)
    given = options.parse_args()
    small = given.size == "smallest"
    for valley in VALLEYS:
        contest(valley, 2 if small else given.reports, 20 if small else 4000)


if __name__ == "__main__":
    main()
