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
    with pytest.raises(LrlabError, match="not a way"):
        as_word(piece("linear()"), "warm_restarts", (1, 0))
