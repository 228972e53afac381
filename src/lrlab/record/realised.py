"""The LR that a finished run really had, from its schedule, its LR and what its controllers decided."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lrlab.core.text import parse
from lrlab.errors import LrlabError, worded
from lrlab.record.run import Run


def realised(run: Run) -> NDArray[np.float64]:
    """The LR of every update, as a multiple of the task's own: shape (updates,).

    Raises `LrlabError` where a decision is of a controller that the schedule does not have.
    """
    curve = parse(run.schedule).over(run.updates)
    names, factors = [controller.name for controller in curve.controllers], [1.0] * len(curve.controllers)
    for decision in run.decisions:
        if decision.controller not in names:
            raise LrlabError(worded("a decision of no such controller", decision.controller, ", ".join(names)))
    marks = [0, *(min(decision.update, run.updates) for decision in run.decisions), run.updates]
    pieces = []
    for decided, (start, stop) in zip((None, *run.decisions), pairwise(marks), strict=True):
        if decided is not None:
            factors[names.index(decided.controller)] = decided.new
        if stop > start:
            pieces.append(curve.between(start, stop, factors))
    return run.lr * np.concatenate(pieces)
