"""What lies outside of a training function: found as far as its code can reach."""

import functools

import pytest

from lrlab.lab.training.own import is_own, is_own_code, outside

WIDTH, UNUSED, LOG, BUFFER = 64, 1, [], []


class Net:
    calls = 0

    def forward(self):
        Net.calls += 1
        return helper()


def helper(cache={}):  # noqa: B006
    return WIDTH, BUFFER[0], cache


def train(run):
    LOG.append(Net().forward())


def names(function):
    return {name for name, (_, _, value) in outside(function).items()}


def test_what_the_code_reads_is_found_from_function_to_function():
    """By way of classes and their methods; what it only appends to, and what it does not name, is left out."""
    assert names(train) == {"WIDTH", "BUFFER", "Net.calls", "helper.__defaults__"}


def test_variables_around_a_function_are_found():
    """Of a notebook's cell, of a function within a function; decorators and methods are looked through."""
    scale, seen = 0.5, []

    @functools.cache
    def inner():
        return scale

    def made(run):
        seen.append(inner())

    assert names(made) == {"scale"}


def test_where_a_variable_is_held_can_be_set():
    """In the module, in the class, in the function around."""
    found = outside(train)
    where, key, value = found["WIDTH"]
    assert (where is globals(), key, value) == (True, "WIDTH", 64)
    where, key, _ = found["Net.calls"]
    assert (where, key) == (Net, "calls")


def test_libraries_are_not_ones_own():
    """Nor is the lab; its tasks, a notebook and these tests are."""
    torch = pytest.importorskip("torch")
    assert not any(map(is_own, ("torch", "json", "lrlab.lab.training.run", None, "not.imported")))
    assert is_own("__main__")
    assert is_own_code(train.__code__)
    assert is_own_code(compile("1", "a cell", "eval"))
    assert not is_own_code(torch.nn.Linear.forward.__code__)
