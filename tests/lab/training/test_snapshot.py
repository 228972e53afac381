"""Snapshots: exact, never pickled, the same bytes for the same content."""

import json
import math
import random
import sys
import types

import numpy as np
import pytest

from lrlab.errors import LrlabTypeError
from lrlab.lab.training.determinism import seeded
from lrlab.lab.training.snapshot import (
    TrainingSnapshot,
    _encoded_tensor,
    digest,
    drawn_state,
    load_into,
    random_state,
    restored,
    set_random_state,
    taken,
)

torch = pytest.importorskip("torch")

VALUES = {
    "plain": {"a": [1, 2.5, None, True, "x"], "inf": math.inf, "tiny": 5e-324, "minus zero": -0.0},
    "keys": {0: {"step": 3}, (1, "a"): 2, "$dict": 1},
    "tuple": (1, (2, [3])),
    "arrays": [np.arange(6.0).reshape(2, 3).T, np.float32(1.5), np.zeros((0, 2), np.int8), np.array(7)],
    "tensors": [
        torch.arange(6).reshape(2, 3).T,
        torch.tensor(0.1),
        torch.zeros(0, 3),
        torch.tensor([True]),
        torch.tensor([1j]),
    ],
    "narrow": [torch.randn(2, 3).to(dtype) for dtype in (torch.bfloat16, torch.float16, torch.float8_e4m3fn)],
    "narrow number": torch.tensor(0.3, dtype=torch.bfloat16),
    "random": random_state(),
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_taken_is_restored(name):
    """Through JSON and back: types, shapes and bits."""
    value = VALUES[name]
    snapshot = taken(value, "it")
    again = TrainingSnapshot(json.loads(json.dumps(snapshot.plain)), snapshot.tensors)
    assert alike(restored(again), value)
    assert again.fingerprint == snapshot.fingerprint == taken(restored(again), "it").fingerprint


def alike(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        raw = [each.contiguous().reshape(-1).view(torch.uint8).tolist() for each in (a, b)]
        return (a.dtype, a.shape, raw[0]) == (b.dtype, b.shape, raw[1])
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return a == b and str(a) == str(b)


def test_the_fingerprint_sees_every_bit():
    """Of a number, of a tensor, of its type."""
    marks = [1.0, math.nextafter(1.0, 2), torch.tensor(1.0), torch.tensor(1.0, dtype=torch.float64), np.float64(1), 1]
    assert len({taken(mark, "it").fingerprint for mark in marks}) == len(marks)
    assert digest([torch.zeros(2)]) == digest([torch.zeros(2)]) != digest([torch.zeros(3)])
    assert digest([object()]) is None


@pytest.mark.parametrize("thing", [object(), {1, 2}, print, np.array([object()]), np.array([1j]), b"a"])
def test_what_could_only_be_pickled_is_named(thing):
    """With what it belongs to."""
    with pytest.raises(LrlabTypeError, match=r"(?s)state of opt holds something.*without pickling"):
        taken({"a": [thing]}, "opt")


def test_the_snapshot_holds_what_was_there():
    """Training on does not change it, and what is restored from it is nobody else's."""
    weights = torch.ones(3)
    snapshot = taken([weights], "it")
    weights.add_(1)
    first, second = restored(snapshot)[0], restored(snapshot)[0]
    first.add_(1)
    assert (second.tolist(), weights.tolist()) == ([1.0] * 3, [2.0] * 3)


def test_random_numbers_go_on():
    """Of Python, NumPy and PyTorch."""
    state = restored(taken(random_state(), "it"))
    first = random.random(), np.random.random(), torch.rand(3).tolist(), random.gauss(0, 1), np.random.normal()
    set_random_state(state)
    again = random.random(), np.random.random(), torch.rand(3).tolist(), random.gauss(0, 1), np.random.normal()
    assert first == again


def test_random_numbers_of_pytorch_that_none_has_drawn_are_left_out():
    """A process that has not loaded it has the same; one draw, and another seed, are kept."""
    with seeded(7, 0):
        assert {"python", "numpy"} <= {*drawn_state(7, 0)} <= {"python", "numpy", "keras"}
        assert "torch" in drawn_state(7, 1)
        torch.rand(1)
        state = drawn_state(7, 0)
    assert torch.equal(state["torch"], torch.get_rng_state())


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.1), amsgrad=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.Adam(p, lr=0.1, fused=True),
        lambda p: torch.optim.RMSprop(p, lr=0.1, centered=True),
        lambda p: torch.optim.Adagrad(p, lr=0.1),
    ],
)
def test_optimizers_and_modules_go_on(make):
    """Ten more updates of a restored pair are those of the original, to the last bit; tied weights included."""

    def pair():
        torch.manual_seed(0)
        first = torch.nn.Linear(3, 3)
        second = torch.nn.Linear(3, 3)
        second.weight = first.weight
        model = torch.nn.Sequential(first, torch.nn.BatchNorm1d(3), second)
        return model, make(model.parameters())

    def train(model, opt, updates):
        for _ in range(updates):
            loss = model(torch.randn(5, 3)).square().mean()
            opt.zero_grad()
            loss.backward()
            opt.step()

    model, opt = pair()
    train(model, opt, 3)
    snapshot = taken({"model": model.state_dict(), "opt": opt.state_dict(), "random": random_state()}, "it")
    train(model, opt, 10)
    other, its = pair()
    state = restored(snapshot)
    load_into(other, state["model"])
    load_into(its, state["opt"])
    set_random_state(state["random"])
    train(other, its, 10)
    ends = [
        taken({"m": m.state_dict(), "o": o.state_dict()}, "it").fingerprint for m, o in ((model, opt), (other, its))
    ]
    assert ends[0] == ends[1]


class OnTheGpu:
    """A tensor of another device, whose numbers are fetched by way of this one."""

    device = types.SimpleNamespace(type="cuda")

    def detach(self):
        return self

    def cpu(self):
        return torch.ones(2)


def test_a_tensor_of_the_cpu_goes_back_there():
    """Another device is told beside it."""
    assert [*_encoded_tensor(torch, torch.ones(2), {})] == ["$tensor"]
    assert [*_encoded_tensor(torch, OnTheGpu(), {})] == ["$tensor", "device"]


def test_an_empty_stand_in_of_keras_has_no_random_numbers(monkeypatch):
    """Nor has one that is not loaded."""
    monkeypatch.setitem(sys.modules, "keras", types.SimpleNamespace())
    assert "keras" not in random_state()
    monkeypatch.delitem(sys.modules, "keras")
    assert "keras" not in random_state()


@pytest.mark.parametrize("name", ["$tuple", "$dict", "$array", "$"])
def test_a_name_that_looks_like_a_mark_is_a_name(name):
    """Alone, and beside others; plain names stay as they are."""
    for value in ({name: [1]}, {name: [1], "a": 2}):
        snapshot = taken(value, "the test")
        assert snapshot.plain != value
        assert restored(snapshot) == value
    assert taken({"a": {"b": [1]}}, "the test").plain == {"a": {"b": [1]}}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras's own variables
def test_keras_has_random_numbers_where_it_is_whole(monkeypatch):
    """Not where only a stand-in has its name, or nothing; what it drew it draws again."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(3)
    keras.random.uniform((1,))
    state = random_state()
    first = float(keras.random.uniform((1,))[0])
    set_random_state(state)
    assert float(keras.random.uniform((1,))[0]) == first
    monkeypatch.setitem(sys.modules, "keras", types.SimpleNamespace())
    assert "keras" not in random_state()
    monkeypatch.delitem(sys.modules, "keras")
    assert "keras" not in random_state()
