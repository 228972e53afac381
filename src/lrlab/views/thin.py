"""Fewer points for the same picture: error-bounded polylines for LR curves, M4 for noisy ones.

A polyline answers for every point that it leaves out: there the straight line between its neighbours is
within a tolerance, so jumps stay jumps and a cosine of 100 000 updates becomes some sixty points. A noisy
curve has no short polyline; of it, M4 keeps the first, lowest, highest and last point of every column, which
draw the same pixels.

    Jugel, Jerzak, Hackenbroich, Markl: M4: a visualization-oriented time series data aggregation, VLDB 2014
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lrlab.views.model import Figure, Line

TOLERANCE = 2e-4  # of the range of the values: a fifteenth of a pixel in a figure of 320 pixels
_STRETCHES = 2048  # of a long curve, each narrower than a pixel
_DUST = 1e-9  # a curve that varies by less than this share of its size is constant but for rounding

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def polyline(x: Floats, y: Floats, tolerance: float, most: int | None = None) -> Indices | None:
    """The indices of a polyline within `tolerance` (of y) of every point; `None` if it takes over `most`.

    x, y: (points,), x strictly increasing, all finite. Every stretch that misses is split at its worst point,
    all stretches at once, until none misses.

    >>> x = np.arange(1000.0)
    >>> polyline(x, np.minimum(x / 100, 1.0), 1e-6).tolist()
    [0, 100, 999]
    """
    kept = np.zeros(len(x), dtype=bool)
    kept[[0, -1]] = True
    while len(keep := np.flatnonzero(kept)) > 1:
        error = np.abs(np.interp(x, x[keep], y[keep]) - y)
        worst = np.maximum.reduceat(error, keep[:-1])
        if not np.any(worst > tolerance):
            break
        stretch = np.repeat(np.arange(len(worst)), np.diff(np.append(keep[:-1], len(x))))
        at_worst = np.flatnonzero((error == worst[stretch]) & (error > tolerance))
        first = np.diff(stretch[at_worst], prepend=-1) > 0
        kept[at_worst[first]] = True
        if most is not None and np.count_nonzero(kept) > most:
            return None
    return keep


def outline(y: Floats, tolerance: float) -> Indices:
    """As `polyline` of evenly spaced points, of a long curve sooner: none is missed by more than twice the tolerance.

    Only the extremes of each of some 2000 stretches are looked at, and both sides of every jump; that this was enough
    is found out in the end.

    >>> outline(np.minimum(np.arange(100_000) / 1000, 1.0), 1e-4).tolist()
    [0, 1000, 99999]
    """
    n = len(y)
    width = n // _STRETCHES
    if width < 4:
        return _everywhere(y, np.arange(n), tolerance)
    rows = y[: width * _STRETCHES].reshape(_STRETCHES, width)
    first = np.arange(_STRETCHES) * width
    jumps = np.flatnonzero(np.abs(np.diff(y)) > tolerance)
    looked_at = np.zeros(n, dtype=bool)
    looked_at[width * _STRETCHES :] = looked_at[-1] = True
    for some in (first, first + rows.argmin(axis=1), first + rows.argmax(axis=1), first + width - 1, jumps, jumps + 1):
        looked_at[some] = True
    kept = _everywhere(y, np.flatnonzero(looked_at), tolerance)
    missed = np.abs(np.interp(np.arange(n), kept, y[kept]) - y).max()
    return kept if missed <= 2 * tolerance else _everywhere(y, np.arange(n), tolerance)


def _everywhere(y: Floats, at: Indices, tolerance: float) -> Indices:
    """The polyline of some of the points."""
    found = polyline(at.astype(np.float64), y[at], tolerance)
    assert found is not None  # there is no limit to it
    return at[found]


def m4(x: Floats, y: Floats, columns: int) -> Indices:
    """The indices of the first, lowest, highest and last point of each of `columns` equal columns of x.

    x, y: (points,), x strictly increasing, all finite.

    >>> m4(np.arange(8.0), np.array([0, 3, 1, 2, 5, 4, 7, 6.0]), 2).tolist()
    [0, 1, 3, 4, 5, 6, 7]
    """
    width = (x[-1] - x[0]) / columns or 1.0
    column = np.minimum(((x - x[0]) / width).astype(np.intp), columns - 1)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    lasts = np.append(starts[1:], len(x)) - 1
    by_value = np.lexsort((y, column))
    return np.unique(np.concatenate((starts, lasts, by_value[starts], by_value[lasts])))


def thinned_lines(figure: Figure, columns: int) -> list[Line]:
    """The lines of a figure as they look in `columns` columns between its axes."""
    return [thinned(line, columns, log_x=figure.log_x, log_y=figure.log_y) for line in figure.lines]


def thinned(line: Line, columns: int, *, log_x: bool = False, log_y: bool = False) -> Line:
    """The line as it looks in `columns` columns, with few points; gaps stay, and the edges of its band too.

    A polyline if that takes at most two points a column (tolerance: 2e-4 of the range; of the logarithms
    where `log_y`), M4 otherwise. On a logarithmic axis values that are not positive become gaps.

    >>> ramp = Line("ramp", range(1000), [i / 999 for i in range(1000)])
    >>> thinned(ramp, 100).x
    (0.0, 999.0)
    """
    edges = [line.y] if line.low is None or line.high is None else [line.y, line.low, line.high]
    columns_of_values = [_array(edge, log_y) for edge in edges]
    x = np.log(line.x) if log_x else np.asarray(line.x)
    kept = np.unique(np.concatenate([_kept(x, y, columns) for y in columns_of_values]))
    scale = np.exp if log_y else np.positive
    y, *band = [_listed(scale(values[kept])) for values in columns_of_values]
    low, high = band or (None, None)
    return replace(line, x=[line.x[i] for i in kept], y=y, low=low, high=high)


def _kept(x: Floats, y: Floats, columns: int) -> Indices:
    """The indices that one row of values needs; gaps are NaN."""
    present = np.isfinite(y)
    if not present.any():
        return np.unique([0, len(x) - 1])
    held = y[present]
    spread = float(np.ptp(held))
    tolerance = TOLERANCE * spread if spread > _DUST * float(np.abs(held).max()) else math.inf
    gaps = np.flatnonzero(~present & np.roll(present, 1))  # one point stands for the whole gap
    runs = np.split(np.flatnonzero(present), np.flatnonzero(np.diff(np.flatnonzero(present)) > 1) + 1)
    pieces: list[Indices] = []
    for run in runs:
        found = polyline(x[run], y[run], tolerance, 2 * columns)
        if found is None or sum(map(len, pieces)) + len(found) > 2 * columns:
            everything = np.flatnonzero(present)
            noisy = m4(x[everything], held, columns) if len(everything) > 4 * columns else slice(None)
            return np.union1d(everything[noisy], gaps)
        pieces.append(run[found])
    return np.union1d(np.concatenate(pieces), gaps)


def _array(values: Sequence[float | None], log: bool) -> Floats:
    y = np.array(values, dtype=np.float64)
    if log:
        y = np.log(y, where=y > 0, out=np.full_like(y, np.nan))
    return y


def _listed(values: Floats) -> list[float | None]:
    return [v if math.isfinite(v) else None for v in values.tolist()]
