"""Lines of text, each of a bounded length."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs import text
from lrlab.record.logs.text import first_line, lines, sample


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
        ("step,loss".encode("utf-16-le"), "not a text log"),
        ("step,loss".encode("utf-32"), "not a text log"),
        (b"\x1f\x8b\x08rest", "not a text log"),
        (b"\0" * 100, "not a text log"),
    ],
)
def test_what_is_no_text_is_said(tmp_path, content, said):
    """With what to do."""
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(LrlabError, match=said):
        first_line(tmp_path / "log")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_read_by_its_mark(tmp_path, encoding):
    """As Windows writes it; the ends of its lines are told apart."""
    mark = {"utf-16": "", "utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}[encoding]
    (tmp_path / "log").write_bytes(f"{mark}a\r\nb\u00e9\nc".encode(encoding))
    assert list(lines(tmp_path / "log")) == [(1, "a\r\n", True), (2, "b\u00e9\n", True), (3, "c", False)]
    assert first_line(tmp_path / "log") == b"a\r\n"
    assert text.unended(tmp_path / "log") == [text.UNENDED]
    (tmp_path / "log").write_bytes(f"{mark}a\r\n".encode(encoding))
    assert text.unended(tmp_path / "log") == []


def test_a_line_without_end_is_no_text(tmp_path, monkeypatch):
    """Gigabytes of nothing are not read to their end."""
    monkeypatch.setattr(text, "LONGEST", 10)
    (tmp_path / "log").write_bytes(b"step,loss\n" + b"x" * 1011)
    with pytest.raises(LrlabError, match="a line of it has no end"):
        list(lines(tmp_path / "log"))


def test_the_longest_line(tmp_path, monkeypatch):
    """As many bytes as may be, its end among them, are a line; one without an end is none from there on."""
    monkeypatch.setattr(text, "LONGEST", 10)
    (tmp_path / "log").write_bytes(b"123456789\nx\n")
    assert list(lines(tmp_path / "log")) == [(1, "123456789\n", True), (2, "x\n", True)]
    (tmp_path / "log").write_bytes(b"1234567890\nx\n")
    assert list(lines(tmp_path / "log")) == [(1, None, True), (2, "x\n", True)]
    (tmp_path / "log").write_bytes(b"123456789")
    assert list(lines(tmp_path / "log")) == [(1, "123456789", False)]
    (tmp_path / "log").write_bytes(b"1234567890")
    assert list(lines(tmp_path / "log")) == [(1, None, False)]


def test_a_mark_is_taken_from_the_first_line_alone(tmp_path):
    """Elsewhere it is text."""
    (tmp_path / "log").write_bytes(b"a\n\xef\xbb\xbfb\n")
    assert [line for _, line, _ in lines(tmp_path / "log")] == ["a\n", "\ufeffb\n"]


def test_blank_lines_before_the_first_are_passed_over(tmp_path):
    """A thousand of them; of a file of nothing else the first line is blank."""
    (tmp_path / "log").write_bytes(b"\n" * 1000 + b"  step,loss\n")
    assert first_line(tmp_path / "log") == b"step,loss\n"
    (tmp_path / "log").write_bytes(b"\n" * 5000 + b"step,loss\n")
    assert first_line(tmp_path / "log") == b""
    (tmp_path / "log").write_bytes(b"")
    assert first_line(tmp_path / "log") == b""


def test_a_line_is_read_on_to_a_hundred_times_its_length(tmp_path, monkeypatch):
    """And one byte more is refused."""
    monkeypatch.setattr(text, "LONGEST", 10)
    (tmp_path / "log").write_bytes(b"x" * 1009 + b"\nlast\n")
    assert list(lines(tmp_path / "log")) == [(1, None, True), (2, "last\n", True)]
    (tmp_path / "log").write_bytes(b"x" * 1010 + b"\nlast\n")
    with pytest.raises(LrlabError, match="1,000 bytes at most"):
        list(lines(tmp_path / "log"))


@pytest.mark.parametrize(("blank", "found"), [(0, b"x"), (1000, b"x"), (1001, b"")])
def test_a_thousand_blank_lines_may_stand_above_a_log(tmp_path, blank, found):
    """A file of nothing else has no first line."""
    (tmp_path / "log").write_bytes(b"\n" * blank + b"  x\n")
    assert first_line(tmp_path / "log").strip() == found


@pytest.mark.parametrize(("length", "is_read"), [(999_999, True), (1_000_000, False)])
def test_a_line_of_a_million_bytes_is_read(tmp_path, length, is_read):
    """Its end among them; a longer one is passed over."""
    (tmp_path / "log").write_bytes(b"x" * length + b"\ny\n")
    (number, found, ended), second = lines(tmp_path / "log")
    assert (number, found is not None, ended, second) == (1, is_read, True, (2, "y\n", True))


def test_of_a_long_file_some_pieces_tell_the_format(tmp_path, monkeypatch):
    """Whole lines of its beginning, its middle and its end; a short file is taken as it is."""
    monkeypatch.setattr(text, "_PIECE", 100)
    written = [f"line {k}\n" for k in range(5000)]
    (tmp_path / "log").write_text("\ufeff" + "".join(written), encoding="utf-8")
    found = [line for _, line, _ in sample(tmp_path / "log")]
    assert len(found) < 150
    assert set(found) <= set(written)
    assert (found[0], found[-1]) == (written[0], written[-1])
    assert any(2000 < written.index(line) < 3000 for line in found)
    (tmp_path / "log").write_text("".join(written[:80]))
    assert list(sample(tmp_path / "log")) == list(lines(tmp_path / "log"))


def test_lines_longer_than_a_piece_are_sampled_whole(tmp_path, monkeypatch):
    """As those of a tracker with histograms; what is no line is not held."""
    monkeypatch.setattr(text, "_PIECE", 10)
    (tmp_path / "log").write_bytes((b"x" * 50 + b"\n") * 20)
    assert {line for _, line, _ in sample(tmp_path / "log")} == {"x" * 50 + "\n"}
    monkeypatch.setattr(text, "LONGEST", 40)
    assert None in {line for _, line, _ in sample(tmp_path / "log")}


def test_a_long_file_in_utf_16_is_sampled_whole(tmp_path, monkeypatch):
    """Half of its places are within a letter."""
    monkeypatch.setattr(text, "_PIECE", 10)
    (tmp_path / "log").write_bytes("".join(f"{k}\n" for k in range(200)).encode("utf-16"))
    assert [line for _, line, _ in sample(tmp_path / "log")] == [f"{k}\n" for k in range(200)]
