"""Does the main job tell the truth? Differences confirmed by other seeds, and an A/A comparison.

    python benchmarks/digits_evidence.py [--store lrlab-evidence] [--seeds 64] [--size smallest]

1. The default comparison on digits, then the same with seeds it has not seen: how many of the differences that the
   first one claims (a strategy is worse than the best) does the second find again?
2. A/A: one schedule under many seeds; two disjoint sets of them, drawn again and again, are compared as two
   strategies. How often are they called different?

Runs are kept in the store: interrupted, the script goes on where it was. Under half an hour on two cores.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from lrlab.analysis.comparison.aa import aa_rate
from lrlab.desk import experiment as desk
from lrlab.desk.result import Result
from lrlab.lab.stages.progress import Progress
from sizes import add_size

OTHER_SEED = 1000
TRIALS = 2000
AA = {"cosine": "cosine()", "linear": "linear()"}


def moved(progress: Progress) -> None:
    """A line now and then."""
    if progress.done % 50 == 0:
        print(f"  {progress.done} of {progress.total} runs", file=sys.stderr)


def claims(result: Result) -> dict[str, float]:
    """The strategies that are called worse than the best, and by how much."""
    standings = result.evidence.comparison.standings
    return {s.arm: s.difference or np.inf for s in standings if s.verdict == "worse"}


def main() -> None:
    """Print the evidence."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--store", default="lrlab-evidence")
    options.add_argument("--seeds", type=int, default=64, help="of the A/A comparison")
    add_size(options)
    given = options.parse_args()
    small, trials = {}, TRIALS
    if given.size == "smallest":
        few = {"config": {"size": "tiny"}, "schedules": AA, "updates": 8, "folds": 2, "lrs": (1.0,), "evals": 1}
        small, trials = few, 2
        given.seeds = 2

    where = desk.Resources()
    first = desk.run(desk.set_up("digits", **small), given.store, where, on_progress=moved)
    second = desk.run(desk.set_up("digits", first_seed=OTHER_SEED, **small), given.store, where, on_progress=moved)
    found, again = claims(first), second.evidence.comparison
    print(f"first comparison: {str(first).splitlines()[0]}")
    print(f"other seeds:      {str(second).splitlines()[0]}")
    means = {s.arm: s.mean for s in again.standings}
    best = means[first.evidence.comparison.best]
    same_sign = sum(1 for arm in found if means[arm] is None or (best is not None and means[arm] > best))
    print(f"claimed differences to {first.evidence.comparison.best}: {len(found)}")
    print(f"  with the same sign under other seeds: {same_sign} of {len(found)}")
    print(f"  called worse again: {len(set(found) & set(claims(second)))} of {len(found)}")

    same = desk.set_up("digits", **{**small, "schedules": AA, "seeds": given.seeds, "lrs": (1.0,)})
    result = desk.run(same, given.store, where, on_progress=moved)
    each = desk.set_up("digits").settings.seeds
    for arm in AA:
        runs = {(r.seed, r.fold): r.score for r in result.evidence.runs if r.arm == arm}
        scores = np.array([[runs[s, f] for f in range(same.settings.folds)] for s in range(given.seeds)])
        found = aa_rate(scores, trials, np.random.default_rng(0), seeds=each)
        print(
            f"A/A, {arm} against itself with {each} seed(s): {found.different} of {found.trials} called different, "
            f"{found.rate:.1%} (95 % upper bound {found.upper:.1%})"
        )


if __name__ == "__main__":
    main()
