"""What a value is made of: library objects by what they hold, own ones by all that they are."""

import _random
import abc
import collections
import copyreg
import functools
import io
import json
import logging
import os
import re
import socket
import sys
import threading
import weakref
from contextvars import ContextVar

import numpy as np
import pytest

from lrlab.lab.identity.own import Own
from lrlab.lab.identity.parts import Opaque, _native, _reduced, ordered_by_hash, parts_of

OWN = Own()


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Secret:
    def __init__(self, width):
        self.width = width

    def __reduce__(self):
        return Secret, (0,)

    def __getstate__(self):
        return {}


def test_own_objects_are_their_attributes():
    """Those in slots too; whatever they would tell a pickle."""
    assert ("a", 3) in parts_of(Slotted(3), OWN)[1]
    assert parts_of(Secret(3), OWN) == ("object", [("", Secret), ("width", 3)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (collections.deque([1]), collections.deque([1], 3)),
        (collections.Counter("a"), collections.Counter("b")),
        (collections.defaultdict(int), collections.defaultdict(float)),
        (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
        (re.compile("a"), re.compile("b")),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (np.random.default_rng(0), np.random.default_rng(1)),
        (np.random.RandomState(0), np.random.RandomState(1)),
        (np.dtype("f4"), np.dtype("f8")),
        (functools.partial(int, 1), functools.partial(int, 2)),
        (functools.partial(int, base=2), functools.partial(float, base=2)),
        (bytearray(b"a"), bytearray(b"b")),
        (io.BytesIO(b"a"), io.BytesIO(b"b")),
        (iter([1]), iter([2])),
        ([1].append, [2].append),
        (str.upper, str.lower),
        (list[int], list[float]),
        (int | str, int | float),
    ],
    ids=lambda one: type(one).__name__,
)
def test_library_objects_are_what_they_hold(one, other):
    """Also those of other languages, which no attribute shows."""
    assert repr(parts_of(one, OWN)) != repr(parts_of(other, OWN))


def test_what_only_tells_has_no_content():
    """Loggers, locks: nothing is computed from them."""
    for one, other in [(logging.getLogger("a"), logging.getLogger("b")), (threading.Lock(), threading.Lock())]:
        assert parts_of(one, OWN) == parts_of(other, OWN)
    assert parts_of(os.environ, OWN) == ("environment", [])


def test_what_nobody_can_look_into():
    """It says so."""
    with socket.socket() as thing, pytest.raises(Opaque):
        parts_of(thing, OWN)
    with pytest.raises(Opaque):
        parts_of(memoryview(b"a"), OWN)


def test_functions_are_their_code_and_what_it_reads():
    """Not a list to which it only appends: that tells. A library's is its name, and what is around it."""
    told, read = [], [3]

    def mine(x=1, *, y=2):
        told.append(x)
        return read

    _, held = parts_of(mine, OWN)
    assert [name for name, _ in held] == ["defaults", "keywords", "read"]
    assert parts_of(json.dumps, OWN) == ("json.dumps", [])


def test_references_and_variables():
    """Whatever leads on."""
    thing, variable = Secret(1), ContextVar("v", default=3)
    assert parts_of(weakref.ref(thing), OWN) == ("reference", [("", thing)])
    assert parts_of(variable, OWN) == ("variable v", [("", 3)])


def test_a_class_of_a_library_is_its_name_until_it_is_patched(monkeypatch):
    """Own code in it counts."""
    assert parts_of(json.JSONDecoder, OWN) == ("class json.decoder.JSONDecoder", [])
    monkeypatch.setattr(json.JSONDecoder, "decode", lambda self, text: 3)
    assert [name for name, _ in parts_of(json.JSONDecoder, OWN)[1]] == ["decode"]


def test_sets_in_an_order_of_their_own():
    """Of texts, from two on."""
    assert [ordered_by_hash(value) for value in ({"a", "b"}, {"a"}, {1, 2}, frozenset([("a", 1), 2]))] == [
        True, False, False, True,
    ]  # fmt: skip


def test_what_python_keeps_in_a_class_for_itself_is_no_part_of_it():
    """The register of an abstract class, and where in a file it was written."""

    class Abstract(abc.ABC):
        width = 8

        @abc.abstractmethod
        def go(self): ...

    names = {name for name, _ in parts_of(Abstract, OWN)[1]}
    assert {"width", "go"} <= names
    assert not [name for name in names if name.startswith("_abc_") or name == "__firstlineno__"]


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ((), []),
        ((None,), []),
        ((5,), [("", 5)]),
        (({"b": 1, "a": 2},), [("a", 2), ("b", 1)]),
        (((None, {"a": 1}),), [("a", 1)]),
        ((({"b": 2}, {"a": 1}),), [("b", 2), ("a", 1)]),
        (((1, 2),), [("", (1, 2))]),
        ((None, iter([7, 8])), [("", 7), ("", 8)]),
        ((None, None, iter([(1, 2)])), [("", 1), ("", 2)]),
    ],
)
def test_what_a_thing_is_made_of_again(more, held):
    """What makes it, of what, and its state: by names where it has any; then its items, and its pairs."""
    assert _reduced((list, ((),), *more)) == [("", list), ("", ((),)), *held]
    assert _reduced("name") == [("", "name")]


