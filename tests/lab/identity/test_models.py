"""Models of libraries that are held outside of a training: one identity at every call, and another for another."""

import functools

import numpy as np
import pytest

from lrlab.lab.identity.identity import identity_of
from lrlab.lab.identity.models import is_keras, of_keras


def held(thing):
    def train(run):
        return thing

    found = identity_of(train)
    assert found.unseen == ()
    return found.digest


def keras_models(keras):
    class Mine(keras.Model):
        def __init__(self, width):
            super().__init__()
            self.blocks = [keras.layers.Dense(width)]

        def call(self, x):
            return self.blocks[0](x)

    def sequential(width=2, activation="relu", ones=1.0):
        made = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(width, activation=activation)])
        for each in made.variables:
            each.assign(np.full(each.shape, ones))
        return made

    def compiled(lr):
        made = sequential()
        made.compile(optimizer=keras.optimizers.Adam(lr), loss="mse")
        return made

    def functional(twice):
        given = keras.layers.Input((3,))
        first, second = (
            keras.layers.Dense(3, kernel_initializer="ones"),
            keras.layers.Dense(3, kernel_initializer="ones"),
        )
        return keras.Model(given, second(first(given)) if twice else first(given) + second(given))

    return {
        "a model": sequential,
        "another width": functools.partial(sequential, 4),
        "another activation": functools.partial(sequential, activation="tanh"),
        "other weights": functools.partial(sequential, ones=2.0),
        "compiled": functools.partial(compiled, 0.1),
        "compiled otherwise": functools.partial(compiled, 0.2),
        "one after the other": functools.partial(functional, True),
        "one beside the other": functools.partial(functional, False),
        "of one's own": functools.partial(Mine, 3),
        "of one's own, wider": functools.partial(Mine, 4),
        "a layer": functools.partial(keras.layers.Dense, 2),
        "a wider layer": functools.partial(keras.layers.Dense, 3),
        "an optimizer": functools.partial(keras.optimizers.SGD, 0.1),
        "a metric": keras.metrics.Mean,
    }


def test_things_of_keras_are_their_configuration_and_weights():
    """Keras counts its names through the process; two that are made alike are one, in every order."""
    keras = pytest.importorskip("keras")
    models = keras_models(keras)
    first = {name: held(make()) for name, make in models.items()}
    again = {name: held(make()) for name, make in reversed(models.items())}
    assert first == again
    assert len({*first.values()}) == len(models)


def test_a_model_of_keras_at_two_calls():
    keras = pytest.importorskip("keras")
    model = keras_models(keras)["a model"]()
    model(np.zeros((1, 3)))
    assert held(model) == held(model)


def test_modules_of_flax_before_and_after_they_are_used():
    """One that variables are bound to makes its parts when somebody looks at it."""
    jax, linen = pytest.importorskip("jax"), pytest.importorskip("flax.linen")

    class Parts(linen.Module):
        width: int

        def setup(self):
            self.parts = [linen.Dense(self.width)]

        def __call__(self, x):
            return self.parts[0](x)

    for make in (functools.partial(Parts, 2), functools.partial(linen.Dense, 2)):
        module, other = make(), make()
        before = held(module)
        variables = module.init(jax.random.key(0), np.ones((1, 2)))
        assert before == held(module) == held(other)
        bound = module.bind(variables)
        assert held(bound) == held(bound) == held(other.bind(variables)) != before
        doubled = jax.tree.map(lambda leaf: 2 * leaf, variables)
        assert held(bound) != held(module.bind(doubled))


def test_what_is_of_keras_is_known_by_its_class():
    """Also one that comes from it; nothing else."""
    keras = pytest.importorskip("keras")

    class Own(keras.layers.Dense):
        pass

    assert is_keras(Own)
    assert is_keras(keras.optimizers.SGD)
    assert not any(map(is_keras, (dict, np.ndarray, functools.partial)))


def test_a_layer_is_its_configuration_and_what_one_put_beside():
    """Also a function of one's own; not the methods that Keras has wrapped for it, nor what it was compiled with."""
    keras = pytest.importorskip("keras")
    layer = keras.layers.Dense(2)
    layer.scale, layer.mine = 3, lambda x: x
    found = of_keras(layer)
    (told,) = (each for name, each in found if name == "configuration")
    assert told[0]["units"] == 2
    assert told[1:] == [None]
    beside = {name for _, held in found[3][1] for name, _ in held}
    assert {"scale", "mine", "units"} <= beside
    assert not beside & {"build", "call", "quantize"}
