"""Bent phases: by words where one is near, by powers where none is."""

import pytest

import lrlab as lr
from lrlab.core.edit.bend import as_word, bent, words
from lrlab.core.edit.spine import spine_of
from lrlab.errors import LrlabError


def piece(text, number=0):
    return spine_of(lr.parse(text), 1000).pieces[number]


@pytest.mark.parametrize("word", [w for w in words() if w not in ("polynomial", "one_minus_power")])
def test_every_word_is_met_on_its_own_curve(word):
    """Somewhere on its way: where two words are near, the straight line, or the nearer one."""
    curve = getattr(lr, word)(to=0.01).over(1000)
    met = {bent(piece("linear(to=0.01)"), u, curve(round(1000 * u)), (1, 0.01)).kind for u in (0.15, 0.3, 0.7, 0.85)}
    assert word in met


@pytest.mark.parametrize(
    ("text", "u", "value", "to"),
    [
        ("linear()", 0.5, 0.5, "linear()"),
        ("linear()", 0.25, 0.8536, "cosine()"),
        ("linear()", 0.5, 0.2929, "one_minus_sqrt()"),
        ("linear()", 0.5, 0.6, "one_minus_power(power=1.3)"),
        ('cosine("30%", to=0.2)', 0.5, 0.6, 'linear("30%", to=0.2)'),
        ('linear("30%", to=0.2) >> linear(start="here", to=0.1)', 0.5, 0.15, 'linear(start="here", to=0.1)'),
    ],
)
def test_a_phase_goes_through_a_point(text, u, value, to):
    number = text.count(">>")
    given = piece(text, number)
    assert str(bent(given, u, value, (given.begin, given.end))) == to


def test_what_is_flat_or_has_a_shape_of_its_own_is_not_bent():
    with pytest.raises(LrlabError, match="flat"):
        bent(piece("constant()"), 0.5, 0.7, (1, 1))
    with pytest.raises(LrlabError, match="shape of its own"):
        bent(piece("inverse_sqrt()"), 0.5, 0.7, (1, 0))


@pytest.mark.parametrize(
    ("word", "to"),
    [
        ("rex", 'rex("10%", start=0.5, to=0.2)'),
        ("constant", 'constant("10%", level=0.5)'),
        ("hold", 'hold("10%")'),
    ],
)
def test_a_phase_by_another_word(word, to):
    assert str(as_word(piece('linear("10%", start=0.5, to=0.2)'), word, (0.5, 0.2))) == to


def test_words_that_are_no_way_between_levels_are_refused():
    with pytest.raises(LrlabError, match="not a shape that goes"):
        as_word(piece("linear()"), "warm_restarts", (1, 0))


def test_words_are_sorted_by_how_high_they_stay():
    """Behind the straight line."""
    means = [getattr(lr, word)(to=0.01).over(10_000).values().mean() for word in words()[1:]]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize(
    ("u", "value", "to"),
    [
        (0.5, 0, "polynomial(power=6.6)"),
        (0.5, -7, "polynomial(power=6.6)"),
        (0.5, 1, "one_minus_power(power=6.6)"),
        (0.5, 7, "one_minus_power(power=6.6)"),
        (1.5, 0.2, "one_minus_power(power=4.4)"),
        (-1, 0.8, "polynomial(power=4.4)"),
        (0.95, 0.8, "one_minus_power(power=12)"),
        (0.05, 0.2, "polynomial(power=12)"),
    ],
)
def test_a_hand_beyond_the_phase_bends_it_as_far_as_it_goes(u, value, to):
    """From 5 % to 95 % of its length, from 1 % to 99 % of its height, and by no power above 12."""
    assert str(bent(piece("linear()"), u, value, (1, 0))) == to


def test_a_line_on_a_logarithmic_axis_is_met_between_its_own_ends():
    """The geometric mean of 100 and 1 is 10."""
    given = piece("linear(start=100, to=1)")
    assert [str(bent(given, u, value, (100, 1))) for u, value in ((0.5, 10), (0.25, 31.6))] == [
        "geometric(start=100, to=1)"
    ] * 2
    assert "geometric" not in str(bent(piece("linear()"), 0.5, 0.1, (1, 0)))  # it has no 0


def test_a_line_is_straight_where_the_hand_is_near_it_though_another_word_is_nearer():
    """Two parts in a hundred of the way."""
    given = piece("linear()")
    assert [str(bent(given, 0.8, value, (1, 0))) for value in (0.182, 0.175)] == ["linear()", "k_decay()"]
