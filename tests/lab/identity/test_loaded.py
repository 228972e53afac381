"""Modules in memory against their files."""

import importlib
import os
import sys

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.identity.loaded import refuse_stale, refuse_unknown
from lrlab.lab.identity.own import Own

TEXT = "WIDTH = 8\nSIZES = (1, 2)\ndef f(): return 1\nclass C:\n    def g(self): return 2\nTOLD = []\n"


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """A module, loaded from a file."""
    path = tmp_path / "helper_.py"
    path.write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("helper_"), path
    del sys.modules["helper_"]


def stale(path):
    refuse_stale([path], Own(), sys.modules)


def test_as_it_was_loaded(helper):
    """Nothing to say; nor of a file that is not loaded."""
    _, path = helper
    stale(path)
    stale(path.with_name("other.py"))
    path.write_text("# said\n" + TEXT)
    stale(path)


@pytest.mark.parametrize(
    "change", [("8", "9"), ("(1, 2)", "(2, 1)"), ("return 1", "return 3"), ("return 2", "return 3")]
)
def test_a_file_that_was_edited_since(helper, change):
    """A constant, a function, a method: the way out is said."""
    module, path = helper
    path.write_text(TEXT.replace(*change))
    with pytest.raises(LrlabError, match=r"helper_\.py in memory differs from its file[\s\S]*importlib\.reload"):
        stale(path)
    os.utime(path, (1, 1))  # for its compiled form counts by the time
    importlib.reload(module)
    stale(path)


def test_a_file_behind_a_link(tmp_path, monkeypatch):
    """It is known by what it is, not by its names."""
    path, link = tmp_path / "behind_.py", tmp_path / "link_.py"
    path.write_text(TEXT)
    link.symlink_to(path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "link_", importlib.import_module("link_"))
    stale(path)
    path.write_text(TEXT.replace("8", "9"))
    with pytest.raises(LrlabError, match=r"behind_\.py in memory differs"):
        stale(path)


def test_a_variable_that_was_set(helper):
    """At run time; what is not a constant of the file may be anything."""
    module, path = helper
    module.TOLD.append(3)
    module.WIDTH = 64
    with pytest.raises(LrlabError, match=r"helper_\.WIDTH"):
        stale(path)


def test_a_file_that_came_while_training(helper):
    """By a name that was computed."""
    _, path = helper
    rest = sys.modules.copy()
    refuse_unknown(rest, Own(), [])
    del rest["helper_"]
    refuse_unknown(rest, Own(), [path.resolve()])
    with pytest.raises(LrlabError, match=r"a name that is computed[\s\S]*import helper_"):
        refuse_unknown(rest, Own(), [])


def test_a_file_that_came_again_while_training(helper, monkeypatch):
    """Under another name, or as another module: it was there before."""
    module, path = helper
    rest = sys.modules.copy()
    monkeypatch.setitem(sys.modules, "again_", module)
    refuse_unknown(rest, Own(), [])
    del sys.modules["helper_"]
    importlib.import_module("helper_")
    refuse_unknown(rest, Own(), [])
    other = path.with_name("other_.py")
    other.write_text(TEXT)
    monkeypatch.setitem(sys.modules, "again_", importlib.import_module("other_"))
    monkeypatch.delitem(sys.modules, "other_")
    with pytest.raises(LrlabError, match="import other_"):
        refuse_unknown(rest, Own(), [])


def test_a_constant_with_its_type_is_one(tmp_path, monkeypatch):
    """What has a type and no value is none; what a dataclass generates is not of the file."""
    path = tmp_path / "typed_.py"
    path.write_text(
        "from dataclasses import dataclass\nWIDTH: int = 8\nEMPTY: int\n@dataclass\nclass C:\n    x: int = 2\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("typed_")
    try:
        stale(path)
        module.WIDTH = 9
        with pytest.raises(LrlabError, match=r"typed_\.WIDTH"):
            stale(path)
    finally:
        del sys.modules["typed_"]
