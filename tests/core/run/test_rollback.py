"""Going back: what returns with the position, what survives, and what is told."""

import json

import pytest

import lrlab as lr
from lrlab.core.run.rollback import lost, rolled_back
from lrlab.record.runs.realised import factored

SCHEDULE = lr.linear() * lr.plateau(patience=1, factor=0.5) * lr.guard(after=1, patience=1, cooldown=0) * lr.manual()


def gone_back():
    """A pacer that took a snapshot at 10, cut at 20, was told 0.25 at 30, saw NaN at 40, and went back to 10."""
    pacer = lr.Pacer(SCHEDULE.over(100))
    pacer.advance(10)
    pacer.observe(1.0)
    then = json.loads(json.dumps(pacer.state()))
    for observed in ({"value": 1.0}, {"live": 0.25}, {"value": float("nan")}):
        pacer.advance(10)
        pacer.observe(observed.pop("value", None), **observed)
    pacer.restore(json.loads(json.dumps(rolled_back(pacer, then))))
    return pacer


def test_position_and_plateau_go_back_the_cut_of_the_guard_and_the_live_factor_stay():
    """0.9 of the line, no cut by the plateau, 0.5 by the guard, 0.25 by hand."""
    pacer = gone_back()
    assert pacer.update == 10
    assert pacer.factor_of == {"plateau1": 1.0, "guard1": 0.5, "manual1": 0.25}
    assert pacer.value == 0.9 * 0.5 * 0.25
    assert pacer.states["plateau1"].bad == 0
    assert pacer.states["guard1"].rescues == 1


def test_the_log_tells_all():
    """What led back stays in it, then one line for each controller; the trace can be had from it."""
    pacer = gone_back()
    told = [(d.update, d.controller, d.event, d.old, d.new) for d in pacer.decisions]
    assert sorted(told[-6:-3]) == [
        (30, "manual1", "set", 1.0, 0.25),
        (40, "guard1", "nan", 1.0, 0.5),
        (40, "plateau1", "nan", 0.5, 0.5),
    ]
    assert sorted(told[-3:]) == [
        (10, "guard1", "rollback", 0.5, 0.5),
        (10, "manual1", "rollback", 0.25, 0.25),
        (10, "plateau1", "rollback", 0.5, 1.0),
    ]
    assert factored(pacer.curve, pacer.decisions, 0, 60)[[9, 10, 59]] == pytest.approx([0.91, 0.9 / 8, 0.41 / 8])


def test_updates_that_were_lost_are_counted():
    """30 the first time; then 10 to 15 and back: 5 more."""
    pacer = gone_back()
    assert lost(pacer) == 30
    then = pacer.state()
    pacer.advance(5)
    pacer.observe(float("nan"))
    pacer.restore(rolled_back(pacer, then))
    assert (pacer.update, lost(pacer)) == (10, 35)


def test_what_is_no_state_is_refused():
    """Nothing is half gone back."""
    with pytest.raises(lr.LrlabError):
        rolled_back(lr.Pacer(SCHEDULE.over(100)), {"update": 3})
