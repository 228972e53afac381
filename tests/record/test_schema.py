"""Types as JSON Schemas: what `shaped` reads is valid, and what it refuses is not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import jsonschema
import pytest

from lrlab.record.schema import UNBOUNDED, schema_of
from lrlab.record.shape import Misshapen, shaped


@dataclass(frozen=True)
class Point:
    """A point.

    >>> Point(1).y
    0
    """

    x: int
    y: int = 0


class Named(TypedDict):
    """Points by name."""

    points: dict[str, Point]
    note: NotRequired[str]


CASES = [
    (int, [1, -3], ["1", None, 0.5, []]),
    (float, [0.5, 2], ["x", None]),
    (str, ["a"], [1]),
    (None | int, [None, 1], ["a"]),
    (Literal["min", "max"], ["min"], ["mean", 1]),
    (tuple[float, ...], [[], [1, 0.5]], [{}, ["a"]]),
    (tuple[str, float], [["a", 1]], [["a"], ["a", 1, 2], [1, "a"]]),
    (Mapping[str, list[int]], [{}, {"a": [1]}], [{"a": 1}, []]),
    (int | list[str], [1, ["a"]], ["a", [1]]),
    (Point, [{"x": 1}, {"x": 1, "y": 2}], [{}, {"x": "a"}, {"x": 1, "z": 1}]),
    (Named, [{"points": {"a": {"x": 1}}}, {"points": {}, "note": "b"}], [{}, {"points": {}, "more": 1}]),
    (Any, [None, [1], {}], []),
]


@pytest.mark.parametrize(("kind", "good", "bad"), CASES, ids=lambda given: str(given)[:40])
def test_it_says_what_shaped_reads(kind, good, bad):
    """One set of annotations, two readers."""
    schema = schema_of(kind, closed=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    for value in good:
        jsonschema.validate(value, schema)
        shaped(kind, value)
    for value in bad:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(value, schema)
        with pytest.raises(Misshapen):
            shaped(kind, value)


def test_numbers_without_bounds_are_asked_for():
    """As a text, which `shaped` reads as the number."""
    schema = schema_of(Annotated[list[float], UNBOUNDED])
    jsonschema.validate([1, "inf", "nan"], schema)
    assert shaped(list[float], ["-inf"]) == [-math.inf]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(["inf"], schema_of(list[float]))


def test_what_a_class_says_is_its_description():
    """Without the example; fields may be added unless it is closed."""
    found = schema_of(Named)
    assert found["description"] == "Points by name."
    assert found["required"] == ["points"]
    assert found["properties"]["points"]["additionalProperties"]["description"] == "A point."
    assert "additionalProperties" not in found
