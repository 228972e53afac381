"""One position on all curves of a plan."""

from __future__ import annotations

import json

import pytest

import lrlab as lr
from lrlab.core.plan.pacer import PlanPacer
from lrlab.errors import LrlabError

PLATEAU = lr.cosine() * lr.plateau(patience=1, factor=0.5)
NAMED = lr.linear() * lr.plateau(patience=1, factor=0.1, metric="acc", mode="max")
PLAN = lr.plan(lr=PLATEAU, weight_decay=NAMED, momentum=0.9)


def test_every_schedule_has_its_value_at_the_one_position():
    """As a curve of its own."""
    pacer = PlanPacer(PLAN, 10)
    for i in range(15):
        pacer.update = i
        assert pacer.values == [schedule.over(10).between(0, 16)[i] for schedule in PLAN.schedules]


def test_an_observation_reaches_the_controllers_of_every_schedule():
    """A name reaches those that listen to it, what comes without one the others."""
    pacer = PlanPacer(PLAN, 10)
    pacer.observe(1.0, acc=0.5)
    pacer.observe(1.0, acc=0.6)
    assert [(d.update, d.new) for d in pacer.decisions] == [(0, 0.5)]
    pacer.update = 1
    pacer.observe(acc=0.6)
    assert [(d.update, d.new) for d in pacer.decisions] == [(0, 0.5), (1, 0.1)]


def test_an_observation_that_nobody_can_hear_is_refused():
    """As by a pacer of one schedule."""
    with pytest.raises(LrlabError, match="needs a number"):
        PlanPacer(PLAN, 10).observe()
    with pytest.raises(LrlabError, match="listens to loss"):
        PlanPacer(lr.plan(lr=PLATEAU, momentum=0.9), 10).observe(loss=1.0)
    PlanPacer(lr.plan(lr=lr.cosine()), 10).observe(1.0)


def test_a_state_is_json_and_restores_every_schedule():
    """Position and controllers; on another plan it is refused, and nothing changes."""
    pacer = PlanPacer(PLAN, 10)
    pacer.update = 4
    pacer.observe(1.0, acc=0.5)
    pacer.observe(1.0, acc=0.5)
    state = json.loads(json.dumps(pacer.state()))
    there = PlanPacer(PLAN, 10)
    there.restore(state)
    assert (there.update, there.values, there.decisions) == (4, pacer.values, pacer.decisions)
    other = PlanPacer(lr.plan(lr=PLATEAU), 10)
    for bad in (state, {}, None, {"pacers": 3}):
        with pytest.raises(LrlabError, match=r"not a state of|not those of this schedule"):
            other.restore(bad)
    assert (other.update, there.update) == (0, 4)


def test_all_live_schedules_share_what_was_consumed():
    """One report for all; a warmup in updates beside a cosine over the tokens."""
    plan = lr.plan(lr=lr.warmup(2) >> lr.cosine(), momentum=lr.linear(start=0.9, to=0.8))
    pacer = PlanPacer(plan, lr.Horizon(tokens=100))
    for _ in range(3):
        pacer.consume(tokens=10)
        pacer.update += 1
        values = pacer.values
    assert values == pytest.approx([lr.cosine().over(80)(10), 0.87])
    there = PlanPacer(plan, lr.Horizon(tokens=100))
    there.restore(json.loads(json.dumps(pacer.state())))
    assert there.values == values
    there.consume(tokens=5)
    there.update += 1
    assert there.values != values
    assert there.position == {"updates": 4, "tokens": 35}
    assert there.whole == {"tokens": 100}
    assert PlanPacer(plan, lr.Horizon(minutes=2)).whole == {"seconds": 120}


def test_a_group_that_joins_is_timed_from_when_it_came():
    """In updates, also where the run is measured in tokens; those there from the beginning are not scaled."""
    pacer = PlanPacer(lr.plan(lr=lr.cosine(), joining=lr.warmup(3)), lr.Horizon(tokens=100))
    pacer.update = 10
    assert [pacer.joined(update, 10, 11)[0] for update in (0, 10, 9, 8, 7, 1)] == [1, 0.25, 0.5, 0.75, 1, 1]
    assert pacer.joined(9, 7, 12).tolist() == [1, 1, 0.25, 0.5, 0.75]
    assert PlanPacer(lr.plan(lr=lr.cosine()), 10).joined(5, 5, 6).tolist() == [1]


def test_the_configuration_says_the_plan():
    """Besides its schedules; that of one schedule says none."""
    made = PlanPacer(PLAN, 10).configuration()
    assert made["plan"] == PLAN.record()
    assert "plan" not in lr.Pacer(lr.cosine().over(10)).configuration()


@pytest.mark.parametrize("update", [0, 3, 5000])
def test_a_scale_is_one_of_lrs_alone(update):
    """A weight decay by the same schedule keeps its value, wherever the run is."""
    pacer = PlanPacer(lr.plan(lr=lr.linear(), weight_decay=lr.linear()), 10_000)
    pacer.update = update
    pacer.rescale(0.5)
    value = lr.linear().over(10_000)(update)
    assert pacer.value_of(0, "lr") == pytest.approx(0.5 * value)
    assert pacer.value_of(0, "weight_decay") == pacer.values[0] == pytest.approx(value)
