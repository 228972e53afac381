"""Schedules in plain words."""

import pytest

import lrlab as lr
from lrlab.core.text.describe import describe
from lrlab.core.text.parse import VOCABULARY


@pytest.mark.parametrize("name", sorted(set(VOCABULARY) - {"table", "function", "minimum", "maximum"}))
def test_every_word_is_described(name):
    """With and without a horizon: a sentence without gaps."""
    schedule = lr.constant(5) >> VOCABULARY[name]()
    for text in (schedule.describe(), schedule.describe(1000)):
        assert "None" not in text
        assert "Fraction" not in text
        assert text.endswith(".")


def test_with_a_horizon():
    """When, peak, floor and area."""
    text = describe(lr.warmup(10) >> lr.linear(40) * lr.plateau(), 100)
    assert "updates 0 to 9: rises linearly" in text
    assert "updates 50 to 99: stays at 0" in text
    assert "plateau1 (update 10 " in text
    assert "Peak 1 at update 10" in text
