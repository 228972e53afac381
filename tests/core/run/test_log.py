"""The log of a run: in order, bounded where it is written, and read only where a run can have come to it."""

from __future__ import annotations

import json

import pytest

import lrlab as lr
from lrlab.core.run.log import KEPT, Change, Decision, Log
from lrlab.errors import LrlabError


def cut(update: int) -> Decision:
    return Decision(update, "plateau1", "cut", 1.0, 0.5, "because")


def test_a_record_reads_back_as_the_log():
    log = Log().plus([cut(3)]).noted(Change(4, "scale", {"scale": 1.0}, {"scale": 0.5}))
    assert Log.read(json.loads(json.dumps(log.record()))) == log


def test_a_log_has_a_bound_and_says_from_when_on_it_is_complete():
    """Decisions and changes alike: the latest are kept."""
    log = Log().plus(cut(k) for k in range(KEPT + 10))
    for k in range(KEPT + 20):
        log = log.noted(Change(k, "scale", {"scale": 1.0}, {"scale": 0.5}))
    found = Log.read(log.record())
    assert (found.decisions[0].update, found.changes[0].update) == (10, 20)
    assert (len(found.decisions), len(found.changes), found.forgotten) == (256, 256, 19)
    assert Log.read(found.plus([cut(1000)]).record()).forgotten == 19
    assert Log().plus([cut(5)]).record()["forgotten"] == 0


def test_twenty_thousand_observations_leave_a_small_state():
    """A lively plateau: whoever resumes has the same LRs, and the last decisions."""
    curve = (lr.constant() * lr.plateau(patience=1, factor=0.999)).over(100_000)
    pacer = lr.Pacer(curve)
    for _ in range(20_000):
        pacer.advance()
        pacer.observe(1.0)
    state = pacer.state()
    assert len(pacer.decisions) > 5000
    assert len(json.dumps(state)) < 60_000
    there = lr.Pacer(curve)
    there.restore(state)
    assert there.value == pacer.value
    assert there.decisions == pacer.decisions[-KEPT:]
    assert there.state() == state


@pytest.mark.parametrize(
    "damage",
    [
        {"update": -1},
        {"update": True},
        {"update": 1.5},
        {"old": -0.5},
        {"new": float("nan")},
        {"new": float("inf")},
        {"new": "0.5"},
        {"controller": 3},
        {"cause": None},
    ],
)
def test_what_no_controller_decides_is_refused(damage):
    record = Log().plus([cut(3)]).record()
    record["decisions"] = [{**record["decisions"][0], **damage}]
    with pytest.raises(LrlabError, match="no run decides"):
        Log.read(record)


@pytest.mark.parametrize("damage", [{"update": -1}, {"how": 1}, {"after": {"scale": -1.0}}, {"before": {"scale": "x"}}])
def test_what_nobody_changes_is_refused(damage):
    record = Log().noted(Change(4, "scale", {"scale": 1.0}, {"scale": 0.5})).record()
    record["changes"] = [{**record["changes"][0], **damage}]
    with pytest.raises(LrlabError, match="no run decides"):
        Log.read(record)
    for name in ("forgotten", "lost"):
        with pytest.raises(LrlabError, match="no run decides"):
            Log.read({**Log().record(), name: -1})


def test_a_factor_of_0_is_one():
    """A controller may stop the training of a part."""
    log = Log().plus([Decision(3, "manual", "set", 0.0, 0.0, "")])
    assert Log.read(json.loads(json.dumps(log.record()))) == log
    assert (Log().forgotten, Log().lost) == (0, 0)
