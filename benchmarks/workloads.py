"""On which built-in tasks do strategies differ, and by how much?

    python benchmarks/workloads.py [--tasks signals,charlm] [--folds 8] [--full]
        [--store lrlab-evidence] [--size smallest]

Trains a few strategies on every task, by default with its quick settings. For each task: the share of pairs of
strategies that differ (|t| > 2.8 of the differences paired by fold, as chance would have it in one of forty pairs with
8 folds), how far the fixed LR is behind the best (in standard deviations of the difference), and which strategies
cannot be told from the best by `lrlab compare`'s own test. A task counts as separable where at least a third of the
pairs differ and that test calls some strategy worse than the best.

--full takes the standard settings. Runs are kept in the store: interrupted, the script goes on where it was. The
default takes minutes on two cores, --full an hour.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np

import lrlab as lr
from lrlab.lab.arms.arms import Arm, default_arms
from lrlab.lab.task.declaration import built_in_tasks, load_task
from sizes import add_size

CHOSEN = ("fixed", "step", "cosine", "warmup + linear", "WSD", "averaging")
CRITICAL, SEPARABLE = 2.8, 1 / 3


def separation(scores: dict[str, np.ndarray]) -> float:
    """The share of pairs of arms whose paired differences (folds,) have |t| above CRITICAL; a diverged arm differs."""
    different = []
    for a, b in combinations(scores.values(), 2):
        if not np.isfinite([a, b]).all():
            different.append(np.isfinite(a).all() != np.isfinite(b).all())
            continue
        d = a - b
        error = d.std(ddof=1) / np.sqrt(len(d))
        different.append(bool(abs(d.mean()) > CRITICAL * error))
    return float(np.mean(different))


def row(name: str, given: argparse.Namespace) -> tuple[str, bool]:
    """Train on one task; its line of the table, and whether it is separable."""
    task = load_task(name)
    settings = task.settings if given.full else task.quick
    arms: dict[str, Arm] = {arm.name: arm for arm in default_arms(task.mode) if arm.name in CHOSEN}
    study = lr.compare(
        name,
        arms,
        horizon=24 if given.size == "smallest" else settings.updates,
        folds=given.folds,
        seeds=1,
        evals=1 if given.size == "smallest" else settings.evals,
        lrs=settings.lrs,
        store=given.store,
    )
    standings = study.comparison.standings
    scores = {standing.arm: np.array(standing.scores) for standing in standings}
    best, worse = standings[0].arm, sum(standing.verdict == "worse" for standing in standings)
    behind = scores["fixed"] - scores[best]
    spread = behind.std(ddof=1) if best != "fixed" else np.inf
    alike = [standing.arm for standing in standings if standing.verdict == "not distinguishable"]
    differ = separation(scores)
    line = (
        f"{name:<9s} {settings.updates:>5d} {standings[0].mean:>9.4f}  {best:<16s} {differ:>6.2f} "
        f"{behind.mean() / spread:>6.1f} {worse:>3d}/{len(standings) - 1}  {', '.join(alike) or '-'}"
    )
    return line, differ >= SEPARABLE and worse > 0


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(built_in_tasks()))
    options.add_argument("--folds", type=int, default=8)
    options.add_argument("--full", action="store_true", help="standard settings")
    options.add_argument("--store", default="lrlab-evidence")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        given.tasks, given.folds = "digits", 2

    print("task    updates      best  strategy         differ  fixed worse  not told from the best")
    separable = []
    for name in given.tasks.split(","):
        line, clear = row(name, given)
        print(line, flush=True)
        if clear:
            separable.append(name)
    print(f"separable: {', '.join(separable) or 'none'}")


if __name__ == "__main__":
    main()
