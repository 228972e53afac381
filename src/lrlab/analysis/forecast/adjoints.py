"""The final loss of a law and its gradient in the LR of every cell, by hand-written reverse accumulation.

One evaluation costs a few passes over the cells whatever their number, so that a schedule of a hundred knots is
optimised in the time of a hundred evaluations. Checked against finite differences in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.cells import Cells
from lrlab.analysis.forecast.laws import Scale, effective, falls

Floats = NDArray[np.float64]


def elr_final(inner: Floats, outer: Floats, cells: Cells, scale: Scale) -> tuple[float, Floats]:
    """The loss of law "elr" after the last cell, and its gradient (cells,) in `cells.lr`.

    With x_k = H_end - H_k and the kernel K(x) = (1 + C x)^-beta the noise is sum of e_k^p (K(x_k) - K(x_{k-1})).
    """
    alpha, log_relaxation, beta, gamma, power, log_decay, log_growth, log_start = inner
    beta = max(beta, 0.01)
    _, progress, noise = outer
    lr, time = cells.lr / scale.lr, cells.width / scale.updates
    felt = effective(inner, cells, scale)
    e, speed = felt.lr, np.exp(log_relaxation)
    moved = felt.progress[-1] + np.exp(log_start)
    since = felt.clock[-1] - np.append(0.0, felt.clock)
    kernel = (1.0 + speed * since) ** -beta
    level = e**power
    loss = outer[0] + progress * moved**-alpha + noise * float(level @ np.diff(kernel))

    by_level = noise * np.diff(kernel)
    slope = -noise * beta * speed * (1.0 + speed * since) ** (-beta - 1.0)
    by_since = slope[:-1] * -np.diff(level, prepend=0.0)
    by_tick = np.cumsum(by_since)
    by_e = (
        -alpha * progress * moved ** (-alpha - 1.0) * time
        + by_level * power * e ** (power - 1.0)
        + by_tick * (1.0 - gamma) * e**-gamma * time
    )
    # Back through the weight norm: e = lr / sqrt(s), s the mean of the squared norm before and after the cell.
    rate = np.maximum(2.0 * scale.decay * np.exp(log_decay) * time, 1e-12)
    kept, stretch = np.exp(-rate * lr), -np.expm1(-rate * lr) / rate
    square = felt.square
    mean = (square[:-1] + square[1:]) / 2.0
    by_mean = by_e * -0.5 * lr * mean**-1.5
    direct = 0.5 * (by_mean + np.append(by_mean[1:], 0.0))
    backwards = zip(direct[::-1].tolist(), np.roll(kept, -1)[::-1].tolist(), strict=True)
    by_square = np.array(list(accumulate(backwards, lambda b, s: s[0] + b * s[1], initial=0.0)))[:0:-1]
    grown = np.exp(log_growth) * time * (stretch + lr * kept)
    by_lr = by_e * mean**-0.5 + by_square * (grown - square[:-1] * rate * kept)
    return float(loss), by_lr / scale.lr


def mpl_final(inner: Floats, outer: Floats, cells: Cells, scale: Scale) -> tuple[float, Floats]:
    """The loss of law "mpl" after the last cell, and its gradient (cells,) in `cells.lr`."""
    del scale
    alpha, log_c, beta, gamma = inner
    beta = max(beta, 0.01)
    _, progress, noise = outer
    lr, width = cells.lr, cells.width
    path = lr * width
    total, ahead = path.sum(), np.cumsum(path[::-1])[::-1]
    drops, counted = falls(lr)
    reach = np.exp(log_c) * lr**-gamma * ahead
    gain = (1.0 - (1.0 + reach) ** -beta) * counted
    loss = outer[0] + progress * total**-alpha - noise * float(drops @ gain)

    by_reach = -noise * drops * beta * (1.0 + reach) ** (-beta - 1.0)
    by_lr = (
        -noise * (np.append(gain[1:], 0.0) - gain)
        - by_reach * gamma * reach / lr
        + width * (np.cumsum(by_reach * reach / ahead) - alpha * progress * total ** (-alpha - 1.0))
    )
    return float(loss), by_lr


FINALS: dict[str, Callable[[Floats, Floats, Cells, Scale], tuple[float, Floats]]] = {
    "elr": elr_final,
    "mpl": mpl_final,
}
