"""How far a prediction may be off: spread of the parameters, noise between runs, and doubts; scaled to cover.

    half width = CONFORMAL * z(level) * sqrt(g C g' + (RUN_NOISE * loss)^2 + sum of (doubt * loss)^2)

g is the gradient of the predicted loss in the parameters, C their Laplace covariance. The one factor CONFORMAL was
set on held-out curves of the development logs (`benchmarks/forecast.py`) so that the interval at 90 % covers 90 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from lrlab.analysis.forecast.cells import compress
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.laws import Form, Scale

Floats = NDArray[np.float64]

CONFORMAL = 0.68
RUN_NOISE = 4e-4  # relative: two runs that differ only in their noise end this far apart
_TIMES = 200  # at which the spread is computed; between them it is interpolated


def half_width(
    form: Form, fitted: Fitted, scale: Scale, lrs: Floats, loss: Floats, doubts: Floats, level: float
) -> Floats:
    """Half the width of the interval at `level` after every update, shape (updates,).

    `lrs` and `loss` have shape (updates,); `doubts` are standard deviations relative to the loss.
    """
    times = np.unique(np.geomspace(1, len(lrs), _TIMES).astype(np.int64))
    times = np.union1d(times, np.linspace(1, len(lrs), _TIMES).astype(np.int64))
    slopes = gradient(form, fitted, scale, lrs, times)
    variance = np.einsum("ti,ij,tj->t", slopes, fitted.covariance, slopes)
    spread = np.interp(np.arange(1, len(lrs) + 1), times, np.sqrt(np.maximum(variance, 0.0)))
    other = (RUN_NOISE**2 + float(np.sum(doubts**2))) * loss**2
    width: Floats = CONFORMAL * norm.ppf(0.5 + level / 2) * np.sqrt(spread**2 + other)
    return width


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
