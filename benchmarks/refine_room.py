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

from lrlab.desk.refine import BASE
from lrlab.lab.task.declaration import load_task
from refine import CROSS_VALIDATED, TASKS, compared, difference, length
from sizes import add_size

HOLDS = ("", 'constant("30%") >> ', 'constant("60%") >> ', 'constant("80%") >> ')
SHAPES = [f"{hold}polynomial(power={power})" for hold in HOLDS for power in (0.5, 1, 2)]
OTHERS = ("polynomial(power=1.5)", "linear(to=0.1)", "cosine()", "constant()")
SEARCHED = 1000  # the first seed of the search


def room(name: str, given: argparse.Namespace) -> str:
    """Search and judge on one task; its line of the table."""
    settings = load_task(name).quick
    updates = length(settings, given.size)
    texts = ["polynomial(power=1)", "constant()"] if given.size == "smallest" else [*SHAPES, *OTHERS]
    arms = {text: f'warmup("5%") >> {text}' for text in texts}
    searched = compared(name, arms, settings, given, SEARCHED)
    ranked = sorted((each for each in searched if each.mean is not None), key=lambda each: each.mean or 0.0)
    best = ranked[0].arm
    if best == "polynomial(power=1)":
        return f"{name}, {updates} updates: none is ahead of warmup and linear"
    judged = compared(name, {"linear": BASE, "best": arms[best]}, settings, given)
    scores = {each.arm: each.scores for each in judged}
    told = difference(scores["best"], scores["linear"], name in CROSS_VALIDATED)
    return f"{name}, {updates} updates: {best}, {told}"


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
