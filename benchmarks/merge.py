"""How much of a cooldown is to be had without training, by merging the weights of a constant LR?

    python benchmarks/merge.py [TASK ...] [--seeds 8] [--store FOLDER] [--size smallest]

Each task is trained at a constant LR to the end of the run, and by a linear cooldown over its last part. The gain of
the cooldown is what its last metric is better than that of the constant LR. An average of the constant LR's weights
recovers a share of it with 0 further updates: (constant - average) / (constant - cooldown), over the means of all
seeds, with the range in which 95 % of resampled sets of seeds fall. Each arm is judged at the LR, of 0.5, 1 and 2, at
which it is best. Runs are kept in the store: the same line goes on. Tasks of pure functions are trained many at once.
With --quick they are as long as those of `lrlab compare --quick`.

Last comes what these shares foresee for one further task, and how many of them the others foresee: those of the tasks
on which the cooldown gains beyond chance. `lrlab merge` tells the same from `lrlab.analysis.forecast.merged.SHARES`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats

import lrlab as lr
from evidence import PURE
from lrlab.analysis.forecast.merged import beyond
from lrlab.lab.arms.arms import Arm
from lrlab.lab.task.declaration import load_task
from sizes import add_size

TASKS = ("digits", "tabular", "teacher", "signals", "series", "control", "charlm")
SHARE = "20%"
COOLDOWN = f'wsd(warmup=0, decay="{SHARE}", shape="linear")'
ARMS = {
    "constant": Arm("constant", lr.constant()),
    "cooldown": Arm("cooldown", lr.parse(COOLDOWN)),
    "merge": Arm("merge", lr.constant(), f"merge {COOLDOWN}"),
    "EMA": Arm("EMA", lr.constant(), 0.1),
}
LRS = (0.5, 1.0, 2.0)


def scores(task: str, seeds: int, updates: int | None, store: str, lrs: tuple[float, ...]) -> dict[str, np.ndarray]:
    """The last metric of each arm by seed, at its best LR; more is worse."""
    how = {"workers": 0, "store": store, "vectorise": 24 if task in PURE else 0}
    study = lr.compare(task, ARMS, horizon=updates, folds=1, seeds=seeds, lrs=lrs, **how)
    sign = -1.0 if load_task(task).mode == "max" else 1.0
    found: dict[str, np.ndarray] = {}
    for name in ARMS:
        by_lr = [np.array([run.score for run in study.runs if (run.arm, run.lr) == (name, one)]) for one in lrs]
        found[name] = sign * min(by_lr, key=lambda values: float(sign * values.mean()))
    return found


def recovered(found: dict[str, np.ndarray], name: str) -> tuple[float, float, float]:
    """The share of the cooldown's gain, and the range of resampled seeds."""

    def share(rows: np.ndarray) -> float:
        constant, cooldown, average = (found[each][rows].mean() for each in ("constant", "cooldown", name))
        return float((constant - average) / (constant - cooldown))

    rng, seeds = np.random.default_rng(0), len(found[name])
    drawn = [share(rng.integers(seeds, size=seeds)) for _ in range(2000)]
    return (share(np.arange(seeds)), *map(float, np.percentile(drawn, [2.5, 97.5])))


def gains(found: dict[str, np.ndarray]) -> bool:
    """Whether the cooldown gains on the constant LR beyond chance, over the seeds."""
    return bool(stats.ttest_rel(found["constant"], found["cooldown"], alternative="greater").pvalue < 0.025)


def main() -> None:
    """Print a row for each task as soon as it is there."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("tasks", nargs="*", default=TASKS)
    options.add_argument("--seeds", type=int, default=8)
    options.add_argument("--quick", action="store_true", help="the short runs of each task")
    options.add_argument("--store", help="where runs are kept")
    add_size(options)
    given = options.parse_args()
    small = given.size == "smallest"
    tasks, seeds, updates, lrs = (["control"], 2, 20, (1.0,)) if small else (given.tasks, given.seeds, None, LRS)
    print(f"{seeds} seeds, cooldown over the last {SHARE}; share of its gain with 0 further updates [95 %]")
    print(f"{'task':10}{'constant':>10}{'cooldown':>10}{'merge':>26}{'EMA':>26}")
    measured = {}
    with tempfile.TemporaryDirectory() as aside:
        for task in tasks:
            updates = load_task(task).quick.updates if given.quick else updates
            found = scores(task, seeds, updates, given.store or str(Path(aside)), lrs)
            shares = ["{:8.0%} [{:5.0%}, {:5.0%}]".format(*recovered(found, name)) for name in ("merge", "EMA")]
            means = "".join(f"{found[name].mean():10.4f}" for name in ("constant", "cooldown"))
            print(f"{task:10}{means}{shares[0]:>26}{shares[1]:>26}", flush=True)
            if gains(found):
                measured[task] = recovered(found, "merge")[0]
    print(f"for one further task, from {len(measured)} on which the cooldown gains: {beyond(measured)}")


if __name__ == "__main__":
    main()
