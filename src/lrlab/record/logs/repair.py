"""Puts the steps of one column in order: updates that a resume trained again count once, as trained last."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kept = NDArray[np.intp]

_UNORDERED = 0.1  # of the points: if steps go back more often (and four times), the rows are just unordered


def ordered(at: Floats, values: Floats) -> tuple[Kept, tuple[str, ...]]:
    """The indices of the points to keep, by rising step, and sentences about what was done.

    If steps go back and the values differ, a run was resumed: earlier points are left out as far as the later rows go.
    Of points with the same step the last is kept.

    >>> kept, said = ordered(np.array([10.0, 20, 30, 40, 25, 35, 45]), np.array([7.0, 6, 5, 4, 5, 4, 3]))
    >>> kept.tolist(), said
    ([0, 1, 4, 5, 6], ('the steps go back from 40 to 25: a resume; the 2 earlier points from there on are left out',))
    """
    points = np.flatnonzero(np.isfinite(at))
    steps, values = at[points], values[points]
    starts = (np.flatnonzero(np.diff(steps) < 0) + 1).tolist()
    lost = np.zeros(len(steps), bool)
    said: list[str] = []
    if len(starts) <= max(3.0, _UNORDERED * len(steps)):
        for start, stop in itertools.pairwise([*starts, len(steps)]):
            sentence = _resumed(steps, values, lost, start, stop)
            said += [sentence] if sentence else []
    points, steps = points[~lost], steps[~lost]
    order = np.argsort(steps, kind="stable")
    last = np.append(np.diff(steps[order]) > 0, True)[: len(steps)]
    if not last.all():
        said.append(f"{int((~last).sum())} points were logged again later; the last of each is kept")
    return points[order][last], tuple(said)


def _resumed(steps: Floats, values: Floats, lost: NDArray[np.bool_], start: int, stop: int) -> str:
    """Mark the points that `start` to `stop` trained again as lost; return a sentence about them, or an empty text."""
    first, last = steps[start], steps[stop - 1]
    before = ~lost[:start] & (steps[:start] >= first) & (steps[:start] <= last)
    again = steps[start:stop] <= steps[:start][~lost[:start]].max(initial=-np.inf)
    if before.sum() < 2 or again.sum() < 2:  # a single late row
        return ""
    _, earlier, later = np.intersect1d(steps[:start][before], steps[start:stop], return_indices=True)
    same = values[:start][before][earlier] == values[start:stop][later]
    if len(same) and same.mean() >= 0.5:  # the same rows repeated, not a new training of the same updates
        return ""
    highest = steps[:start][~lost[:start]].max()
    kind = "a resume" if first > steps[:start].min() else "begun anew, or another run"
    behind = f"; beyond {last:g} the later rows end, and the earlier ones stay" if highest > last else ""
    lost[:start] |= before
    return (
        f"the steps go back from {highest:g} to {first:g}: {kind}; "
        f"the {int(before.sum())} earlier points from there on are left out{behind}"
    )
