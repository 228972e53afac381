"""Random numbers of TensorFlow: who names it and draws is told from who only computes."""

import sys
import types

import pytest

from lrlab.lab.training.fork import Alone, Lookout
from lrlab.lab.training.out_of_reach import hidden_random_numbers
from lrlab.lab.training.tracked import Tracked

tf = types.ModuleType("tensorflow")
tf.random = types.SimpleNamespace(normal=lambda shape: shape)


def draws(run):
    """By way of another function."""
    return noisy(3)


def noisy(shape):
    return tf.random.normal(shape)


def computes(run):
    return tf.reduce_mean(run)


def imports(run):
    import tensorflow

    return tensorflow.nn.dropout(run, 0.1)


@pytest.fixture
def loaded(monkeypatch):
    """A module of that name."""
    monkeypatch.setitem(sys.modules, "tensorflow", tf)


def test_who_draws_is_found(loaded):
    """Where it is loaded at the top of the file, or within."""
    assert [bool(hidden_random_numbers(each)) for each in (draws, computes, imports)] == [True, False, True]


def test_without_it_nobody_does(monkeypatch):
    """Nor where an empty module stands in for it."""
    for module in (None, types.ModuleType("tensorflow")):
        monkeypatch.setitem(sys.modules, "tensorflow", module)
        assert hidden_random_numbers(draws) == []


def test_a_training_that_draws_is_not_shared(loaded):
    """And the reason says of what."""
    steps = (k for k in range(3))
    with pytest.raises(Alone, match="random numbers of TensorFlow"):
        Lookout(draws).look(steps, Tracked(), [0], 0)
