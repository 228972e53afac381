"""Phases of other lengths."""

import functools
import math
import operator
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrlab as lr
from lrlab.core.edit.borders import borders, divided, lasting, moved, room, united
from lrlab.core.edit.spine import spine_of
from lrlab.errors import LrlabError

EPOCHS = lr.Horizon(epochs=30, updates_per_epoch=391)


def texts(phases):
    return " >> ".join(map(str, phases))


@pytest.mark.parametrize(
    ("text", "run", "border", "at", "to"),
    [
        ('warmup("5%") >> cosine()', 1000, 1, 100, 'warmup("10%") >> cosine()'),
        ("warmup(50) >> cosine()", 1000, 1, 100, "warmup(100) >> cosine()"),
        ("warmup(50) >> cosine()", 1000, 1, 1, "warmup(1) >> cosine()"),
        ('warmup("2ep") >> cosine()', EPOCHS, 1, 3 * 391, 'warmup("3ep") >> cosine()'),
        ('cosine() >> linear("20%")', 1000, 1, 700, 'cosine() >> linear("30%")'),
        ("cosine() >> linear()", 1000, 1, 400, 'cosine("40%") >> linear()'),
        ("cosine() >> linear() >> rex()", 900, 1, 400, 'cosine("44.4%") >> linear("22.2667%") >> rex()'),
        ("cosine() >> linear() >> rex()", 900, 2, 700, 'cosine() >> linear("44.4%") >> rex("22.2667%")'),
        ('cosine("1/3") >> linear("1/3") >> rex()', 999, 1, 400, 'cosine("40%") >> linear("26.6667%") >> rex()'),
        ('cosine("1/3") >> linear("1/3") >> rex("1/3")', 999, 3, 900, 'cosine("1/3") >> linear("1/3") >> rex("23.4%")'),
        ('cosine("30%") >> linear("30%")', 1000, 2, 1000, 'cosine("30%") >> linear("70%")'),
        ('cosine(30) >> linear("30%")', 1000, 2, 1000, 'cosine(30) >> linear("97%")'),
        ("cosine(30) >> linear(30)", 100, 2, 80, "cosine(30) >> linear(50)"),
        ("cosine(30) >> linear() >> rex(20)", 1000, 1, 500, "cosine(500) >> linear() >> rex(20)"),
        ("cosine(30) >> linear() >> rex(20)", 1000, 2, 500, "cosine(30) >> linear() >> rex(500)"),
        ('cosine("12.5%") >> linear("50%") >> rex()', 1000, 1, 250, 'cosine("25%") >> linear("37.5%") >> rex()'),
        ('cosine("12.5%") >> linear("50%") >> rex()', 7, 1, 2, 'cosine("29%") >> linear("33.5%") >> rex()'),
        (
            'cosine("12.5%") >> linear("50%") >> rex()',
            *(100_000, 1, 33_333),
            'cosine("33.333%") >> linear("29.167%") >> rex()',
        ),
        (
            'cosine("12.5%") >> linear("50%") >> rex()',
            *(1_000_000, 1, 333_333),
            'cosine("33.3333%") >> linear("29.1667%") >> rex()',
        ),
        ('cosine("2ep") >> linear("5ep") >> rex()', EPOCHS, 1, 1273, 'cosine("3.256ep") >> linear("3.744ep") >> rex()'),
        ('cosine("2ep") >> linear("5ep") >> rex()', EPOCHS, 2, 3910, 'cosine("2ep") >> linear("8ep") >> rex()'),
        ("linear() >> cosine() >> cosine(100)", 1000, 1, 600, 'linear("60%") >> cosine() >> cosine(100)'),
        ("linear() >> cosine() >> cosine(100)", 1000, 2, 600, 'linear() >> cosine("15%") >> cosine(400)'),
        (
            'linear("50.05%") >> cosine("30.05%") >> cosine()',
            *(1000, 1, 600),
            'linear("60%") >> cosine("20.1%") >> cosine()',
        ),
        ("cosine(13) >> linear() >> rex()", 50, 1, 30, 'cosine(30) >> linear("3%") >> rex()'),
        ("step(9) >> linear(30)", 100, 1, 50, "step(9) >> linear(50)"),
        ("step(9) >> step(9) >> step(9)", 1000, 2, 900, "step(9) >> step(9, span=567) >> step(9, span=100)"),
        ('0.5 * cosine("10%") >> linear()', 1000, 1, 600, '0.5 * cosine("60%") >> linear()'),
        ("cosine(10).repeat(2) >> linear()", 1000, 1, 600, "cosine(10).repeat(2).lasting(600) >> linear()"),
        ('cosine(13) >> linear("10%") >> rex("10%")', 333, 1, 40, 'cosine(40) >> linear("7/370") >> rex("10%")'),
    ],
)
def test_a_border_moves_and_the_text_stays_short(text, run, border, at, to):
    spine = spine_of(lr.parse(text), run)
    made = moved(spine, border, at)
    stops = [piece.stop for piece in spine.pieces]
    stops[border - 1] = at
    assert borders(made, spine.clock, spine.total) == stops
    assert texts(made) == to


@st.composite
def spines(draw):
    """One to four phases with spans of every unit, or without, in a run of some updates."""
    updates = draw(st.sampled_from([7, 50, 100, 333, 999, 1000, 12_345]))
    run = lr.Horizon(updates=updates, updates_per_epoch=updates / draw(st.sampled_from([5, 11, 7.3])))
    spans = st.sampled_from([None, "10%", "1/7", "12.5%", "33%", 13, "2.5ep", "1ep"])
    words = st.sampled_from([lr.linear, lr.cosine, lr.rex])
    phases = draw(st.lists(st.builds(lambda word, span: word(span), words, spans), min_size=1, max_size=4))
    try:
        return spine_of(functools.reduce(operator.rshift, phases), run)
    except LrlabError:  # they do not fit
        assume(False)


