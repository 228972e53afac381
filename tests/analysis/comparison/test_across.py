"""Arms over several tasks: by hand, and by the integral that the score is."""

import numpy as np
import pytest

from lrlab.analysis.comparison.across import FARTHEST, across
from lrlab.errors import LrlabError

TIMES = {
    "one": {"ref": 100, "quick": 50, "late": 100, "lost": None},
    "two": {"ref": 80, "quick": 40, "late": 240, "lost": None},
    "three": {"ref": 60, "quick": 120, "late": 60, "lost": 60},
}


def test_ratios_and_speedups_are_those_of_the_times():
    """To the quickest of each task, and to the reference; the geometric mean where nothing is missed."""
    found = {each.arm: each for each in across(TIMES, "ref")}
    assert found["ref"].ratios == {"one": 2.0, "two": 2.0, "three": 1.0}
    assert found["quick"].speedups == {"one": 2.0, "two": 2.0, "three": 0.5}
    assert found["quick"].speedup == pytest.approx(2 ** (1 / 3))
    assert found["ref"].speedup == pytest.approx(1.0)
    assert found["late"].ratios["two"] == 6.0
    assert (found["lost"].missed, found["lost"].speedup, found["lost"].ratios["one"]) == (2, None, None)


def test_the_score_is_the_area_under_the_profile():
    """Up to four times the quickest; what is later than that counts as little as what never comes."""
    for each in across(TIMES, "ref"):
        ratios = [ratio if ratio is not None else np.inf for ratio in each.ratios.values()]
        grid = np.linspace(1, FARTHEST, 30_001)[:-1]
        share = np.mean([np.less_equal(ratio, grid) for ratio in ratios], axis=0)
        assert each.score == pytest.approx(share.mean(), abs=1e-3)
        stair = dict(each.profile())
        assert max(stair) == FARTHEST
        assert stair[FARTHEST] == pytest.approx(np.mean(np.less_equal(ratios, FARTHEST)))
    assert across(TIMES, "ref")[0].arm == "quick"
    assert {each.arm: each.score for each in across(TIMES, "ref")}["lost"] == pytest.approx(1 / 3)


def test_a_target_that_nobody_reaches_is_missed_by_all():
    """Also by the reference, which has no speed-up then."""
    found = across({"one": {"a": None, "b": None}}, "a")
    assert [(each.score, each.speedup, each.missed) for each in found] == [(0.0, None, 1)] * 2


def test_what_cannot_be_compared_is_said():
    """Another set of arms on a task; no reference."""
    with pytest.raises(LrlabError, match="different arms"):
        across({"one": {"a": 1}, "two": {"b": 1}}, "a")
    with pytest.raises(LrlabError, match="it has to be an arm"):
        across({"one": {"a": 1}, "two": {"a": 1}}, "warmup + linear")


def test_a_profile_counts_what_takes_exactly_as_long():
    """At the quickest time, and at four times that, where it ends."""
    (each,) = (one for one in across({"one": {"a": 10, "b": 40}, "two": {"a": 20, "b": 30}}, "a") if one.arm == "b")
    assert each.profile() == ((1.0, 0.0), (1.5, 0.5), (4.0, 1.0))
    assert each.profile(3.0) == ((1.0, 0.0), (1.5, 0.5), (3.0, 0.5))
    assert each.score == pytest.approx((4 - 1.5) / 3 / 2)
