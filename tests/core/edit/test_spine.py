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


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("(2 * cosine().clip(low=0.2, high=0.9)).clip(low=0.3, high=1.5)", 0.4, 1.5),
        ("cosine().clip(high=0)", None, 0),
        ("cosine().clip(high=0.5).clip(high=0)", None, 0),
        ("cosine().clip(high=0).clip(high=0.5)", None, 0),
        ("cosine().clip(low=0).clip(low=-0.5)", 0, None),
        ("0.5 + -1 * cosine().clip(low=0.2)", None, None),
        ("0.1 + 2 * (0.3 + cosine().clip(high=0.5))", None, 1.7),
        ("0.1 + 2 * (0.3 + cosine().clip(low=0.5))", 1.7, None),
        ("0 * cosine().clip(high=0.5)", None, 0),
    ],
)
def test_the_tighter_bound_holds(text, low, high):
    """Below a factor that turns them round they belong to the phase."""
    spine = spine_of(lr.parse(text), 100)
    assert (spine.low, spine.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('cosine("50%") >> hold() >> linear(start="here")', [(0, 50, 1, 0), (50, 75, 0, 0), (75, 100, 0, 0)]),
        ("0.1 + 2 * (0.3 + 0.5 * cosine())", [(0, 100, 1.7, 0.7)]),
        ("-0.5 * (warmup(10, start=0) >> cosine(to=-3))", [(0, 10, 0, -0.5), (10, 100, -0.5, 1.5)]),
        ("0.5 * cosine(50) * linear()", [(0, 100, 0.5, 0)]),
        ("cosine(50)", [(0, 50, 1, 0)]),
    ],
)
def test_pieces_have_their_places_and_their_ends_in_values_of_the_whole(text, pieces):
    spine = spine_of(lr.parse(text), 100)
    assert [(p.start, p.stop, p.begin, p.end) for p in spine.pieces] == [pytest.approx(each) for each in pieces]
    assert spine.greatest == pytest.approx(max(abs(value) for piece in pieces for value in piece[2:]))


def test_what_is_0_everywhere_is_measured_by_1():
    assert spine_of(lr.parse("0 * cosine()"), 100).greatest == 1


def test_phases_follow_by_their_words_and_are_joined_by_their_levels():
    """To a billionth of the greatest level."""
    spine = spine_of(lr.parse('linear("50%", to=0.5) >> constant("10%", level="here") >> hold() >> rex("9%")'), 100)
    assert [piece.follows for piece in spine.pieces] == [False, True, True, False]
    assert [spine.joined(border) for border in (1, 2, 3)] == [True, True, False]
    near, far = (spine_of(lr.linear("50%", start=1e3, to=1) >> lr.linear(start=1 + e), 100) for e in (1e-7, 1e-5))
    assert (near.joined(1), far.joined(1)) == (True, False)


def test_a_value_of_the_whole_is_one_of_a_phase():
    """Of six digits where it is computed, and as it is where nothing stands around."""
    assert spine_of(lr.parse("0.1 + 0.5 * cosine()"), 100).inner(0.35) == 0.5
    assert spine_of(lr.parse("0.5 + cosine()"), 100).inner(0.75) == 0.25
    assert spine_of(lr.parse("3 * cosine()"), 100).inner(1) == 0.333333
    assert spine_of(lr.parse("cosine()"), 100).inner(1 / 3) == 1 / 3
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
