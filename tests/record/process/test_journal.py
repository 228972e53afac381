"""The journal: whole lines of strict JSON, and nothing else is read."""

import json
import math

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
    assert first == json.loads(text.splitlines()[0])
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
