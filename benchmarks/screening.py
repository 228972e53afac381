"""Screening: how often does a rung throw away the schedule that would have won?

    python benchmarks/screening.py [--seeds 0,1] [--tasks digits,charlm] [--store lrlab-screening]
        [--size smallest]

A zoo of 16 schedules is trained on the built-in tasks that have a separable winner, each run complete at T, T/2 and T/4
updates, on 8 folds under each seed. A study is 8 of the 16, drawn at random, on one, two or four folds; its winner is
the one that ends lowest at T on the same folds. A rule is shown part of the curves, and the question is in how many
studies it kills the winner:

- complete schedules at T/4 or T/2, ends compared with ends, half is kept;
- the runs of T updates, cut off at 25 or 50 % and compared there, half is kept, ties too (runs that are still the same
  run are not told apart by chance);
- Optuna's MedianPruner and SuccessiveHalvingPruner with their defaults, fed the same curves in random order;
- what `lrlab tune` does: two folds at once, complete schedules, half and all within the noise is kept, at each rung
  alone and at one after the other;
- for scale, the same runs of T updates on another fold: what chance alone would kill.

For each rule: the share of studies whose winner is killed, by task and over all tasks with its standard error; the
share of schedules that are kept; and how far the best of those kept ends behind the winner, in standard deviations of
the difference of two schedules between folds. A winner that chance has made can be killed at no loss: then the first
number is high and the last one is low. Above it, the share of pairs of schedules that differ on a task (|t| above 2.8,
paired by fold).

Runs are kept in the store: interrupted, the script goes on where it was. It trains about a million updates: half an
hour or so on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray

from lrlab.core.text.parse import parse
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.search.rungs import ranking
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store
from sizes import add_size

Array = NDArray[np.float64]

ZOO = {
    "constant": 'warmup("5%") >> constant()',
    "1 early drop": 'warmup("5%") >> multistep(["15%"])',
    "2 drops": 'warmup("5%") >> multistep(["45%", "70%"])',
    "3 drops": 'warmup("5%") >> multistep(["25%", "55%", "85%"])',
    "cosine": 'warmup("5%") >> cosine()',
    "linear": 'warmup("5%") >> linear()',
    "exponential": 'warmup("5%") >> exponential(decay=0.01, every="95%")',
    "polynomial": 'warmup("5%") >> polynomial(power=2)',
    "WSD 50": 'wsd(decay="50%", shape="linear")',
    "WSD 70": 'wsd(decay="30%", shape="linear")',
    "WSD 80": 'wsd(decay="20%", shape="linear")',
    "WSD 90": 'wsd(decay="10%", shape="linear")',
    "one-cycle": "one_cycle()",
    "triangular": 'warmup("5%") >> triangular("12.5%", low=0.1)',
    "restarts": 'warmup("5%") >> warm_restarts("31.7%")',
    "restarts, doubled": 'warmup("5%") >> warm_restarts("13.6%", stretch=2)',
}
TASKS = {  # T, and the size
    "digits": (320, "tiny"),
    "signals": (480, "std"),
    "charlm": (400, "tiny"),
    "finetune": (320, "std"),
    "teacher": (1600, "tiny"),
}
EVALS = 16  # of a run of T updates: one at 25 %, one at 50 %
FOLDS = 8  # into which the data are cut
CANDIDATES, DRAWS = 8, 40  # schedules of a study, and studies on each fold


def trained(name: str, seed: int, store: Store, workers: int | None) -> dict[str, Array]:
    """The curves of a task by length: (folds, schedules, evaluations), inf from where a run has diverged."""
    task, (full, size) = load_task(name), TASKS[name]
    lengths = {"T": (full, EVALS), "T/2": (full // 2, 1), "T/4": (full // 4, 1)}
    places = [(length, fold, arm) for length in lengths for fold in range(FOLDS) for arm in ZOO]
    jobs = [
        Job(Arm(arm, parse(ZOO[arm])), 1.0, seed, fold, FOLDS, *lengths[length], {"size": size})
        for length, fold, arm in places
    ]
    with opened(Resources(workers), task) as executor:
        runs, effort = run_jobs(task, jobs, store, executor)
    if effort.trained:
        print(f"{name}, seed {seed}: {effort.trained} of {effort.naive} updates trained", flush=True)
    curves = {length: np.full((FOLDS, len(ZOO), evals), np.inf) for length, (_, evals) in lengths.items()}
    for (length, fold, arm), run in zip(places, runs, strict=True):
        seen = run.evals[run.metric].values if run.outcome == "finished" else ()
        curves[length][fold, list(ZOO).index(arm), : len(seen)] = seen
    return curves


@dataclass(frozen=True)
class Study:
    """Some schedules on some folds: their scores at T, the curves that a rule may look at, and who wins."""

    curves: dict[str, Array]  # "T", "T/2", "T/4": (schedules, folds, evaluations)
    again: Array  # scores at T on another fold, (schedules,)

    @property
    def ends(self) -> Array:
        """Scores at T, (schedules,)."""
        found: Array = self.curves["T"][..., -1].mean(axis=1)
        return found

    @property
    def winner(self) -> int:
        """The schedule that ends lowest."""
        return int(self.ends.argmin())

    def behind(self, kept: Sequence[int]) -> float:
        """How far the best of those kept ends behind the winner."""
        return float(self.ends[kept].min() - self.ends.min())


# A rule gives the schedules (indexes) that it keeps.
Rule = Callable[[Study, np.random.Generator], Iterable[int]]


def half(scores: Array) -> Iterable[int]:
    """The better half of some scores (schedules,), ties with its last included."""
    cut = np.sort(scores)[ceil(len(scores) / 2) - 1]
    return np.flatnonzero(scores <= cut).tolist()


def complete(length: str) -> Rule:
    """Complete schedules at a shorter length."""
    return lambda study, draw: half(study.curves[length][..., -1].mean(axis=1))


def cut_off(share: float) -> Rule:
    """Runs of T updates, looked at after this share of them."""
    return lambda study, draw: half(study.curves["T"][..., round(share * EVALS) - 1].mean(axis=1))


def tuned(*lengths: str) -> Rule:
    """The rungs of `lrlab tune`, one after the other: half, and whoever is within the noise."""

    def rule(study: Study, draw: np.random.Generator) -> Iterable[int]:
        left = np.arange(len(study.ends))
        for length in lengths:
            ranked = ranking(study.curves[length][left, :, -1])
            left = left[list(ranked.order[: ranked.close])]
        return left.tolist()

    return rule


def pruned(pruner: Callable[[], optuna.pruners.BasePruner]) -> Rule:
    """Optuna's pruner, which sees one run after the other, evaluation by evaluation, in random order."""

    def rule(study: Study, draw: np.random.Generator) -> Iterable[int]:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        replayed = optuna.create_study(pruner=pruner())
        kept = []
        for schedule in draw.permutation(len(study.ends)).tolist():
            trial = replayed.ask()
            curve = study.curves["T"][schedule].mean(axis=0)
            for k, value in enumerate(curve, start=1):
                trial.report(value, k)
                if trial.should_prune():
                    replayed.tell(trial, state=optuna.trial.TrialState.PRUNED)
                    break
            else:
                replayed.tell(trial, curve[-1])
                kept.append(schedule)
        return kept

    return rule


