"""The kinds of arguments: what each takes, its normal form, and what it refuses."""

import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression import fields
from lrlab.core.time.span import Span


@pytest.mark.parametrize(
    ("kind", "given", "normal"),
    [
        (fields.number, 1, 1.0),
        (fields.number, np.float32(0.5), 0.5),
        (fields.number, np.array(2), 2.0),
        (fields.positive, 3, 3.0),
        (fields.optional_positive, None, None),
        (fields.not_negative, 0, 0.0),
        (fields.share, 0.5, 0.5),
        (fields.optional_number, None, None),
        (fields.level, "here", "here"),
        (fields.level, 2, 2.0),
        (fields.optional_level, None, None),
        (fields.span, None, None),
        (fields.span, 0, Span.of(0)),
        (fields.length, "10%", Span.of("10%")),
        (fields.optional_length, None, None),
        (fields.count, np.int8(3), 3),
        (fields.count, 3.0, 3),
        (fields.optional_count, None, None),
        (fields.not_negative_count, 0, 0),
        (fields.flag, True, True),
        (fields.name, "a b", "a b"),
        (fields.optional_name, None, None),
        (fields.numbers, np.array([1, 2]), (1.0, 2.0)),
        (fields.numbers, (x for x in (1, 2)), (1.0, 2.0)),
        (fields.lengths, [5, "10%"], (Span.of(5), Span.of("10%"))),
        (fields.points, [[0, 1], ("10%", 0)], ((Span.of(0), 1.0), (Span.of("10%"), 0.0))),
        (fields.optional_mode, "max", "max"),
    ],
)
def test_normal_forms(kind, given, normal):
    """Each kind brings what was given into one form."""
    made = kind(given, "it")
    assert made == normal
    assert type(made) is type(normal)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((fields.number, x) for x in (True, "1", None, math.nan, math.inf, 1j, 10**400, [1], np.array([1.0]), {})),
        *((fields.positive, x) for x in (0, -1)),
        (fields.not_negative, -1e-300),
        *((fields.share, x) for x in (0, 1)),
        *((fields.level, x) for x in ("there", None, np.array(["here"]))),
        *((fields.length, x) for x in (0, "0%", None, -5)),
        *((fields.count, x) for x in (0, -1, 1.5, 0.0, math.nan, True, np.bool_(True), "3", 10**20, np.array([3]))),
        *((fields.not_negative_count, x) for x in (-1, False, 0.5, -1.0, np.array([0, 1]))),
        *((fields.flag, x) for x in (0, 1, "True", None)),
        *((fields.name, x) for x in ("", "a\nb", "x" * 201, 5, "\ud800", "\x00")),
        *((fields.numbers, x) for x in ([], "12", 5, [1, "x"], np.array(1.0), [[1]], {"a": 1})),
        *((fields.lengths, x) for x in ([5, 5], [5, 3], ["20%", "10%"], [], "10%", 5)),
        *((fields.points, x) for x in ([], [1], [(1, 2, 3)], [(5, 1), (3, 1)], ["ab"], [(1, "x")])),
        *((fields.optional_mode, x) for x in ("least", 0, ["min"], np.array(["min", "max"]))),
    ],
)
def test_refusals(kind, given):
    """What is refused is refused by name."""
    with pytest.raises(lr.LrlabError, match=r"^it"):
        kind(given, "it")


def test_no_negative_zero():
    """-0.0 would print, compare and hash differently from 0."""
    assert math.copysign(1, fields.number(-0.0, "it")) == 1
    assert str(lr.cosine(to=-0.0)) == "cosine()"


@pytest.mark.parametrize("given", ["", "Rel", "rela", 1, None, ["rel"]])
@pytest.mark.parametrize("kind", [fields.threshold_mode, fields.nan_rule, fields.optional_mode])
def test_one_of_a_few_words(kind, given):
    """Neither another word nor what is none."""
    if kind is fields.optional_mode and given is None:
        assert kind(given, "it") is None
        return
    with pytest.raises(lr.LrlabError, match="it is not known"):
        kind(given, "it")


def test_the_words_of_a_threshold_and_of_what_is_not_finite():
    """Each comes through as it is."""
    assert [fields.threshold_mode(word, "it") for word in ("rel", "abs", "signed")] == ["rel", "abs", "signed"]
    assert [fields.nan_rule(word, "it") for word in ("hold", "bad")] == ["hold", "bad"]
    assert [fields.optional_mode(word, "it") for word in ("min", "max")] == ["min", "max"]


@pytest.mark.parametrize("part", [(0.5, 0.5), (0.5, 0.25), (-0.1, 1), (0,), (0, 0.5, 1)])
def test_a_part_goes_from_one_share_to_a_later_one(part):
    """Both of them said; it may begin at 0, and end behind the shape."""
    with pytest.raises(lr.LrlabError, match="must be two rising shares of the shape"):
        lr.linear(part=part)
    assert lr.linear(part=(0, 1)) == lr.linear()
    assert lr.linear(part=(0, 1.5)).part == (0.0, 1.5)
