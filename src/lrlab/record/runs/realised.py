"""The LR that a run really had, from its schedule, its LR and the decisions of its controllers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lrlab.core.run.curve import Curve
from lrlab.core.run.pacer import Decision
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, worded
from lrlab.record.held import held
from lrlab.record.runs.run import StoredRun


def realised(run: StoredRun) -> NDArray[np.float64]:
    """The LR of every update of a finished run, as a multiple of the task's own: shape (updates,).

    Raises `LrlabError` if a decision belongs to a controller that the schedule does not have.
    """
    curve = parse(run.schedule).over(held(run.updates, "the run"))
    names = [placed.name for placed in curve.controllers]
    for decision in run.decisions:
        if decision.controller not in names:
            raise LrlabError(worded("a decision of no such controller", decision.controller, ", ".join(names)))
    return run.lr * factored(curve, run.decisions, 0, run.updates)


def factored(
    curve: Curve, decisions: Sequence[Decision], start: int, stop: int, first: Mapping[str, float] | None = None
) -> NDArray[np.float64]:
    """The multipliers that the updates start ... stop-1 had under these decisions: shape (stop-start,).

    A decision holds from its update on. A decision at an earlier update than those before it is a roll-back: the
    updates from there on were made again. Controllers that the curve does not have change nothing. `first` has the
    factors before the first decision, if they are not 1.

    >>> import lrlab as lr
    >>> cut = Decision(2, "plateau1", "cut", 1.0, 0.5, "")
    >>> factored(lr.plateau().over(4), [cut], 0, 4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    factors = {placed.name: (first or {}).get(placed.name, 1.0) for placed in curve.controllers}
    marks = [start, *(min(max(decision.update, start), stop) for decision in decisions), stop]
    multipliers = np.empty(stop - start)
    for decided, (begin, end) in zip((None, *decisions), pairwise(marks), strict=True):
        if decided is not None and decided.controller in factors:
            factors[decided.controller] = decided.new
        if end > begin:
            in_order = [factors[placed.name] for placed in curve.controllers]
            multipliers[begin - start : end - start] = curve.between(begin, end, in_order)
    return multipliers
