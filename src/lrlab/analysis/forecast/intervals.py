"""How far a prediction may be off: spread of the parameters, noise between runs, and doubts.

    half width = z(level) * sqrt(factor^2 g C g' + (RUN_NOISE * loss)^2 + doubts^2)

on either side; below, a loss that falls on is doubted besides (`doubts.below`).

g is the gradient of the predicted loss in the parameters, C their Laplace covariance, with what is not known of other
peak LRs (`offsets`). The factor is CONFORMAL for language models, whose laws are known, and GENERIC for anything else.
CONFORMAL, the walk of the offsets and the shares in `doubts.beyond` were set on finals of held-out curves, regime by
regime (`benchmarks/forecast_regimes.py`), to cover 85 to 97 % in each at 90 %; what either of two collections alone
would have chosen, and how that holds on the other: `benchmarks/forecast_calibration.py`. With --lab it chooses what
holds for other models on the lab's tasks, each with the constants of all the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from lrlab.analysis.forecast.cells import compress
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.laws import Form, Scale

Floats = NDArray[np.float64]

CONFORMAL = 0.33
GENERIC = 1.0
RUN_NOISE = 4.5e-4  # relative: two runs that differ only in their noise end this far apart
_TIMES = 200  # at which the spread is computed; between them it is interpolated


def half_width(
    form: Form,
    fitted: Fitted,
    scale: Scale,
    lrs: Floats,
    loss: Floats,
    doubts: Floats,
    level: float,
    factor: float = CONFORMAL,
) -> Floats:
    """Half the width of the interval at `level` after every update, of the shape of `doubts`.

    `lrs` and `loss` have shape (updates,), `doubts`, a standard deviation, (updates,) or (sides, updates).
    """
    times = np.unique(np.geomspace(1, len(lrs), _TIMES).astype(np.int64))
    times = np.union1d(times, np.linspace(1, len(lrs), _TIMES).astype(np.int64))
    slopes = gradient(form, fitted, scale, lrs, times)
    variance = np.einsum("ti,ij,tj->t", slopes, fitted.covariance, slopes)
    spread = np.interp(np.arange(1, len(lrs) + 1), times, np.sqrt(np.maximum(variance, 0.0)))
    other = (RUN_NOISE * loss) ** 2 + doubts**2
    width: Floats = norm.ppf(0.5 + level / 2) * np.sqrt((factor * spread) ** 2 + other)
    return width


def difference_half_width(
    form: Form,
    fitted: Fitted,
    scale: Scale,
    runs: tuple[Floats, Floats],
    doubts: Floats,
    level: float,
    factor: float = CONFORMAL,
) -> float:
    """Half the width of the interval of the difference of two final losses under one fit, `runs` being their LRs.

    What both owe to the parameters cancels; the noise of either run does not. `doubts` are standard deviations.
    """
    first, second = (gradient(form, fitted, scale, lrs, np.array([len(lrs)]))[0] for lrs in runs)
    slope = first - second
    variance = factor**2 * float(slope @ fitted.covariance @ slope) + float(np.sum(doubts**2))
    return float(norm.ppf(0.5 + level / 2) * np.sqrt(variance))


def gradient(form: Form, fitted: Fitted, scale: Scale, lrs: Floats, times: NDArray[np.int64]) -> Floats:
    """Derivatives of the loss after `times` updates in (inner, outer): shape (times, inner + 3)."""
    cells = compress(lrs, times)
    columns = form.columns(fitted.inner, cells, scale)
    sd = np.sqrt(np.diag(fitted.covariance))
    slopes = []
    for index in range(len(fitted.inner)):
        step = 1e-3 * sd[index] + 1e-9
        moved = fitted.inner.copy()
        moved[index] += step
        slopes.append((form.columns(moved, cells, scale) - columns) @ fitted.outer / step)
    return np.column_stack([*slopes, columns])
