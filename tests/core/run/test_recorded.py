"""States of any version, held against what a run can come to."""

from __future__ import annotations

import pytest

import lrlab as lr
from lrlab.core.run.recorded import VERSION, checked, upgraded
from lrlab.errors import LrlabError

BACK = "from update 40 back to 10"
ROLLED_BACK = [
    {"update": 40, "controller": "guard1", "event": "nan", "old": 1.0, "new": 0.5, "cause": ""},
    {"update": 10, "controller": "guard1", "event": "rollback", "old": 0.5, "new": 0.5, "cause": BACK},
    {"update": 10, "controller": "plateau1", "event": "rollback", "old": 1.0, "new": 1.0, "cause": BACK},
]


def second(**more: object) -> dict[str, object]:
    """A state of version 2."""
    return {"version": 2, "update": 12, "scale": 1.0, "controllers": {}, "decisions": [], "changes": [], **more}


def test_version_2_said_what_was_consumed_only_where_it_mattered():
    assert checked(second()).consumed == {"update": 12, "past": {}, "pending": {}}
    assert checked(second()).starts == [[]]
    live = {"starts": [[0, 0], [3, 30]], "update": 12, "past": {"tokens": 40}, "pending": {}}
    assert checked(second(live=live)).starts == [[(0, 0), (3, 30)]]
    assert "live" not in upgraded(second(live=live))


def test_what_was_gone_back_on_is_counted_from_a_log_that_holds_it():
    assert checked(second(decisions=ROLLED_BACK)).log.lost == 30


def test_a_log_may_begin_with_a_roll_back():
    """Somebody went back by hand, once or twice, before a controller decided anything."""
    assert checked(second(decisions=ROLLED_BACK[1:])).log.lost == 30
    assert checked(second(decisions=ROLLED_BACK[1:] * 2)).log.lost == 60


def test_a_state_of_today_is_as_it_is():
    state = lr.Pacer(lr.cosine().over(10)).state()
    assert state["version"] == VERSION
    assert upgraded(state) is state
    assert checked(state).update == 0


@pytest.mark.parametrize("scale", [0, -1.0, float("nan"), float("inf"), "1"])
def test_a_scale_that_makes_no_lr_is_refused(scale):
    with pytest.raises(LrlabError, match="the recorded scale"):
        checked({**lr.Pacer(lr.cosine().over(10)).state(), "scale": scale})


@pytest.mark.parametrize("starts", [None, [None], [[3]], [[[1]]], 7])
def test_starts_that_are_none_are_refused(starts):
    state = lr.Pacer(lr.cosine().over(10)).state()
    with pytest.raises(LrlabError, match="not a state of a schedule"):
        checked({**state, "consumed": {**state["consumed"], "starts": starts}})


@pytest.mark.parametrize("version", [0, 4, True, "3", None])
def test_another_version_is_refused(version):
    """Those that there were are 1 to 3."""
    with pytest.raises(LrlabError, match=r"version 1 to 3|not a state of a schedule"):
        checked({**lr.Pacer(lr.cosine().over(10)).state(), "version": version})


def test_version_1_had_one_controller_and_no_scale():
    """Its plateau averaged nothing, and nothing was pending."""
    record = {"best": 1.0, "bad": 2, "cooldown": 0, "factor": 0.5, "observed": 3, "event": "", "cause": ""}
    first = {"version": 1, "update": 7, "controllers": {"plateau1": record}, "decisions": []}
    found = checked(first)
    assert (found.scale, found.log.changes, found.update) == (1.0, (), 7)
    assert found.controllers == {"plateau1": {**record, "mean": None, "pending": 0}}


@pytest.mark.parametrize(("text", "there"), [("cosine()", "none"), ("cosine() * plateau()", "plateau1")])
def test_controllers_of_another_schedule_are_named_beside_those_of_this(text, there):
    """What was recorded, and what is allowed."""
    state = lr.Pacer(lr.parse("cosine() * guard()").over(10)).state()
    with pytest.raises(LrlabError, match=rf"(?s)given: +\['guard1'\].*allowed: {there}\n"):
        lr.Pacer(lr.parse(text).over(10)).restore(state)


@pytest.mark.parametrize("given", [None, "run.pt", [], 3])
def test_what_is_no_dictionary_is_said_to_be_none(given):
    """Not in the words of Python."""
    with pytest.raises(LrlabError, match="not a state of a schedule: it is no dictionary"):
        checked(given)
