"""A sample of each reliability tool: nothing is believed, nothing is half done, nothing hangs, nothing is obeyed.

The full counts are `python benchmarks/reliability.py`, and here under `-m exhaustive`.
"""

import importlib
import logging
import os
import sys
from pathlib import Path

import pytest

import lrlab.errors

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# Of these there must be none.
NONE = ("collisions", "false differences", "silent", "bare", "hang", "lasting", "injected")

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and signals")


@pytest.fixture
def part(monkeypatch):
    """A tool by its name."""
    for library in ("scipy", "safetensors"):
        pytest.importorskip(library)
    monkeypatch.syspath_prepend(BENCHMARKS)

    def load(name):
        monkeypatch.setattr(logging.getLogger("lrlab"), "propagate", False)  # no evil name in the report of a test
        return importlib.import_module(f"reliability_{name}")

    yield load
    for name in [name for name in sys.modules if name.startswith("reliability_")]:
        del sys.modules[name]


def broken(figures):
    """The numbers that must be 0 and are not, with the first cases."""
    return {name: figures[name] for name in NONE if figures.get(name)}, figures["shown"]


def test_no_damage_is_believed(part):
    """The store, a law, the folder of a run."""
    found = part("damages").figures(60)
    assert broken(found) == ({}, [])
    assert found["sentence"] > 0
    assert found["answer"] > 30


def test_no_two_programs_are_taken_for_one(part):
    """Nor is one taken for two, here or in a process with another order of sets."""
    assert broken(part("identities").figures(40)) == ({}, [])


def test_a_hash_that_leaves_out_edges_is_seen(part, monkeypatch):
    """The tool finds the pairs that such a hash confuses."""
    from lrlab.lab.identity import walk

    tool = part("identities")
    plain = walk.digest_of_plain
    monkeypatch.setattr(walk, "digest_of_plain", lambda value: plain(value) and b"")
    found = tool.figures(40)
    assert found["collisions"] > 0


def test_no_log_breaks_its_reader(part):
    """Nor is any misread."""
    found = part("logs").figures(150)
    assert broken(found) == ({}, [])
    assert found["sentence"] > 20
    assert found["answer"] > 40


def test_no_name_is_obeyed(part):
    """By a terminal, a page or a picture."""
    assert broken(part("injection").figures(80)) == ({}, [])


def test_names_would_be_obeyed_if_they_were_not_cleaned(part, monkeypatch):
    """The tool sees it."""
    monkeypatch.setattr(lrlab.errors, "_is_shown", lambda character, lines: True)
    assert part("injection").figures(40)["injected"] > 5


# A file that was opened just before the interrupt is left to the garbage collector, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_interrupt_leaves_something_half_done(part):
    """In the journal, the live orders and the store."""
    assert broken(part("interrupts").figures(6, ("journal", "orders", "store"))) == ({}, [])


def test_what_is_half_done_is_seen(part):
    """An operation that sets two things, one after the other."""
    tool = part("interrupts")
    world = {"lr": 0.1, "seen": 0}

    def call(world):
        world["seen"] = 1
        world["lr"] = 0.2

    tool.SOURCE = __file__
    tally = tool.Tally("lasting")
    tool._tried(tally, "x", tool.Operation("set", lambda place: dict(world), call, repr), 10)
    assert tally.counts["lasting"] == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "count"), [("damages", 10_000), ("logs", 5000), ("injection", 1000)])
def test_the_full_count(part, name, count):
    """As many as the figures are told of."""
    assert broken(part(name).figures(count)) == ({}, [])
