"""Even boundaries, in whole numbers."""

from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression.boundaries import begins, drops
from lrlab.core.expression.maths import ONES, OPEN_LOOP, JaxMaths, NumpyMaths
from lrlab.core.time.layout import TimeBase, Window
from lrlab.core.time.span import rounded


@pytest.mark.parametrize("every", [Fraction(1), Fraction(5), Fraction(5, 2), Fraction(1001, 7), Fraction(20001, 2000)])
def test_boundaries(every):
    """How many are at or before an update, and where the last of them is: by the definition."""
    window = Window(TimeBase(lr.Horizon(updates=300), 300), 0, 300)
    bounds = [rounded(k * every) for k in range(1, 400)]
    count, begin = drops(every, window), begins(every, window)
    expected = [(sum(b <= t for b in bounds), max([b for b in bounds if b <= t], default=0)) for t in range(300)]
    assert [(count(t, OPEN_LOOP), begin(t, OPEN_LOOP)) for t in range(300)] == expected
    many = NumpyMaths(np, ONES)
    assert begin(np.arange(300), many).tolist() == [last for _, last in expected]


def test_closer_than_an_update():
    """Refused."""
    with pytest.raises(lr.LrlabError, match="at least 1 update apart"):
        begins(Fraction(1, 2), Window(TimeBase(lr.Horizon(), None), 0, 9))


@pytest.mark.parametrize("every", [Fraction(5), Fraction(5, 2), Fraction(1001, 7), Fraction(1000, 999)])
def test_boundaries_in_32_bits(every):
    """JAX's own integers do not hold the products of long runs; the boundaries are the same ones."""
    jnp = pytest.importorskip("jax.numpy")
    window = Window(TimeBase(lr.Horizon(updates=10**7), 10**7), 0, 10**7)
    count, begin = drops(every, window), begins(every, window)
    times, jax = np.random.default_rng(0).integers(0, 10**7, 2000), JaxMaths(jnp, ONES)
    now, exact = jnp.asarray(times, dtype="int32"), NumpyMaths(np, ONES)
    assert np.array_equal(count(now, jax), count(times, exact))
    assert np.array_equal(begin(now, jax), begin(times, exact))


@pytest.mark.parametrize(
    "every", [Fraction(3), Fraction(5, 2), Fraction(2050, 1023), Fraction(2051, 1024), Fraction(2051, 1025)]
)
def test_the_first_boundaries_in_32_bits(every):
    """Also where there are too many in a round to be looked up."""
    jnp = pytest.importorskip("jax.numpy")
    window = Window(TimeBase(lr.Horizon(updates=3000), 3000), 0, 3000)
    bounds = np.array([rounded(k * every) for k in range(1, 3000)])
    jax, times = JaxMaths(jnp, ONES), np.arange(3000)
    now = jnp.asarray(times, dtype="int32")
    expected = (bounds[None] <= times[:, None]).sum(1)
    assert np.asarray(drops(every, window)(now, jax)).tolist() == expected.tolist()
    starts = np.append(0, bounds)[expected]
    assert np.asarray(begins(every, window)(now, jax)).tolist() == starts.tolist()
