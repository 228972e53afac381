"""Shapes from `start` to `to`: ends, extremes, parts without an update."""

import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.shapes.base import Transition

LEGS = Transition.__subclasses__()
EXACT = [leg for leg in LEGS if leg.arrives]


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.__name__)
def test_values_stay_between_the_ends(leg):
    """No shape overshoots: every value lies between start and end."""
    for start, to in [(1.0, 0.1), (0.1, 1.0), (0.3, 0.7), (1e-9, 1e9)]:
        values = leg(start=start, to=to).over(1000).values()
        low, high = min(start, to), max(start, to)
        assert (values >= low - 1e-12 * high).all()
        assert (values <= high * (1 + 1e-12)).all()


@pytest.mark.parametrize("leg", EXACT, ids=lambda leg: leg.__name__)
@pytest.mark.parametrize("n", [1, 2, 3, 10, 999])
def test_ends(leg, n):
    """It begins at start, and ends at `to`: closed at its last update, open one later; both stay there exactly."""
    for start, to in [(1.0, 0.1), (0.3, 0.7)]:
        opened, closed = leg(n, start=start, to=to).over(n), leg(n, start=start, to=to, closed=True).over(n)
        assert opened(0) == pytest.approx(start, rel=1e-15)
        assert opened(n) == opened(n + 1) == opened(10**9) == to
        assert closed(n - 1) == closed(n) == to
        assert closed.values()[-1] == to
        assert opened(np.array([n, 10**9])).tolist() == [to, to]


@pytest.mark.parametrize("leg", EXACT, ids=lambda leg: leg.__name__)
def test_no_update_at_all(leg):
    """A phase of 0 updates counts as over."""
    curve = (lr.warmup(3) >> leg(0, to=0.5) >> lr.hold()).over(10)
    assert curve(3) == 0.5


def test_no_cancellation_near_the_end():
    """The last values of a decay over 1e6 updates are accurate to the last digits (goldens in 50-digit decimals)."""
    n = 10**6
    assert lr.one_minus_sqrt().over(n)(n - 1) == pytest.approx(5.000001250000625e-7, rel=1e-15)


def test_hyperbolic_begins_alike():
    """Its beginning does not depend on the length of the run, only on `upper` (the paper's point)."""
    a, b = lr.hyperbolic(upper=1000).over(500), lr.hyperbolic(upper=1000).over(900)
    assert a(1) - a(0) == pytest.approx(b(1) - b(0), rel=0.35)
    r = 500 / 1000
    for i in (0, 10, 499):
        u = i / 500
        h = math.sqrt(r * (1 - u) * (2 - r * (1 + u)))
        assert a(i) == pytest.approx(1 + (h - math.sqrt(r * (2 - r))), rel=1e-12)
    with pytest.raises(lr.LrlabError, match="upper must be at least"):
        lr.hyperbolic(upper=5).over(10)


def test_words():
    """Rises, falls, holds."""
    assert lr.linear(to=2).words() == "rises linearly from 1 to 2"
    assert lr.cosine(start="here").words() == "goes as half a cosine from where it is to 0"
    assert lr.linear(start=0.5, to=0.5).words() == "holds 0.5"


def test_what_does_not_end_where_it_says():
    """Exactly these do not reach `to`, as their docstrings say; a new shape is looked at by `test_ends`."""
    assert sorted(leg.__name__ for leg in LEGS if not leg.arrives) == ["cosine_cycle", "hyperbolic", "tanh"]
    for leg in set(LEGS) - set(EXACT):
        assert leg(10, to=0.2).over(10)(10) != 0.2


@pytest.mark.parametrize("beta", [1, 1.5])
def test_a_rex_that_would_divide_by_nothing_is_refused(beta):
    """At the end of the span, or before it."""
    with pytest.raises(lr.LrlabError, match="beta must be below 1"):
        lr.rex(beta=beta)
