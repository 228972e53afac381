"""The laws of the places for files: on a disk, in memory, through fsspec they are the same."""

import time

import pytest

from lrlab.errors import LrlabError
from lrlab.record.runs.files import in_words
from lrlab.record.runs.opened import opened

GROUP = {"a.json": b"{}", "b.bin": bytes(range(256))}


def test_what_is_written_is_read(place):
    """In the order that was asked for; the later content stays; what is not there says so."""
    files = opened(place)
    for name, content in (("x", b"old"), ("deep/down/y", b""), ("x", b"new")):
        files.write(name, content, durable=name == "x")
    found = dict(files.read(iter(["deep/down/y", "gone", "x"])))
    assert list(found) == ["deep/down/y", "gone", "x"]
    assert (found["x"], found["deep/down/y"]) == (b"new", b"")
    assert isinstance(found["gone"], FileNotFoundError)
    assert dict(files.read([])) == {}


def test_a_group_is_read_as_it_was_written_and_the_first_one_stays(place):
    """Also where another one comes later; no group says so."""
    files = opened(place)
    files.write_group("cell/1", GROUP)
    files.write_group("cell/1", {"a.json": b"later"})
    assert files.read_group("cell/1") == GROUP
    with pytest.raises(FileNotFoundError):
        files.read_group("cell/2")


def test_names_and_sizes_are_told_of_what_lies_there(place):
    """By folder, not deeper than asked for, and without what is temporary; nothing where there is no folder."""
    files, began = opened(place), time.time()
    files.write("x.json", b"123")
    files.write("states/a/recipe", b"1")
    for name in ("states/a/1", "states/a/2", "states/b/1"):
        files.write_group(name, GROUP)
    assert files.names() == ["states", "x.json"]
    assert files.names("states") == ["a", "b"]
    assert files.names("states/a") == ["1", "2", "recipe"]
    assert (files.names("none"), files.names("x.json"), files.stats("none", 2)) == ([], [], {})
    assert files.stats()["x.json"].size == files.stat("x.json").size == 3
    found = files.stats("states", depth=2)
    assert sorted(found) == ["a/1", "a/2", "a/recipe", "b/1"]
    assert found["a/1"].size == files.stat("states/a/1").size >= 258
    assert began - 5 < found["a/1"].modified < time.time() + 5
    assert files.stat("states/c/1") is None
    assert sorted(name for name in files.stats(depth=3) if name.startswith("states")) == [
        "states/a/1", "states/a/2", "states/a/recipe", "states/b/1"
    ]  # fmt: skip


def test_what_is_dropped_is_gone(place):
    """A file, a group, a folder; what is not there is gone already, and what has a like name stays."""
    files = opened(place)
    files.write("x", b"1")
    for name in ("states/a/1", "states/a/1.end", "states/b/1"):
        files.write_group(name, GROUP)
    for name in ("x", "x", "states/a/1", "none/at/all"):
        files.drop(name)
    assert (files.names(), files.names("states/a")) == (["states"], ["1.end"])
    files.drop("states")
    assert files.stats("states", depth=2) == {}


def test_what_cannot_be_done_is_said_in_words():
    """With the address and the cause."""
    said = r"(?s)nothing can be stored: No space left.*given: +'/runs'.*disk with room"
    with pytest.raises(LrlabError, match=said), in_words("nothing can be stored", "/runs"):
        raise OSError(28, "No space left on device")
