"""Fewer points, the same picture."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrlab.views.model import Figure, Line
from lrlab.views.thin import TOLERANCE, m4, polyline, thinned, thinned_lines

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)
ANY_SIZE = 100_000


@given(values, st.floats(0, 1e5))
def test_law_polyline_is_within_its_tolerance(ys, tolerance):
    """At every point, kept or not, the polyline is off by the tolerance at most; both ends are kept."""
    x, y = np.arange(float(len(ys))), np.array(ys)
    keep = polyline(x, y, tolerance)
    assert keep[0] == 0
    assert keep[-1] == len(ys) - 1
    assert np.abs(np.interp(x, x[keep], y[keep]) - y).max() <= tolerance


@pytest.mark.exhaustive
@settings(max_examples=5000, deadline=None)
@given(values, st.floats(0, 1e5))
def test_law_polyline_is_within_its_tolerance_in_full(ys, tolerance):
    """The law above, many more times."""
    x, y = np.arange(float(len(ys))), np.array(ys)
    keep = polyline(x, y, tolerance)
    assert np.abs(np.interp(x, x[keep], y[keep]) - y).max() <= tolerance


@given(st.integers(1, 98), st.floats(0.01, 10))
def test_law_jumps_stay(at, height):
    """Both sides of a jump are kept, so that it takes one update in the picture as in the run."""
    x = np.arange(100.0)
    keep = polyline(x, np.where(x < at, 0.0, height), TOLERANCE * height)
    assert keep.tolist() == sorted({0, at - 1, at, 99})


@pytest.mark.parametrize(
    ("name", "curve", "most"),
    [
        ("linear", lambda u: 1 - u, 2),
        ("constant", lambda u: 0 * u + 0.1, 2),
        ("cosine", lambda u: (1 + np.cos(np.pi * u)) / 2, 65),
        ("step", lambda u: 0.1 ** np.floor(u * 4), 8),
        ("warm restarts", lambda u: (1 + np.cos(np.pi * (u * 10 % 1))) / 2, 600),
    ],
)
def test_learning_rate_curves_become_short(name, curve, most):
    """100 000 updates of the usual shapes are a handful of points, within the tolerance."""
    u = np.arange(ANY_SIZE) / ANY_SIZE
    line = thinned(Line(name, range(ANY_SIZE), curve(u).tolist()), 300)
    assert len(line.x) <= most
    assert np.abs(np.interp(np.arange(ANY_SIZE), line.x, line.y) - curve(u)).max() <= TOLERANCE


def test_rounding_dust_is_no_shape():
    """A constant with noise in its last bit is two points, not a thousand."""
    y = 0.1 + np.random.default_rng(0).normal(0, 1e-17, 1000)
    assert len(thinned(Line("constant", range(1000), y.tolist()), 100).x) == 2


@given(values, st.integers(1, 40))
def test_law_m4_keeps_what_every_column_shows(ys, columns):
    """In each column of x: the first, the last, the lowest and the highest value are still there."""
    x, y = np.arange(float(len(ys))), np.array(ys)
    keep = m4(x, y, columns)
    assert len(keep) <= 4 * columns
    column = np.minimum((x / ((x[-1] / columns) or 1)).astype(int), columns - 1)
    for c in set(column.tolist()):
        inside, kept = y[column == c], y[keep][column[keep] == c]
        assert (kept[0], kept[-1], kept.min(), kept.max()) == (
            inside[0],
            inside[-1],
            inside.min(),
            inside.max(),
        )


def test_noise_is_thinned_to_columns():
    """A noisy loss of 100 000 updates keeps its envelope in at most four points a column."""
    y = np.random.default_rng(0).normal(size=ANY_SIZE)
    line = thinned(Line("noise", range(ANY_SIZE), y.tolist()), 300)
    assert 300 < len(line.x) <= 1200
    assert (min(line.y), max(line.y)) == (y.min(), y.max())


def test_short_lines_stay_whole():
    """What has no more points than the picture has room for loses none of them."""
    y = np.random.default_rng(0).normal(size=300).tolist()
    assert thinned(Line("noise", range(300), y), 100).y == tuple(y)


@given(st.lists(st.one_of(st.none(), st.floats(-10, 10)), min_size=1, max_size=100), st.integers(1, 30))
def test_law_gaps_stay_gaps(ys, columns):
    """Two neighbours of the thinned line had no gap between them, and every kept value is the line's own."""
    line = Line("a", range(len(ys)), ys)
    thin = thinned(line, columns)
    assert all(line.y[int(x)] == y for x, y in zip(thin.x, thin.y, strict=True))
    for (a, before), (b, after) in pairwise(zip(thin.x, thin.y, strict=True)):
        if before is not None and after is not None:
            assert None not in line.y[int(a) : int(b)]


def test_band_is_thinned_with_its_line():
    """The three edges share their points, and each stays within its own tolerance."""
    x = np.arange(1000.0)
    y = np.sin(x / 100)
    line = Line("a", x.tolist(), y.tolist(), (y - x / 500).tolist(), (y + 1).tolist())
    thin = thinned(line, 100)
    assert len(thin.x) < 200
    for kept, whole in ((thin.y, line.y), (thin.low, line.low), (thin.high, line.high)):
        assert np.abs(np.interp(x, thin.x, kept) - whole).max() <= TOLERANCE * np.ptp(whole)


def test_logarithms_decide_on_a_logarithmic_axis():
    """The error is bounded where it is seen; what is not positive becomes a gap; values come back unharmed."""
    x = np.arange(1001.0)
    line = Line("a", x.tolist(), (10.0 ** (-6 * x / 1000)).tolist())
    assert thinned(line, 100, log_y=True).x == (0.0, 1000.0)
    assert thinned(line, 100, log_y=True).y == pytest.approx((1.0, 1e-6), rel=1e-12)
    zero = thinned(Line("b", [0, 1, 2], [1, 0, -1]), 100, log_y=True)
    assert zero.y == (1.0, None)


def test_straight_is_what_is_straight_between_the_axes_of_the_figure():
    """A power law takes two points where both are logarithmic, and a logarithm where x is; x comes back unharmed."""
    x = np.geomspace(0.003, 700, 1000)
    power, logarithm = Line("power", x.tolist(), (x**-0.5).tolist()), Line("log", x.tolist(), np.log(x).tolist())
    assert thinned(logarithm, 100, log_x=True).x == (x[0], x[-1])
    assert len(thinned(logarithm, 100).x) > 2
    (both,) = thinned_lines(Figure("f", "LR", "loss", (power,), log_x=True, log_y=True), 100)
    assert both.x == (x[0], x[-1])
    (one,) = thinned_lines(Figure("f", "LR", "loss", (power,), log_y=True), 100)
    assert len(one.x) > 2


def test_columns_are_equal_between_the_axes_of_the_figure():
    """On a logarithmic axis the first of two decades of noise has as many points as the second."""
    x = np.geomspace(1, 100, ANY_SIZE)
    noise = Line("noise", x.tolist(), np.random.default_rng(0).normal(size=ANY_SIZE).tolist())
    kept = np.array(thinned(noise, 300, log_x=True).x)
    assert np.count_nonzero(kept < 10) == pytest.approx(len(kept) / 2, rel=0.05)


def test_line_of_gaps():
    """Nothing to draw is not a reason to fail."""
    assert thinned(Line("a", range(5), [math.nan] * 5), 10).y == (None, None)
    assert thinned(Line("a", [3], [None]), 10).x == (3.0,)
