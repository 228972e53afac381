"""The journal: whole lines of strict JSON, and nothing else is read."""

import json
import math
import os
from unittest.mock import ANY

import pytest

from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError
from lrlab.record.process.journal import FILE, Journal, rows


def test_lines_are_strict_json(tmp_path):
    """A metric that is not finite is written as its name; a second writer goes on."""
    cut = Decision(3, "plateau1", "nan", 1.0, 1.0, "the observation is nan")
    Journal(tmp_path).observed(3, math.nan, {"acc": math.inf}, [cut], [0.1, 0.2])
    Journal(tmp_path).began("resumed", {"update": 3})
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    first, second = rows(tmp_path)
    assert {**first, "digest": ANY} == json.loads(text.splitlines()[0])
    assert first["metrics"] == {"": "nan", "acc": "inf"}
    assert first["decisions"][0]["cause"] == "the observation is nan"
    assert second == {"begin": "resumed", "checkpoint": {"update": 3}}
    assert list(rows(tmp_path / FILE)) == [first, second]


def test_a_line_that_a_kill_has_cut_off_is_left_out(tmp_path):
    """The rest is a journal."""
    Journal(tmp_path).observed(3, 1.0, {}, [], [0.1])
    with open(tmp_path / FILE, "a", encoding="utf-8") as file:
        file.write('{"update": 4, "met')
    assert [row["update"] for row in rows(tmp_path)] == [3]
    Journal(tmp_path).began("start", {"update": 0})  # the next process, on a line of its own
    assert [row.get("begin", "") for row in rows(tmp_path)] == ["", "start"]
    with open(tmp_path / FILE, "a", encoding="utf-8") as file:
        file.write('{"update": 4, "met')
    Journal(tmp_path).observed(5, 1.0, {}, [], [0.1])  # no kill leaves this
    with pytest.raises(LrlabError, match="line 4 of journal"):
        list(rows(tmp_path))


DECIDED = '{"update": 3, "controller": "a", "event": "cut", "old": %s, "new": 1, "cause": ""}'
OBSERVED = '{"update": %s, "metrics": %s, "decisions": [%s], "lrs": %s}'


@pytest.mark.parametrize(
    "line",
    [
        *("nonsense", "[]", '{"update": 3}', '{"begin": "start"}', '"begin"'),
        OBSERVED % ('"3"', '{"": 1.0}', "", "[0.1]"),
        OBSERVED % (-3, '{"": 1.0}', "", "[0.1]"),
        OBSERVED % (3, '{"": "x"}', "", "[0.1]"),
        OBSERVED % (3, "[1.0]", "", "[0.1]"),
        OBSERVED % (3, '{"": 1.0}', "3", "[0.1]"),
        OBSERVED % (3, '{"": 1.0}', DECIDED % '"x"', "[0.1]"),
        OBSERVED % (3, '{"": 1.0}', "", '["x"]'),
    ],
)
def test_what_is_no_line_of_a_journal_is_refused(tmp_path, line):
    """With its number."""
    Journal(tmp_path).observed(3, 1.0, {}, [], [0.1])
    with open(tmp_path / FILE, "a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(LrlabError, match="line 2 of journal"):
        list(rows(tmp_path))


def test_no_journal(tmp_path):
    """Said, with what it looks like."""
    with pytest.raises(LrlabError, match="no journal here"):
        list(rows(tmp_path))


def written(folder):
    """Three lines."""
    journal = Journal(folder)
    journal.began("start", {"update": 0})
    for update in (3, 6):
        journal.observed(update, 1.5, {}, [], [0.1])
    return (folder / FILE).read_bytes().splitlines(keepends=True)


def test_what_is_not_what_was_written_is_refused(tmp_path):
    """A digit, a line that is missing, there twice or elsewhere; also before another process begins."""
    a, b, c = written(tmp_path)
    Journal(tmp_path).began("start", {"update": 0})
    d = (tmp_path / FILE).read_bytes().splitlines(keepends=True)[3]
    torn = b[:20] + b"\n"
    for lines in ([a, c], [a, b, b, c], [a, c, b], [a, b.replace(b"1.5", b"1.6")], [a, b, torn, d], [b, c], [a, a]):
        (tmp_path / FILE).write_bytes(b"".join(lines))
        with pytest.raises(LrlabError, match="is not a line of a journal"):
            list(rows(tmp_path))
    for lines in ([], [a], [a, b, c], [a, b, c, d], [a, b, c[:20]]):
        (tmp_path / FILE).write_bytes(b"".join(lines))
        assert len(list(rows(tmp_path))) == sum(line.endswith(b"\n") for line in lines)


def test_a_journal_of_before_goes_on(tmp_path):
    """Its lines had no digest; once there are some, all have one."""
    old = [json.dumps(row).encode() + b"\n" for row in (rows_of(written(tmp_path / "x")))]
    (tmp_path / FILE).write_bytes(b"".join(old))
    Journal(tmp_path).observed(9, 1.0, {}, [], [0.1])
    assert [row.get("update", 0) for row in rows(tmp_path)] == [0, 3, 6, 9]
    with open(tmp_path / FILE, "ab") as file:
        file.write(old[1])
    with pytest.raises(LrlabError, match=r"line 5 .* it has no digest"):
        list(rows(tmp_path))


def rows_of(lines):
    """What is in them, without digests."""
    for line in lines:
        row = json.loads(line)
        del row["digest"]
        yield row


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b'{"update": 1' + b"0" * 5000 + b"}", b"\0" * 100, b"\n", b"\xff\xfe"]
)
def test_whatever_stands_in_a_line_is_a_sentence(tmp_path, line):
    """With its number, and never an error of Python's."""
    written(tmp_path)
    with open(tmp_path / FILE, "ab") as file:
        file.write(line + b"\n")
    with pytest.raises(LrlabError, match="line 4 of journal"):
        list(rows(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "device"])
