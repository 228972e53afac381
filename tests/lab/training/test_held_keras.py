"""What decides the future of a thing of Keras: it is taken out, and given back to the last bit, or refused."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from lrlab.lab.training.held_keras import (
    array_of,
    attributes_beside,
    give_keras,
    gradient_of,
    is_keras,
    own_parts_of,
    parts_of,
    take_keras,
)
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


class Own:
    """What a program of one's own holds in a layer and Keras does not know."""


class Scaled(keras.layers.Dense):
    """A layer of one's own, with all that one may lay beside what Keras has."""

    def __init__(self):
        super().__init__(3)
        self.temperature, self._count, self.thing, self.table = 2.0, 0, Own(), np.ones(2)
        self.inside = keras.layers.Dense(1)

    def call(self, inputs):
        self._count += 1
        return super().call(inputs)


def test_what_is_beside_is_what_keras_does_not_make_itself():
    """Sizes and what a program named, with an underscore too; no layers, and nothing of Keras's own machinery."""
    held = attributes_beside(Scaled())
    assert {"units", "temperature", "_count", "thing", "table", "trainable"} <= held.keys()
    assert not held.keys() & {"name", "built", "inside", "_losses", "_trainable", "_metrics", "_layers"}


def test_what_is_taken_is_what_can_be_stored():
    """Numbers and arrays, by public names; a model is a part of itself."""
    layer = Scaled()
    model = keras.Sequential([keras.Input((2,)), layer])
    model.note = 3
    parts = parts_of(model)
    assert model in parts
    assert layer in parts
    beside = dict(zip(map(id, parts), taken(model)[1], strict=True))
    assert {"units", "temperature", "table"} <= beside[id(layer)].keys()
    assert not beside[id(layer)].keys() & {"_count", "thing", "inside"}
    assert beside[id(model)]["note"] == 3


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="elsewhere no variable holds a gradient")
def test_a_gradient_is_given_back():
    """Where one stands between two updates; where none does, none is made."""
    model = network()
    model(np.ones((4, 2))).sum().backward()
    state = taken(model)
    gradients = [variable.value.grad.clone() for variable in model.trainable_variables]
    model.zero_grad()
    given_back(model, state)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert (variable.value.grad == gradient).all()
    assert all(gradient is None for gradient in taken(network())[2])


def test_a_value_without_gradients_has_none():
    """As those of JAX are."""
    assert gradient_of(SimpleNamespace(value=SimpleNamespace())) is None


@pytest.mark.parametrize(
    ("kind", "stored"), [("float32", "float32"), ("int32", "int32"), ("bool", "bool"), ("bfloat16", "float32")]
)
def test_a_variable_is_stored_in_its_own_type_where_it_can(kind, stored):
    """bfloat16 is a part of float32."""
    array = array_of(keras.Variable([1.0, 0.0], dtype=kind, trainable=False))
    assert array.dtype == stored
    assert array.tolist() == [1.0, 0.0]


def own_loss(true, told):
    return (true - told) ** 2


class OwnOptimizer(keras.optimizers.SGD):
    pass


class OwnMetric(keras.metrics.Mean):
    pass


def test_the_parts_of_ones_own_beside_the_layers_are_found():
    """Each once: the optimizer, the loss, the metrics, a model of one's own; what Keras has is not one's own."""

    class Model(keras.Sequential):
        pass

    plain = network()
    plain.compile("sgd", "mse", metrics=["mae"])
    assert own_parts_of(plain) == own_parts_of(network()) == []
    optimizer, metric = OwnOptimizer(), OwnMetric()
    plain.compile(optimizer, own_loss, metrics=[metric])
    found = own_parts_of(plain)
    assert len(found) == len({*map(id, found)})
    assert {id(optimizer), id(own_loss), id(metric)} <= {*map(id, found)}
    assert own_parts_of(Model()) == []  # a layer of itself: looked at among them
