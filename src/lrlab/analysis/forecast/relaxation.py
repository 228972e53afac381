"""Sums over a power-law memory at every update, in near-linear time.

The laws remember each change of the LR by a kernel (1 + c x)^-b of the time x since. Summed plainly that is one term
per pair of updates: 2.6 billion for 72 000 updates. A power of that form is a mixture of exponentials,

    (1 + c x)^-b = 1/Gamma(b) * integral over log u of u^b e^-u e^(-u c x),

and a sum over exponentials needs only a running value each. The integral is taken by the trapezoid rule in log u,
whose error falls faster than any power of the spacing; what lies left of the grid does not decay within the run and
is kept as a constant. Pairs within one block of updates are summed exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, gammainc

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_Blocks = tuple[Floats, ...]  # source, clock, before, scale: each (blocks, BLOCK)

_MANY = 1_000_000  # pairs: summed plainly up to here
_BLOCK = 32  # updates: the exact part costs this many powers per update, the rest one exponential per rate
_CHUNK = 1024  # blocks worked on at once, to bound the memory
_SPACING = 0.7  # of log u
_LEFT, _RIGHT = 1e-4, 40.0  # e^-40 is nothing; below 1e-4 / (longest time) nothing decays


def remembered(source: Floats, clock: Floats, scale: Floats, power: float, at: Ints) -> Floats:
    """What is left of all `source` terms after the steps `at`, shape (times,).

        out_t = sum over k <= t of source_k (1 + scale_k (clock_t - clock_{k-1}))^-power

    `source`, `clock` (its value after each step, non-decreasing, 0 before the first) and `scale` have shape (steps,),
    `power` is positive, `at` holds indices of steps. Where there are many pairs the absolute error is below 1e-4 of
    the largest running sum of sources; else the sum is exact.

    >>> remembered(np.array([1.0, 0.0]), np.array([0.0, 3.0]), np.ones(2), 0.5, np.array([0, 1])).tolist()
    [1.0, 0.5]
    """
    before = np.concatenate([[0.0], clock[:-1]])
    if len(at) * len(source) > _MANY:
        return _every(source, clock, before, scale, power)[at]
    since = np.maximum(clock[at][:, None] - before, 0.0)
    met = np.arange(len(source)) <= at[:, None]
    kernel = np.exp(-power * np.log(1.0 + scale * since))
    left: Floats = (kernel * met) @ source
    return left


def _every(source: Floats, clock: Floats, before: Floats, scale: Floats, power: float) -> Floats:
    padding = (0, -len(source) % _BLOCK)  # whatever stands there comes after all that is asked for
    blocked = [np.pad(values, padding, mode="edge").reshape(-1, _BLOCK) for values in (source, clock, before, scale)]
    rates = _rates(scale, float(clock[-1]))
    state, constant = np.zeros(len(rates)), 0.0
    out = []
    for first in range(0, len(blocked[0]), _CHUNK):
        part = tuple(values[first : first + _CHUNK] for values in blocked)
        far, state, constant = _far(part, rates, power, state, constant)
        out.append(_near(part, power) + far)
    return np.concatenate(out).ravel()[: len(source)]


def _rates(scale: Floats, longest: float) -> Floats:
    low = np.log(_LEFT / max(longest, 1e-300))
    high = np.log(_RIGHT * scale.max())
    low = min(low, np.log(_LEFT * scale.min()))
    return np.exp(np.arange(low, high + _SPACING, _SPACING))


def _near(blocks: _Blocks, power: float) -> Floats:
    """The pairs within a block, exactly: shape (blocks, BLOCK)."""
    source, clock, before, scale = blocks
    since = np.tril(clock[:, :, None] - before[:, None, :])
    kernel = np.tril(np.exp(-power * np.log1p(scale[:, None, :] * since)))
    near: Floats = np.einsum("btk,bk->bt", kernel, source)
    return near


def _far(blocks: _Blocks, rates: Floats, power: float, state: Floats, constant: float) -> tuple[Floats, Floats, float]:
    """What all earlier blocks left over, by one running value per rate; with the state after the last block."""
    source, clock, before, scale = blocks
    units = rates / scale[:, :, None]
    shares = _SPACING * np.exp(power * np.log(units) - units) / gamma(power)
    slow = gammainc(power, units[:, :, 0] * np.exp(-_SPACING / 2))
    to_end = np.exp(-rates * (clock[:, -1:, None] - before[:, :, None]))
    given = np.einsum("bk,bkr->br", source, shares * to_end)
    within = np.exp(-rates * (clock - before[:, :1])[:, :, None])
    met, constants = np.empty((len(source), len(rates))), np.empty(len(source))
    for block, (gift, slow_gift) in enumerate(zip(given, (source * slow).sum(1), strict=True)):
        met[block], constants[block] = state, constant
        state = state * within[block, -1] + gift
        constant += slow_gift
    return np.einsum("btr,br->bt", within, met) + constants[:, None], state, constant
