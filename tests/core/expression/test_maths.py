"""Python floats and NumPy arrays by one set of names."""

import math

import numpy as np
import pytest

from lrlab.core.expression.maths import ONES, OPEN_LOOP, JaxMaths, NumpyMaths

MANY = NumpyMaths(np, ONES)
VALUES = [0.0, 1e-300, 0.5, 1.0, 2.0, 700.0, 710.0, 1e300, math.inf]


@pytest.mark.parametrize("name", ["cos", "exp", "sqrt"])
@pytest.mark.parametrize("x", [*VALUES, -1.0, -1e300, -math.inf, math.nan])
def test_functions_agree_and_never_raise(name, x):
    """One number and an array: the same, infinity and not-a-number included."""
    with np.errstate(all="ignore"):
        many = float(getattr(MANY, name)(np.array([x]))[0])
    assert getattr(OPEN_LOOP, name)(x) == pytest.approx(many, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("x", [*VALUES, -2.0])
@pytest.mark.parametrize("y", [-1e3, -1.0, 0.0, 0.5, 3.0, 1e3])
def test_power(x, y):
    """Powers: overflow is infinity; 0 to a negative power is not an error."""
    with np.errstate(all="ignore"):
        many = float(MANY.power(np.array([x]), y)[0])
    one = OPEN_LOOP.power(x, y)
    assert one == pytest.approx(many, rel=1e-14, nan_ok=True) or (x == 0 and y < 0)


def test_choose_and_passed():
    """The phase of a time, and how many boundaries lie behind it."""
    starts = [0, 3, 3, 7]
    phases = [lambda t, m, k=k: 10.0 * k + t for k in range(4)]
    one = [OPEN_LOOP.choose(starts, phases.__getitem__, t) for t in range(9)]
    assert one == [0, 1, 2, 20, 21, 22, 23, 30, 31]
    assert MANY.choose(starts, phases.__getitem__, np.arange(9)).tolist() == one
    assert MANY.choose(starts, phases.__getitem__, np.array([], dtype=int)).shape == (0,)
    assert [OPEN_LOOP.passed([3, 7], t) for t in (2, 3, 7)] == MANY.passed([3, 7], np.array([2, 3, 7])).tolist()


def test_take():
    """A part of a long table is taken without touching the rest."""
    values = tuple(float(k) for k in range(1000))
    index = np.array([[5, 900], [7, 5]])
    assert MANY.take(values, index).tolist() == [[5, 900], [7, 5]]
    assert MANY.take(values, np.array([], dtype=int)).shape == (0,)


def test_a_power_of_nothing_under_jax():
    """0 to the power of 0 is 1, as everywhere; a base below 1 keeps what its power needs in float32."""
    jnp = pytest.importorskip("jax.numpy")
    traced = JaxMaths(jnp, ONES)
    assert np.asarray(traced.power(0.0, jnp.asarray([0.0, 1.0, 2.0]))).tolist() == [1.0, 0.0, 0.0]
    assert np.asarray(traced.power(0.5, jnp.asarray([1.0, 2.0]))).tolist() == pytest.approx([0.5, 0.25])
