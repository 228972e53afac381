"""What decides the future of a thing of Keras: it is taken out, and given back to the last bit, or refused."""

import os

import numpy as np
import pytest

from lrlab.lab.training.held_keras import give_keras, is_keras, parts_of, take_keras
from lrlab.lab.training.values import Unholdable

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when Keras is first imported
keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # of Keras's own variables


def network(width=3):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width), keras.layers.Dropout(0.5, seed=1)])
    model.layers[0].temperature = 2.0
    return model


def taken(model):
    return take_keras(model, "model", {}, lambda item, path, memo: item)


def given_back(model, state):
    return give_keras(model, state, lambda now, kept: kept)


def test_variables_and_attributes_are_given_back():
    """Weights, random numbers, what a layer holds by a name of its own, and whether it is trained at all."""
    model = network()
    state, weights = taken(model), [np.array(weight) for weight in model.get_weights()]
    seeds = [np.array(variable) for variable in model.variables[len(weights) :]]
    model.set_weights([weight + 1 for weight in weights])
    model(np.ones((4, 2)), training=True)  # draws
    model.layers[0].temperature = 5.0
    model.layers[0].trainable = False
    assert given_back(model, state) is model
    assert all((now == before).all() for now, before in zip(model.get_weights(), weights, strict=True))
    assert all((np.array(v) == s).all() for v, s in zip(model.variables[len(weights) :], seeds, strict=True))
    assert (model.layers[0].temperature, model.layers[0].trainable) == (2.0, True)
    assert len(model.layers[0].trainable_variables) == 2  # told to Keras, not laid beside


def test_another_model_is_refused():
    """With more variables, or more layers that have none."""
    state = taken(network())
    deeper = network()
    deeper.add(keras.layers.Dense(1))
    flat = network()
    flat.add(keras.layers.Flatten())
    for other in (deeper, flat):
        with pytest.raises(Unholdable, match="has other variables than at the beginning of the run"):
            given_back(other, state)


def test_what_is_of_keras():
    """What has variables, or comes from what has; generators of seeds; nothing else."""

    class Own(keras.layers.Dense):
        pass

    kinds = (Own, keras.Model, keras.optimizers.SGD, keras.metrics.Mean, keras.random.SeedGenerator)
    assert all(map(is_keras, kinds))
    assert not any(map(is_keras, (np.ndarray, dict, keras.callbacks.Callback, keras.initializers.Zeros)))
    assert parts_of(keras.optimizers.SGD()) == []