def test_only_a_file_is_a_journal(tmp_path, kind):
    """Nothing is waited for, and nothing is written through a link."""
    path = tmp_path / FILE
    {
        "pipe": os.mkfifo,
        "folder": os.mkdir,
        "link": lambda p: p.symlink_to("x"),
        "device": lambda p: p.symlink_to("/dev/zero"),
    }[kind](path)
    with pytest.raises(LrlabError, match="the journal of the run cannot be written"):
        Journal(tmp_path)
    with pytest.raises(LrlabError, match="there is no journal here"):
        list(rows(tmp_path))
    assert not (tmp_path / "x").exists()


def test_a_line_that_cannot_be_written_is_a_warning(tmp_path, caplog):
    """A full disk, a folder that was taken away: the training goes on."""
    journal = Journal(tmp_path / "run")
    (tmp_path / "run" / FILE).unlink()
    (tmp_path / "run").rmdir()
    for update in (3, 4):
        journal.observed(update, 1.0, {}, [], [0.1])
    assert caplog.text.count("lacks a line") == 1


def test_the_folder_of_a_journal_is_made_with_all_above_it(tmp_path):
    """And one that is there goes on."""
    for update in (1, 2):
        Journal(tmp_path / "runs" / "x").observed(update, 1.0, {}, (), [0.1])
    assert [row["update"] for row in rows(tmp_path / "runs" / "x")] == [1, 2]


@pytest.mark.parametrize("update", [0, -1])
def test_the_first_update_is_0_and_none_is_below(tmp_path, update):
    """A journal tells of completed updates."""
    for _ in range(2):
        Journal(tmp_path).observed(update, 1.0, {}, [], [])
    if update == 0:
        assert [row["update"] for row in rows(tmp_path)] == [0, 0]
    else:
        with pytest.raises(LrlabError, match="below 0"):
            list(rows(tmp_path))


@pytest.mark.parametrize(("more", "read"), [(0, True), (1, False)])
def test_a_line_has_at_most_64_mib(tmp_path, more, read):
    """Up to there a line without an end is one that a kill cut off; what is longer is no journal."""
    Journal(tmp_path).observed(3, 1.0, {}, [], [0.1])
    path = tmp_path / FILE
    os.truncate(path, path.stat().st_size + 64 * 2**20 + more)
    found = rows(tmp_path)
    assert next(found)["update"] == 3
    if read:
        assert list(found) == []
    else:
        with pytest.raises(LrlabError, match="line 2 of journal"):
            next(found)
