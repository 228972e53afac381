"""A loss law that an earlier version saved predicts what it predicted then."""

import json
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from lrlab.analysis.forecast.law import Law

SAVED = Path(__file__).with_name("law_1.json")
READ = json.loads(SAVED.with_name("law_1_read.json").read_text())


def test_a_saved_law_predicts_as_before():
    """The loss at the end and on the way; its interval by the rules of today."""
    law = Law.load(SAVED)
    assert law.parameters == pytest.approx(READ["parameters"])
    found = law.predict(READ["schedule"], base_lr=READ["base_lr"], horizon=READ["horizon"])
    loss, low, high = READ["final"]
    assert found.final[0] == pytest.approx(loss)
    # The doubt of a longer run goes by the further progress now, not by the ratio of the lengths.
    assert 0.8 < (found.final[2] - found.final[1]) / (high - low) < 1.25
    assert found.loss[99] == pytest.approx(READ["loss_99"])
    assert list(found.warnings) == READ["warnings"]
