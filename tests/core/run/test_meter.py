"""What a run has consumed: reports, the clock, and what is past."""

from __future__ import annotations

import json

import pytest

from lrlab.core.run.meter import Meter
from lrlab.errors import LrlabError, LrlabTypeError


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_reports_add_up_and_count_when_the_update_is_completed():
    """Micro-batches report one after another; nothing is past before the update is."""
    meter = Meter({"tokens"})
    for _ in range(4):
        meter.consume(tokens=100, samples=2)
    assert meter.ticks("tokens") == 0
    meter.settle(1)
    assert meter.position() == {"updates": 1, "samples": 8, "tokens": 400}
    assert (meter.ticks("updates"), meter.ticks("samples"), meter.ticks("tokens")) == (1, 8, 400)
    meter.settle(1)
    assert meter.ticks("tokens") == 400


def test_an_update_that_reports_nothing_is_an_error_and_an_explicit_zero_is_none():
    """A forgotten report must not freeze the LR silently."""
    meter = Meter({"tokens", "samples"})
    meter.consume(tokens=0)
    with pytest.raises(LrlabError, match=r"update 0 has not said how many samples(.|\n)*consume\(samples=n\)"):
        meter.settle(1)
    meter.consume(samples=0)
    meter.settle(1)
    assert meter.position() == {"updates": 1, "samples": 0, "tokens": 0}


@pytest.mark.parametrize(
    ("amounts", "error", "said"),
    [
        ({"tokens": -1}, LrlabError, "tokens"),
        ({"tokens": 1.5}, LrlabTypeError, "whole number"),
        ({"tokens": "12"}, LrlabTypeError, "whole number"),
        ({"epochs": 1}, LrlabError, "samples, tokens, seconds"),
        ({"seconds": float("nan")}, LrlabError, "finite"),
    ],
)
def test_what_is_no_amount_is_refused(amounts, error, said):
    """Typos and bad numbers are named where they are made."""
    meter = Meter({"tokens"})
    with pytest.raises(error, match=said):
        meter.consume(**amounts)
    assert meter.state()["pending"] == {}


def test_seconds_come_from_the_clock_or_from_the_loop():
    """The wall clock counts everything; without a clock the loop reports what it wants to count."""
    wall = Wall()
    meter = Meter({"seconds"}, wall)
    wall.now += 1.5
    meter.settle(1)
    wall.now += 0.25
    assert meter.ticks("seconds") == 1500
    meter.settle(2)
    assert meter.ticks("seconds") == 1750
    with pytest.raises(LrlabError, match="come from the clock"):
        meter.consume(seconds=1.0)
    loop = Meter({"seconds"}, clock=None)
    with pytest.raises(LrlabError, match="how many seconds"):
        loop.settle(1)
    loop.consume(seconds=0.5)
    loop.settle(1)
    assert loop.ticks("seconds") == 500


def test_a_clock_that_is_set_back_does_not_take_time_back():
    """What is past stays past."""
    wall = Wall()
    meter = Meter({"seconds"}, wall)
    wall.now -= 100
    meter.settle(1)
    assert meter.ticks("seconds") == 0


def test_the_state_is_json_and_the_time_between_two_jobs_does_not_count():
    """What updates took before the checkpoint counts, the queue does not; what was reported for the next one stays."""
    wall = Wall()
    meter = Meter({"seconds"}, wall)
    wall.now += 10
    meter.consume(tokens=5)
    meter.settle(1)
    wall.now += 3
    meter.consume(tokens=7)
    state = json.loads(json.dumps(meter.state()))
    assert state == {"update": 1, "past": {"tokens": 5, "seconds": 10.0}, "pending": {"tokens": 7}}
    wall.now += 100_000
    there = Meter({"seconds"}, wall).restored(state)
    assert there.ticks("seconds") == 10_000
    wall.now += 1
    there.settle(2)
    assert there.position() == {"updates": 2, "tokens": 12, "seconds": 11.0}


@pytest.mark.parametrize(
    "state",
    [{}, None, {"update": -1, "past": {}, "pending": {}}, {"update": 1, "past": {"epochs": 1}, "pending": {}}]
    + [{"update": 1, "past": {"tokens": value}, "pending": {}} for value in (-1, 1.5, "1", None)],
)
def test_a_state_that_is_none_is_refused(state):
    """A torn record is said, not loaded."""
    with pytest.raises(LrlabError, match="not a record of what was consumed"):
        Meter(()).restored(state)


def test_another_clock_goes_on_from_now():
    """As when the processes agree on one; where the loop reports seconds there is no clock to change."""
    wall, other = Wall(), Wall()
    other.now = 5.0
    meter = Meter({"seconds"}, wall)
    wall.now += 1
    meter.settle(1)
    meter.keep_time(other)
    other.now += 2
    meter.settle(2)
    assert meter.ticks("seconds") == 3000
    loop = Meter({"seconds"}, clock=None)
    loop.keep_time(other)
    with pytest.raises(LrlabError, match="how many seconds"):
        loop.settle(1)
