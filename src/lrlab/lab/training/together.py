"""Many runs at once: their states side by side in one array, one vectorised step for all, LR rows as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from lrlab.errors import LrlabError, worded
from lrlab.lab.training.lane import Lane


def train_together(lanes: Sequence[Lane]) -> None:
    """Train runs that were entered until each has ended; `Lane.ended` says how.

    A run that has ended goes along, and is not heard, until half of the others have ended, too: libraries that compile
    a step do so for each number of runs. One alone goes beside itself: the last bits of a sum over one run may differ,
    over several they are the same for any number. Raises `LrlabError` where the runs do not have one step in common, or
    their states or batches are not alike.
    """
    training = lanes[0].training
    for lane in lanes:
        if lane.training.step is not training.step:
            raise LrlabError(
                worded(
                    "vectorise needs one step for all runs, and this task makes another one for each",
                    getattr(training.step, "__qualname__", training.step),
                    "a function that is defined once; what differs from run to run is in its state and its batches",
                    "define step outside of train(run)",
                )
            )
    arrays, step = training.arrays, training.arrays.vectorised(training.step)
    together: list[Lane] = []
    while going := [lane for lane in lanes if lane.ended is None]:
        if 2 * len(going) <= len({*together}) or not together:
            together = going if len(going) > 1 else going * 2
            with _alike("states"):
                states = arrays.stacked([lane.training.held.state for lane in together], (len(together),))
            keys = arrays.stacked([lane.training.key for lane in together], (len(together),))
        states = _block(arrays, step, together, states, keys)


def _block(arrays: Any, step: Any, lanes: Sequence[Lane], states: Any, keys: Any) -> Any:
    """Train until one of them has to look up; return the next states."""
    going = [lane for lane in dict.fromkeys(lanes) if lane.ended is None]
    size, runs = min(lane.room for lane in going), len(lanes)
    taken = {}
    for lane in going:
        with _named(lane):
            taken[lane] = lane.take(size)
    seen = [taken.get(lane, taken[going[0]]) for lane in lanes]
    with _alike("batches"):
        batches = arrays.stacked([seen[k][0][u] for u in range(size) for k in range(runs)], (size, runs))
    rows = np.stack([set_ for _, set_ in seen], axis=1)  # updates, runs, names
    controls = arrays.controls({name: rows[..., k] for k, name in enumerate(going[0].controls[0].names)})
    losses = []
    for u, (batch, control) in enumerate(zip(arrays.each(batches, size), arrays.each(controls, size), strict=True)):
        updates = [lane.completed + u for lane in lanes]
        states, loss = step(states, batch, keys, updates, control)
        losses.append(loss)
    numbers = arrays.numbers(losses)
    for lane in going:
        k = lanes.index(lane)
        with _named(lane):
            lane.give(arrays.at(states, k), numbers[:, k].tolist())
    return states


@contextmanager
def _alike(what: str) -> Iterator[None]:
    """Say it in words where those of the runs cannot be put side by side."""
    try:
        yield
    except LrlabError:
        raise
    except ValueError as error:
        raise LrlabError(
            worded(
                f"vectorise puts the {what} of all runs side by side, and they are not alike",
                str(error),
                f"{what} of one structure, with the same shapes and types, in every run and update",
                "leave out the incomplete last batch (drop_last=True), or vectorise",
            )
        ) from error


@contextmanager
def _named(lane: Lane) -> Iterator[None]:
    """An exception gets a note that names the run."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in a run of seed {lane.seed}, fold {lane.fold}")
        raise
