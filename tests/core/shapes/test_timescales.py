"""Schedules with a time scale of their own: boundaries, and no end unless one is given."""

import math
from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr


@pytest.mark.parametrize("every", ["1/3ep", "0.7ep", "1.1ep", "2.5ep", "33.3%", "1/7", 3])
@pytest.mark.parametrize("n", [30, 97, 600])
def test_staircases_drop_at_exact_boundaries(every, n):
    """step, exponential and the others drop at round(k * every), by exact fractions."""
    run = lr.Horizon(updates=n, updates_per_epoch=7)
    size = run.resolve(lr.Span.of(every))
    bounds = [math.floor(k * size + Fraction(1, 2)) for k in range(1, n + 1)]
    drops = [bisect_right(bounds, t) for t in range(n)]
    shapes = [
        lr.step(every, gamma=0.5),
        lr.exponential(decay=0.5, every=every, staircase=True),
        lr.exponential(gamma=0.5, every=every),
    ]
    for shape in shapes:
        curve = shape.over(run)
        assert curve.values().tolist() == [0.5**k for k in drops]
        assert [curve(t) for t in range(n)] == [0.5**k for k in drops]
    natural = lr.natural_exponential(1, every, staircase=True).over(run)
    assert natural.values() == pytest.approx(np.exp(-np.array(drops, float)))
    inverse = lr.inverse_time(1, every, staircase=True).over(run)
    assert inverse.values() == pytest.approx(1 / (1 + np.array(drops, float)))


def test_drops_less_than_an_update_apart():
    """Refused: every update would have several."""
    with pytest.raises(lr.LrlabError, match="at least 1 update apart"):
        lr.step("0.01%").over(100)


def test_no_end_unless_one_is_given():
    """Standing last they go on by their formula; with span= the value at its end is held."""
    assert lr.exponential(gamma=0.5).over(4)(10) == pytest.approx(0.5**10)
    assert lr.exponential(gamma=0.5, span=3).over(8).values() == pytest.approx([1, 0.5, 0.25] + [0.125] * 5)
    assert lr.inverse_sqrt(1).over(4)(8) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"gamma": 0.9, "decay": 0.5},
        {"gamma": 0.9, "staircase": True},
        {"decay": 0.5},
        {"every": 5},
        {"staircase": True},
        {"gamma": 0},
        {"gamma": 0.9, "every": 0},
    ],
)
def test_exponential_takes_one_of_two_forms(arguments):
    """gamma, or decay with every: anything between is refused with what to type."""
    with pytest.raises(lr.LrlabError, match="exponential"):
        lr.exponential(**arguments)


def test_noam_peaks_at_the_end_of_its_rise():
    """The peak, at the last update of the rise, is 1."""
    values = lr.noam(10).over(100).values()
    assert values.argmax() == 9
    assert values.max() == 1


def test_a_staircase_with_gamma_names_what_is_meant():
    """gamma with `every` falls at its end already; decay has a staircase."""
    with pytest.raises(lr.LrlabError, match=r"try:     exponential\(gamma=0.9, every=10\)"):
        lr.exponential(gamma=0.9, every=10, staircase=True)
    with pytest.raises(lr.LrlabError, match=r"exponential\(decay=0.5, every=...\)"):
        lr.exponential(gamma=0.9, decay=0.5)


@pytest.mark.parametrize("text", ["cosine()", "wsd()", "linear() >> cosine(5)", "linear().reverse()", "step()"])
def test_a_missing_length_names_the_horizon(text):
    """As the adapters call it, and as a schedule does."""
    with pytest.raises(lr.LrlabError, match="horizon=10_000"):
        lr.parse(text).over()
