"""What takes part in a `fit` of Keras, told from stand-ins: which data can be taken up again, who sets the LR."""

import sys
from types import SimpleNamespace

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.task.keras_fit import Epoch, data_of, other_callbacks, refuse_hidden_updates


def frame(adapter, backend, **given):
    """The frame of a `fit`, and the Keras that it is of."""
    data_adapter = type(adapter, (), {})()
    keras = SimpleNamespace(backend=SimpleNamespace(backend=lambda: backend))
    return SimpleNamespace(f_locals={"epoch_iterator": SimpleNamespace(data_adapter=data_adapter), **given}), keras


class Data:
    """A data set of one's own, with workers or without."""

    def __init__(self, workers=1, use_multiprocessing=False):
        self.workers, self.use_multiprocessing = workers, use_multiprocessing


@pytest.mark.parametrize(
    ("adapter", "backend", "given", "why"),
    [
        ("ArrayDataAdapter", "torch", {"x": [1.0]}, ""),
        ("ArrayDataAdapter", "tensorflow", {"x": [1.0]}, "TensorFlow keeps the random numbers"),
        ("TFDatasetAdapter", "jax", {"x": [1.0]}, "a list cannot be taken up again where an epoch ends"),
        ("GeneratorDataAdapter", "torch", {"x": (1.0,)}, "a tuple cannot be taken up again where an epoch ends"),
        ("ArrayDataAdapter", "torch", {"x": [1.0], "steps_per_epoch": 3}, "with steps_per_epoch the data goes on"),
        ("PyDatasetAdapter", "torch", {"x": Data()}, ""),
        ("PyDatasetAdapter", "torch", {"x": Data(2)}, "a Data with workers reads ahead"),
        ("PyDatasetAdapter", "torch", {"x": Data(1, True)}, "a Data with workers reads ahead"),
    ],
)
def test_which_data_can_be_taken_up_again(monkeypatch, adapter, backend, given, why):
    """Where it cannot, the reason is told; what a fork is held to is what `fit` was given."""
    made, keras = frame(adapter, backend, **given)
    monkeypatch.setitem(sys.modules, "keras", keras)
    data, said = data_of(made)
    assert data == [given["x"], None, None]
    assert said.startswith(why)
    assert bool(said) == bool(why)


def test_an_epoch_has_as_many_batches_as_it_says():
    """Each of them nothing: the data is Keras' own."""
    epoch = Epoch(3, "data", "")
    assert (len(epoch), [*epoch], epoch.looked_at, epoch.why) == (3, [None] * 3, "data", "")


@pytest.mark.parametrize(("steps", "several"), [(1, None), (1, 1), (2, None), (1, 4)])
def test_one_batch_is_one_update(steps, several):
    """Neither several steps in one execution, nor gradients that are gathered."""
    model, optimizers = SimpleNamespace(steps_per_execution=steps), {"optimizer": SimpleNamespace()}
    if several is not None:
        optimizers["optimizer"].gradient_accumulation_steps = several
    if (steps, several or 1) == (1, 1):
        refuse_hidden_updates(model, optimizers)
    else:
        with pytest.raises(LrlabError, match="one batch of fit is not one update"):
            refuse_hidden_updates(model, optimizers)


def test_other_callbacks_are_held_by_their_names():
    """Those that only tell are left out, those that set the LR or go on from files are refused."""

    def named(name, *bases):
        return type(name, bases, {})()

    mine, stopping = named("LambdaCallback"), [named("EarlyStopping") for _ in range(2)]
    held = other_callbacks([mine, named("History"), *stopping, named("Mine")], mine)
    assert held == {"EarlyStopping": stopping[0], "EarlyStopping 1": stopping[1], "Mine": held["Mine"]}
    with pytest.raises(LrlabError, match="something other than the lab sets the LR"):
        other_callbacks([named("Own", type(named("ReduceLROnPlateau")))], mine)
    with pytest.raises(LrlabError, match="BackupAndRestore goes on from the files of another training"):
        other_callbacks([named("BackupAndRestore")], mine)
