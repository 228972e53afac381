"""Checkpoints of earlier versions as the present one writes them; tests/compat drives a training on from each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.upgrade import digest, upgraded
from lrlab.core.run.recorded import VERSION
from lrlab.errors import LrlabError

COMPAT = Path(__file__).parents[2] / "compat"
FIRST = [row["state"] for row in json.loads((COMPAT / "checkpoint_1.json").read_text(encoding="utf-8"))]
SECOND, PLANS = (
    {row["name"]: row["state"] for row in json.loads((COMPAT / f"{name}.json").read_text(encoding="utf-8"))}
    for name in ("scheduler_2", "plan_1")
)


@pytest.mark.parametrize("state", [*FIRST, *SECOND.values(), *PLANS.values()], ids=lambda state: str(state)[:60])
def test_an_upgraded_checkpoint_is_of_today(state):
    """With a digest of its own, and the same keys as any other."""
    made = upgraded(state)
    assert made["version"] == VERSION
    assert made["digest"] == digest({name: part for name, part in made.items() if name != "digest"})
    today = Checkpoint.of(lr.Pacer(lr.cosine().over(10)), [0.1]).record()
    assert made.keys() - {"pacers"} == today.keys()
    assert upgraded(made) is made


def test_of_the_groups_the_lrs_were_known():
    there = Checkpoint.read(SECOND["plateau"])
    assert [group.own for group in there.groups] == [{"lr": 0.1}, {"lr": 0.03}]
    assert there.base_lrs == (0.1, 0.03)
    joined = Checkpoint.read(PLANS["a group that joined later"])
    assert [group.joined for group in joined.groups] == [0, 8]
    assert [group.driven for group in joined.groups] == [{"lr": (0, 1.0)}] * 2
    assert not joined.absolute


def test_a_plan_of_one_schedule_was_that_schedule():
    """Its text, its document and its fingerprint."""
    there = Checkpoint.read(PLANS["lr alone"])
    assert there.plan() == lr.plan(lr="warmup(5) >> cosine(to=0.1)")
    assert there.fingerprint == lr.parse("warmup(5) >> cosine(to=0.1)").fingerprint()


def test_another_plan_was_a_text_alone():
    """It goes on in the code that says the same; nothing else can be made of it."""
    there = Checkpoint.read(PLANS["lr, momentum"])
    with pytest.raises(LrlabError, match="does not hold its plan"):
        there.run()


@pytest.mark.parametrize("name", ["plan", "horizon", "update", "groups", "digest", "plan_version"])
def test_a_changed_state_of_a_plan_is_refused(name):
    state = dict(PLANS["rules, layers, feedback, later"])
    del state[name]
    with pytest.raises(LrlabError):
        Checkpoint.read(state)
    with pytest.raises(LrlabError):
        Checkpoint.read({**PLANS["rules, layers, feedback, later"], name: 3})


@pytest.mark.parametrize("state", [None, 5, [], "x", {}, {"version": 2}, {"plan_version": 1}])
def test_what_is_none_stays_as_it_is(state):
    assert upgraded(state) is state


def test_a_checkpoint_with_fewer_lrs_than_groups_is_refused():
    """Nothing is left out in silence: the groups of an optimizer are known by their number."""
    for name in ("lrs", "base_lrs"):
        with pytest.raises(ValueError, match=r"zip|not a checkpoint"):
            upgraded({**FIRST[0], name: FIRST[0][name][:-1]})