def test_marks_of_a_function_are_a_part_of_it():
    """What is set on it; not that it is a task, and what it wraps once."""

    def inner():
        return 1

    @functools.wraps(inner)
    def mine():
        return inner

    mine.width, mine.lrlab_task = 3, object()
    names = [name for name, _ in parts_of(mine, OWN)[1]]
    assert "width" in names
    assert not {"lrlab_task", "__wrapped__"} & {*names}
    assert names.count("") == 1


def test_what_is_written_in_c_is_its_name_or_its_object_and_name():
    assert parts_of(len, OWN) == ("builtins.len", [])
    assert parts_of([1].append, OWN) == ("method append", [("", [1])])


def test_a_generator_is_where_it_is_and_what_it_holds():
    """One that has ended holds nothing."""

    def steps(a):
        b = a + 1
        yield b

    begun, ended = steps(3), steps(3)
    next(begun)
    assert [*ended] == [4]
    (where, held), (nowhere, nothing) = parts_of(begun, OWN), parts_of(ended, OWN)
    assert (held, nothing) == ([("a", 3), ("b", 4)], [])
    assert where != nowhere
    assert where.split()[:2] == nowhere.split()[:2]


class Plain:
    def __init__(self, width):
        self.width = width


class Hides(Plain):
    def __getstate__(self):
        return {}


class HidesAlone:
    def __init__(self, width):
        self.width = width

    def __getstate__(self):
        return {}


def test_an_object_is_what_it_would_be_made_of_again_unless_code_of_its_own_says_that(monkeypatch):
    """Then its attributes count, whatever it tells; a function that is registered for its class is asked."""
    assert parts_of(Plain(3), OWN) == ("object 3", [("", Plain), *_reduced(Plain(3).__reduce_ex__(4))])
    for kind in (Hides, HidesAlone, Secret):
        assert parts_of(kind(3), OWN) == ("object", [("", kind), ("width", 3)])
    monkeypatch.setitem(copyreg.dispatch_table, Secret, lambda value: (Secret, (value.width,)))
    assert parts_of(Secret(3), OWN) == ("object 2", [("", Secret), ("", Secret), ("", (3,))])


def test_a_class_of_another_language_is_known(monkeypatch):
    """By its flags, or because no file of Python holds it; what a notebook defines is Python's."""
    here = type("Here", (), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Here", here, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "/bin/tool", raising=False)
    assert [_native(kind) for kind in (slice, _random.Random, Plain, here, object, dict)] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
