"""A loss law that an earlier version saved predicts what it predicted then."""

import json
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from lrlab.analysis.forecast.law import Law

SAVED = Path(__file__).with_name("law_1.json")
READ = json.loads(SAVED.with_name("law_1_read.json").read_text())


def test_a_saved_law_predicts_as_before():
    """The loss at the end and on the way, with its interval."""
    law = Law.load(SAVED)
    assert law.parameters == pytest.approx(READ["parameters"])
    found = law.predict(READ["schedule"], base_lr=READ["base_lr"], horizon=READ["horizon"])
    assert found.final == pytest.approx(READ["final"])
    assert found.loss[99] == pytest.approx(READ["loss_99"])
    assert list(found.warnings) == READ["warnings"]
