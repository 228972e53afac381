"""Phases of other lengths."""

import pytest

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
        ('warmup("2ep") >> cosine()', EPOCHS, 1, 3 * 391, 'warmup("3ep") >> cosine()'),
        ('cosine() >> linear("20%")', 1000, 1, 700, 'cosine() >> linear("30%")'),
        ("cosine() >> linear()", 1000, 1, 400, 'cosine("40%") >> linear()'),
        ("cosine() >> linear() >> rex()", 900, 1, 400, 'cosine("44.4%") >> linear("22.3%") >> rex()'),
        ('cosine("1/3") >> linear("1/3") >> rex()', 999, 1, 400, 'cosine("40%") >> linear("26.7%") >> rex()'),
        ("cosine(30) >> linear(30)", 100, 2, 80, "cosine(30) >> linear(50)"),
        ("step(9) >> linear(30)", 100, 1, 50, "step(9) >> linear(50)"),
    ],
)
def test_a_border_moves_and_the_text_stays_short(text, run, border, at, to):
    spine = spine_of(lr.parse(text), run)
    made = moved(spine, border, at)
    stops = [piece.stop for piece in spine.pieces]
    stops[border - 1] = at
    assert borders(made, spine.clock, spine.total) == stops
    if "1/3" not in text and "rex" not in text:
        assert texts(made) == to


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
