"""One arm's line of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lrlab.analysis.comparison.profile import Point
from lrlab.analysis.comparison.stability import Unstable
from lrlab.analysis.comparison.tuning import Tuned

Verdict = Literal["best", "equally good", "not distinguishable", "worse", "open", "unstable", "diverged"]
Edge = Literal["lowest", "highest"]


@dataclass(frozen=True)
class Standing:
    """One arm's line of the report. Every number is finite or None, so that it can be written as JSON.

    `scores` has one value per unit (fold, or seed where there is one fold), at learning rates weighed by the other
    units, the likeliest of which is that of `lrs`. `sd` is the spread of the scores over units. `difference` is how far
    the arm is behind the best in the mean of the pairs (0.0 for the best itself), `low` and `high` its interval, None
    where unbounded, `p` the adjusted p-value; `low > 0` exactly where `p <= 1 - level`. Then the verdict is "worse";
    but "open" where the arm ends best at an `edge` of the learning rates that were tried, for it may do better beyond,
    and "unstable" where it is not worse at a rate that it lost because some runs diverged there (`unstable`). Otherwise
    it is "equally good" where the interval ends within what matters, or else "not distinguishable". An arm that
    diverged somewhere at every rate is "diverged": the units in which a run did are None, and so is all that compares.
    `profile` is its mean at each rate that was tried, `wider` the rate to try next, None where the best is inside;
    `tuning` what is to be expected of it after so many of the rates that all arms were tried at.
    """

    arm: str
    rank: int
    mean: float | None
    sd: float | None
    lrs: tuple[float, ...]
    scores: tuple[float | None, ...]
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict
    edge: Edge | None = None
    unstable: Unstable | None = None
    profile: tuple[Point, ...] = ()
    wider: float | None = None
    tuning: tuple[Tuned, ...] = ()
