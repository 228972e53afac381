"""Lines of JSON: appended whole, also by several processes at once, and strict."""

import json
import subprocess
import sys

import pytest

from lrlab.record.process.lines import append

WRITER = """
import sys
from pathlib import Path
from lrlab.record.process.lines import append
for j in range(50):
    append(Path(sys.argv[1]), {"who": int(sys.argv[2]), "line": j, "more": "x" * 200})
"""


def test_several_processes(tmp_path):
    """No line is torn by another, none is lost."""
    path = tmp_path / "lines.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(k)]) for k in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted((row["who"], row["line"]) for row in found) == [(k, j) for k in range(3) for j in range(50)]


def test_a_torn_line_stays_alone(tmp_path):
    """What follows it is whole."""
    path = tmp_path / "lines.jsonl"
    path.write_text('{"half', encoding="utf-8")
    append(path, {"a": 1})
    append(path, {"a": 2})
    assert path.read_text(encoding="utf-8").splitlines() == ['{"half', '{"a": 1}', '{"a": 2}']


def test_strict(tmp_path):
    """NaN is no JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        append(tmp_path / "lines.jsonl", {"a": float("nan")})
    assert not (tmp_path / "lines.jsonl").exists()
