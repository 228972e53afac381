"""The schedule that the gradient norms of one run ask for, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrlab.analysis.refine.artefact import rise
from lrlab.analysis.refine.closed_form import closed_form, smoothed, thinned
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.piecewise import piecewise_linear
from lrlab.errors import LrlabError, worded
from lrlab.shown import Shown

Floats = NDArray[np.float64]

STRETCHES = 200  # at most so many values are read off the norms
LEAST = 20  # norms
TOLERANCE = 0.02  # of the peak: how far straight lines may be from the closed form
GAP = 0.1  # of the run: so much of it may have no norms, at either end
TURNS = 4  # a schedule that changes its direction more often follows the noise of few norms
NARROW = 0.15  # of the run: a schedule that is above half of its peak for less follows a few norms
QUIET = 0.01  # a rise below this share is none
WIDTH, WIDEST, ENOUGH = 0.1, 0.3, 250  # of the run: the median, and in a short one; norms that it is to hold
WARMUP = 0.2  # of the run: a longer rise of the LR is no warmup
FORMULA = (
    "What was taken out is a formula's, for weights behind a normalisation. Where no layer is normalised there is no "
    "such rise: correct=False, or --as-measured, leaves it in."
)
ALIKE = 1e-4  # norms that differ by less are one and the same
POWER, POWER_NORMED = 1.0, 0.5  # of the norms, for SGD and for Adam: half of those of the paper


class RefinementRecord(TypedDict):
    """The schedule, the power of the norms that gave it, and doubts in sentences.

    The power is half of that of the paper. `rise` is by which factor weight decay raises the norm at most, and
    `corrected` whether that was taken out. `times` are shares of the run; `norms` are those that were used:
    smoothed, and held where they rise.
    """

    schedule: str
    power: float
    corrected: bool
    rise: float
    times: list[float]
    norms: list[float]
    values: list[float]
    doubts: list[str]


@dataclass(frozen=True, eq=False)
class Refinement(Shown):
    """The schedule, with the curves that it came from: see `RefinementRecord`.

    `raw` is the schedule without the correction, `measured` the norms before it and before they were smoothed;
    `by_formula` says whether the rise is that of a formula, None where there was none for want of the weight decay.
    """

    schedule: Schedule
    raw: Schedule
    power: float
    corrected: bool
    rise: float
    by_formula: bool | None
    times: Floats
    measured: Floats
    norms: Floats
    doubts: tuple[str, ...]

    def record(self) -> RefinementRecord:
        """All of it as plain JSON values."""
        return {
            "schedule": str(self.schedule),
            "power": self.power,
            "corrected": self.corrected,
            "rise": self.rise,
            "times": self.times.tolist(),
            "norms": self.norms.tolist(),
            "values": [float(value) for value in self.values],
            "doubts": list(self.doubts),
        }

    @property
    def values(self) -> Floats:
        """The schedule at `times`."""
        curve = self.schedule.over(10**6)
        found: Floats = curve((self.times * 10**6).astype(int))
        return found

    @property
    def linear(self) -> bool:
        """Whether after a warmup it is a linear decay."""
        top = int(self.values.argmax())
        if self.times[top] > WARMUP + 1 / len(self.times):
            return False
        line = self.values[top] * (1 - self.times[top:]) / (1 - self.times[top])
        return bool(np.abs(self.values[top:] - line).max() <= TOLERANCE)

    def __repr__(self) -> str:
        """The schedule, and its doubts."""
        return "\n".join([str(self.schedule), *self.doubts])


def refine_norms(
    updates: ArrayLike,
    norms: ArrayLike,
    lrs: ArrayLike,
    *,
    normed: bool = False,
    weight_decay: float | None = None,
    rises: ArrayLike | None = None,
    correct: bool = True,
    l2: ArrayLike | None = None,
    highest: ArrayLike | None = None,
    width: float | None = None,
) -> Refinement:
    """The schedule that these norms ask for: the closed form, by halves, and of what falls alone.

    The power of the norms is half of that of the bound, which is for the worst case. Where they rise they are held, so
    that they ask for no decay faster than linear. Why, and what it was chosen on, stands in docs/refine.md.

    Args:
        updates, norms: the norm of the gradient, and after how many updates; in ascending order.
        lrs: the LR of every update of the run.
        normed: whether updates have a length of their own, as Adam's: then the power is 0.5, with L1 norms (L2 norms
            come near). Of SGD it is 1, with L2 norms.
        weight_decay: that of the optimizer; where it is known, what it does to the norms behind a normalisation is
            taken out, by a formula.
        rises: the factor by which each norm is raised in that way, where it was measured: then without the formula.
        correct: whether it is taken out.
        l2, highest: the L2 norms of the same gradients, and the greatest of their values, by which a clipping is known.
        width: share of the run over which the running median is taken; by default a tenth, in short runs up to three
            tenths, so that it holds 250 norms.

    The warmup of the run stays as it is: its norms are those of an untrained model at other LRs than the schedule has.

    Raises `LrlabError` for a norm below 0, for fewer than 20 positive ones, for norms that never change, for more than
    a tenth of the run without them at either end, for norms behind its end, or for a width outside (0, 0.5).

    >>> steady = refine_norms(range(1, 101), [3.0, 3.0, 3.1, 3.0] * 25, [0.1] * 100)
    >>> steady.schedule
    piecewise_linear([(0, 1), ("100%", 0)])
    """
    at, given, rates = (np.asarray(each, dtype=float) for each in (updates, norms, lrs))
    if (given < 0).any():
        least = float(np.nanmin(given))
        raise LrlabError(worded("refine: a norm is never below 0", least, "the norms, not logarithms of them"))
    usable = np.isfinite(given) & (given > 0)
    if usable.sum() < LEAST:
        told = f"{usable.sum()} of {len(given)} are positive numbers, in a run of {len(rates)} updates"
        hint = "log one an update" if len(given) < LEAST else "the norm after backward(), before zero_grad()"
        hint = hint if len(rates) >= LEAST else f"updates={LEAST}, or --updates {LEAST}"
        raise LrlabError(worded("refine: positive norms", told, f"{LEAST} or more", hint))
    bounds = [np.asarray(each, dtype=float)[usable] for each in (given, l2, highest) if each is not None]
    if (alike := max(_held(each) for each in bounds[:2]))[0] == usable.sum():
        told, hint = f"{alike[0]} times {alike[1]:.4g}", "were they logged, and before the clipping?"
        raise LrlabError(worded("refine: the norms never change", told, "those of every update, no two alike", hint))
    if width is None:
        width = min(max(WIDTH, ENOUGH / int(usable.sum())), WIDEST)
    if not 0 < width < 0.5:
        raise LrlabError(worded("refine: width is a share of the run", width, "above 0, below 0.5", "width=0.1"))
    if weight_decay is not None and not 0 <= weight_decay < np.inf:
        raise LrlabError(worded("refine: weight decay", weight_decay, "0 or more, finite", "weight_decay=0.1"))
    horizon = len(rates)
    wide = _covered(at[usable], horizon)
    count = min(STRETCHES, int(usable.sum()))
    places = (at[usable] - 0.5) / horizon
    measured = _by_stretch(places, given[usable], count)
    rates_there = rates[((np.arange(count) + 0.5) / count * horizon).astype(int)]
    factors = np.ones(count)
    if rises is not None:
        factors = _by_stretch(places, np.asarray(rises, dtype=float)[usable], count)
    elif weight_decay and rates.max() > 0:
        factors = rise(rates_there, horizon / count, weight_decay, normed=normed)
    by_formula = None if rises is None and weight_decay is None else rises is None
    corrected = correct and bool(np.abs(factors - 1).max() > QUIET)
    times, warmup = (np.arange(count) + 0.5) / count, _warmup(rates)
    power = POWER_NORMED if normed else POWER
    kept, raw = (
        _settled(norms, times > len(warmup) / horizon, width)
        for norms in (measured / factors if corrected else measured, measured)
    )
    schedule = _schedule(kept, power, warmup, horizon)
    return Refinement(
        schedule=schedule,
        raw=_schedule(raw, power, warmup, horizon),
        power=power,
        corrected=corrected,
        rise=float(factors.max()),
        by_formula=by_formula,
        times=times,
        measured=measured,
        norms=kept,
        doubts=(
            *([FORMULA] if corrected and by_formula else []),
            *_clipped(*max(_held(each) for each in bounds), int(usable.sum())),
            *_cold(rates, warmup),
            *_doubts(schedule, by_formula is None, int((~usable).sum()), wide),
        ),
    )


def _covered(at: Floats, horizon: int) -> float:
    """The widest stretch between two norms, as a share of the run; raises `LrlabError` where an end has none."""
    if at.max() > horizon:
        behind = f"norms after {at.max():g} updates, in a run of {horizon}"
        raise LrlabError(worded("refine: norms and LRs are not of one run", behind, "the LR of every update"))
    first, last = (at.min() - 1) / horizon, at.max() / horizon
    if first > GAP or last < 1 - GAP:
        missing = "begin late" if first > GAP else "end early"
        raise LrlabError(
            worded(
                f"refine: the norms {missing}, and what they would be there is not known",
                f"positive norms from {first:.0%} to {last:.0%} of {horizon} updates",
                f"norms of the whole run, but for a share of {GAP:g} at either end",
                "a log of a whole run, which did not diverge",
            )
        )
    return float(np.diff(at).max()) / horizon


def _by_stretch(times: Floats, norms: Floats, count: int) -> Floats:
    """The median norm of each of equal stretches; one without a norm has that of a straight line between others."""
    place = (times * count).astype(int)
    held = [np.median(norms[place == k]) if (place == k).any() else np.nan for k in range(count)]
    found = np.array(held)
    there = np.isfinite(found)
    filled: Floats = np.interp(np.arange(count), np.flatnonzero(there), found[there])
    return filled


def _warmup(rates: Floats) -> Floats:
    """The LRs of the warmup, as shares of the peak: those before it, if they never fall and are not too many."""
    peak = int(rates.argmax())
    rises = peak <= WARMUP * len(rates) and (np.diff(rates[: peak + 1]) >= 0).all()
    return rates[:peak] / rates[peak] if rises else rates[:0]


def _settled(norms: Floats, after: NDArray[np.bool_], width: float) -> Floats:
    """The norms, smoothed, and held where they rise; those of the warmup are as high as the first one after it."""
    smooth = np.minimum.accumulate(smoothed(norms[after], width))
    return np.concatenate([np.full(len(norms) - len(smooth), smooth[0]), smooth])


def _schedule(norms: Floats, power: float, warmup: Floats, horizon: int) -> Schedule:
    times, values = closed_form(norms, power)
    starts = np.arange(len(warmup) + 1) / horizon
    at = np.unique(np.append(times, starts[-1]))
    there = np.interp(np.maximum(at, starts[-1]), times, values) * np.interp(at, starts, np.append(warmup, 1.0))
    points = thinned(at, there / there.max(), TOLERANCE)
    return piecewise_linear([(f"{100 * time:.3g}%" if time else 0, round(value, 3)) for time, value in points])


def _held(norms: Floats) -> tuple[int, float]:
    """How many norms are the greatest, and what that is."""
    return int(np.isclose(norms, norms.max(), rtol=ALIKE, atol=0).sum()), float(norms.max())


def _clipped(held: int, highest: float, count: int) -> list[str]:
    """Whether most norms are the greatest: the bound of a clipping, behind which they cannot be seen."""
    if held <= count / 2:
        return []
    return [
        f"{held} of {count} norms are {highest:.4g}, the greatest: clipped ones say nothing. Log the "
        "norm before the clipping, as torch.nn.utils.clip_grad_norm_ returns it."
    ]


def _cold(rates: Floats, warmup: Floats) -> list[str]:
    """Whether the LR of the run rose for longer than a warmup, so that the schedule begins without one."""
    share = int(rates.argmax()) / len(rates)
    if len(warmup) or share <= WARMUP:
        return []
    return [
        f"The LR of the run rises for {share:.0%} of it, longer than a warmup ({WARMUP:.0%}): the schedule has none. "
        "Begin it with one of your own."
    ]


def _doubts(schedule: Schedule, unknown: bool, left_out: int, wide: float) -> list[str]:
    found = []
    values = schedule.over(1000).values()
    if (share := float(np.mean(values > 0.5))) < NARROW:
        found.append(
            f"The schedule is above half of its peak for {share:.0%} of the run: the norms fall so far that it follows "
            "a few of them. The method is not made for runs that end with gradients near zero."
        )
    if unknown:
        found.append("The weight decay is not known: a rise of the norms that it causes at the end is still in them.")
    way = np.sign(np.diff(values))
    if (turns := int(np.count_nonzero(np.diff(way[way != 0])))) > TURNS:
        found.append(
            f"The schedule turns {turns} times: it follows the noise of these norms. Take a wider median "
            "(width=0.4, or --width 0.4), or a longer run."
        )
    if wide > GAP:
        found.append(f"For {wide:.0%} of the run there are no norms: a straight line was taken between its ends.")
    if left_out:
        found.append(f"{left_out} norms were not positive numbers, and were left out.")
    return found