# Name, folds that a study has, and rule.
RULES: tuple[tuple[str, int, Rule], ...] = (
    ("complete at T/4", 1, complete("T/4")),
    ("complete at T/2", 1, complete("T/2")),
    ("cut off at 25 %", 1, cut_off(0.25)),
    ("cut off at 50 %", 1, cut_off(0.5)),
    ("Optuna, MedianPruner", 1, pruned(optuna.pruners.MedianPruner)),
    ("Optuna, SuccessiveHalving", 1, pruned(optuna.pruners.SuccessiveHalvingPruner)),
    ("another fold, complete", 1, lambda study, draw: half(study.again)),
    ("complete at T/4, 2 folds", 2, complete("T/4")),
    ("complete at T/2, 2 folds", 2, complete("T/2")),
    ("as lrlab tune at T/4", 2, tuned("T/4")),
    ("as lrlab tune at T/2", 2, tuned("T/2")),
    ("as lrlab tune, both", 2, tuned("T/4", "T/2")),
    ("complete at T/4, 4 folds", 4, complete("T/4")),
    ("complete at T/2, 4 folds", 4, complete("T/2")),
)


def studies(curves: dict[str, Array], folds: int, draw: np.random.Generator) -> Iterator[Study]:
    """Random studies on each fold, or on each group of neighbours; curves: (folds of all seeds, schedules, evals)."""
    several = len(curves["T"])
    for first in range(0, several - folds + 1, folds):
        for _ in range(DRAWS):
            chosen = draw.permutation(len(ZOO))[:CANDIDATES]
            mine = {length: c[first : first + folds, chosen].swapaxes(0, 1) for length, c in curves.items()}
            yield Study(mine, curves["T"][(first + folds) % several, chosen, -1])


