"""How often `compare` errs: false 'worse' verdicts, interval coverage and power, simulated.

    python benchmarks/error_rates.py            2000 comparisons per line, some minutes
    python benchmarks/error_rates.py 200        fewer
    python benchmarks/error_rates.py --size smallest

Each line simulates whole comparisons, the choice of the learning rate included. A run's score is

    arm's mean + lr's penalty + 10 * unit effect + spread of the arm * (arm x unit + arm x lr x unit / 2 + noise)

with the unit (fold, or seed of a fixed split) the same for all arms. 'any false' is the share of reports that call
some arm worse, or open, than a best that is not better; 'all hold' the share of reports in which every interval holds
the true difference; 'each holds' the share of single intervals; 'found' the share of truly worse arms that are called
so.
Sign-flip intervals of 13 arms take long, so those lines simulate a quarter of the reports.

Then come, for 2, 5 and 13 arms on 5 to 80 folds with one LR, three equal and three unequal ones: false 'worse' and
coverage; the same where the best LR is lost in 5 % of the runs; how often a gap of one paired standard deviation is
found with three equal LRs and with one; and how often the further folds that are told do decide. `error_grids.py` has
false 'worse' to a few parts in a thousand, and with widened grids.

The last lines stop each comparison when it is settled (`lrlab.analysis.comparison.looks`): 'any false' at the look that
ends it, in brackets what it would be if every look were judged at 95 %, and the share of the runs that were trained.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.comparison.looks import looks_of
from lrlab.analysis.comparison.statistics import Comparison, compare
from sizes import add_size

Array = NDArray[np.float64]


BEHIND = ("worse", "open")  # verdicts that an arm is behind: at an edge of the LRs it is open, whatever lies beyond


@dataclass(frozen=True)
class World:
    """What is true in a simulated comparison; `means` and `spreads` (arms,), `penalties` (lrs,)."""

    means: Array
    spreads: Array
    seeds: int
    folds: int
    penalties: tuple[float, ...] = (0.0, 0.0, 0.0)
    cluster: int = 1
    lost: float = 0.0  # the share of the runs that diverge at the best LR
    draw: str = "normal"
    shape: dict[str, float] = field(default_factory=dict)

    def scores(self, rng: np.random.Generator) -> Mapping[str, Mapping[float, Array]]:
        """One simulated set of runs, as `compare` takes them."""
        arms, lrs = len(self.means), len(self.penalties)
        draw = partial(getattr(rng, self.draw), **self.shape)
        unit = (1, self.folds) if self.folds > 1 else (self.seeds, 1)
        own = draw(size=(arms, 1, *unit)) + 0.5 * draw(size=(arms, lrs, *unit))
        own = own + draw(size=(arms, lrs, self.seeds, self.folds))
        if self.cluster > 1:
            families = draw(size=(-(-arms // self.cluster), 1, *unit))
            own = 0.2 * own + np.repeat(families, self.cluster, axis=0)[:arms]
        runs = self.means[:, None, None, None] + np.array(self.penalties)[None, :, None, None]
        runs = runs + self.spreads[:, None, None, None] * own + 10 * rng.standard_normal(unit)
        best = int(np.argmin(self.penalties))
        runs[:, best][rng.random(runs[:, best].shape) < self.lost] = np.inf
        return {f"arm{i:02}": {2.0**j: runs[i, j] for j in range(lrs)} for i in rng.permutation(arms)}


@dataclass(frozen=True)
class Rates:
    """Shares over all simulated reports."""

    any_false: float
    all_hold: float
    each_holds: float
    found: float


def measure(world: World, reports: int, seed: int = 0, level: float = 0.95) -> Rates:
    """Simulate so many whole comparisons of `world` and count."""
    rng = np.random.default_rng(seed)
    any_false = all_hold = intervals = holding = true = found = 0
    for _ in range(reports):
        result = compare(world.scores(rng), level=level)
        means = {f"arm{i:02}": mean for i, mean in enumerate(world.means)}
        gaps = [(line, means[line.arm] - means[result.best]) for line in result.standings[1:]]
        any_false += any(line.verdict in BEHIND and gap <= 0 for line, gap in gaps)
        held = [line.low is None or line.high is None or line.low <= gap <= line.high for line, gap in gaps]
        all_hold += all(held)
        intervals += len(held)
        holding += sum(held)
        true += sum(gap > 0 for _, gap in gaps)
        found += sum(gap > 0 and line.verdict in BEHIND for line, gap in gaps)
    return Rates(any_false / reports, all_hold / reports, holding / intervals, found / true if true else float("nan"))


def stopped(world: World, reports: int, *, corrected: bool, seed: int = 0) -> tuple[float, float]:
    """Stop comparisons when they are settled: the share with a false 'worse' then, and the share of runs they took."""
    rng = np.random.default_rng(seed)
    looks = looks_of(world.seeds, world.folds)
    any_false = taken = 0.0
    for _ in range(reports):
        scores = world.scores(rng)
        for units in looks.units:
            part = np.s_[:units] if looks.unit == "seed" else np.s_[:, :units]
            seen = {arm: {lr: runs[part] for lr, runs in grid.items()} for arm, grid in scores.items()}
            result = compare(seen, level=looks.each if corrected else looks.level)
            if result.settled:
                break
        means = {f"arm{i:02}": mean for i, mean in enumerate(world.means)}
        any_false += any(line.verdict in BEHIND and means[line.arm] <= means[result.best] for line in result.standings)
        taken += units / looks.units[-1]
    return any_false / reports, taken / reports


PAIRED = np.sqrt(2 * (1 + 0.25 + 1))  # standard deviation of the difference of two arms in one unit, of one seed
CHOICES = {"one LR": (0.0,), "3 equal LRs": (0.0, 0.0, 0.0), "3 unequal LRs": (1.0, 0.0, 1.0)}
FOLDS = (5, 8, 20, 80)


def by_folds() -> dict[str, World]:
    """False 'worse' and coverage by arms, folds and LRs; then the power of a gap of one paired standard deviation."""
    found = {}
    for arms, folds, (choice, penalties) in product((2, 5, 13), FOLDS, CHOICES.items()):
        found[f"{arms} equal arms, {folds} folds, {choice}"] = World(np.zeros(arms), np.ones(arms), 1, folds, penalties)
    for arms, folds in product((5, 13), FOLDS):
        lost = World(np.zeros(arms), np.ones(arms), 1, folds, (3.0, 0.0, 3.0), lost=0.05)
        found[f"{arms} equal arms, {folds} folds, the best LR lost in 5 %"] = lost
    for folds, (choice, penalties) in product(FOLDS, CHOICES.items()):
        found[f"power, 2 arms 1 paired sd apart, {folds} folds, {choice}"] = World(
            np.r_[0.0, PAIRED], np.ones(2), 1, folds, penalties
        )
    return found


def decided(gap: float, folds: int, penalties: tuple[float, ...], reports: int, seed: int = 0) -> tuple[float, float]:
    """Of the reports that are undecided and name further folds: the share that these decide; and how many name some."""
    rng = np.random.default_rng(seed)
    world = World(np.r_[0.0, gap * PAIRED], np.ones(2), 1, folds + 100, penalties)
    named = right = undecided = 0
    for _ in range(reports):
        scores = world.scores(rng)

        def judged(units: int, scores: Mapping[str, Mapping[float, Array]] = scores) -> Comparison:
            return compare({arm: {lr: runs[:, :units] for lr, runs in grid.items()} for arm, grid in scores.items()})

        first = judged(folds)
        undecided += len(first.together) == 2
        if told := re.search(r"roughly (\d+) further", first.advice):
            named += 1
            right += len(judged(folds + int(told[1])).together) == 1
    return right / max(named, 1), named / max(undecided, 1)


def sequential() -> dict[str, World]:
    """The cases of the last lines, by name."""
    found: dict[str, World] = {}
    for seeds, folds in ((1, 8), (1, 20), (1, 40), (40, 1), (8, 5)):
        for arms in (2, 13) if folds > 1 else (2,):
            name = f"{arms} arms, up to {seeds} seeds x {folds} folds, "
            found[name + "equal"] = World(np.zeros(arms), np.ones(arms), seeds, folds)
            ahead = np.r_[0.0, np.full(arms - 1, 6.0)]
            found[name + "the best 6 ahead"] = World(ahead, np.ones(arms), seeds, folds)
    return found


def worlds() -> dict[str, World]:
    """Every case that is printed, by name."""
    found: dict[str, World] = {}
    flat, far = np.zeros(13), np.r_[np.zeros(6), np.arange(1.0, 8.0)]
    choices = {"lrs equal": (0.0, 0.0, 0.0), "lrs close": (1.0, 0.0, 1.0), "one lr best": (99.0, 0.0, 99.0)}
    for seeds, (choice, penalties) in product((1, 2), choices.items()):
        null = partial(World, flat, seeds=seeds, folds=5, penalties=penalties)
        name = f"13 equal arms, 5 folds x {seeds} seeds, {choice}, "
        found[name + "equal spreads"] = null(np.ones(13))
        found[name + "spreads 1 : 10"] = null(np.geomspace(1, 10, 13))
        found[name + "one 10 x noisier"] = null(np.r_[10.0, np.ones(12)])
        found[name + "one 10 x quieter"] = null(np.r_[0.1, np.ones(12)])
        found[name + "families of 3"] = null(np.ones(13), cluster=3)
        found[name + "heavy tails (t3)"] = null(np.ones(13), draw="standard_t", shape={"df": 3})
        found[name + "exponential"] = null(np.ones(13), draw="exponential")
    found["13 equal arms x 3 lrs x 3 folds x 1 seed"] = World(flat, np.ones(13), 1, 3)
    found["13 equal arms x 3 lrs x 10 folds x 1 seed"] = World(flat, np.ones(13), 1, 10)
    one = (0.0,)
    found["13 equal arms x 1 lr x 5 folds x 1 seed"] = World(flat, np.ones(13), 1, 5, one)
    found["6 of 13 arms equal, 7 worse x 1 lr: equal spreads"] = World(far, np.ones(13), 1, 5, one)
    found["6 of 13 arms equal, 7 worse x 1 lr: spreads 1 : 10"] = World(far, np.geomspace(0.1, 1, 13), 1, 5, one)
    for seeds in (6, 8, 12):
        found[f"13 equal arms x 3 lrs x {seeds} seeds, fixed split"] = World(flat, np.ones(13), seeds, 1)
    found["13 equal arms x 8 seeds: spreads 1 : 10"] = World(flat, np.geomspace(1, 10, 13), 8, 1)
    found["13 equal arms x 1 lr x 8 seeds, fixed split"] = World(flat, np.ones(13), 8, 1, one)
    found["6 of 13 equal, 7 worse x 8 seeds: equal spreads"] = World(far, np.ones(13), 8, 1)
    two = partial(World, penalties=one)
    for gap in (0.0, 3.0):
        means = np.array([0.0, gap])
        found[f"2 arms x 5 folds, {gap:g} apart"] = two(means, np.ones(2), 1, 5)
        for seeds in (6, 8, 12):
            found[f"2 arms x {seeds} seeds, {gap:g} apart"] = two(means, np.ones(2), seeds, 1)
    for seeds, folds in ((1, 5), (8, 1)):
        units = f"{folds} folds" if folds > 1 else f"{seeds} seeds"
        for gap in (1, 2, 3, 5):
            means = np.r_[0.0, np.full(12, gap * PAIRED)]
            found[f"power, {units}, best of 13 ahead by {gap} paired sd"] = two(means, np.ones(13), seeds, folds)
            means = np.r_[np.zeros(12), gap * PAIRED]
            found[f"power, {units}, 1 of 13 behind by {gap} paired sd"] = two(means, np.ones(13), seeds, folds)
            means = np.r_[0.0, gap * PAIRED]
            found[f"power, {units}, 2 arms {gap} paired sd apart"] = two(means, np.ones(2), seeds, folds)
    return found


def main(reports: int) -> None:
    """Print one line per case."""
    print(f"{reports} reports per line\n{'':72}any false  all hold  each holds  found")
    for name, world in {**worlds(), **by_folds()}.items():
        part = 4 if world.folds == 80 or (world.folds == 1 and len(world.means) > 2) else 1
        rates = measure(world, max(reports // part, 1))
        found = "" if np.isnan(rates.found) else f"{rates.found:7.3f}"
        print(f"{name:72}{rates.any_false:9.3f}{rates.all_hold:10.3f}{rates.each_holds:12.3f}{found}", flush=True)
    print(f"\nthe further folds that are told{'':41}decide    named")
    for (choice, penalties), folds, gap in product(CHOICES.items(), (5, 8, 20), (0.5, 1.0, 1.5)):
        right, named = decided(gap, folds, penalties, max(reports // 4, 1))
        print(f"{f'2 arms {gap:g} paired sd apart, {folds} folds, {choice}':72}{right:6.2f}{named:9.2f}", flush=True)
    print(f"\nstopped when settled{'':52}any false  (at 95 %)  trained")
    for name, world in sequential().items():
        (honest, taken), (naive, _) = (stopped(world, reports, corrected=corrected) for corrected in (True, False))
        print(f"{name:72}{honest:9.3f}{f'({naive:.3f})':>11}{taken:9.0%}", flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("reports", nargs="?", type=int, default=2000, help="comparisons per line")
    add_size(options)
    given = options.parse_args()
    main(1 if given.size == "smallest" else given.reports)
