"""The answer of a range test: LRs within a regret of the best, or that there are none, and why."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from lrlab.analysis.find.policy import Policy
from lrlab.analysis.find.profile import Profile

REGRETS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
)  # the one after the least for which there is a range is told: it held so
WIDE = 1.25  # a range spans such a factor
LEARNED = 0.005  # of the loss: so much better than untrained a run must end
Verdict = Literal["range", "none"]


@dataclass(frozen=True)
class Horizon:
    """What the length does to the best LR: LR* ~ T^power; `measured` where runs of two lengths were trained."""

    power: float
    low: float
    high: float
    measured: bool


@dataclass(frozen=True)
class Answer:
    """Multiples of the task's own LR from `low` to `high` are within `regret` of the best loss with probability
    `level`; `lr` is the one with the least expected regret. None where there is no such range: `why`.

    `unstable_above` is the lowest multiple at which something diverged; None where nothing did. `guess` is the multiple
    with the least expected regret, also where the runs are too noisy for a range.
    """

    verdict: Verdict
    why: str
    low: float | None = None
    lr: float | None = None
    high: float | None = None
    regret: float | None = None
    level: float = 0.9
    expected: float | None = None
    unstable_above: float | None = None
    horizon: Horizon | None = None
    guess: float | None = None


def answer(policy: Policy, level: float = 0.9) -> Answer:
    """What the runs of a policy say."""
    sweep, probes = policy.sweep, policy.probes
    if sweep is None:
        return Answer("none", "the loss is not finite from the first update on, at a thousandth of the LR", level=level)
    unstable = _unstable(policy)
    if not any(np.isfinite(probe.loss) for probe in probes):
        lowest = float(np.exp(min(probe.log_lr for probe in probes)))
        why = f"every short run diverged, down to × {lowest:.2g}"
        return Answer("none", why, level=level, unstable_above=unstable)
    found = policy.profile()
    best = min(probe.loss for probe in probes)
    noise = found.quantile(found.noise, 0.5)
    if not policy.untrained - best > max(LEARNED, 2 * noise):
        why = "flat: no short run ended better than the model began, so that no LR can be told from another"
        return Answer("none", why, level=level, unstable_above=unstable)
    for regret, told in pairwise(REGRETS):
        span = found.span(regret, level)
        if span is not None and span[1] - span[0] >= np.log(WIDE):
            return _range(found, span, told, level, unstable, len({probe.updates for probe in probes}) > 1)
    why = f"noise: no LRs can be said to be within {REGRETS[-2]:.0%} of the best, {level:.0%} sure; give it more budget"
    return Answer("none", why, level=level, unstable_above=unstable, guess=float(np.exp(found.best)))


def _range(
    found: Profile, span: tuple[float, float], regret: float, level: float, unstable: float | None, measured: bool
) -> Answer:
    low, high = span
    best = min(max(found.best, low), high)
    power, least, most = (found.quantile(found.horizon, share) for share in (0.5, (1 - level) / 2, (1 + level) / 2))
    if unstable is not None and unstable < np.exp(high):
        high = max(best, float(np.log(unstable)))
    return Answer(
        "range",
        f"any LR from low to high is within {regret:.0%} of the best, {level:.0%} sure",
        float(np.exp(low)),
        float(np.exp(best)),
        float(np.exp(high)),
        regret,
        level,
        found.expected(best),
        unstable,
        Horizon(power, least, most, measured),
        float(np.exp(best)),
    )


def _unstable(policy: Policy) -> float | None:
    """The lowest multiple at which a run diverged, or the sweep broke above all runs that ended."""
    assert policy.sweep is not None
    gone = [probe.log_lr for probe in policy.probes if not np.isfinite(probe.loss)]
    ended = [probe.log_lr for probe in policy.probes if np.isfinite(probe.loss)]
    breaks = policy.sweep.breaks
    if breaks is not None and breaks > max(ended, default=-np.inf):
        gone.append(breaks)
    return float(np.exp(min(gone))) if gone else None
