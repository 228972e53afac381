"""The optimizers of a Keras model: found, chosen, counted."""

from types import SimpleNamespace

import pytest

from lrlab.errors import LrlabError

keras = pytest.importorskip("keras")

from lrlab.adapters.keras.optimizers import between_updates, chosen, optimizers, rate, typed, updates  # noqa: E402


def sgd(rate=0.1, **arguments):
    return keras.optimizers.SGD(rate, **arguments)


def test_all_optimizers_of_a_model_are_found():
    """Under their attributes, in lists and dicts; one that stands twice counts once, private ones not at all."""
    first, second, third = sgd(), sgd(), sgd()
    model = SimpleNamespace(
        optimizer=first, again=first, _hidden=sgd(), several=[second, 3], named={"c": third}, other="adam"
    )
    assert optimizers(model) == {"optimizer": first, "several[0]": second, "named['c']": third}


def test_one_is_chosen_or_it_is_said_which_there_are():
    first, second = sgd(), sgd()
    model = SimpleNamespace(optimizer=first, d_optimizer=second)
    assert chosen(model, "d_optimizer") is second
    assert chosen(model, "optimizer") is first
    assert chosen(model, second) is second
    assert chosen(SimpleNamespace(optimizer=first), None) is first
    with pytest.raises(LrlabError, match="several optimizers"):
        chosen(model, None)
    with pytest.raises(LrlabError, match='optimizer="d_optimizer"'):
        chosen(model, "d_optimiser")
    with pytest.raises(LrlabError, match="no such optimizer"):
        chosen(SimpleNamespace(optimizer=None), None)
    scheduled = sgd(keras.optimizers.schedules.CosineDecay(0.1, 9))
    with pytest.raises(LrlabError, match="plain one"):
        chosen(SimpleNamespace(optimizer=scheduled), None)


def test_what_an_optimizer_tells():
    """Its LR, its updates, and how long it may make none."""
    plain = sgd(gradient_accumulation_steps=4)
    scaled = keras.optimizers.LossScaleOptimizer(sgd())
    assert (typed(rate(plain)), updates(plain), updates(scaled)) == (0.1, 0, 0)
    assert (between_updates(sgd()), between_updates(plain), between_updates(scaled)) == (1, 4, 32)
