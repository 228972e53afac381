"""An epoch of another length than the horizon says."""

from fractions import Fraction

import pytest

from lrlab.adapters.epochs import other_epochs


@pytest.mark.parametrize(
    ("said", "updates", "heard"),
    [
        (None, 100, False),
        (Fraction(100), 100, False),
        (Fraction(100), 105, False),
        (Fraction(100), 106, True),
        (Fraction(100), 50, True),
        (Fraction(3), 4, False),  # a last partial batch
        (Fraction(3), 5, True),
        (Fraction(1), 4, True),  # epochs that were meant as updates
    ],
)
def test_what_is_heard(said, updates, heard):
    found = other_epochs(said, updates)
    assert bool(found) == heard
    if heard:
        assert f"{updates} updates" in found
        assert f"says {float(said):g}" in found
