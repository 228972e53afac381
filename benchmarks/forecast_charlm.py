"""Does a law foresee small language models that the lab trains itself? On schedules and seeds that it has not seen.

    python benchmarks/forecast_charlm.py [--updates 3000] [--seeds 4] [--store lrlab-evidence] [--size smallest]

Trains the task charlm at its tiny size under twelve schedules, on one split of the text. A law with prior="generic" is
fitted to the mean curves of a few schedules over the first half of the seeds, and judged by the final loss of all other
schedules over the other half: the order of their pairs, and the error beside the noise between two seeds.

Runs are kept in the store: interrupted, the script goes on where it was. A few minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import combinations

import numpy as np

import lrlab as lr
from lrlab.lab.tasks import charlm
from lrlab.record.runs.run import StoredRun
from sizes import add_size

WARM = 'warmup("5%") >> '
SCHEDULES = {
    "constant": WARM + "constant()",
    "linear": WARM + "linear()",
    "half linear": f"0.5 * ({WARM}linear())",
    "WSD 20 %": WARM + 'constant() >> linear("20%")',
    "cosine": WARM + "cosine()",
    "cosine to 10 %": WARM + "cosine(to=0.1)",
    "half cosine": f"0.5 * ({WARM}cosine())",
    "half constant": f"0.5 * ({WARM}constant())",
    "WSD 50 %": WARM + 'constant() >> linear("50%")',
    "WSD, 1 - sqrt, 30 %": WARM + 'constant() >> one_minus_sqrt("30%")',
    "two stages": WARM + 'constant("55%") >> 0.2 * constant()',
    "exponential": WARM + 'exponential(decay=0.01, every="95%")',
}
# What a law is fitted to; the others are judged. One peak LR alone, then with a second one.
FITTED = (
    ("constant", "linear"),
    ("constant", "WSD 20 %"),
    ("constant", "linear", "half linear"),
    ("constant", "linear", "WSD 20 %", "half linear"),
)
ORDER, NOISES = 0.9, 2.0  # the bars: share of pairs in order, and error in units of the noise between two seeds

LAWS = (("elr", "generic"), ("elr", "llm"), ("mpl", "generic"), ("momentum", "generic"))


def curve(runs: Sequence[StoredRun]) -> lr.Run:
    """The mean of some runs of one schedule, in bits per character, under the LRs that they had."""
    first = runs[0]
    lrs = lr.parse(first.schedule).over(first.updates).lr(charlm.LRS["adamw"])
    loss = np.mean([run.evals[first.metric].values for run in runs], axis=0)
    return lr.Run.from_arrays(first.evals[first.metric].updates, loss, lrs, weight_decay=0.1, name=first.arm)


def final(runs: Sequence[StoredRun]) -> float:
    """The mean loss after the last update."""
    return float(np.mean([run.score for run in runs]))


def main() -> None:
    """Train what is missing, and print the figures."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--updates", type=int, default=3000)
    options.add_argument("--seeds", type=int, default=4)
    options.add_argument("--store", default="lrlab-evidence")
    add_size(options)
    given = options.parse_args()
    laws, sets = LAWS, FITTED
    if given.size == "smallest":
        given.updates, given.seeds, laws, sets = 100, 2, LAWS[:1], FITTED[:1]

    study = lr.compare(
        "charlm",
        SCHEDULES,
        horizon=given.updates,
        seeds=given.seeds,
        folds=1,
        lrs=(1.0,),
        evals=40,
        config={"size": "tiny"},
        store=given.store,
    )
    runs = {arm: [run for run in study.runs if run.arm == arm] for arm in SCHEDULES}
    half = given.seeds // 2
    seen = {arm: curve(found[:half]) for arm, found in runs.items()}
    unseen = {arm: final(found[half:]) for arm, found in runs.items()}
    noise = float(np.mean([np.std([run.score for run in found], ddof=1) for found in runs.values()]))

    print(
        f"final loss, bits per character, {given.updates} updates, {given.seeds} seeds; noise between seeds {noise:.4f}"
    )
    for arm in sorted(unseen, key=lambda arm: unseen[arm]):
        print(f"  {arm:<20s} {final(runs[arm]):.4f}")
    for law, prior in laws:
        print(f'law="{law}", prior="{prior}"')
        for fitted in sets:
            judged = [arm for arm in SCHEDULES if arm not in fitted]
            found = lr.fit_law([seen[arm] for arm in fitted], law=law, prior=prior)
            ends = {arm: found.predict(seen[arm].lrs).final for arm in judged}
            error = float(np.mean([abs(ends[arm][0] - unseen[arm]) for arm in judged]))
            pairs = [(ends[a][0] - ends[b][0], unseen[a] - unseen[b]) for a, b in combinations(judged, 2)]
            order = float(np.mean([foreseen * measured > 0 for foreseen, measured in pairs]))
            inside = np.mean([ends[arm][1] <= run.score <= ends[arm][2] for arm in judged for run in runs[arm][half:]])
            met = "met" if order >= ORDER and error <= NOISES * noise else "MISSED"
            print(
                f"  {' + '.join(fitted):<46s} order {order:.2f}   error {error:.4f} = {error / noise:.1f} noises   "
                f"in the interval {inside:4.0%}   {met}"
            )
    print(f"bars: order at least {ORDER}, error at most {NOISES:g} noises")


if __name__ == "__main__":
    main()