@given(spines(), st.data())
def test_no_border_moves_but_the_one_that_is_meant(spine, data):
    """In every unit, where the lengths are no whole numbers of updates, and where several phases share the rest."""
    stops, many = [piece.stop for piece in spine.pieces], len(spine.pieces)
    number = data.draw(st.integers(0, many - 1))
    start, stop = spine.pieces[number].start, spine.pieces[number].stop
    if stop - start > 1:
        at = data.draw(st.integers(start + 1, stop - 1))
        pair = divided(spine, number, at, lr.linear(to=0.5), lr.linear(start=0.5))
        phases = [*spine.phases()[:number], *pair, *spine.phases()[number + 1 :]]
        assert borders(phases, spine.clock, spine.total) == sorted([*stops, at])
    if number + 1 < many:
        one = united(spine, number + 1, spine.pieces[number].phase)
        assert borders(one, spine.clock, spine.total) == stops[:number] + stops[number + 1 :]
        low, high = room(spine, number + 1)
        assert low <= stop <= high
        assert high < stops[number + 1] or high == stop  # or the phase after has no update
        at = data.draw(st.integers(low, high))
        made = moved(spine, number + 1, at)
        assert borders(made, spine.clock, spine.total) == [*stops[:number], at, *stops[number + 1 :]]


@given(st.integers(2, 20_000), st.data())
def test_a_span_has_no_digit_more_than_its_border_needs(updates, data):
    """A border lies at its share of the run, rounded half up."""
    at = data.draw(st.integers(1, updates - 1))
    text = str(moved(spine_of(lr.cosine("50%") >> lr.linear(), updates), 1, at)[0])
    digits = len(text.removesuffix('%")').partition(".")[2])

    def lands(parts, digits):
        return math.floor(Fraction(parts * updates, 100 * 10**digits) + Fraction(1, 2)) == at

    near = {k: at * 100 * 10**k // updates for k in range(digits + 1)}
    assert [any(lands(near[k] + more, k) for more in (0, 1)) for k in near] == [False] * digits + [True]


def test_a_border_stops_at_its_neighbours():
    """Each phase keeps an update."""
    spine = spine_of(lr.warmup(10) >> lr.constant() >> lr.linear(20), 100)
    assert [room(spine, border) for border in (1, 2)] == [(1, 79), (11, 99)]
    with pytest.raises(LrlabError, match="pass its neighbour"):
        moved(spine, 1, 80)


def test_what_has_a_length_of_its_own_is_not_cut():
    """Cycles of 60 updates can last longer, and be cut back to 60."""
    spine = spine_of(lr.warmup(10) >> lr.cosine(30).repeat(2) >> lr.linear(), 100)
    assert [room(spine, border) for border in (1, 2)] == [(1, 10), (70, 99)]
    longer = spine_of(spine.of(moved(spine, 2, 90)), 100)
    assert str(longer.schedule) == "warmup(10) >> cosine(30).repeat(2).lasting(80) >> linear()"
    assert [room(longer, border) for border in (1, 2)] == [(1, 30), (70, 99)]


@pytest.mark.parametrize(
    "text",
    [
        "(cosine() >> linear(4)).clip(high=2)",  # a chain within a bound
        "constant(3) * linear(4)",  # of two that last so long, neither is made shorter
        "cosine(4).lasting(9)",
    ],
)
def test_a_fixed_part_keeps_its_room(text):
    spine = spine_of(lr.constant(50) >> lr.parse(text) >> lr.linear(), 100)
    assert room(spine, 2)[0] == 54
    spine_of(spine.of(moved(spine, 2, 54)), 100)


@pytest.mark.parametrize(
    ("text", "span", "to"),
    [
        ("cosine(5)", "10%", 'cosine("10%")'),
        ("cosine(5)", None, "cosine()"),
        ("0.5 * cosine(5)", 7, "0.5 * cosine(7)"),
        ("cosine(5).clip(low=0.1)", 7, "cosine(7).clip(low=0.1)"),
        ("cosine(5).repeat(2)", 7, "cosine(5).repeat(2).lasting(7)"),
        ("cosine(5).repeat(2).lasting(9)", 7, "cosine(5).repeat(2).lasting(7)"),
        ("cosine(5).repeat(2).lasting(9)", None, "cosine(5).repeat(2)"),
    ],
)
def test_a_phase_of_another_length(text, span, to):
    assert str(lasting(lr.parse(text), None if span is None else lr.Span.of(span))) == to


def test_what_does_not_fit_has_no_borders():
    spine = spine_of(lr.cosine(), 100)
    assert borders([lr.cosine(200)], spine.clock, 100) is None
    assert borders([lr.cosine(60), lr.linear(60)], spine.clock, 100) is None


def test_a_phase_divided_and_united():
    """The rest stays without a span where it had none."""
    spine = spine_of(lr.warmup("10%") >> lr.linear(), 1000)
    assert texts(divided(spine, 1, 400, lr.linear(to=0.5), lr.linear(start=0.5))) == (
        'linear("30%", to=0.5) >> linear(start=0.5)'
    )
    assert texts(united(spine, 1, lr.cosine())) == "cosine()"
    fixed = spine_of(lr.warmup("10%") >> lr.linear("40%") >> lr.constant(), 1000)
    assert texts(united(fixed, 1, lr.cosine())) == 'cosine("50%") >> constant()'
