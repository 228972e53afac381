"""The smallest difference that matters."""

import pytest

from lrlab.analysis.comparison.matters import MATTERS, margin
from lrlab.errors import LrlabError


@pytest.mark.parametrize(
    ("given", "mean", "found"),
    [("1%", 3.0, 0.03), ("1 %", -3.0, 0.03), ("0", 3.0, 0.0), (0.2, 3.0, 0.2), ("0.2", 3.0, 0.2), (MATTERS, 2.0, 0.01)],
)
def test_a_share_of_the_best_mean_or_a_difference(given, mean, found):
    """Whatever sign the mean has."""
    assert margin(given, mean) == pytest.approx(found)


@pytest.mark.parametrize("given", ["little", "", "%", "-1%", -0.1, "inf", "nan%"])
def test_what_is_neither_is_refused(given):
    """With what is allowed."""
    with pytest.raises(LrlabError, match="a share of the best mean"):
        margin(given, 1.0)
