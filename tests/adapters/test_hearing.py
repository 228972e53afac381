"""Each controller hears its own metric, and never another's."""

from types import SimpleNamespace

import pytest

import lrlab as lr
from lrlab.adapters.hearing import absent, feed, listening
from lrlab.errors import LrlabError

HEARD = {"loss": 1.0, "acc": 0.5, "lr": 0.1}


def fed(schedule, monitor="loss", metrics=HEARD):
    """What the controllers have heard, and what is lacking."""
    pacer = lr.Pacer(schedule.over(10))
    lacking = feed(SimpleNamespace(pacer=pacer, observe=pacer.observe), monitor, metrics)
    return {name: state.best for name, state in pacer.states.items()}, lacking


def test_a_name_is_heard_alone():
    """The monitor is for those without one."""
    a, b = lr.plateau(name="a"), lr.plateau(metric="acc", mode="max", name="b")
    assert fed(a * b) == ({"a": 1.0, "b": 0.5}, [])
    assert fed(b) == ({"b": 0.5}, [])
    assert fed(a) == ({"a": 1.0}, [])
    assert fed(lr.plateau(metric="f1", mode="max", name="c")) == ({"c": None}, ["f1"])
    assert fed(b, metrics={"acc": 0.5}) == ({"b": 0.5}, [])
    assert fed(a * b, metrics={"acc": 0.5}) == ({"a": None, "b": 0.5}, [])


def test_who_names_another_does_not_hear_the_monitor():
    with pytest.raises(LrlabError, match=r'plateau\(metric="loss"\)'):
        fed(lr.plateau(name="a") * lr.plateau(metric="f1", mode="max", name="b"))


def test_a_live_factor_waits_for_nobody():
    pacer = lr.Pacer((lr.plateau() * lr.manual()).over(10))
    assert [type(c).__name__ for c in listening(SimpleNamespace(pacer=pacer))] == ["plateau"]


def test_what_is_absent_is_said_with_what_was_meant():
    assert 'did you mean "acc"' in absent("accc", HEARD)
    assert "acc, loss, lr" in absent("f1", HEARD, "way")
