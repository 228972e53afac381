"""How far from the best LR is what a range test suggests?

    python benchmarks/find.py [--seeds 0,1,2] [--tasks digits,charlm] [--optimizers momentum,adamw,rmsprop]
        [--own 0.1] [--truth FILE] [--store lrlab-find] [--cases] [--size smallest]

The range test of `lr.find`, with its defaults, on every built-in task with momentum, AdamW and RMSProp; beside it the
rules of Lightning (its own code where it is installed), torch-lr-finder and fastai (as published: the tests hold them
to their own code), each on a sweep of its library's defaults (100 updates, from 1e-8 to 1 or from 1e-7 to 10, ended as
there) on the same task and seed. The truth is a grid of complete runs (`find_truth.py`, in data/find_truth.csv): the
regret of an LR is how far the loss there lies above the lowest, in the mean over the folds, between the LRs of the grid
by a monotone cubic. Where a suggestion lies beyond the grid, the regret at its end counts, which is too little; where
runs diverged, 10 000 %.

Two rows are no rules, and tell how good one can be: the best of an eighth of a run at each of ten LRs, on two folds,
and the best of the whole runs of one fold of the truth, judged on its others.

For each rule: the median and 90th percentile of the regret, its distance from the best LR in decades, and what it cost
in runs. Where ours has no range, its guess is judged; a row of its own has the cases with a range. For ours also in how
many of these everything in the range was within the regret that it stated, and how far the guesses of several seeds lie
apart. "the task's own LR" is what one has without a test: the built-in tasks have good ones. `--own 0.1` begins the
test from an LR that is ten times too low, as if that were the task's own.

Runs are kept in the store: interrupted, the script goes on where it was. Three minutes a seed on two idle cores.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

import lrlab as lr
from find_truth import FILE, FOLDS, OPTIMIZERS, TASKS, Cell, made, read
from lrlab.analysis.find.answer import Answer, answer
from lrlab.analysis.find.policy import Asked, Policy, allowed_of
from lrlab.analysis.find.rules import RULES, averaged
from lrlab.analysis.find.scale import Scale
from lrlab.core.text.parse import parse
from lrlab.desk.find import Jobs, told
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.search.space import BASELINE
from lrlab.lab.stages.asking import own_lrs
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store
from sizes import add_size

Array = NDArray[np.float64]
DIVERGED = 100.0  # the regret of what diverges
SWEPT = 100  # updates of a sweep of the others
OWN = "the task's own LR"
EIGHTH, OTHER = "1/8 at each LR", "truth, one fold"  # what a grid of short runs, and of whole ones, is worth
OURS, RANGE = "lrlab", "lrlab, has a range"
SWEEPS = {"Lightning": (1e-8, 1.0), "torch-lr-finder": (1e-7, 10.0), "fastai": (1e-7, 10.0)}


class Truth:
    """The loss of a task over the LR: log multiples, and log losses above the lowest, on some folds, at a part of T.

    LRs far from the best were trained on two folds only: their means are moved by what the others have on all folds
    less what they have on these.
    """

    def __init__(
        self, name: str, optimizer: str, found: dict[Cell, float], folds: Sequence[int] = range(FOLDS), part: int = 1
    ) -> None:
        task = load_task(name)
        scale = Scale.of_metric(task.metric, task.mode)
        self.updates = TASKS[name][0] // part
        losses: dict[float, dict[int, float]] = {}
        for cell, score in found.items():
            if cell[:3] == (name, optimizer, self.updates) and cell.fold in folds:
                losses.setdefault(cell.multiple, {})[cell.fold] = scale.log(score) if np.isfinite(score) else np.inf
        self.at = np.log(sorted(losses))
        ordered = [losses[multiple] for multiple in sorted(losses)]
        most = max(len(each) for each in ordered)
        whole = [each for each in ordered if len(each) == most and np.isfinite(list(each.values())).all()]
        means = []
        for each in ordered:
            beside = np.mean([np.mean(list(other.values())) - np.mean([other[k] for k in each]) for other in whole])
            means.append(np.mean(list(each.values())) + beside)
        self.above = np.array(means)
        self.above -= self.above.min()
        self.best = float(self.at[int(self.above.argmin())])
        self.ended = np.isfinite(self.above)
        self._between = PchipInterpolator(self.at[self.ended], self.above[self.ended])

    def regret(self, multiple: float) -> float:
        """The regret at a multiple of the task's own LR."""
        low, high = self.at[self.ended][[0, -1]]
        x = np.log(multiple)
        if x > high and not self.ended[-1]:
            return DIVERGED
        return float(min(np.expm1(self._between(np.clip(x, low, high))), DIVERGED))


