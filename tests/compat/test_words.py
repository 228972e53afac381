"""Every word and combinator that an earlier version wrote is the schedule that it was then, with its values."""

import json
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr

ROWS = json.loads(Path(__file__).with_name("words_1.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["written"][:60])
def test_a_schedule_of_then_reads(row):
    """Its document, its text as somebody typed it and its text as it was printed are one schedule."""
    found = lr.loads(json.dumps(row["document"]))
    assert found.fingerprint() == row["fingerprint"]
    for text in {row["text"], row["written"]} - {None}:
        assert lr.parse(text) == found


@pytest.mark.parametrize("row", [row for row in ROWS if "at" in row], ids=lambda row: row["written"][:60])
def test_a_schedule_of_then_has_its_values(row):
    """At the first updates, the last ones and some between, with controllers that have decided nothing."""
    curve = lr.loads(json.dumps(row["document"])).over(lr.Horizon(**row["horizon"]))
    found = curve.between(0, row["at"][-1] + 1, [1.0] * len(curve.controllers))[row["at"]]
    np.testing.assert_allclose(found, row["values"], rtol=1e-12, atol=1e-15)