def main() -> None:
    """Train what is not stored, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(TASKS))
    options.add_argument("--seeds", default="0,1")
    options.add_argument("--store", type=Path, default=Path("lrlab-screening"))
    options.add_argument("--workers", type=int)
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        TASKS["digits"] = (32, "tiny")
        given.tasks, given.seeds = "digits", "0"
    names, seeds = given.tasks.split(","), [int(seed) for seed in given.seeds.split(",")]

    parts: dict[str, list[dict[str, Array]]] = {name: [] for name in names}
    for seed in seeds:
        for name in names:
            parts[name].append(trained(name, seed, Store(given.store), given.workers))
    curves = {name: {k: np.concatenate([part[k] for part in those]) for k in those[0]} for name, those in parts.items()}

    different = {name: differing(c["T"][..., -1]) for name, c in curves.items()}
    print(f"\n{len(seeds)} x {FOLDS} folds, {CANDIDATES} of {len(ZOO)} schedules, {DRAWS} draws on each study's folds")
    print(f"{'':<26s}" + "".join(f"{name:>10s}" for name in names) + "   all         kept  behind")
    print(f"{'(pairs that differ)':<26s}" + "".join(f"{different[name]:>10.2f}" for name in names))
    for name, folds, rule in RULES:
        draw = np.random.default_rng(0)
        killed, kept, behind, variance = [], [], [], []
        for task in names:
            ends = [(study, [*rule(study, draw)]) for study in studies(curves[task], folds, draw)]
            lost = np.reshape([study.winner not in those for study, those in ends], (-1, DRAWS)).mean(axis=1)
            killed.append(lost.mean())  # `lost` is by fold, and folds are what it varies with
            variance.append(lost.var(ddof=1) / len(lost))
            kept.append(np.mean([len(those) / CANDIDATES for _, those in ends]))
            behind.append(np.mean([study.behind(those) for study, those in ends]) / noise(curves[task]["T"][..., -1]))
        error = np.sqrt(np.sum(variance)) / len(names)
        shares = "".join(f"{share:>10.2f}" for share in killed)
        print(
            f"{name:<26s}{shares}{np.mean(killed):>6.2f} +- {error:.2f}{np.mean(kept):>6.2f}{np.mean(behind):>8.2f}",
            flush=True,
        )


def differing(ends: Array) -> float:
    """The share of pairs of schedules whose differences between folds have |t| above 2.8; ends: (folds, schedules)."""
    differences = (ends[:, :, None] - ends[:, None, :])[:, *np.triu_indices(len(ZOO), 1)]
    errors = differences.std(axis=0, ddof=1) / np.sqrt(len(ends))
    return float(np.mean(np.abs(differences.mean(axis=0)) > 2.8 * errors))


def noise(ends: Array) -> float:
    """What the difference of two schedules on one fold varies by between folds; ends: (folds, schedules)."""
    differences = ends[:, :, None] - ends[:, None, :]
    return float(np.median(differences.std(axis=0, ddof=1)[np.triu_indices(len(ZOO), 1)]))


if __name__ == "__main__":
    main()
