"""Fields of a request, each of a kind and within bounds."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.studio.asked import Asked

GIVEN = Asked({"a": "text", "n": 3, "x": 0.5, "t": True, "o": {"updates": 9}, "l": [{"a": "b"}], "null": None})


def test_what_is_asked_for_is_given():
    assert (GIVEN.text("a"), GIVEN.whole("n", 0, 9), GIVEN.number("x"), GIVEN.flag("t")) == ("text", 3, 0.5, True)
    assert (GIVEN.flag("missing"), GIVEN.optional("null", 0, 1), GIVEN.text("missing", default="")) == (False, None, "")
    assert GIVEN.one_of("a", ("text",)) == "text"
    assert GIVEN.horizon("o") == lr.Horizon(updates=9)
    assert [item.text("a") for item in GIVEN.each("l", 1)] == ["b"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: GIVEN.text("n"), "must be a text"),
        (lambda: GIVEN.text("a", 3), "characters"),
        (lambda: Asked({"a": "a\x00"}).text("a"), "NUL"),
        (lambda: Asked(b'{"a": "law \\ud800"}').text("a"), "half of a pair"),
        (lambda: GIVEN.number("a"), "must be a number"),
        (lambda: GIVEN.number("t"), "must be a number"),
        (lambda: GIVEN.number("n", 0, 2), "out of bounds"),
        (lambda: GIVEN.whole("x", 0, 9), "whole number"),
        (lambda: GIVEN.flag("n"), "true or false"),
        (lambda: GIVEN.one_of("a", ("b", "c")), "b, c"),
        (lambda: GIVEN.within("a"), "must be an object"),
        (lambda: GIVEN.each("a", 9), "list of objects"),
        (lambda: GIVEN.each("l", 0), "at most 0"),
        (lambda: Asked({"n": 10**400}).number("n"), "out of bounds"),
    ],
)
def test_what_is_not_so_is_said(ask, said):
    with pytest.raises(LrlabError, match=said):
        ask()
