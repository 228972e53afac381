"""Does `lrlab auto`, at a quarter of its cost, find what the whole grid of strategies and LRs finds?

    python benchmarks/auto.py [--share 0.25] [--only digits-momentum,...] [--variant wide|noisy|...] [--seed 1]
        [--store lrlab-auto] [--size smallest]

The grid is a study of data/evidence: every strategy with the optimizer of the task, at LRs that were widened until the
best was inside, on all folds.
`lr.auto` has that share of the grid's runs as its budget, and another seed, so that it sees other batches and other
folds. What it chooses is trained on the folds of the study, beside a constant LR at the defaults of PyTorch and of
Keras, and compared with the grid's winner and with the grid's constant LR, each at the LR that is best on the other
folds. Within the band: the difference to the winner is not distinguishable from 0.

With `--variant` the task has another width, noise or batch: a grid of seven strategies is trained there, with the same
seed and folds. Runs are kept in the store: interrupted, the script goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

import evidence
import lrlab as lr
from evidence_study import Contestant, Study, kept, study
from lrlab.analysis.comparison.standing import Standing
from lrlab.analysis.comparison.statistics import Comparison, compare
from lrlab.desk.chosen import Chosen
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.asking import own_lrs
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store
from sizes import add_size

PYTORCH, KERAS = "PyTorch's default", "Keras' default"
DEFAULTS = {PYTORCH: 1e-3, KERAS: 1e-3}  # of torch.optim.SGD, AdamW and RMSprop; of Keras' AdamW and RMSprop
KERAS_SGD = 0.01
SGD = ("sgd", "momentum")
VARIED = ("fixed", "step", "cosine", "warmup + linear", "WSD", "one-cycle", "averaging")
Scores = Mapping[float, Sequence[float | None]]


def defaults(found: Study, config: Mapping[str, str]) -> dict[str, float]:
    """The LRs that the libraries begin with, as multiples of the task's own."""
    job = Job(Arm("asked", lr.constant()), 1.0, 0, 0, found.folds, found.updates, 1, dict(config))
    (own,) = own_lrs(load_task(found.task), job)
    rates = {**DEFAULTS, KERAS: KERAS_SGD if found.optimizer in SGD else DEFAULTS[KERAS]}
    return {name: rate / own for name, rate in rates.items()}


def trained(found: Study, config: Mapping[str, str], chosen: Chosen, store: str) -> dict[str, Scores]:
    """The scores of what was chosen, and of the libraries' defaults, on the folds of the study."""
    task, resources = load_task(found.task), Resources()
    arms = [(Arm("chosen", lr.parse(chosen.schedule), chosen.averaging), chosen.multiple)]
    arms += [(Arm(name, lr.constant()), rate) for name, rate in defaults(found, config).items()]
    jobs = [
        Job(arm, rate, 0, fold, found.folds, found.updates, 4, dict(config), order=resources.order)
        for arm, rate in arms
        for fold in range(found.folds)
    ]
    with opened(resources, task) as executor:
        runs, _ = run_jobs(task, jobs, Store(store), executor)
    scores = [None if run.outcome == "diverged" else run.score for run in runs]
    rows = (scores[k * found.folds : (k + 1) * found.folds] for k in range(len(arms)))
    return {arm.name: {rate: row} for (arm, rate), row in zip(arms, rows, strict=True)}


def judged(found: Study, chosen: Scores, other: Scores) -> Standing:
    """How far what was chosen is behind another, whose LR is chosen on the other folds; who is ahead is the first."""
    worst = np.inf if found.mode == "min" else -np.inf
    arms = {
        name: {multiple: [[worst if x is None else x for x in row]] for multiple, row in scores.items()}
        for name, scores in (("chosen", chosen), ("other", other))
    }
    compared: Comparison = compare(arms, maximise=found.mode == "max")
    return next(line for line in compared.standings if line.rank == 2)


def told(line: Standing) -> str:
    """In a few words, as seen from what was chosen."""
    ahead = line.arm == "other"
    if line.verdict != "worse":
        return "as good"
    return "better" if ahead else "worse"


def shortened(arm: Contestant) -> Contestant:
    """With the scores of two folds."""
    return replace(arm, scores={multiple: row[:2] for multiple, row in arm.scores.items()})


def own(found: Study) -> Study:
    """The study without the arms that bring another optimizer: `auto` chooses a schedule, not an optimizer."""
    others = {arm.name for arm in evidence.CONTESTANTS}
    return replace(found, arms={name: arm for name, arm in found.arms.items() if name not in others})


def main() -> None:
    """Choose, train what was chosen, and print a line for each study."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--share", type=float, default=0.25, help="of the runs of the grid")
    options.add_argument("--only", default=",".join(name for name in kept() if not study(name).label))
    options.add_argument("--variant", default="plain")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--store", default="lrlab-auto")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        given.only = "control-adamw"
    counts: dict[str, list[str]] = {}
    for name in given.only.split(","):
        found = own(study(name))
        config = {"optimizer": found.optimizer}
        if given.size == "smallest":
            found, config = replace(found, updates=40, folds=2), {**config, "size": "tiny"}
            found = replace(found, arms={arm: shortened(each) for arm, each in found.arms.items()})
        if given.variant != "plain":
            config["variant"] = given.variant
            found = varied(found, config, given.store)
        winner = found.compared().best
        assert winner is not None
        runs = sum(len(scores) for arm in found.arms.values() for scores in arm.scores.values())
        budget = 13 if given.size == "smallest" else given.share * runs
        chosen = lr.auto(
            found.task, budget=budget, horizon=found.updates, config=config, seed=given.seed, store=given.store,
            quiet=True,
        )  # fmt: skip
        scores = trained(found, config, chosen, given.store)
        others = {"winner": found.arms[winner].scores, "constant": found.arms["fixed"].scores}
        others |= {library: scores[library] for library in (PYTORCH, KERAS)}
        verdicts = {against: judged(found, scores["chosen"], other) for against, other in others.items()}
        for against, line in verdicts.items():
            counts.setdefault(against, []).append(told(line))
        behind = verdicts["winner"]
        print(
            f"{name}: {chosen.name}, x {chosen.multiple:.3g}, {chosen.spent / found.updates:.1f} of {runs} runs; "
            f"winner {winner}, {behind.arm} behind by {behind.difference:.4g} ({behind.low:.4g} to {behind.high:.4g}); "
            + ", ".join(f"{against}: {told(line)}" for against, line in verdicts.items()),
            flush=True,
        )
    for against, words in counts.items():
        each = ", ".join(f"{words.count(word)} {word}" for word in ("better", "as good", "worse"))
        print(f"against {against}: {each}, of {len(words)}")


def varied(found: Study, config: Mapping[str, str], store: str) -> Study:
    """The study of a few strategies on a variant of the task."""
    few = evidence.chosen(*VARIED)
    return evidence.made(
        evidence.Planned(found.task, found.optimizer, found.updates, few, found.folds), store, "default", config
    )


if __name__ == "__main__":
    main()
