"""Lines of text, each of a bounded length."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs import text
from lrlab.record.logs.text import first_line, lines


def test_a_line_that_is_too_long_is_passed_over(tmp_path, monkeypatch):
    """It is never held; the next one has its right number."""
    monkeypatch.setattr(text, "LONGEST", 10)
    (tmp_path / "log").write_bytes(b"short\n" + b"x" * 95 + b"\nlast")
    assert list(lines(tmp_path / "log")) == [(1, "short\n", True), (2, None, True), (3, "last", False)]
    (tmp_path / "log").write_bytes(b"x" * 95)
    assert list(lines(tmp_path / "log")) == [(1, None, False)]


def test_bytes_that_are_no_text_are_marked(tmp_path):
    """And a byte-order mark is not part of it."""
    (tmp_path / "log").write_bytes(b"\xef\xbb\xbfa\r\n\xff\n")
    assert [line for _, line, _ in lines(tmp_path / "log")] == ["a\r\n", "\ufffd\n"]
    assert first_line(tmp_path / "log") == b"a\r\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("step,loss".encode("utf-16"), "UTF-16"),
        ("step,loss".encode("utf-16-le"), "not a text log"),
        ("step,loss".encode("utf-32"), "UTF-16"),
        (b"\x1f\x8b\x08rest", "not a text log"),
        (b"\0" * 100, "not a text log"),
    ],
)
def test_what_is_no_text_is_said(tmp_path, content, said):
    """With what to do."""
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(LrlabError, match=said):
        first_line(tmp_path / "log")


def test_a_line_without_end_is_no_text(tmp_path, monkeypatch):
    """Gigabytes of nothing are not read to their end."""
    monkeypatch.setattr(text, "LONGEST", 10)
    (tmp_path / "log").write_bytes(b"step,loss\n" + b"x" * 1011)
    with pytest.raises(LrlabError, match="a line of it has no end"):
        list(lines(tmp_path / "log"))
