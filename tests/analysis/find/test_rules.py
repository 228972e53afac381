"""The rules of others, beside what their own code says of the same sweep."""

import numpy as np
import pytest

from lrlab.analysis.find.rules import averaged, suggestions

LRS = np.geomspace(1e-5, 1.0, 100)
_X = np.log10(LRS)
LOSSES = 2.3 - 1.4 / (1 + np.exp(-3 * (_X + 2.2))) + np.exp(6 * (_X + 0.6)) + 0.03 * np.sin(1.7 * np.arange(100))

# What torch-lr-finder 0.2.2 (plot), Lightning 2.6 (suggestion) and fastai 2.8.12 (valley, slide, minimum after
# AvgSmoothLoss) gave for this sweep.
GOLDEN = {
    "steepest": 0.019179102616724886,
    "steepest per LR": 4.534878508128582e-05,
    "valley": 0.0037649358067924675,
    "slide": 0.017073526474706904,
    "minimum / 10": 0.019630406500402726,
}


@pytest.mark.parametrize("rule", GOLDEN)
def test_a_rule_says_what_the_library_says(rule):
    """At the library's own length of a sweep, to the last digits."""
    assert suggestions(LRS, LOSSES)[rule] == pytest.approx(GOLDEN[rule], rel=1e-9)


def test_lightning_says_the_same_now():
    """The library that is installed, in its own code."""
    finder = pytest.importorskip("lightning.pytorch.tuner.lr_finder")._LRFinder("exponential", 1e-5, 1.0, 100)
    finder.results = {"lr": LRS.tolist(), "loss": LOSSES.tolist()}
    assert suggestions(LRS, LOSSES)["steepest per LR"] == pytest.approx(finder.suggestion(), rel=1e-6)


def test_too_few_points_give_no_suggestion():
    """Nothing is made up of a sweep that diverged at once; what is not finite is left out."""
    assert set(suggestions(LRS[:1], LOSSES[:1]).values()) == {None}
    broken = LOSSES.copy()
    broken[95:] = np.inf
    assert suggestions(LRS, broken) == suggestions(LRS[:95], LOSSES[:95])


def test_the_mean_is_corrected_for_its_beginning():
    assert averaged(np.full(5, 2.0), 0.98) == pytest.approx(np.full(5, 2.0))
