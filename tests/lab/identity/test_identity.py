"""A training that no file holds is another one as soon as anything that it refers to is another."""

import dataclasses
import functools
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.identity.identity import _imports, changed_since, identity_of

CELL = """
import dataclasses
import functools
WIDTH = 8
def double(x): return 2 * x
@functools.cache
def kept(x): return x + 1
class Net:
    depth = 2
    def width(self): return double(WIDTH)
SIZES = {"a", "b", "c"}
def train(run):
    return kept(0), [Net().width() for _ in range(Net.depth)], run.config["size"] in {"a", "b", "c"}, sorted(SIZES)
"""


def identity(*changes):
    """Of the cell's function, after these changes of its text."""
    text = CELL
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    namespace = {}
    exec(compile(text, "<cell>", "exec"), namespace)
    return identity_of(namespace["train"]).digest


@pytest.mark.parametrize(
    "change",
    [
        ("WIDTH = 8", "WIDTH = 9"),
        ("2 * x", "3 * x"),
        ("x + 1", "x + 2"),
        ("depth = 2", "depth = 3"),
        ("double(WIDTH)", "double(WIDTH + 1)"),
        ("range(Net.depth)", "range(Net.depth + 1)"),
        ('in {"a", "b", "c"}', 'in {"a", "b", "d"}'),
    ],
)
def test_whatever_it_refers_to_counts(change):
    """A variable, a function, decorated or not, a class and what these use; a comment does not."""
    assert identity() == identity(("def double", "# said\ndef double")) != identity(change)


def test_it_is_the_same_in_another_process():
    """So that a notebook that was started again goes on where it was; only what is in a set has no order there."""
    code = (
        f"from lrlab.lab.identity.identity import identity_of; n = {{}}; exec(compile({CELL!r}, '<cell>', 'exec'), n)"
    )
    code = code.replace("SIZES = {", "SIZES = [").replace('"c"}\\ndef', '"c"]\\ndef')
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; print(identity_of(n['train']).digest)"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert told.stdout.strip() == identity(("SIZES = {", "SIZES = ["), ('"c"}\ndef', '"c"]\ndef'))


def test_closures_defaults_methods_and_partials_count_by_their_values():
    """Each way to give a function its numbers; data by their content, not by being the same object."""

    def make(data):
        return lambda run, more=1: data

    class Mine:
        def __init__(self, width):
            self.width = width

        def train(self, run):
            return self.width

    def partly(run, width):
        return width

    def by(kind, value):
        training = {
            "array": lambda: make(np.full(3, value)),
            "list": lambda: make([{"width": value}, print]),
            "method": lambda: Mine(value).train,
            "partial": lambda: functools.partial(partly, width=value),
        }[kind]()
        return identity_of(training).digest

    for kind in ("array", "list", "method", "partial"):
        assert by(kind, 8) == by(kind, 8) != by(kind, 9), kind
    found = make(0)
    before = identity_of(found).digest
    found.__defaults__ = (2,)
    assert identity_of(found).digest != before


def test_what_nobody_can_look_into_is_never_the_same():
    """It is keyed by a random number, and named; what is no code at all is refused."""

    def make(thing):
        return lambda run: thing

    with socket.socket() as thing:
        one, two = identity_of(make(thing)), identity_of(make(thing))
    assert one.digest != two.digest
    assert one.unseen == two.unseen == ("thing, a socket.socket",)
    assert identity_of(make(iter([1, 2]))).digest == identity_of(make(iter([1, 2]))).digest
    assert identity_of(make(iter([1, 2]))).digest != identity_of(make(iter([2, 1]))).digest
    with pytest.raises(LrlabError, match=r"a function or a class"):
        identity_of(3)


def test_two_functions_of_one_text_do_not_share_their_runs(tmp_path):
    """What one was given is not the answer for the other."""

    def make(value):
        def train(run):
            run.track(opt=Rates())
            for _ in run.steps([0]):
                run.report(val_loss=value)

        return train

    class Rates:
        def __init__(self):
            self.param_groups = [{"lr": 1.0}]

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    def scores(value):
        arms = {"a": lr.constant(), "b": lr.linear()}
        study = lr.compare(make(value), arms, horizon=2, folds=2, lrs=(1.0,), workers=0, store=tmp_path)
        return study.run(quiet=True).reused, {run.score for run in study.runs}

    assert [scores(1.0), scores(2.0), scores(1.0)] == [(0, {1.0}), (0, {2.0}), (4, {1.0})]


IMPORTING = """
def train(run):
    import json.decoder
    from os import path, sep
    import importlib
    importlib.import_module("csv")
    kind = __import__("email.policy")
    return importlib.import_module("no name at all"), run.import_module
"""


def test_what_code_imports_where_it_runs_is_found():
    """Of functions that no file holds: by a statement, or by a name that is a text there."""
    code = compile(IMPORTING, "<cell>", "exec").co_consts[0]
    found = [(each.name, each.of) for each in _imports([code, test_what_code_imports_where_it_runs_is_found.__code__])]
    assert found == [
        ("json.decoder", ()),
        ("os", ("path", "sep")),
        ("importlib", ()),
        ("csv", ()),
        ("email.policy", ()),
    ]
    assert all(each.lazy and each.level == 0 for each in _imports([code]))


def test_what_was_changed_by_hand_is_a_value_a_file_or_a_setting():
    """A table that the training itself fills is none."""
    before = identity_of(lambda run: run)
    parts = {"WIDTH": "1", "LOG": "1", "mine.py": "1", "the switch A": "1", "the environment variable B": "1"}
    parts |= {"DEPTH": "1", "other": "1"}
    plain = frozenset({"WIDTH", "DEPTH", "GONE"})
    now = dataclasses.replace(before, parts=dict.fromkeys(parts, "2") | {"DEPTH": "1"}, plain=plain)
    then = dataclasses.replace(before, parts=parts, plain=plain | {"LOG"}, again=lambda: now)
    assert changed_since(then) == ["WIDTH", "mine.py", "the environment variable B", "the switch A"]
    assert changed_since(dataclasses.replace(then, again=None)) == []


KEPT, TABLE, NOTHING_YET = 3, {"a": [1]}, None


def test_what_held_nothing_and_holds_something_is_a_cache(monkeypatch):
    """What held an object all along is none, and no number that was set."""

    def train(run):
        return KEPT, TABLE, NOTHING_YET

    def told():
        found = identity_of(train)
        return found.filled, {len(digest) for digest in found.parts.values()}, found.plain

    assert told() == ((), {12}, frozenset({"KEPT", "NOTHING_YET"}))
    monkeypatch.setitem(TABLE, "b", [2])
    assert told()[0] == ()
    monkeypatch.setitem(globals(), "NOTHING_YET", 5)
    assert told()[0] == ()
    monkeypatch.setitem(globals(), "NOTHING_YET", {"made": 1})
    assert told()[0] == ("NOTHING_YET",)


def test_an_environment_variable_that_code_without_a_file_asks_for_counts(monkeypatch):
    """By its name, where a text of the code is one; other code does not ask."""

    def asks(run):
        return os.environ["A_VARIABLE_OF_MINE"]

    def tells(run):
        return "A_VARIABLE_OF_MINE"

    before = [identity_of(each).digest for each in (asks, tells)]
    monkeypatch.setenv("A_VARIABLE_OF_MINE", "3")
    after = [identity_of(each).digest for each in (asks, tells)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]
