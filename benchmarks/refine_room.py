"""How much could any schedule gain over warmup and linear on the tasks of `refine.py`?

    python benchmarks/refine_room.py [--tasks digits,signals] [--folds 8] [--store lrlab-room] [--size smallest]

Sixteen schedules (held for 0 to 80 % of the run, then decayed by powers of 0.5 to 2, to 0 or a tenth; cosine; constant)
are compared on each task at the length of the quick settings, under seeds that `refine.py` does not use, each at its
own best LR. The one that is best there is judged as a refined schedule is: on the folds of `refine.py`, at its own best
LR, beside warmup and linear at its own. It is chosen by 128 runs or more, where a refined one has the norms of one run.

An hour on two idle cores. Runs are kept in the store: interrupted, the script goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import lrlab as lr
from evidence import PURE
from lrlab.analysis.comparison.statistics import Standing
from lrlab.desk.refine import BASE
from lrlab.lab.task.declaration import load_task
from refine import CROSS_VALIDATED, TASKS, difference
from sizes import add_size

HOLDS = ("", 'constant("30%") >> ', 'constant("60%") >> ', 'constant("80%") >> ')
SHAPES = [f"{hold}polynomial(power={power})" for hold in HOLDS for power in (0.5, 1, 2)]
OTHERS = ("polynomial(power=1.5)", "linear(to=0.1)", "cosine()", "constant()")
SEARCHED = 1000  # the first seed of the search


def room(name: str, given: argparse.Namespace) -> str:
    """Search and judge on one task; its line of the table."""
    settings, smallest = load_task(name).quick, given.size == "smallest"
    updates = 24 if smallest else settings.updates
    texts = ["polynomial(power=1)", "constant()"] if smallest else [*SHAPES, *OTHERS]
    overlapping = name in CROSS_VALIDATED

    def compared(arms: Mapping[str, str], first_seed: int) -> tuple[Standing, ...]:
        study = lr.compare(
            name,
            arms,
            horizon=updates,
            folds=given.folds,
            seeds=1,
            evals=1 if smallest else settings.evals,
            lrs=(1.0,) if smallest else "auto",
            config={"size": "tiny"} if smallest else {},
            overlapping=overlapping,
            vectorise=48 if name in PURE else 0,
            store=given.store,
            first_seed=first_seed,
        )
        return study.comparison.standings

    searched = compared({text: f'warmup("5%") >> {text}' for text in texts}, SEARCHED)
    ranked = sorted((each for each in searched if each.mean is not None), key=lambda each: each.mean or 0.0)
    best = ranked[0].arm
    if best == "polynomial(power=1)":
        return f"{name}, {updates} updates: none is ahead of warmup and linear"
    scores = {each.arm: each.scores for each in compared({"linear": BASE, "best": f'warmup("5%") >> {best}'}, 0)}
    return f"{name}, {updates} updates: {best}, {difference(scores['best'], scores['linear'], overlapping)}"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tasks", default=",".join(TASKS))
    options.add_argument("--folds", type=int, default=8)
    options.add_argument("--store", default="lrlab-room")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        given.tasks, given.folds = "digits", 2
    for name in given.tasks.split(","):
        print(room(name, given), flush=True)


if __name__ == "__main__":
    main()