def tested(name: str, optimizer: str, seed: int, own: float, store: Path) -> tuple[Answer, float]:
    """What `lr.find` answers where the task's LR is so many times its own, in multiples of that, and its cost."""
    task, updates = load_task(name), TASKS[name][0]
    policy, scale = Policy(updates, allowed_of(updates, None)), Scale.of_metric(task.metric, task.mode)
    jobs = Jobs(task, parse(BASELINE.text), {"size": TASKS[name][1], "optimizer": optimizer}, Resources(0), seed)
    asked: Sequence[Asked] = policy.first()
    with opened(Resources(0), task) as executor:
        while asked:
            these = [replace(jobs.of(each), lr=own * each.multiple) for each in asked]
            runs, _ = run_jobs(task, these, Store(store), executor)
            asked = policy.told([told(run, scale) for run in runs])
    return answer(policy), sum(each.updates for each, _ in policy.done) / updates


def swept(name: str, optimizer: str, seed: int, ends: tuple[float, float], store: Store) -> tuple[Array, Array]:
    """A sweep as others make it: absolute LRs, and the training loss at each, until it diverged."""
    task = load_task(name)
    config = {"size": TASKS[name][1], "optimizer": optimizer}
    (own,) = own_lrs(task, Job(Arm("asked", lr.constant()), 1.0, seed, 0, 8, 1, 1, config))
    arm = Arm("sweep", lr.geometric(start=ends[0] / own, to=ends[1] / own))
    with opened(Resources(0), task) as executor:
        job = Job(arm, 1.0, seed, 0, 8, SWEPT, 1, config, order=Resources(0).order)
        (run,), _ = run_jobs(task, [job], store, executor)
    lrs = np.geomspace(*ends, SWEPT, endpoint=False)[: len(run.loss.values)]
    return lrs / own, np.array(run.loss.values)


def ended(losses: Array, smooth: Array, times: float) -> int:
    """Where a sweep is stopped: after the smoothed loss is above so many times its lowest."""
    over = np.flatnonzero(smooth > times * np.minimum.accumulate(smooth))
    return int(over[0]) + 1 if len(over) else len(losses)


def others(name: str, optimizer: str, seed: int, store: Store) -> dict[str, float | None]:
    """What each library suggests for its own sweep, as a multiple."""
    sweeps = {library: swept(name, optimizer, seed, ends, store) for library, ends in SWEEPS.items()}
    lrs, losses = sweeps["Lightning"]
    until = ended(losses, averaged(losses, 0.98), 4.0)
    found = {"Lightning": lightning()(lrs[:until], losses[:until])}
    lrs, losses = sweeps["torch-lr-finder"]
    smooth = losses.copy()
    for k in range(1, len(smooth)):
        smooth[k] = 0.05 * losses[k] + 0.95 * smooth[k - 1]
    until = ended(losses, smooth, 5.0)
    found["torch-lr-finder"] = RULES["steepest"](lrs[:until], losses[:until])
    lrs, losses = sweeps["fastai"]
    until = ended(losses, averaged(losses, 0.98), 4.0)
    for rule in ("valley", "slide", "minimum / 10"):
        found[f"fastai {rule}"] = RULES[rule](lrs[:until], losses[:until])
    return found


def lightning() -> Callable[[Array, Array], float | None]:
    """Lightning's own code where it is installed; else its rule as published, which gives the same."""
    try:
        from lightning.pytorch.tuner.lr_finder import _LRFinder
    except ImportError:
        return RULES["steepest per LR"]

    def suggests(lrs: Array, losses: Array) -> float | None:
        finder = _LRFinder("exponential", float(lrs[0]), float(lrs[-1]), len(lrs))
        finder.results = {"lr": lrs.tolist(), "loss": losses.tolist()}
        suggested: Any = finder.suggestion()
        return None if suggested is None else float(suggested)

    return suggests


@dataclass
class Row:
    """What one rule came to: its regrets, how far it is from the best in decades, and what it cost in runs."""

    regrets: list[float] = field(default_factory=list)
    decades: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def add(self, truth: Truth, multiple: float | None, cost: float) -> None:
        """Judge what it suggests for a case; None where it suggests nothing."""
        self.costs.append(cost)
        if multiple is not None:
            self.regrets.append(truth.regret(multiple))
            self.decades.append((np.log(multiple) - truth.best) / np.log(10))

    def line(self, rule: str) -> str:
        """Its line of the table."""
        median, high = (f"{np.quantile(self.regrets, share):.1%}" for share in (0.5, 0.9))
        off, signed = np.median(np.abs(self.decades)), np.median(self.decades)
        silent = len(self.costs) - len(self.regrets)
        return f"{rule:<22s}{median:>10s}{high:>10s}{off:>9.2f}{signed:>+8.2f}{np.mean(self.costs):>12.2f}{silent:>11d}"


