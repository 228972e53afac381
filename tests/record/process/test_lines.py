"""Lines of JSON: appended whole, also by several processes at once, and strict."""

import json
import os
import subprocess
import sys

import pytest

from lrlab.record.process.lines import append, row_of
from lrlab.record.sealed import Torn

WRITER = """
import sys
from pathlib import Path
from lrlab.record.process.lines import append
for j in range(50):
    append(Path(sys.argv[1]), {"who": int(sys.argv[2]), "line": j, "more": "x" * 200})
"""


def test_several_processes(tmp_path):
    """No line is torn by another, none is lost; one that is just being written may be taken for a torn one."""
    path = tmp_path / "lines.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(k)]) for k in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    assert sorted((row["who"], row["line"]) for row in found) == [(k, j) for k in range(3) for j in range(50)]


def test_a_torn_line_stays_alone(tmp_path):
    """What follows it is whole."""
    path = tmp_path / "lines.jsonl"
    path.write_text('{"half', encoding="utf-8")
    append(path, {"a": 1})
    append(path, {"a": 2})
    torn, *whole = path.read_bytes().splitlines()
    assert (torn, [row_of(line)[0] for line in whole]) == (b'{"half', [{"a": 1}, {"a": 2}])


def test_strict(tmp_path):
    """NaN is not JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        append(tmp_path / "lines.jsonl", {"a": float("nan")})
    assert not (tmp_path / "lines.jsonl").exists()


def chain(path, length, **more):
    """Lines that follow each other."""
    for k in range(length):
        append(path, {"k": k, **more}, chained=True)
    return path.read_bytes().splitlines(keepends=True)


def followed(lines):
    """Which lines are what was written, in this order."""
    before = ""
    for line in lines:
        row, before = row_of(line, before)
        yield row["k"]


def test_a_chain_shows_what_is_missing(tmp_path):
    """A line that is not there, there twice, somewhere else, or another. Long lines and torn ones break no chain."""
    path = tmp_path / "lines.jsonl"
    lines = chain(path, 4)
    assert list(followed(lines)) == [0, 1, 2, 3]
    a, b, c, d = lines
    for broken in ([a, c, d], [b, c, d], [a, b, b, c], [b, a], [a, b.replace(b"1", b"2", 1), c]):
        with pytest.raises(Torn):
            list(followed(broken))
    with open(path, "ab") as file:
        file.write(b'{"half')
    more = chain(path, 2, text="x" * 100_000)[5:]
    assert list(followed([*lines, *more])) == [0, 1, 2, 3, 0, 1]


def test_only_a_file_is_written_to(tmp_path):
    """Not what a link leads to, not a pipe: the folder is shared."""
    (tmp_path / "target").write_bytes(b"mine\n")
    (tmp_path / "link").symlink_to("target")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "."):
        with pytest.raises(OSError, match=r"symbolic|regular|directory"):
            append(tmp_path / name, {"a": 1})
    assert (tmp_path / "target").read_bytes() == b"mine\n"


@pytest.mark.parametrize("line", [b"", b"[]", b"[" * 100_000, b'{"a": 1, "digest": "0"}', b"9" * 5000, b"\xff", b"NaN"])
def test_whatever_stands_in_a_line_is_a_sentence(line):
    """And never an error of Python's."""
    with pytest.raises(Torn):
        row_of(line)


@pytest.mark.parametrize(("before", "after"), [(b"", 1), (b"\n", 2), (b"x", 2), (b"x\n", 2), (b"xy", 2)])
def test_a_line_begins_where_the_one_before_ended(tmp_path, before, after):
    """However short that is."""
    (tmp_path / "lines.jsonl").write_bytes(before)
    append(tmp_path / "lines.jsonl", {"a": 1})
    lines = (tmp_path / "lines.jsonl").read_bytes().split(b"\n")
    assert (len(lines) - 1, row_of(lines[-2])[0]) == (after, {"a": 1})


def test_a_text_that_has_no_digest_is_not_what_was_written():
    """Half a character cannot be hashed."""
    with pytest.raises(Torn, match="it is not what was written"):
        row_of(b'{"a": "\\ud800", "digest": "0"}')


def test_a_line_nested_too_deep_to_be_written_is_not_what_was_written():
    """Near the limit of Python there are depths that it reads, and does not write again."""
    limit = sys.getrecursionlimit()
    for depth in range(limit - 120, limit):
        with pytest.raises(Torn):
            row_of(b'{"a": ' + b"[" * depth + b"]" * depth + b', "digest": "0"}')
