"""How often `compare` errs: false 'worse' verdicts, interval coverage and power, simulated.

    python benchmarks/error_rates.py                      2000 comparisons per line, half an hour
    python benchmarks/error_rates.py 200                  fewer
    python benchmarks/error_rates.py 2000 --part folds    one part; this one takes minutes
    python benchmarks/error_rates.py --size smallest

Each line simulates whole comparisons, the choice of the learning rate included. A run's score is

    arm's mean + lr's penalty + 10 * unit effect + spread of the arm * (arm x unit + arm x lr x unit / 2 + noise)

with the unit (fold, or seed of a fixed split) the same for all arms. 'any false' is the share of reports that call
some arm worse, or open, than a best that is not better; 'all hold' the share of reports in which every interval holds
the true difference; 'each holds' the share of single intervals; 'found' the share of truly worse arms that are called
so.

The first part, `folds`, has 2, 5 and 13 arms on 5 to 80 folds with one LR, three equal and three unequal ones: false
'worse' and coverage; the same where the best LR is lost in 5 % of the runs; how often a gap of one paired standard
deviation is found; and how often the further folds that are told do decide. Its reports are judged many at once, by the
functions that `compare` judges one with. `error_grids.py` has false 'worse' to a few parts in a thousand, and with
widened grids.

The second part, `shapes`, has other spreads, other noise, and seeds of a fixed split. Sign-flip intervals of 13 arms
take long, so those lines simulate a quarter of the reports.

The last part, `looks`, stops each comparison when it is settled (`lrlab.analysis.comparison.looks`): 'any false' at the
look that ends it, in brackets what it would be if every look were judged at 95 %, and the share of the runs that were
trained.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.comparison.choice import doubted, weighed
from lrlab.analysis.comparison.looks import looks_of
from lrlab.analysis.comparison.paired import Tested, t_test
from lrlab.analysis.comparison.stability import spared, stable, unstable
from lrlab.analysis.comparison.statistics import compare
from lrlab.analysis.comparison.wording import FARTHEST, needed
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

    def runs(self, rng: np.random.Generator) -> Array:
        """The scores of one simulated set of runs, (arms, lrs, seeds, folds)."""
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
        return runs

    def scores(self, rng: np.random.Generator) -> Mapping[str, Mapping[float, Array]]:
        """The same, as `compare` takes them."""
        return {f"arm{i:02}": {2.0**j: runs for j, runs in enumerate(grid)} for i, grid in enumerate(self.runs(rng))}


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
    return Rates(
        any_false / reports, all_hold / reports, float(holding / intervals), found / true if true else float("nan")
    )


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


AT_ONCE = 1_000_000  # numbers, or fewer
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


def judged(tables: Iterable[Array]) -> tuple[Array, Array]:
    """The scores of so many arms, (arms, folds), and their doubts; each table is (lrs, folds)."""
    listed = list(tables)
    scores, doubts = np.empty((len(listed), listed[0].shape[1])), np.empty(len(listed))
    for lrs in {len(table) for table in listed}:
        rows = np.array([k for k, table in enumerate(listed) if len(table) == lrs])
        at_once = max(1, AT_ONCE // (lrs * scores.shape[1]) ** 2)
        for part in np.array_split(rows, -(-len(rows) // at_once)):
            _, scores[part], doubts[part] = weighed(np.array([listed[k] for k in part]))
    return scores, doubts


def report(scores: Array, doubts: Array) -> Tested:
    """That of arms in the order of their means."""
    return t_test(doubted(scores, doubts), 0, 0.95)


def measure_folds(world: World, reports: int, seed: int = 0) -> Rates:
    """As `measure`, for one seed on folds, with all reports judged at once."""
    rng = np.random.default_rng(seed)
    grids = [[dict(enumerate(grid[:, 0])) for grid in world.runs(rng)] for _ in range(reports)]
    kept = [[stable(grid) for grid in arms] for arms in grids]
    whole = [[bool(grid) for grid in arms] for arms in kept]
    scores, doubts = judged(np.array([*grid.values()]) for arms in kept for grid in arms if grid)
    lost = [(r, k) for r, arms in enumerate(grids) for k, grid in enumerate(arms) if kept[r][k] and unstable(grid)]
    spare = judged(np.array([*spared(grids[r][k]).values()]) for r, k in lost) if lost else None
    lucky = {place: k for k, place in enumerate(lost)}
    any_false = all_hold = intervals = holding = true = found = 0
    first = 0
    for r, here in enumerate(whole):
        arms = np.flatnonzero(here)
        rows = first + np.arange(len(arms))
        first += len(arms)
        order = np.argsort(scores[rows].mean(axis=1), kind="stable")
        rows, arms = rows[order], arms[order]
        told = report(scores[rows], doubts[rows])
        p = told.p
        luckier = {place: lucky[r, arm] for place, arm in enumerate(arms) if place and (r, arm) in lucky}
        if spare and luckier:
            other, unsure = scores[rows].copy(), doubts[rows].copy()
            for place, k in luckier.items():
                other[place], unsure[place] = spare[0][k], spare[1][k]
            p = np.maximum(p, report(other, unsure).p)
        gaps = world.means[arms] - world.means[arms[0]]
        behind = (p <= 0.05) & (np.arange(len(arms)) > 0)
        any_false += bool((behind & (gaps <= 0)).any())
        held = ((told.low <= gaps) & (gaps <= told.high))[1:]
        all_hold += bool(held.all())
        intervals += len(held)
        holding += int(held.sum())
        true += int((gaps > 0).sum())
        found += int((behind & (gaps > 0)).sum())
    return Rates(
        any_false / reports, all_hold / reports, float(holding / intervals), found / true if true else float("nan")
    )


def decided(gap: float, folds: int, penalties: tuple[float, ...], reports: int, seed: int = 0) -> tuple[float, ...]:
    """Of two arms: how many reports are undecided; of these, how many name further folds; of these, how many do these
    decide.
    """
    rng = np.random.default_rng(seed)
    world = World(np.r_[0.0, gap * PAIRED], np.ones(2), 1, folds + FARTHEST, penalties)
    runs = np.array([world.runs(rng)[:, :, 0] for _ in range(reports)])

    def look(rows: NDArray[np.int64], units: int) -> list[tuple[bool, Array]]:
        """Of each of these reports: is it decided, and the difference of its arms?"""
        scores, doubts = judged(arm[:, :units] for row in rows for arm in runs[row])
        found = []
        for both, unsure in zip(scores.reshape(-1, 2, units), doubts.reshape(-1, 2), strict=True):
            order = np.argsort(both.mean(axis=1))
            values = doubted(both[order], unsure[order])
            found.append((bool(t_test(values, 0, 0.95).p[1] <= 0.05), values[1] - values[0]))
        return found

    undecided = {row: d for row, (done, d) in enumerate(look(np.arange(reports), folds)) if not done}
    further = {row: k for row, d in undecided.items() if (k := needed(d, 2, "fold", 0.95)) <= FARTHEST}
    right = 0
    for k in set(further.values()):
        rows = np.array([row for row, asked in further.items() if asked == k])
        right += sum(done for done, _ in look(rows, folds + k))
    return len(undecided) / reports, len(further) / max(len(undecided), 1), right / max(len(further), 1)


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


def row(name: str, rates: Rates) -> str:
    """One line of a table."""
    found = "" if np.isnan(rates.found) else f"{rates.found:7.3f}"
    return f"{name:72}{rates.any_false:9.3f}{rates.all_hold:10.3f}{rates.each_holds:12.3f}{found}"


def folds_part(reports: int) -> None:
    """False 'worse', coverage and power by arms, folds and LRs; then the further folds."""
    for name, world in by_folds().items():
        print(row(name, measure_folds(world, reports)), flush=True)
    print(f"\nthe further folds that are told{'':41}undecided    named   decide")
    for (choice, penalties), folds, gap in product(CHOICES.items(), (5, 8, 20), (0.5, 1.0, 1.5)):
        shares = decided(gap, folds, penalties, max(reports // 2, 1))
        told = "".join(f"{share:9.2f}" for share in shares)
        print(f"{f'2 arms {gap:g} paired sd apart, {folds} folds, {choice}':72}{told}", flush=True)


def shapes_part(reports: int) -> None:
    """Other spreads, other noise, and seeds."""
    for name, world in worlds().items():
        part = 4 if world.folds == 1 and len(world.means) > 2 else 1
        print(row(name, measure(world, max(reports // part, 1))), flush=True)


def looks_part(reports: int) -> None:
    """Comparisons that are stopped once they are settled."""
    print(f"\nstopped when settled{'':52}any false  (at 95 %)  trained")
    for name, world in sequential().items():
        (honest, taken), (naive, _) = (stopped(world, reports, corrected=corrected) for corrected in (True, False))
        print(f"{name:72}{honest:9.3f}{f'({naive:.3f})':>11}{taken:9.0%}", flush=True)


PARTS = {"folds": folds_part, "shapes": shapes_part, "looks": looks_part}


def main(reports: int, parts: Iterable[str] = PARTS) -> None:
    """Print one line per case."""
    print(f"{reports} reports per line\n{'':72}any false  all hold  each holds  found")
    for part in parts:
        PARTS[part](reports)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("reports", nargs="?", type=int, default=2000, help="comparisons per line")
    options.add_argument("--part", choices=PARTS, action="append", help="this part alone")
    add_size(options)
    given = options.parse_args()
    main(1 if given.size == "smallest" else given.reports, given.part or PARTS)
