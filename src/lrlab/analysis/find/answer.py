"""The answer of a range test: LRs within a regret of the best, or that there are none, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lrlab.analysis.find.policy import Policy
from lrlab.analysis.find.profile import Profile
from lrlab.analysis.find.scale import NOTHING

REGRETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # the least for which there is a range is told
WIDE = 1.25  # a range spans such a factor
BEYOND = float(np.log(2.0))  # of log LR: so far beyond the LRs that were tried a guess may lie
APART = 30.0  # of log loss: where runs differ by more, shares of the best say nothing
LEARNED = 0.005  # of the loss: so much better than untrained a run must end
Verdict = Literal["range", "none"]
Span = tuple[float, float] | None


@dataclass(frozen=True)
class Horizon:
    """What the length does to the best LR from the runs to the whole: LR* ~ T^power, as is usual. `measured` is the
    power between the two lengths that were trained, None where there is one; it says little of what lies beyond."""

    power: float
    low: float
    high: float
    measured: float | None


@dataclass(frozen=True)
class Answer:
    """Multiples of the task's own LR from `low` to `high` are within `regret` of the best loss with probability
    `level`, whether or not the task's own LR is believed in; `lr` is the one with the least expected regret, for
    which it is, or the nearest to that in the range. None where there is no such range: `why`.

    `unstable_above` is the lowest multiple at which a run broke or, where none did, the sweep; None where nothing did.
    `edge` is the multiple of the best run where that was the lowest or the highest that was tried: the best LR may lie
    beyond it. `guess` is the multiple with the least expected regret (`expected`), also where there is no range; None
    where nothing was learned. Where no regret can be told, and `expected` is None, it is that of the best run.
    """

    verdict: Verdict
    why: str
    level: float
    low: float | None = None
    lr: float | None = None
    high: float | None = None
    regret: float | None = None
    expected: float | None = None
    unstable_above: float | None = None
    horizon: Horizon | None = None
    guess: float | None = None
    edge: float | None = None


def answer(policy: Policy, level: float = 0.9, unit: float | None = None) -> Answer:
    """What the runs of a policy say. `unit` is the LR of a multiple of 1, for the words; None where there is none."""
    sweep, probes = policy.sweep, policy.probes
    if sweep is None:
        return Answer("none", "the loss is not finite from the first update on, at a thousandth of the LR", level)
    unstable = _unstable(policy)
    if not any(np.isfinite(probe.loss) for probe in probes):
        lowest = _named(min(probe.log_lr for probe in probes), unit)
        return Answer("none", f"every short run diverged, down to {lowest}", level, unstable_above=unstable)
    if shareless := _shareless(policy, unit):
        least = min(probe.loss for probe in probes)
        guess = float(np.exp(np.median([probe.log_lr for probe in probes if probe.loss == least])))
        return Answer("none", shareless, level, unstable_above=unstable, guess=guess)
    found = policy.profile()
    best = min(probe.loss for probe in probes)
    noise = float(np.median(found.noise))
    flat = not policy.untrained - best > max(LEARNED, 2 * noise)
    if flat or policy.edge is not None:
        why = _why(policy, flat, unit)
        edge = None if policy.edge is None else float(np.exp(policy.edge.log_lr))
        return _none(policy, why, level, unstable, None if flat else found, edge)
    doubting = policy.doubting()
    for regret in REGRETS:
        span = _common(found.span(regret, level), doubting.span(regret, level))
        if span is not None and span[1] - span[0] >= np.log(WIDE):
            return _range(policy, found, span, regret, level, unstable)
    more = f"{2 * policy.budget / policy.updates:.2g}"
    says = f"no LRs can be said to be within {REGRETS[-1]:.0%} of the best, {100 * level:g}% sure"
    return _none(policy, f"{says}, by these runs; --budget {more} (budget={more})", level, unstable, found)


def _common(one: Span, other: Span) -> Span:
    """What lies in both."""
    return None if one is None or other is None else (max(one[0], other[0]), min(one[1], other[1]))


def _shareless(policy: Policy, unit: float | None) -> str:
    """Why nothing can be said in shares of the best loss; empty where it can."""
    nothing = sorted(probe.log_lr for probe in policy.probes if probe.loss <= NOTHING)
    if nothing:
        named = ", ".join(dict.fromkeys(_named(at, unit) for at in nothing))
        return f"at LR {named} the metric is 0, of which nothing is a share: judge by one that no run brings to 0"
    kept = [probe.loss for probe in policy.probes if not policy.broke(probe)]
    if kept and max(kept) - min(kept) > APART:
        apart = f"a factor of e^{max(kept) - min(kept):.0f}"
        return (
            f"the short runs lie {apart} apart, so that shares of the best say nothing: judge by a mean over examples"
        )
    return ""


def _none(
    policy: Policy, why: str, level: float, unstable: float | None, found: Profile | None, edge: float | None = None
) -> Answer:
    """No range; the LR with the least expected regret is a guess, where something was learned, near what was tried."""
    if found is None:
        return Answer("none", why, level, unstable_above=unstable, edge=edge)
    tried = [probe.log_lr for probe in policy.probes]
    at = min(max(found.best, min(tried) - BEYOND), max(tried) + BEYOND)
    return Answer(
        "none", why, level, unstable_above=unstable, expected=found.expected(at), guess=float(np.exp(at)), edge=edge
    )


def _why(policy: Policy, flat: bool, unit: float | None) -> str:
    """Why there is no range: nothing was learned, or the best of the runs is the outermost."""
    learned = "flat: no short run ended clearly better than the model began, so that no LR can be told from another"
    if policy.edge is None:
        return learned
    above = policy.edge.log_lr > min(probe.log_lr for probe in policy.probes)
    end, way = ("highest", "above") if above else ("lowest", "below")
    at, more = _named(policy.edge.log_lr, unit), f"{2 * policy.budget / policy.updates:.2g}"
    where = f"the best {'may lie' if flat else 'lies'} {way} {at}, not tried; --budget {more} (budget={more})"
    beside = f", or a {'higher' if above else 'lower'} LR of the task"
    return f"{learned}; {where}{beside}" if flat else f"the best short run is that of the {end} LR: {where}{beside}"


def _named(log_lr: float, unit: float | None) -> str:
    return f"× {np.exp(log_lr):.2g}" if unit is None else f"{unit * np.exp(log_lr):.3g}"


def _range(
    policy: Policy,
    found: Profile,
    span: tuple[float, float],
    regret: float,
    level: float,
    unstable: float | None,
) -> Answer:
    low, high = span
    best = min(max(found.best, low), high)
    low = max([low, *(each.log_lr for each in policy.probes if policy.broke(each) and each.log_lr < best)])
    measured = len({probe.updates for probe in policy.probes}) > 1
    power, least, most = np.quantile(found.horizon, (0.5, (1 - level) / 2, (1 + level) / 2)).tolist()
    if unstable is not None and unstable < np.exp(high):
        high = max(best, float(np.log(unstable)))
    return Answer(
        "range",
        f"any LR from low to high is within {regret:.0%} of the best, {100 * level:g}% sure",
        level,
        float(np.exp(low)),
        float(np.exp(best)),
        float(np.exp(high)),
        regret,
        found.expected(best),
        unstable,
        Horizon(power, least, most, float(np.median(found.among)) if measured else None),
        float(np.exp(best)),
    )


def _unstable(policy: Policy) -> float | None:
    """The lowest multiple above all runs that did not at which a run broke or, where none did, at which the sweep broke
    above all runs."""
    assert policy.sweep is not None
    fine = max((probe.log_lr for probe in policy.probes if not policy.broke(probe)), default=-np.inf)
    gone = [probe.log_lr for probe in policy.probes if policy.broke(probe) and probe.log_lr > fine]
    breaks = policy.sweep.breaks
    if not gone and breaks is not None and breaks > max((probe.log_lr for probe in policy.probes), default=-np.inf):
        gone.append(breaks)
    return float(np.exp(min(gone))) if gone else None
