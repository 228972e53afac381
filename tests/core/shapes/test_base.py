"""Shapes over a span: constants, warmups, and what they do without an update."""

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.shapes.base import spoken
from lrlab.core.time.layout import TimeBase, Window


@pytest.mark.parametrize("n", [1, 2, 5, 100])
def test_warmup_wastes_nothing(n):
    """value(i) = (i+1)/(n+1): never 0, never the peak, which follows."""
    curve = (lr.warmup(n) >> lr.constant()).over(n + 3)
    assert [curve(i) for i in range(n)] == [(i + 1) / (n + 1) for i in range(n)]
    assert curve(n) == 1
    assert lr.warmup(n).over(n)(10**9) == 1


def test_warmup_from_elsewhere():
    """From 0, from a level, from here."""
    assert lr.warmup(4, start=0).over(4).values().tolist() == [0, 0.25, 0.5, 0.75]
    here = (lr.constant(2, level=0.5) >> lr.warmup(2, start="here")).over(5)
    assert here.values().tolist() == [0.5, 0.5, 0.5, 0.75, 1]
    for n in (7, 100):  # also where its span is rounded to no update
        with pytest.raises(lr.LrlabError, match="end of the phase before, and there is none"):
            lr.warmup("5%", start="here").over(n)
    assert (lr.warmup(0) >> lr.linear()).over(4).values().tolist() == lr.linear().over(4).values().tolist()


def test_constant_and_hold():
    """A level, the level before, and no end."""
    curve = (lr.linear(2, to=0.5) >> lr.hold(2) >> lr.constant(level="here")).over(8)
    assert curve.values().tolist() == [1, 0.75] + [0.5] * 6
    assert lr.constant(level=0.25).over()(10**12) == 0.25


def test_linear_cosine_at_its_end():
    """The value at u = 1 is held, also by a phase without updates."""
    for n in (0, 1, 7):
        curve = (lr.constant(3) >> lr.linear_cosine(n, periods=1, alpha=0.5, beta=0.25)).over(20)
        assert curve(19) == pytest.approx(0.75)


def test_spoken():
    """Levels in words."""
    assert [spoken(0.25), spoken("here"), spoken(None)] == ["0.25", "the end of the phase before", "1/(n+1)"]


@pytest.mark.parametrize("schedule", [lr.warmup(4), lr.warmup(4, start=0.3), lr.warmup(1), lr.cosine(4)])
def test_a_shape_in_the_words_of_a_more_general_one_is_the_same(schedule):
    """As other libraries are told."""
    n = int(schedule.span.amount)
    word, arguments = schedule._plainly(Window(TimeBase(lr.Horizon(), None), 0, n))
    plain = VOCABULARY[word](n, **{name: value for name, value in arguments.items() if name != "span"})
    assert plain.over(n).values().tolist() == pytest.approx(schedule.over(n).values().tolist())
    assert plain.over(n)(n) == schedule.over(n)(n)


@pytest.mark.parametrize("schedule", [lr.constant(4, level=0.3), lr.hold(4)])
def test_a_level_in_the_words_of_others(schedule):
    """Its own, or that of the phase before."""
    word, arguments = schedule._plainly(Window(TimeBase(lr.Horizon(), None), 0, 4))
    assert (word, arguments) == ("constant", {"to": getattr(schedule, "level", "here")})
