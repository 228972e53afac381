"""How words are declared: every argument of every word is checked, and says what is wrong with it."""

import dataclasses
import inspect
import math
import re
import sys
import types
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression import fields
from lrlab.core.expression.vocabulary import DEEPEST, FOREIGN, KINDS, word
from lrlab.core.shapes.base import Shape
from lrlab.core.text.parse import VOCABULARY
from lrlab.errors import LrlabError

SHAPES = {name: make for name, make in VOCABULARY.items() if isinstance(make, type)}
ODD = [
    None,
    True,
    "x",
    "",
    "here",
    "5 parsecs",
    b"5",
    -1,
    -1.5,
    math.nan,
    math.inf,
    -math.inf,
    10**400,
    -(10**5000),
    0,
    0.5,
    1j,
    [],
    [[1]],
    ["x", None],
    {},
    {"a": 1},
    set(),
    object(),
    lr,
    int,
    len,
    lr.cosine(),
    lr.cosine,
    np.float64(0.5),
    np.float32(0.5),
    np.int64(3),
    np.bool_(True),
    np.nan,
    np.array(1.0),
    np.array([1.0]),
    np.array([1.0, 2.0]),
    np.array(["min", "max"]),
    np.array([]),
    Decimal("0.5"),
    Fraction(1, 2),
    range(3),
    iter([]),
]


def parameters():
    """Every argument of every word."""
    return [
        (name, argument)
        for name, make in sorted(VOCABULARY.items())
        for argument, p in inspect.signature(make).parameters.items()
        if p.kind is not p.VAR_POSITIONAL
    ]


@pytest.mark.parametrize(("name", "argument"), parameters())
def test_odd_arguments_make_a_schedule_or_a_worded_error(name, argument):
    """Whatever is given for an argument: a schedule that reads back, or one LrlabError that names the argument."""
    signature, said = inspect.signature(VOCABULARY[name]).parameters, []
    needed = {"values": [1], "target": "f", "digest": "0"} if name in ("table", "function") else {}
    for odd in ODD:
        given = {k: v for k, v in needed.items() if k in signature} | {argument: odd}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                schedule = VOCABULARY[name](**given)
            except lr.LrlabError as error:
                said.append(str(error))
                continue
        assert isinstance(schedule, lr.Schedule), (name, argument, odd)
        if len(str(schedule)) < 10_000:
            assert lr.parse(str(schedule)) == schedule
        assert lr.loads(lr.dumps(schedule)) == schedule
    assert said
    for message in said:
        assert re.match(r"[a-z_\d]+", message)
        assert len(message) < 2000


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_calls_that_do_not_fit_are_worded(name):
    """Unknown, surplus and repeated arguments: an LrlabError that is a TypeError, in our words."""
    make = VOCABULARY[name]
    for args, kwargs in [((), {"nope": 1}), ((), {"self": 1}), ((1,) * 20, {}), ((5, 5, 5, 5), {"T_max": 3})]:
        with pytest.raises(lr.LrlabError) as caught:
            make(*args, **kwargs)
        assert isinstance(caught.value, TypeError)
        assert "__init__" not in str(caught.value)
        assert "positional" not in str(caught.value)


@pytest.mark.parametrize("foreign", sorted(FOREIGN))
def test_words_of_other_libraries_get_ours(foreign):
    """An argument known from another library is refused with ours."""
    with pytest.raises(lr.LrlabError, match="try: ") as caught:
        lr.cosine(**({foreign: 0.1}))
    assert FOREIGN[foreign] in str(caught.value)


def test_needed_arguments_are_named():
    """What has no default is asked for by name."""
    with pytest.raises(lr.LrlabError, match="table needs values"):
        lr.table()
    with pytest.raises(lr.LrlabError, match="function needs target"):
        lr.function()


def test_given_twice():
    """An argument by place and by name is one too many."""
    with pytest.raises(lr.LrlabError, match="cosine got span twice"):
        lr.cosine(5, span=5)


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_every_word_is_documented(name):
    """One sentence, the formula, and an example."""
    doc = inspect.getdoc(VOCABULARY[name])
    assert doc.splitlines()[0].endswith(".")
    assert "value = " in doc
    assert ">>> " in doc


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_field_has_a_kind(name):
    """Each argument's annotation names the function that checks it, which says in its docstring what it takes."""
    for field in dataclasses.fields(SHAPES[name]):
        kind = field.type.__metadata__[0]
        assert callable(kind)
        assert kind.__doc__
    assert fields.number.__doc__


def test_span_is_the_first_argument_of_a_shape_that_fills_one():
    """cosine(500): the span comes first, and is the only argument without a name."""
    for make in SHAPES.values():
        if issubclass(make, Shape):
            first, *others = inspect.signature(make).parameters.values()
            assert first.name == "span"
            assert all(p.kind is p.KEYWORD_ONLY for p in others)


def test_a_word_is_declared_once():
    """A second schedule of the same name is a mistake of the programmer's."""

    def cosine():
        """Not the real one."""

    with pytest.raises(RuntimeError, match="two schedules are called cosine"):
        word(cosine)


def test_depth_is_bounded():
    """Schedules in schedules: as deep as allowed, and not deeper."""
    schedule = lr.cosine()
    for _ in range(DEEPEST - 1):
        schedule = schedule.clip(0, 1)
    with pytest.raises(lr.LrlabError, match=f"at most {DEEPEST} levels"):
        schedule.clip(0, 1)


def test_annotations_may_be_postponed():
    """A file of one's own may begin as most do."""
    source = """
from __future__ import annotations
from lrlab.core.expression.fields import Positive
from lrlab.core.expression.vocabulary import node
from lrlab.core.shapes.base import Shape

@node
class postponed_for_a_test(Shape):
    level: Positive = 2
"""
    home = types.ModuleType("postponed")
    sys.modules["postponed"] = home
    try:
        exec(source, home.__dict__)
        assert home.postponed_for_a_test(level=3).level == 3.0
        with pytest.raises(LrlabError, match="postponed_for_a_test: level must be above 0"):
            home.postponed_for_a_test(level=0)
    finally:
        del sys.modules["postponed"]
        KINDS.pop("postponed_for_a_test", None)
