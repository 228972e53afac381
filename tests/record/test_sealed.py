"""Records under a digest: read as they were written, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.core.resume import checkpoint
from lrlab.errors import LrlabError
from lrlab.record.sealed import Torn, digest, parsed, sealed, unsealed

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(leaves, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=20)
records = st.dictionaries(st.text(), values, max_size=5).map(lambda fields: {**fields, "version": 3})


@given(records)
def test_what_is_sealed_is_unsealed(record):
    """Whatever is in it, also a digest of its own."""
    record.pop("digest", None)
    assert unsealed(sealed(record), "a record", 3, 3) == record
    assert unsealed(sealed(record, indent=1).encode(), "a record", 4, 3) == record


def test_the_digest_is_that_of_a_checkpoint():
    """One rule for all records; that of a known one is pinned, for files live long."""
    record = {"b": [1, 0.5, "\u00e9"], "a": None}
    assert digest(record) == checkpoint.digest(record)
    # printf '{"a":1}' | sha256sum
    assert digest({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "torn, or not JSON"),
        ("[" * 100_000, "torn, or not JSON"),
        (b"\xff", "torn, or not JSON"),
        ("1" * 5000, "torn, or not JSON"),
        ("[1]", "something else"),
        ("{}", "without a version"),
        ('{"version": 3.0}', "without a version"),
        ('{"version": 3}', "its digest does not fit"),
        ('{"version": 3, "digest": null}', "its digest does not fit"),
        ('{"version": 2, "digest": "0"}', "format 2 had no digest"),
        (sealed({"version": 3})[:-1] + ', "digest": 1}', "its digest does not fit"),
        (sealed({"version": 3}).replace("3", "2", 1), "format 2 had no digest"),
        (sealed({"version": 3, "x": 1.0}).replace("1.0", "NaN"), "its digest does not fit"),
    ],
)
def test_what_is_not_what_was_written_is_refused(text, said):
    """In a sentence, whatever it is; without its digest it is not of the version that it says."""
    with pytest.raises(Torn, match=said):
        unsealed(text, "a record", 3, 3)


def test_an_earlier_version_has_no_digest():
    """And a later one is no damage: it must not be made again in its place."""
    assert unsealed('{"version": 2, "x": 1}', "a record", 3, 3) == {"version": 2, "x": 1}
    with pytest.raises(LrlabError, match=r"(?s)a record in format 4, of a later lrlab.*pip install") as raised:
        unsealed(sealed({"version": 4}), "a record", 3, 3)
    assert not isinstance(raised.value, Torn)


def test_nothing_is_too_deep():
    """What Python can read, but not write."""
    for depth in (500, 900, 990, 1000, 5000):
        text = json.dumps({"version": 3})[:-1] + ', "x": ' + "[" * depth + "]" * depth + "}"
        with pytest.raises(Torn):
            unsealed(text, "a record", 3, 3)
        try:
            assert parsed(text, "a record")["version"] == 3
        except Torn:
            assert depth > 500
