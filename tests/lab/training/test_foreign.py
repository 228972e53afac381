"""Arrays of JAX and TensorFlow come back from the store as they were, to the last bit and in their own number type."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lrlab.lab.training.foreign import restored, stored
from lrlab.lab.training.values import Unholdable

jax = pytest.importorskip("jax")

KNOWN = ["bool", "int32", "uint8", "float16", "float32"]  # those that the store has a name for, as they are
OTHERS = ["bfloat16", "float8_e4m3fn", "int4", "complex64"]  # by their bytes


@pytest.mark.parametrize("kind", [*KNOWN, *OTHERS])
@pytest.mark.parametrize("values", [3.0, [1.0, 0.0, 3.0], [[1.0], [2.0]]])
def test_an_array_of_jax_comes_back_as_it_was(kind, values):
    """Of any number type and any shape, a single number too."""
    array = jax.numpy.asarray(values, kind)
    kept = stored(array)
    assert all(isinstance(part, np.ndarray | str) for part in kept.values())
    assert [*kept] == (["array"] if kind in KNOWN else ["bytes", "as"])
    back = restored(kept, array)
    assert isinstance(back, jax.Array)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert bool((back == array).all())


@pytest.mark.parametrize("wide", [False, True])
def test_numbers_of_64_bits_are_not_halved(wide):
    """Though JAX does so by default; a program may have turned that off for a part of its own."""
    with jax.enable_x64(True):
        array = jax.numpy.asarray([0.1, 1e300])
        integers = jax.numpy.asarray([2**40])
    with jax.enable_x64(wide):
        for each in (array, integers):
            back = restored(stored(each), each)
            assert back.dtype == each.dtype
            assert np.array_equal(np.asarray(back), np.asarray(each))
        assert jax.numpy.asarray(0.1).dtype == ("float64" if wide else "float32")


@pytest.mark.parametrize("kind", ["threefry2x32", "rbg"])
def test_a_key_draws_the_same_again(kind):
    """By the same rule of drawing."""
    key = jax.random.split(jax.random.key(7, impl=kind), 3)
    back = restored(stored(key), key)
    assert back.dtype == key.dtype
    assert [float(jax.random.uniform(each)) for each in back] == [float(jax.random.uniform(each)) for each in key]


def test_a_variable_takes_the_values_and_stays_the_same():
    """Whoever holds it sees them."""
    held = []
    variable = SimpleNamespace(assign=held.append)
    assert restored(stored(np.arange(3.0)), variable) is variable
    assert held[0].tolist() == [0.0, 1.0, 2.0]


class Tensor:
    """What a library calls so."""


def test_a_tensor_of_tensorflow_is_made_by_it(monkeypatch):
    """Not a value of another library, nor one that an empty stand-in of that name cannot make."""
    library = SimpleNamespace(Tensor=Tensor, constant=lambda array: ("constant", array.tolist()))
    monkeypatch.setitem(sys.modules, "tensorflow", library)
    kept = stored(np.arange(2.0, dtype=np.float32))
    assert restored(kept, Tensor()) == ("constant", [0.0, 1.0])
    for there in (library, SimpleNamespace()):
        monkeypatch.setitem(sys.modules, "tensorflow", there)
        assert isinstance(restored(kept, jax.numpy.zeros(2)), jax.Array)


def test_without_its_library_an_array_cannot_be_made_again(monkeypatch):
    """What is no key of JAX is told by its numbers, wherever they come from."""
    monkeypatch.delitem(sys.modules, "jax")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    kept = stored(np.arange(2.0))
    assert kept["array"].tolist() == [0.0, 1.0]
    with pytest.raises(Unholdable, match="a Tensor cannot be made of an array again"):
        restored(kept, Tensor())
