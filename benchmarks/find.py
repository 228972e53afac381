"""How far from the best LR is what a range test suggests?

    python benchmarks/find.py [--seeds 0,1,2] [--tasks digits,charlm] [--truth FILE] [--store lrlab-find]
        [--size smallest]

`lr.find` with its defaults on every built-in task, with momentum, AdamW and RMSProp; beside it the rules of Lightning
(its own code where it is installed), torch-lr-finder and fastai (as published: the tests hold them to their own code),
each on a sweep of its library's defaults (100 updates, from 1e-8 to 1 or from 1e-7 to 10, ended as there) on the same
task and seed. The truth is a grid of complete runs (`find_truth.py`, in data/find_truth.csv): the regret of an LR is
how far the loss there lies above the lowest, between the LRs of the grid by interpolation, after the mean over its two
folds was smoothed so that it falls and rises once. Where a suggestion lies beyond the grid, the regret at its end
counts, which is too little; where runs diverged, 10 000 %.

Two rows are no rules, and tell how good one can be: the best of an eighth of a run at each of ten LRs, on two folds,
and the best of the whole runs of one fold of the truth, judged on its other fold.

For each rule: the median and 90th percentile of the regret, its distance from the best LR in decades, and what it cost
in runs. Where ours has no range, its guess is judged. For ours also in how many cases there is a range, and in how many
of these everything in it was within the regret that it stated. "the task's own LR" is what one has without a test: the
built-in tasks have good ones, which ours begins from, as it would from a worse one of a task of one's own.

Runs are kept in the store: interrupted, the script goes on where it was. It trains some 40 000 updates a seed: ten
minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lrlab as lr
from find_truth import FILE, OPTIMIZERS, TASKS, Cell, made, read
from lrlab.analysis.find.rules import RULES, averaged
from lrlab.analysis.find.scale import Scale
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
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
EIGHTH, OTHER = "1/8 at each LR", "truth, other fold"  # what a grid of short runs, and of whole ones, is worth
SWEEPS = {"Lightning": (1e-8, 1.0), "torch-lr-finder": (1e-7, 10.0), "fastai": (1e-7, 10.0)}


class Truth:
    """The loss of a task over the LR: log multiples, and log losses above the lowest, on some folds, at a part of T."""

    def __init__(
        self, name: str, optimizer: str, found: dict[Cell, float], folds: Sequence[int] = (0, 1), part: int = 1
    ) -> None:
        task = load_task(name)
        scale = Scale.of_metric(task.metric, task.mode)
        longest = max(cell.updates for cell in found if cell[:2] == (name, optimizer))
        losses: dict[float, list[float]] = {}
        for cell, score in found.items():
            if cell[:3] == (name, optimizer, longest // part) and cell.fold in folds:
                losses.setdefault(cell.multiple, []).append(scale.log(score) if np.isfinite(score) else np.inf)
        self.at = np.log(sorted(losses))
        means = np.array([np.mean(losses[multiple]) for multiple in sorted(losses)])
        self.updates = longest
        self.above = unimodal(means)
        self.above -= self.above.min()
        self.best = float(self.at[int(means.argmin())])

    def regret(self, multiple: float) -> float:
        """The regret at a multiple of the task's own LR."""
        x = np.log(multiple)
        right = int(np.searchsorted(self.at, x))
        if right < len(self.at) and np.isinf(self.above[right]) and x > self.at[max(right - 1, 0)]:
            return DIVERGED
        if np.isinf(self.above[-1]) and x > self.at[-1]:
            return DIVERGED
        return float(min(np.expm1(np.interp(x, self.at, self.above)), DIVERGED))


def unimodal(values: Array) -> Array:
    """The nearest values (least squares) that fall and then rise."""
    finite = np.isfinite(values)
    inner = values[finite]
    fits = [np.concatenate([-isotonic(-inner[:k]), isotonic(inner[k:])]) for k in range(1, len(inner) + 1)]
    found = values.copy()
    found[finite] = min(fits, key=lambda fit: float(((fit - inner) ** 2).sum()))
    return found


