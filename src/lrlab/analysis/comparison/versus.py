"""One arm against a baseline that it has to beat: the answer, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lrlab.analysis.comparison.statistics import Comparison

Answer = Literal["better", "undecided", "worse", "baseline"]


@dataclass(frozen=True)
class Versus:
    """Whether the rival is "better" than the baseline, "undecided", "worse"; "baseline" where there was no rival.

    `difference` is that of the rival to the baseline in the metric, `low` and `high` its interval; None if a run
    diverged, or where it is unbounded.
    """

    answer: Answer
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def versus(comparison: Comparison | None, baseline: str, *, maximise: bool) -> Versus:
    """What the comparison of two arms, one of them the `baseline`, says about the other; None: there was none.

    >>> from lrlab.analysis.comparison.statistics import compare
    >>> scores = {"new": {1.0: [[1.0, 1.1, 1.0, 1.2]]}, "old": {1.0: [[2.0, 2.0, 2.1, 2.1]]}}
    >>> found = versus(compare(scores), "old", maximise=False)
    >>> found.answer, round(found.difference, 3)
    ('better', -0.975)
    """
    if comparison is None:
        return Versus("baseline")
    first, second = comparison.standings
    answer: Answer = "worse" if first.arm == baseline else "better"
    if second.verdict in ("not distinguishable", "equally good") or first.verdict == "diverged":
        answer = "undecided"
    if second.difference is None:
        return Versus(answer)
    if (second.arm == baseline) == maximise:
        return Versus(answer, second.difference, second.low, second.high)
    low, high = (None if end is None else -end for end in (second.high, second.low))
    return Versus(answer, -second.difference, low, high)
