"""How a schedule is written: each kind says what it looks like; text, JSON and fingerprint follow."""

from hashlib import sha256

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import KINDS
from lrlab.core.expression.write import VERSION, chain, document_of, fingerprint, literal, record
from lrlab.core.text.parse import VOCABULARY


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1e15, "1000000000000000.0"),
        (0.1, "0.1"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ('a "b" \\', '"a \\"b\\" \\\\"'),
        ((lr.Span.of("10%"), 5.0), '["10%", 5]'),
        (((lr.Span.of(5), 1.0),), "[(5, 1)]"),
    ],
)
def test_literals(value, text):
    """As Python writes them; whole numbers without a point."""
    assert literal(value) == text


def test_brackets_stand_where_they_are_needed():
    """By Python's precedence, and nowhere else."""
    a, b = lr.cosine(), lr.linear()
    assert str(a >> b * 2) == "cosine() >> 2 * linear()"
    assert str((a >> b) * 2) == "2 * (cosine() >> linear())"
    assert str((a + b) * b) == "(cosine() + linear()) * linear()"
    assert str((a * b) + 1) == "1 + cosine() * linear()"
    assert str((2 * a).clip(0)) == "(2 * cosine()).clip(low=0)"
    assert str(lr.minimum(a >> b, a)) == "minimum(cosine(), cosine() >> linear())"


def test_positional_arguments_stand_without_their_names_until_one_is_left_out():
    """What equals its default is left out."""
    assert str(lr.cosine().repeat(3, 2)) == "cosine().repeat(3, stretch=2)"
    assert str(lr.linear().excerpt(0, 5, over=9)) == "linear().excerpt(stop=5, over=9)"
    assert str(lr.inverse_time(every=5)) == "inverse_time(every=5)"


def test_every_kind_has_a_name_of_its_own():
    """The name in JSON, which reads back; of a word the word."""
    assert all(kind.kind == name for name, kind in KINDS.items())
    assert set(KINDS) >= {"sequence", "product", "sum", "minimum", "clip", "repeat", "function", "cosine", "plateau"}


def test_what_equals_its_default_is_left_out_of_json():
    """Also the factor of a product and the offset of a sum."""
    assert record(lr.cosine() * lr.linear()) == {"kind": "product", "terms": [{"kind": "cosine"}, {"kind": "linear"}]}
    assert record(2 + lr.cosine(5)) == {"kind": "sum", "offset": 2.0, "terms": [{"kind": "cosine", "span": 5}]}
    assert document_of(lr.cosine("10%")) == {"lrlab": VERSION, "schedule": {"kind": "cosine", "span": "10%"}}


def test_fingerprint():
    """Of the normal form: equal schedules have one, others another; `tests/compat` holds those of earlier versions."""
    assert fingerprint(lr.cosine()) == lr.cosine(start=1).fingerprint()
    assert fingerprint(lr.cosine(closed=True)) == sha256(b'lrlab 1 {"closed":true,"kind":"cosine"}').hexdigest()
    assert fingerprint(lr.cosine()) != fingerprint(lr.linear())


def test_a_chain_too_long_for_python_is_written_in_groups():
    """Groups of 500; what is left over as a single part needs no brackets."""
    parts = [f"p{k}" for k in range(501)]
    assert chain(" + ", parts[:500]) == " + ".join(parts[:500])
    assert chain(" + ", parts) == f"({' + '.join(parts[:500])}) + p500"


@pytest.mark.parametrize("name", sorted(set(VOCABULARY) - {"table", "function", "minimum", "maximum"}))
def test_a_schedule_is_shown_as_its_text(name):
    """In a console and in a message; typed again it is the same."""
    schedule = VOCABULARY[name]()
    assert repr(schedule) == str(schedule)
    assert lr.parse(repr(schedule)) == schedule