def isotonic(values: Array) -> Array:
    """The nearest values that never fall: neighbours that do are pooled."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            value, count = pools.pop()
            mean, before = pools.pop()
            pools.append([(mean * before + value * count) / (before + count), before + count])
    return np.array([mean for mean, count in pools for _ in range(int(count))])


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


def others(sweeps: dict[str, tuple[Array, Array]]) -> dict[str, float | None]:
    """What each library suggests for its own sweep, as a multiple."""
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


def main() -> None:
    """Train what is not stored, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(TASKS))
    options.add_argument("--seeds", default="0")
    options.add_argument("--truth", type=Path, default=FILE)
    options.add_argument("--store", type=Path, default=Path("lrlab-find"))
    options.add_argument("--cases", action="store_true", help="print each case")
    add_size(options)
    given = options.parse_args()
    optimizers = OPTIMIZERS
    if given.size == "smallest":
        given.tasks, given.seeds, optimizers = "control", "0", ("momentum",)
        given.truth = given.store.with_suffix(".csv")
        for _ in made([Cell("control", "momentum", 160, m, 0) for m in (0.25, 1.0, 4.0)], given.truth, 1):
            pass
    found = read(given.truth)
    regrets: dict[str, list[float]] = {}
    decades: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    held, stated, widths, none = [], [], [], 0
    for name in given.tasks.split(","):
        for optimizer in optimizers:
            if not any(cell[:2] == (name, optimizer) for cell in found):
                continue
            truth = Truth(name, optimizer, found)
            if given.size == "full":
                eighth = Truth(name, optimizer, found, part=8)
                one, other = (Truth(name, optimizer, found, (fold,)) for fold in (0, 1))
                for rule, chosen, judge in ((EIGHTH, eighth, truth), (OTHER, one, other), (OTHER, other, one)):
                    regrets.setdefault(rule, []).append(judge.regret(float(np.exp(chosen.best))))
                    decades.setdefault(rule, []).append((chosen.best - judge.best) / np.log(10))
                    costs.setdefault(rule, []).append(len(chosen.at) * (0.25 if rule == EIGHTH else 1.0))
            for seed in map(int, given.seeds.split(",")):
                config = {"size": TASKS[name][1], "optimizer": optimizer}
                ours = lr.find(
                    name, horizon=truth.updates, config=config, seed=seed, store=given.store, workers=0, quiet=True
                )
                store = Store(given.store)
                sweeps = {library: swept(name, optimizer, seed, ends, store) for library, ends in SWEEPS.items()}
                suggested = {"lrlab": ours.answer.guess, **others(sweeps), OWN: 1.0}
                for rule, multiple in suggested.items():
                    cost = {"lrlab": ours.cost, OWN: 0.0}.get(rule, SWEPT / truth.updates)
                    costs.setdefault(rule, []).append(cost)
                    if multiple is None:
                        continue
                    regrets.setdefault(rule, []).append(truth.regret(multiple))
                    decades.setdefault(rule, []).append((np.log(multiple) - truth.best) / np.log(10))
                answer = ours.answer
                if answer.low is None or answer.high is None or answer.lr is None or answer.regret is None:
                    none += 1
                    print(f"{name} {optimizer} seed {seed}: {answer.why}")
                    continue
                worst = max(truth.regret(multiple) for multiple in (answer.low, answer.lr, answer.high))
                held.append(worst <= answer.regret)
                stated.append(answer.regret)
                widths.append(answer.high / answer.low)
                if given.cases:
                    span = f"x {answer.lr:.3g} ({answer.low:.3g} to {answer.high:.3g})"
                    told = f"stated {answer.regret:.0%}, worst {worst:.1%}"
                    best = f"best x {np.exp(truth.best):.3g}"
                    print(
                        f"{name} {optimizer} seed {seed}: {span}, {best}, {truth.regret(answer.lr):.1%}; {told}",
                        flush=True,
                    )
    cases = len(costs.get("lrlab", []))
    print(f"\n{cases} cases; lrlab found no usable range in {none}")
    print(f"{'':<22s}{'median':>10s}{'90th':>10s}{'decades':>9s}{'signed':>8s}{'cost, runs':>12s}{'no answer':>11s}")
    for rule, those in regrets.items():
        away = np.array(decades[rule])
        print(
            f"{rule:<22s}{np.median(those):>10.1%}{np.quantile(those, 0.9):>10.1%}{np.median(np.abs(away)):>9.2f}"
            f"{np.median(away):>+8.2f}{np.mean(costs[rule]):>12.2f}{len(costs[rule]) - len(those):>11d}"
        )
    if held:
        print(
            f"ranges of lrlab: {np.mean(held):.2f} held what they state (asked for: 0.90); stated regret, median "
            f"{np.median(stated):.0%}; a range spans a factor of {np.median(widths):.2g}"
        )


if __name__ == "__main__":
    main()
