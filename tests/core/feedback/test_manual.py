"""The live factor: it hears its own name alone, and holds what it heard."""

import math

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import formula


def test_the_last_one_counts():
    """Set, set again, and set to the same: two decisions."""
    pacer = lr.Pacer((lr.constant() * lr.manual()).over(100))
    for factor in (0.5, 2.0, 2.0):
        pacer.advance()
        pacer.observe(live=factor)
    assert pacer.value == 2.0
    assert [(d.update, d.event, d.old, d.new, d.cause) for d in pacer.decisions] == [
        (1, "set", 1.0, 0.5, "live was set to 0.5"),
        (2, "set", 0.5, 2.0, "live was set to 2"),
    ]


def test_a_loss_is_no_factor():
    """What is observed without a name never reaches it, nor is its last decision told again."""
    pacer = lr.Pacer((lr.constant() * lr.manual() * lr.plateau()).over(100))
    pacer.observe(live=0.5)
    pacer.observe(2.31)
    pacer.observe(2.31, acc=0.9)
    assert pacer.value == 0.5
    assert len(pacer.decisions) == 1


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf])
def test_what_is_no_factor_is_refused(factor):
    """It changes nothing, and is said."""
    pacer = lr.Pacer((lr.constant() * lr.manual()).over(100))
    pacer.observe(live=factor)
    assert pacer.value == 1.0
    assert [d.event for d in pacer.decisions] == ["refused"]


def test_it_needs_a_name():
    """Without a name it would take every loss for a factor."""
    with pytest.raises(lr.LrlabError, match="manual: metric must be a word"):
        lr.manual(metric=None)


def test_zero_freezes():
    """A factor of 0 is a factor."""
    pacer = lr.Pacer((lr.constant() * lr.manual(metric="hand")).over(100))
    pacer.observe(hand=0)
    assert pacer.value == 0.0


def test_formula():
    """value = what was observed last under its name."""
    pacer = lr.Pacer(lr.manual().over(10))
    assert formula("manual") == "the last observation of its metric (1 before the first)"
    assert pacer.value == 1
    for factor in (0.5, 2.0, 0.0):
        pacer.observe(live=factor)
        assert pacer.value == factor


def test_before_anything_was_set():
    """The factor is 1; what a person has set stays where a run goes back."""
    assert lr.manual().init()._asdict() == {"factor": 1.0, "observed": 0, "event": "", "cause": ""}
    assert lr.manual().survives
