"""Documents that earlier versions wrote still read, as the same schedules. The files here are never edited."""

import json
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.core.expression.write import VERSION

FILES = sorted(Path(__file__).parent.glob("version_*.json"))
ROWS = [row for path in FILES for row in json.loads(path.read_text())]


def test_every_version_has_its_file():
    """A new version of the document brings a file of its own."""
    assert [path.stem for path in FILES] == [f"version_{k}" for k in range(VERSION + 1)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['document']['lrlab']}: {row['text'][:40]}")
def test_old_documents_read(row):
    """The document, its text and its fingerprint are one schedule still; written again it is of the present version."""
    schedule = lr.loads(json.dumps(row["document"]))
    assert str(schedule) == row["text"]
    assert schedule == lr.parse(row["text"])
    assert schedule.fingerprint() == row["fingerprint"]
    assert json.loads(lr.dumps(schedule))["lrlab"] == VERSION
