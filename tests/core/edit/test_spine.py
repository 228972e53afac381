"""The phases of a schedule with what stands around them."""

import pytest

import lrlab as lr
from lrlab.core.edit.spine import spine_of
from lrlab.errors import LrlabError


@pytest.mark.parametrize(
    ("text", "ends", "around"),
    [
        ('0.5 * (warmup("10%", start=0) >> cosine())', [(0, 0.5), (0.5, 0)], "0.5 * linear()"),
        ("0.1 + 0.9 * cosine()", [(1, 0.1)], "0.1 + 0.9 * linear()"),
        ("cosine().clip(low=0.2)", [(1, 0)], "linear().clip(low=0.2)"),
        ("2 * cosine().clip(low=0.2, high=0.9) * plateau()", [(2, 0)], None),
        ('cosine("50%").repeat(2)', [(1, 0)], "linear()"),
    ],
)
def test_what_stands_around_the_phases_stays(text, ends, around):
    spine = spine_of(lr.parse(text), 100)
    assert [(piece.begin, piece.end) for piece in spine.pieces] == [pytest.approx(pair) for pair in ends]
    assert spine.of(spine.phases()) == lr.parse(text)
    if around is not None:
        assert str(spine.of([lr.linear()])) == around


def test_bounds_are_in_values_of_the_whole():
    """Of two, the tighter one; a level is shown within them."""
    spine = spine_of(lr.parse("(2 * cosine().clip(low=0.2, high=0.9)).clip(low=0.5, high=3)"), 100)
    assert (spine.low, spine.high) == (0.5, 1.8)
    assert [spine.shown(value) for value in (0.1, 1, 2)] == [0.5, 1, 1.8]


def test_a_value_of_the_whole_is_one_of_a_phase():
    assert spine_of(lr.parse("0.1 + 0.5 * cosine()"), 100).inner(0.35) == 0.5
    with pytest.raises(LrlabError, match="multiplied by 0"):
        spine_of(lr.parse("0 * cosine()"), 100).inner(0.35)


def test_a_run_of_unknown_length_has_no_places():
    with pytest.raises(LrlabError, match="length of the run"):
        spine_of(lr.cosine(100), None)


def test_what_does_not_fit_is_said_as_a_curve_says_it():
    with pytest.raises(LrlabError, match="add up to"):
        spine_of(lr.warmup(80) >> lr.cosine(80), 100)


def test_after_the_last_piece_is_the_last_piece():
    spine = spine_of(lr.warmup(10) >> lr.cosine(20), 100)
    assert [spine.at(update) for update in (0, 9, 10, 29, 30, 99)] == [0, 0, 1, 1, 1, 1]
