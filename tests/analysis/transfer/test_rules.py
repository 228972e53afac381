"""The rules of the field, by the numbers of their papers."""

import pytest

from lrlab.analysis.transfer.rules import RULES, change


@pytest.mark.parametrize(
    ("name", "asked", "width", "factor"),
    [
        ("same LR", (9, 9, 9), 3.0, 1.0),
        ("linear in batch", (1, 4, 1), 1.0, 4.0),
        ("square root of batch", (1, 4, 1), 1.0, 2.0),
        ("horizon^-0.25", (1, 1, 16), 1.0, 0.5),
        ("muP, 1/width", (16, 1, 1), 4.0, 0.25),
        ("Step Law", (10, 1, 1), 1.0, 10**-0.713),
        ("Step Law", (1, 10, 10), 1.0, 100**0.307),
    ],
)
def test_the_factor_of_a_rule(name, asked, width, factor):
    """What it does to the LR where size, batch and horizon change from 1."""
    (rule,) = (rule for rule in RULES if rule.name == name)
    assert rule.factor(change((1, 1, 1), asked, width)) == pytest.approx(factor)
    assert rule.source
