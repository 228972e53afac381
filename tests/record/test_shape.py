"""The shape of a record: what fits comes through as it is, what does not is said with its place."""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.record.shape import Misshapen, shaped


@dataclass(frozen=True)
class Point:
    at: tuple[float, ...]
    kind: Literal["a", "b"] = "a"
    more: Mapping[str, tuple[float, str]] = field(default_factory=dict)


class Told(TypedDict):
    rows: list[tuple[int, dict[str, float]]]
    note: NotRequired[str | None]


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (float, "-inf", -math.inf),
        (str, "inf", "inf"),
        (bool, True, True),
        (Any, [{"x": object}], [{"x": object}]),
        (str | None, None, None),
        (tuple[int, ...], [1, 2], (1, 2)),
        (list[float], [1, 0.5], [1.0, 0.5]),
        (tuple[int, str], [1, "x"], (1, "x")),
        (Point, {"at": [1], "kind": "b", "more": {"x": [1, "y"]}}, Point((1.0,), "b", {"x": (1.0, "y")})),
        (Told, {"rows": [[1, {"loss": 2}]]}, {"rows": [(1, {"loss": 2.0})]}),
        (Told, {"rows": [], "note": None}, {"rows": [], "note": None}),
    ],
)
def test_what_fits_comes_through(kind, given, found):
    """As the type has it: whole numbers are floats, lists are tuples, mappings are their class."""
    assert shaped(kind, given) == found
    assert type(shaped(kind, given)) is type(found)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (int, 3.0, "it is 3.0, and should be a whole number"),
        (int, True, "it is True, and should be a whole number"),
        (int, "3", "it is '3', and should be a whole number"),
        (float, "0.5", "a number"),
        (float, 10**400, "it is a whole number, and should be a number"),
        (float, True, "a number"),
        (float, None, "a number"),
        (tuple[float, ...], "12", "a list"),
        (tuple[float, ...], [1.0, None], r"\[1\] is None"),
        (tuple[int, str], [1], "a list of 2"),
        (Literal["a", 1], True, "it is True, and should be 'a' or 1"),
        (Literal["a"], [], "should be 'a'"),
        (str | None, 3, "it is a whole number, and should be a text$"),
        (Point, {"at": [], "more": {"x": ["z", "y"]}}, r"more\.x\[0\] is 'z'"),
        (Point, {"kind": "a"}, "it has no 'at'"),
        (Point, {"at": [], "next": 1}, "it has an unknown 'next'"),
        (Point, [], "it is a list, and should be a mapping"),
        (tuple[float, ...] | Literal["auto"], "1", "it is '1', and should be a list of numbers or 'auto'$"),
        (list[str] | bool | None, {}, "it is a mapping, and should be a list of texts or true or false$"),
        (Point | float, "x", "and should be a mapping or a number$"),
        (Told, {"rows": [[1, {"loss": "x"}]]}, r"rows\[0\]\[1\]\.loss is 'x'"),
        (Told, {}, "it has no 'rows'"),
        (str, "\x1b[31m" * 100, "and should be"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(kind, given, said):
    """And is never made to fit."""
    if kind is str:
        kind = int
    with pytest.raises(Misshapen, match=said) as raised:
        shaped(kind, given)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text() | st.sampled_from(["at", "kind", "more", "rows"]), some),
)


@given(anything, st.sampled_from([Point, Told, tuple[float, ...], dict[str, list[int]], Literal[1, "x"]]))
def test_nothing_else_is_ever_raised(given, kind):
    """Whatever JSON holds."""
    with contextlib.suppress(Misshapen):
        shaped(kind, given)


def test_whole_numbers_and_floats_are_told_apart_in_lists():
    """Also where all of them are of one wrong type."""
    for kind, wrong in ((int, 0.5), (int, True), (float, "x"), (float, None)):
        with pytest.raises(Misshapen, match=r"\[0\]"):
            shaped(tuple[kind, ...], [wrong, wrong])
    assert shaped(list[float], [1, 2]) == [1.0, 2.0]
    assert [type(value) for value in shaped(list[float], [1, 2])] == [float, float]
    assert shaped(list[int], []) == []


def test_a_tuple_has_its_length():
    """Neither more nor less."""
    for value in ([], [1], [1, "x", "y"]):
        with pytest.raises(Misshapen, match="a list of 2"):
            shaped(tuple[int, str], value)
    with pytest.raises(Misshapen, match="a list of 2"):
        shaped(tuple[int, str], "1x")


def test_long_names_and_values_are_cut():
    """Sixty characters of each."""
    with pytest.raises(Misshapen) as raised:
        shaped(int, "x" * 100)
    assert str(raised.value) == f"it is '{'x' * 59}, and should be a whole number"
    with pytest.raises(Misshapen) as raised:
        shaped(dict[str, int], {"x" * 100: "y"})
    assert str(raised.value).startswith("x" * 60 + " is 'y'")
