"""What is set at run time in a library counts, and what a library brings itself changes nothing."""

import functools
import gc
import json
import math
import os
import string
import sys
import time
import types

import pytest

from lrlab.lab.identity.identity import identity_of
from lrlab.lab.identity.own import Own
from lrlab.lab.identity.set_there import set_in, was_set

torch = pytest.importorskip("torch")


class Mine:
    def __init__(self, width=8):
        self.width = width

    def __call__(self, x):
        return x


class MyLinear(torch.nn.Linear):
    pass


def train(run):
    return (
        torch.width,
        torch.nn.functional.relu(1),
        torch.nn.Linear(2, 2),
        [m.width for m in (gc, math, os, sys, time)],
        WIDTH,  # noqa: F821
    )


def other_relu(x):
    return x


PLACES = {
    "a number": (torch, "width", [8, 16]),
    "a list": (torch, "width", [[8], [16], [8, 16]]),
    "a tensor": (torch, "width", [torch.zeros(2), torch.ones(2)]),
    "an object": (torch, "width", [Mine(8), Mine(16)]),
    "a class": (torch.nn, "Linear", [torch.nn.Linear, MyLinear]),
    "a function": (torch.nn.functional, "relu", [torch.nn.functional.relu, other_relu, lambda x: 2 * x]),
    "a partial": (
        torch.nn.functional,
        "relu",
        [functools.partial(torch.nn.functional.relu, inplace=on) for on in (False, True)],
    ),
    "a method": (torch.nn.functional, "relu", [torch.nn.functional.relu, Mine(8).__call__, Mine(16).__call__]),
    "what can be called": (torch.nn.functional, "relu", [torch.nn.functional.relu, Mine(8), Mine(16)]),
    "in a class": (torch.nn.Linear, "bonus", [1, 2]),
    "a method of a class": (torch.nn.Linear, "forward", [torch.nn.Linear.forward, lambda self, x: x]),
    "a property of a class": (torch.nn.Linear, "bonus", [property(lambda self: 1), property(lambda self: 2)]),
    "in Python's own": (math, "width", [8, 16]),
    "in Python's process": (sys, "width", [8, 16, [8], {"width": 8}]),
    "in its clock": (time, "width", [8, 16]),
    "in its system": (os, "width", [8, 16]),
    "in its memory": (gc, "width", [8, 16]),
    "in builtins": (__import__("builtins"), "WIDTH", [8, 16]),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_was_set_at_run_time_counts(place, monkeypatch):
    where, name, values = PLACES[place]
    found = []
    for value in [*values, values[0]]:
        monkeypatch.setattr(where, name, value, raising=False)
        found.append(identity_of(train).digest)
    assert len({*found}) == len(values)
    assert found[-1] == found[0]


def test_a_module_of_ones_own_in_the_place_of_a_library(monkeypatch):
    found = []
    for width in (8, 16):
        module = types.ModuleType("mine_in_torch")
        module.relu = functools.partial(other_relu, width)
        monkeypatch.setattr(torch.nn, "functional", module)
        found.append(identity_of(train).digest)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("module", "name"),
    [(sys, "argv"), (sys, "path"), (time, "timezone"), (os, "sep"), (gc, "garbage"), (math, "sin"), (torch, "_x")],
)
def test_what_a_process_or_a_library_has_of_itself(module, name):
    """It is another in each process, or the same as long as its version is."""
    assert not was_set(module, name, getattr(module, name, 1), Own())


def test_of_pythons_own_classes_nothing():
    assert set_in(dict, Own()) == set_in(functools.partial, Own()) == []


def test_what_was_set_has_its_name_among_the_parts(monkeypatch):
    """So that a refusal can say what is not the same in a worker."""
    before = identity_of(train).parts
    monkeypatch.setattr(sys, "width", 8, raising=False)
    now = identity_of(train).parts
    assert {name for name in {*before, *now} if before.get(name) != now.get(name)} == {"sys.width"}


def test_what_pythons_own_source_names_was_not_set():
    """A constant of it is not, another name is; nor are the values of each process."""
    assert [was_set(string, name, value, Own()) for name, value in (("digits", "0"), ("mine", 3))] == [False, True]
    assert [was_set(module, "mine", 3, Own()) for module in (math, sys, time)] == [True, True, True]
    assert [was_set(sys, name, getattr(sys, name), Own()) for name in ("platform", "version")] == [False, False]
    assert not was_set(string, "_mine", 3, Own())


def test_a_class_of_python_brings_plain_values():
    """They are its own; those of a library may have been set."""
    assert set_in(json.JSONEncoder, Own()) == []
    kind = type("Theirs", (), {"__module__": "numpy.theirs", "width": 8, "_hidden": 9})
    assert set_in(kind, Own()) == [("width", 8)]
