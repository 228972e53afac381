"""What is printed of other people's texts, and the shape of a message."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.errors import LrlabError, LrlabTypeError, MissingExtra, missing, nearest, printable, worded


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m\x7f\b\r", "\\x9b31m\\x7f\\x08\\r"),
        ("abc\u202edef\u2066\u200e", "abc\\u202edef\\u2066\\u200e"),
        ("\u2028\u2029\ufeff\U000e0041", "\\u2028\\u2029\\ufeff\\U000e0041"),
        ("\udcff", "\\udcff"),
        ("ä\u00a0漢 👩\u200d🚀", "ä\u00a0漢 👩\u200d🚀"),
        ("[red]a[/red] <b> \\x1b", "[red]a[/red] <b> \\x1b"),
    ],
)
def test_what_would_command_a_terminal_is_written_out(text, shown):
    """Escape codes, bells, what turns the writing round, what cannot be encoded; nothing else."""
    assert printable(text) == shown
    assert printable(printable(text)) == shown


def test_lines_stay_where_they_may():
    """In a name there are none."""
    assert printable("a\n\tb") == "a\n\tb"
    assert printable("a\n\tb", lines=False) == "a\\n\\tb"


@given(st.text())
def test_nothing_unprintable_is_left(text):
    """Whatever it is, it can be encoded, and has no control characters."""
    found = printable(text, lines=False)
    found.encode()
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in found)
    assert printable(found, lines=False) == found


@pytest.mark.parametrize("kind", [LrlabError, LrlabTypeError, MissingExtra])
def test_no_message_commands_a_terminal(kind):
    """Also where it was not worded; it travels between processes."""
    error = kind("no such column: \x1b[2J\nnext line")
    assert str(error) == "no such column: \\x1b[2J\nnext line"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert isinstance(error, LrlabError)


class Unwritable:
    def __repr__(self):
        raise RuntimeError("out of cheese")


def test_a_message_has_one_shape():
    """What was given, however long, what is allowed, what to type."""
    assert worded("wrong", 3, "one", "x(1)") == "wrong\n  given:   3\n  allowed: one\n  try:     x(1)"
    assert worded("wrong") == "wrong"
    assert len(worded("wrong", "x" * 10_000)) < 250
    assert "Unwritable that cannot be written out" in worded("wrong", Unwritable())


def test_the_nearest_word_and_the_missing_library():
    """What somebody may have meant, and what to install."""
    assert (nearest("cosin", ["cosine", "linear"]), nearest("xyz", ["cosine"])) == ("cosine", "")
    assert 'pip install "lrlab[torch]"' in str(missing("torch", "torch", "this"))