def known(name: str, optimizer: str, found: dict[Cell, float], rows: dict[str, Row]) -> None:
    """The two rows that are no rules: they say what can be had."""
    truth, eighth = Truth(name, optimizer, found), Truth(name, optimizer, found, part=8)
    rows[EIGHTH].add(truth, float(np.exp(eighth.best)), 0.25 * len(eighth.at))
    for fold in range(FOLDS):
        one = Truth(name, optimizer, found, [fold])
        rest = Truth(name, optimizer, found, [k for k in range(FOLDS) if k != fold])
        rows[OTHER].add(rest, float(np.exp(one.best)), len(one.at))


def main() -> None:
    """Train what is not stored, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(TASKS))
    options.add_argument("--optimizers", default=",".join(OPTIMIZERS))
    options.add_argument("--seeds", default="0")
    options.add_argument("--own", type=float, default=1.0, help="begin from so many times the LR of each task")
    options.add_argument("--truth", type=Path, default=FILE)
    options.add_argument("--store", type=Path, default=Path("lrlab-find"))
    options.add_argument("--cases", action="store_true", help="print each case")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        given.tasks, given.seeds, given.optimizers = "control", "0", "momentum"
        given.truth = given.store.with_suffix(".csv")
        cells = [Cell("control", "momentum", 400, multiple, fold) for multiple in (0.25, 1.0, 4.0) for fold in (0, 1)]
        for _ in made(cells, given.truth, 0):
            pass
    found = read(given.truth)
    rows: dict[str, Row] = defaultdict(Row)
    held, stated, widths, spreads = [], [], [], []
    for name in given.tasks.split(","):
        for optimizer in given.optimizers.split(","):
            truth = Truth(name, optimizer, found)
            if given.size == "full":
                known(name, optimizer, found, rows)
            guesses = []
            for seed in map(int, given.seeds.split(",")):
                ours, cost = tested(name, optimizer, seed, given.own, given.store)
                guess, low, best, high = (
                    None if x is None else given.own * x for x in (ours.guess, ours.low, ours.lr, ours.high)
                )
                rows[OURS].add(truth, guess, cost)
                rows[RANGE].add(truth, best, cost)
                rows[OWN].add(truth, given.own, 0.0)
                if given.own == 1.0:
                    for rule, multiple in others(name, optimizer, seed, Store(given.store)).items():
                        rows[rule].add(truth, multiple, SWEPT / truth.updates)
                guesses += [] if guess is None else [guess]
                says = ours.why
                if low is not None and best is not None and high is not None and ours.regret is not None:
                    worst = max(truth.regret(multiple) for multiple in (low, best, high))
                    held.append(worst <= ours.regret)
                    stated.append(ours.regret)
                    widths.append(high / low)
                    says = f"x {low:.3g} to x {high:.3g} states {ours.regret:.0%}, worst {worst:.1%}"
                if given.cases:
                    at = "none" if guess is None else f"x {guess:.3g}, {truth.regret(guess):.1%}"
                    print(f"{name} {optimizer} seed {seed}: {at}; best x {np.exp(truth.best):.3g}; {says}", flush=True)
            spreads += [max(guesses) / min(guesses)] if len(guesses) > 1 else []
    print(f"\n{len(rows[OURS].costs)} cases; lrlab found a usable range in {len(held)}")
    print(f"{'':<22s}{'median':>10s}{'90th':>10s}{'decades':>9s}{'signed':>8s}{'cost, runs':>12s}{'no answer':>11s}")
    for rule, row in rows.items():
        if row.regrets:
            print(row.line(rule))
    if held:
        print(
            f"ranges of lrlab: {np.mean(held):.2f} held what they state (asked for: 0.90); stated regret, median "
            f"{np.median(stated):.0%}; a range spans a factor of {np.median(widths):.2g}"
        )
    if spreads:
        print(
            f"the highest guess over the lowest of the seeds: median {np.median(spreads):.2g}, 90th percentile "
            f"{np.quantile(spreads, 0.9):.2g}, at most {max(spreads):.2g}"
        )


if __name__ == "__main__":
    main()
