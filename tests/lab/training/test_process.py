"""What a stage sets in its process is as before when it is over."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lrlab.lab.training.process import put_back, switches

torch = pytest.importorskip("torch")

COUNT, NAME, KEPT = 0, "a", None


def train(run):
    global COUNT, NAME, KEPT
    COUNT += 1
    NAME, KEPT = NAME + "b", KEPT or [COUNT]
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_grad_enabled(False)
    np.seterr(all="ignore")


def test_switches_and_plain_variables_are_put_back():
    """What was made once, and is not a plain value, is kept: it may have taken long."""
    before = switches()
    for _ in range(2):
        with put_back(train):
            train(None)
            assert switches() != before
            assert (COUNT, NAME) == (1, "ab")
        assert switches() == before
        assert (COUNT, NAME, KEPT) == (0, "a", [1])


def test_they_are_put_back_where_it_fails():
    """And the error is the same."""
    before = switches()

    def fails():
        with put_back(train):
            train(None)
            raise KeyError("a")

    with pytest.raises(KeyError, match="a"):
        fails()
    assert switches() == before
    assert torch.is_grad_enabled()


def test_the_precision_of_jax_is_put_back():
    """Whoever turns it on for one training."""
    jax = pytest.importorskip("jax")

    def wide(run):
        jax.config.update("jax_enable_x64", True)

    with put_back(wide):
        wide(None)
    assert not jax.config.jax_enable_x64


@pytest.mark.parametrize(("before", "within"), [("cpu", "meta"), ("meta", "cpu")])
def test_the_default_device_is_put_back(before, within):
    """Whatever it was."""
    torch = pytest.importorskip("torch")
    torch.set_default_device(before)
    try:
        with put_back(lambda run: None):
            torch.set_default_device(within)
        assert str(torch.get_default_device()) == before
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize("warn", [False, True])
def test_deterministic_kernels_are_put_back(warn):
    """With what happens where there is none: a warning, or an error."""
    torch.use_deterministic_algorithms(True, warn_only=warn)
    try:
        with put_back(lambda run: None):
            torch.use_deterministic_algorithms(False)
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled() == warn
    finally:
        torch.use_deterministic_algorithms(False)


def test_a_stand_in_of_a_library_has_no_switches(monkeypatch):
    """Nor has one that is not loaded; Keras' shared generator begins anew."""
    forgotten = []
    for name in ("torch", "jax", "keras"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    assert [*switches()] == ["numpy errors"]
    with put_back(None):
        np.seterr(all="raise")
    assert switches()["numpy errors"]["over"] == "warn"
    state = SimpleNamespace(set_global_attribute=lambda name, value: forgotten.append((name, value)))
    within = SimpleNamespace(backend=SimpleNamespace(common=SimpleNamespace(global_state=state)))
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(src=within))
    with put_back(None):
        pass
    assert forgotten == [("global_seed_generator", None)]
    for name in ("torch", "jax", "keras"):
        monkeypatch.delitem(sys.modules, name)
    assert [*switches()] == ["numpy errors"]
