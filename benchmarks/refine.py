"""Does refining a schedule by its gradient norms pay, and does the correction for weight decay?

    python benchmarks/refine.py [--tasks digits,signals] [--folds 8] [--full] [--store lrlab-evidence] [--size smallest]

On each built-in task one run of warmup and linear, at the LR that is best for it and under a seed that is not used
again, gives the norms. From them come the refined schedule, with the correction for what weight decay does to norms,
and the raw one, without it. All are then compared on the same folds, each at its own best LR, widened until that is
inside. Differences are paired by fold; below zero the refined one is ahead. A schedule is called better or worse where
the 95 % interval excludes zero. Where the norms ask for warmup and linear itself there is nothing to compare.

By default runs have the length of the quick settings: less than an hour on two idle cores. Runs are kept in the
store: interrupted, the script goes on where it was. Tasks of pure functions are trained many at once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping

import numpy as np

import lrlab as lr
from evidence import PURE
from lrlab.analysis.comparison.paired import t_test
from lrlab.analysis.comparison.standing import Standing
from lrlab.analysis.refine.refine import TOLERANCE
from lrlab.core.expression.node import Schedule
from lrlab.desk.norms import Training, of_task
from lrlab.desk.refine import BASE, refined
from lrlab.lab.task.declaration import Settings, load_task
from sizes import add_size

TASKS = ("digits", "finetune", "teacher", "tabular", "series", "signals", "charlm")
CROSS_VALIDATED = ("digits", "finetune", "charlm")  # whose folds share training data
SEED = 4242  # of the run that gives the norms
CONFIGS: dict[str, dict[str, str]] = {"full": {}, "smallest": {"size": "tiny"}}


def difference(mine: tuple[float | None, ...], other: tuple[float | None, ...], overlapping: bool) -> str:
    """How far one is ahead of (below zero) or behind another, with its interval, and whether that is told."""
    if None in mine or None in other:
        return "diverged"
    scores = np.array([other, mine], dtype=float)
    found = t_test(scores, 0, 0.95, overlapping)
    middle, low, high = (float(x[1]) for x in (found.difference, found.low, found.high))
    verdict = "worse" if low > 0 else "better" if high < 0 else "not told apart"
    return f"{middle:+.4f} [{low:+.4f}, {high:+.4f}] {verdict}"


def length(settings: Settings, size: str) -> int:
    """How many updates a run has."""
    return 24 if size == "smallest" else settings.updates


def compared(
    name: str, arms: Mapping[str, Schedule | str], settings: Settings, given: argparse.Namespace, first_seed: int = 0
) -> tuple[Standing, ...]:
    """How these stand on a task, each at its own best LR."""
    smallest = given.size == "smallest"
    study = lr.compare(
        name,
        arms,
        horizon=length(settings, given.size),
        folds=given.folds,
        seeds=1,
        evals=1 if smallest else settings.evals,
        lrs=(1.0,) if smallest else "auto",
        config=CONFIGS[given.size],
        overlapping=name in CROSS_VALIDATED,
        vectorise=48 if name in PURE else 0,
        store=given.store,
        first_seed=first_seed,
    )
    return study.comparison.standings


def row(name: str, given: argparse.Namespace) -> str:
    """Train on one task; its lines of the table."""
    task = load_task(name)
    settings = task.settings if given.full else task.quick
    smallest = given.size == "smallest"
    updates = length(settings, given.size)
    overlapping = name in CROSS_VALIDATED
    base = lr.parse(BASE)
    (best, *_) = compared(name, {"linear": base, "the same": base}, settings, given)[0].lrs
    norms = of_task(task, Training(BASE, lr=best, updates=updates, seed=SEED, config=CONFIGS[given.size]))
    how = {"optimizer": None, "weight_decay": None, "momentum": None, "width": None}
    found = refined(norms, correct=True, **how)
    curves = [each.over(updates).values() for each in (base, found.schedule, found.raw)]
    if np.ptp(curves, axis=0).max() <= TOLERANCE and not smallest:
        return f"{name}, {updates} updates, at {best:g}, rise {found.rise:.3f}: the norms ask for warmup and linear"
    arms = {"linear": base, "refined": found.schedule}
    if found.corrected:
        arms["raw"] = found.raw
    standings = compared(name, arms, settings, given)
    scores = {standing.arm: standing.scores for standing in standings}
    means = {standing.arm: (standing.mean, standing.lrs[0]) for standing in standings}
    told = ", ".join(f"{arm} {mean:.4f} at {rate:g}" for arm, (mean, rate) in means.items() if mean is not None)
    lines = [f"{name}, {updates} updates, power {found.power:g}, rise {found.rise:.3f}: {told}"]
    lines.append(f"  refined to linear: {difference(scores['refined'], scores['linear'], overlapping)}")
    if found.corrected:
        lines.append(f"  raw to linear:     {difference(scores['raw'], scores['linear'], overlapping)}")
        lines.append(f"  refined to raw:    {difference(scores['refined'], scores['raw'], overlapping)}")
    lines += [f"  {found.schedule}", *(f"  {doubt}" for doubt in found.doubts)]
    if given.json:
        with open(given.json, "a", encoding="utf-8") as out:
            out.write(json.dumps({"task": name, "updates": updates, "scores": scores, **found.record()}) + "\n")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(TASKS))
    options.add_argument("--folds", type=int, default=8)
    options.add_argument("--full", action="store_true", help="standard settings")
    options.add_argument("--store", default="lrlab-evidence")
    options.add_argument("--json", metavar="FILE", help="append the scores")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        given.tasks, given.folds = "digits", 2
    for name in given.tasks.split(","):
        print(row(name, given), flush=True)
        print(f"{name} done", file=sys.stderr)


if __name__ == "__main__":
    main()
