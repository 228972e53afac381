"""The rules of others, beside what their own code says of the same sweep."""

from bisect import bisect_left

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


def plainly(lrs, losses, wanted):
    """The rules once more, point by point, without a tenth before and a twentieth or a hundredth behind."""
    n, k = len(losses), range(len(losses))
    finder = [losses[0]]
    for loss in losses[1:]:
        finder.append(0.05 * loss + 0.95 * finder[-1])
    fastai = [sum(0.02 * 0.98 ** (i - j) * losses[j] for j in range(i + 1)) / (1 - 0.98 ** (i + 1)) for i in k]
    kept = [i for i in k if i >= n // 10 and i < n - max(1, n // 20)]
    if wanted == "slide":  # how far the slope 15 places farther on differs, from the right
        slope = np.gradient(np.array(fastai)[kept])
        last = len(kept) - 16
        same = [i for i in range(last + 1) if abs(slope[i + 15] - slope[i]) <= 0.005]
        return lrs[kept[min(max(same) + 1, last) if same else 0]]
    if wanted == "valley":  # patience sorting tells how long the longest fall is that ends at a place
        piles, length = [], []
        for i in kept:
            length.append(1 + bisect_left(piles, -fastai[i]))
            piles[length[-1] - 1 : length[-1]] = [-fastai[i]]
        longest = max(length)
        return lrs[kept[length.index(longest) - longest + longest // 3 + longest // 6 if longest > 1 else 0]]
    if wanted == "minimum / 10":
        return lrs[min(kept, key=lambda i: fastai[i])] / 10
    if wanted == "steepest per LR":
        kept = [i for i in k if i >= n // 10 and i < n - max(1, n // 100)]
        return lrs[kept[int(np.argmin(np.gradient(losses[kept], lrs[kept])))]]
    return lrs[kept[int(np.argmin(np.gradient(np.array(finder)[kept])))]]


@pytest.mark.parametrize("rule", GOLDEN)
@pytest.mark.parametrize("count", [40, 60, 100, 200])
@pytest.mark.parametrize("seed", range(3))
def test_a_rule_says_what_its_definition_says(rule, count, seed):
    """At other lengths of a sweep, where the ends that are left out hold what would be chosen."""
    lrs = np.geomspace(1e-5, 1.0, count)
    losses = 2.0 + 0.2 * np.random.default_rng(seed).standard_normal(count).cumsum()
    losses[[1, -1]] -= 5.0
    assert suggestions(lrs, losses)[rule] == pytest.approx(plainly(lrs, losses, rule), rel=1e-9)


def test_two_points_are_enough_for_a_slope_and_one_is_not():
    """Of those that are left between the ends."""
    lrs, losses = np.geomspace(1e-3, 1.0, 4), np.array([3.0, 2.0, 1.5, 1.0])
    of_three, of_two = suggestions(lrs[:3], losses[:3]), suggestions(lrs[:2], losses[:2])
    for rule in ("steepest", "steepest per LR"):
        assert of_three[rule] is not None
        assert of_two[rule] is None
    assert of_two["minimum / 10"] == lrs[0] / 10


@pytest.mark.parametrize("losses", [np.zeros(100), np.linspace(1.0, 2.0, 100)])
def test_a_loss_that_never_falls_has_no_valley(losses):
    """fastai 2.8.12 then says the first LR that it looks at, the tenth of a hundred; a level loss does not fall."""
    assert suggestions(LRS, losses)["valley"] == LRS[10]
