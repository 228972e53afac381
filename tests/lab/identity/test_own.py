"""What is own: all that is not installed."""

import collections
import dataclasses
import functools
import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import lrlab
from lrlab.lab.identity.own import HEAP, Own, found, is_lrlab


def cell(text, name="cell"):
    space = {} if name is None else {"__name__": name}
    exec(compile(text, "<cell>", "exec"), space)
    return space


@pytest.mark.parametrize("name", ["cell", "__main__", None])
@pytest.mark.parametrize(
    "text",
    [
        "class C: width = 2",
        "import numpy as np\nclass C:\n    go = np.sum",
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int = 2",
        "import enum\nclass C(enum.Enum): a = 1",
        "import typing\nclass C(typing.NamedTuple):\n    x: int",
    ],
)
def test_classes_of_cells_are_own(text, name):
    """Whatever stands first in them, and whoever made their functions."""
    assert Own().kind(cell(text, name)["C"])


@pytest.mark.parametrize("kind", [int, dict, type(None), collections.OrderedDict, json.JSONDecoder, np.ndarray, Own])
def test_classes_of_libraries_are_not(kind):
    """Of Python, of what is installed, of lrlab."""
    assert not Own().kind(kind)


def test_generated_functions_are_of_their_module():
    """They have no file: the one that a dataclass makes in a library is the library's."""
    assert not Own().function(dataclasses.make_dataclass.__globals__["Field"].__init__)
    made = cell("import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int = 2")["C"]
    assert Own().function(made.__init__)
    assert Own().function(cell("f = lambda: 0")["f"])
    assert not Own().function(json.dumps)


def test_a_module_is_own_by_its_file(tmp_path, monkeypatch):
    """A folder without `__init__.py` by where it lies; one that its library has made up by its parent."""
    for name in ("json", "numpy.linalg", "sys", "lrlab.core.run.curve"):
        __import__(name)
        assert not Own().module(name)
    spaced, made_up = types.ModuleType("spaced_"), types.ModuleType("numpy.made_up")
    spaced.__path__, made_up.__file__ = [str(tmp_path / "spaced_")], "_made_up.py"
    for module in (spaced, made_up):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert (Own().module("spaced_"), Own().module("numpy.made_up")) == (True, False)


def test_an_installed_package_may_count():
    """That of the task."""
    assert Own("json").module("json.decoder")
    assert Own("json").function(json.dumps)
    assert not Own("json").function(collections.namedtuple)


def test_what_stands_under_a_name():
    """To tell a class from another that took its place."""
    assert found(json.JSONDecoder) is json.JSONDecoder
    assert found(cell("class int: pass", None)["int"]) is int
    assert is_lrlab(found.__code__)
    assert not is_lrlab(json.dumps.__code__)


def test_a_class_made_while_python_runs_is_told_from_one_in_c():
    """By its flag."""
    assert type("Mine", (), {}).__flags__ & HEAP
    assert not any(kind.__flags__ & HEAP for kind in (int, dict, np.ndarray, type(None)))


def test_lrlab_is_its_own_folder():
    """What lies beside it is not."""
    inside, beside = (compile("0", str(Path(lrlab.__file__).parents[k] / "some.py"), "exec") for k in (0, 1))
    assert (is_lrlab(inside), is_lrlab(beside)) == (True, False)


def test_a_function_of_ones_own_that_stands_in_a_library():
    """Of a file or a cell, not one that was generated there; in whatever it is wrapped."""
    mine = cell("def f(self): return 1", "__main__")["f"]
    made = {"__name__": "__main__"}
    exec("def f(): return 1", made)
    assert [Own().patch(each) for each in (mine, made["f"], json.dumps)] == [True, False, False]
    for wrapped in (classmethod(mine), property(mine), functools.partial(mine), mine):
        assert Own().put(wrapped)
    for wrapped in (classmethod(json.dumps), property(json.dumps), functools.partial(json.dumps), json.dumps, json):
        assert not Own().put(wrapped)


class Mine:
    """A class that is found under its name in a module of one's own."""


def test_a_class_that_is_found_in_its_own_module_is_own():
    """It was not made there by a library."""
    assert found(Mine) is Mine
    assert Own().kind(Mine)
