"""What a stage sets in its process is as before when it is over."""

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
