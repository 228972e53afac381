"""What lies outside of a training function: found as far as its code can reach."""

import functools
import importlib
import os
import sys
import sysconfig
import types

import pytest

import lrlab as lr
from lrlab.lab.identity.own import Own
from lrlab.lab.tasks import digits
from lrlab.lab.training import own
from lrlab.lab.training.own import import_later_ones, is_own, is_own_code, is_own_file, outside, reached

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


def test_a_schedule_is_a_value_not_code():
    """It answers a call, only to say what to write instead."""
    chosen = lr.cosine()
    assert names(lambda run: chosen) == {"chosen"}


def test_libraries_are_not_ones_own():
    """Nor is the lab; its tasks, a notebook and these tests are."""
    torch = pytest.importorskip("torch")
    assert not any(map(is_own, ("torch", "json", "lrlab.lab.training.run", None)))
    assert is_own("__main__")
    assert is_own("not.imported")  # as it is where code was executed under a name of its own
    assert is_own_code(train.__code__)
    assert is_own(importlib.import_module("lrlab.lab.tasks.digits").__name__)
    assert not is_own_file("/home/me/compiled.so")
    assert is_own_file("/home/me/task.py")
    assert is_own_code(compile("1", "a cell", "eval"))
    assert not is_own_code(torch.nn.Linear.forward.__code__)


class Meter:
    def add(self, value):
        return value


METER = Meter()


def counted():
    return counted.calls


counted.calls = 0


def test_attributes_of_functions_and_what_is_appended_to_are_found():
    """Of a thing of one's own, which may answer; of a list there is nothing to see."""

    def train(run):
        LOG.append(METER.add(counted()))

    assert names(train) == {"METER", "counted.calls"}


def test_the_environment_is_found_by_the_names_in_the_code(monkeypatch):
    """Where it is asked at all."""
    monkeypatch.setenv("A_VARIABLE_OF_THE_TEST", "3")

    def train(run):
        return os.environ["A_VARIABLE_OF_THE_TEST"]

    assert names(train) == {"os.environ['A_VARIABLE_OF_THE_TEST']"}
    assert names(lambda run: "A_VARIABLE_OF_THE_TEST") == set()


def test_what_is_imported_within_is_imported_before_and_found(tmp_path, monkeypatch):
    """Of one's own, with what that imports; a library is left to the function."""
    (tmp_path / "first_of_the_test.py").write_text("COUNT = 0\ndef go():\n    import second_of_the_test\n")
    (tmp_path / "second_of_the_test.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def train(run):
        import tomllib

        import first_of_the_test

        first_of_the_test.go()
        return tomllib, first_of_the_test.COUNT

    monkeypatch.delitem(sys.modules, "tomllib", raising=False)
    import_later_ones(train)
    assert {"first_of_the_test", "second_of_the_test"} <= sys.modules.keys()
    assert "tomllib" not in sys.modules
    assert names(train) == {"first_of_the_test.COUNT"}
    for name in ("first_of_the_test", "second_of_the_test"):
        monkeypatch.delitem(sys.modules, name)


TIMES = 0


def counts_by_computing(run):
    globals()["TI" + "MES"] += 1


def test_counters_that_code_computes_the_name_of():
    """By `globals()`: any variable of the module may be meant."""
    assert {"TIMES", "LOG"} <= names(counts_by_computing)
    assert "TIMES" not in names(train)


def test_what_computed_names_cannot_mean_is_left_out():
    """Functions, and what begins with an underscore."""
    assert not {name for name in names(counts_by_computing) if name.startswith("_")}
    assert "Meter" not in names(counts_by_computing)


def test_counters_that_code_keeps_in_a_library(monkeypatch):
    """What it sets there, and nothing that the library keeps for itself."""
    torch = pytest.importorskip("torch")
    made = {"torch": torch}
    exec("def count(run):\n torch.count += 1\n torch.nn.functional.deep = 2\n return torch.pi", made)
    assert names(made["count"]) == set()
    monkeypatch.setattr(torch, "count", 1, raising=False)
    monkeypatch.setattr(torch.nn.functional, "deep", [1], raising=False)
    assert names(made["count"]) == {"torch.count", "torch.nn.functional.deep"}
    other = {"torch": torch}
    exec("def named(run):\n setattr(torch, 'count', 1)\ndef asked(run):\n return torch, 'count'", other)
    assert names(other["named"]) == {"torch.count"}
    assert names(other["asked"]) == set()


def test_own_is_asked_at_one_place():
    """What the key of a run takes for own is what sharing watches."""
    for name in ("json", "numpy", "lrlab.lab.tasks.digits", "lrlab.version", __name__, "__main__", "no such module"):
        assert Own().module(name) == is_own(name)
    assert Own("json").module("json.decoder")
    assert not is_own("numpy", "json")


@pytest.mark.parametrize(("name", "own"), [("invented", True), ("json.invented", False)])
def test_a_module_whose_library_invents_its_file_is_its_librarys(monkeypatch, name, own):
    """As one that a package creates on the way: it belongs where its parent belongs."""
    made = types.ModuleType(name)
    made.__file__ = "_ops.py"
    monkeypatch.setitem(sys.modules, name, made)
    assert is_own(name) == own


def test_a_package_without_a_file_belongs_where_its_folder_is(monkeypatch, tmp_path):
    """It has a folder alone, or several."""
    for folder, is_ones_own in ((tmp_path, True), (sysconfig.get_path("purelib"), False)):
        made = types.ModuleType("a_folder_of_the_test")
        made.__path__ = [f"{folder}/a_folder_of_the_test"]
        monkeypatch.setitem(sys.modules, made.__name__, made)
        assert is_own(made.__name__) == is_ones_own


def test_what_is_only_set_is_not_read():
    """A run begins with whatever was there."""

    def sets(run):
        global UNUSED
        UNUSED = 2

    assert names(sets) == set()


def test_what_a_library_imports_is_left_to_it(tmp_path, monkeypatch):
    """Though the function calls it."""
    (tmp_path / "third_of_the_test.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    installed = f"{sysconfig.get_path('purelib')}/installed_of_the_test.py"
    made = {}
    exec(compile("def go():\n import third_of_the_test", installed, "exec"), made)
    go = made["go"]
    import_later_ones(lambda run: go())
    assert "third_of_the_test" not in sys.modules


def test_lrlab_is_looked_through_and_its_tasks_are_looked_into():
    """What the lab makes around a function holds it; a task of lrlab is like one of the user's own."""
    made = {}
    around = "def make(inner):\n def call(run):\n  return inner(run)\n return call"
    exec(compile(around, f"{own._LRLAB}/lab/made_of_the_test.py", "exec"), made)
    assert names(made["make"](train)) == names(train)
    assert digits.network in reached(digits.train)
    assert outside not in reached(lambda run: outside(run))
