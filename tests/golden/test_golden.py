"""Values that others published or computed, at a few updates of a schedule for every word."""

import re
import tomllib
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import VOCABULARY

ROWS = tomllib.loads(Path(__file__).with_name("golden.toml").read_text(encoding="utf-8"))["row"]
OWN = {"function"}  # its values are the user's: the doctest and the formula test have it


@pytest.mark.parametrize("row", ROWS, ids=[row["text"] for row in ROWS])
def test_golden_values(row):
    """The value at each listed update, or after each listed metric, to 1e-12 (1e-15 of the peak near 0)."""
    curve = lr.parse(row["text"]).over(row["updates"])
    if "metrics" in row:
        pacer = lr.Pacer(curve)
        found = []
        for metric in row["metrics"]:
            pacer.observe(**metric) if isinstance(metric, dict) else pacer.observe(metric)
            found.append(pacer.value)
    else:
        found = [float(curve(update)) for update in row["at"]]
        stored = curve.between(0, max(row["at"]) + 1)
        assert [float(stored[update]) for update in row["at"]] == pytest.approx(found, rel=1e-14, abs=1e-16)
    assert found == pytest.approx(row["values"], rel=1e-12, abs=1e-15)


def test_every_word_has_a_row():
    """A new word needs a row in golden.toml, from its paper or from another library."""
    shown = {called for row in ROWS for called in re.findall(r"\b(\w+)\(", row["text"])}
    assert sorted(set(VOCABULARY) - shown - OWN) == []


def test_every_row_names_its_source():
    """A value without a source is only what this package gave once."""
    assert [row["text"] for row in ROWS if not row.get("source")] == []
