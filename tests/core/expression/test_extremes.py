"""The least and the greatest of several schedules."""

import pytest

import lrlab as lr
from lrlab.core.expression.extremes import Maximum, Minimum


def test_each_once_in_one_order():
    """A term that stands there twice counts once; one alone is itself; nested ones are flat."""
    assert lr.minimum(lr.cosine(), lr.rex()) == lr.minimum(lr.rex(), lr.cosine(), lr.rex())
    assert lr.minimum(lr.rex(), lr.rex()) == lr.rex()
    assert lr.maximum(lr.rex(), lr.maximum(lr.cosine(), lr.linear())) == lr.maximum(lr.rex(), lr.cosine(), lr.linear())


def test_replace_keeps_the_normal_form():
    """A bound of one schedule is that schedule."""
    assert lr.minimum(lr.cosine(), lr.rex()).replace(terms=[lr.rex(), lr.rex()]) == lr.rex()
    assert lr.maximum(lr.cosine(), lr.rex()).replace(terms=[lr.rex()]) == lr.rex()


def test_values():
    """At every update."""
    a, b = lr.linear(), lr.constant(level=0.6)
    assert lr.minimum(a, b).over(4).values().tolist() == [0.6, 0.6, 0.5, 0.25]
    assert lr.maximum(a, b).over(4).values().tolist() == [1.0, 0.75, 0.6, 0.6]


@pytest.mark.parametrize("kind", [Minimum, Maximum, lr.minimum, lr.maximum])
def test_nothing_is_nothing(kind):
    """A bound of no schedules, or of what is none, is refused."""
    for given in ([], (), 5, "ab", [1, 2], [lr.cosine(), None]):
        with pytest.raises(lr.LrlabError):
            kind(given) if isinstance(kind, type) else kind(*([given] if isinstance(given, int) else given))
