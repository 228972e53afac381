"""The two corrected paired tests: against SciPy, exact small cases, and the error rates that they promise."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.comparison.paired import (
    _largest_t,
    _normal_critical,
    _normal_p,
    _normal_worlds,
    _signs,
    differences,
    sign_flip_test,
    t_test,
)


def by_mean(scores: np.ndarray) -> np.ndarray:
    """The scores with the best arm first."""
    return scores[np.argsort(scores.mean(axis=1))]


def test_two_arms_are_the_paired_t_test() -> None:
    """Between two arms nothing is corrected: p and interval are SciPy's."""
    rng = np.random.default_rng(0)
    for folds in (2, 5, 9):
        best, other = by_mean(rng.normal(size=(2, folds)))
        found = t_test(np.array([best, other]), 0, 0.9)
        expected = stats.ttest_rel(other, best)
        interval = expected.confidence_interval(0.9)
        assert found.p[1] == pytest.approx(expected.pvalue, rel=1e-10)
        assert (found.low[1], found.high[1]) == pytest.approx((interval.low, interval.high), rel=1e-10)


def test_two_arms_flip_every_sign() -> None:
    """Between two arms p is the exact share of all sign patterns, counted here one by one."""
    rng = np.random.default_rng(1)
    for seeds in (4, 7):
        best, other = by_mean(rng.normal([[0.0], [0.6]], size=(2, seeds)))
        d = other - best
        sums = [abs(np.dot(signs, d)) for signs in product((-1, 1), repeat=seeds)]
        found = sign_flip_test(np.array([best, other]), 0, 0.95)
        assert found.p[1] == pytest.approx(np.mean(np.array(sums) >= abs(d.sum()) - 1e-12))


def test_sign_flip_interval_is_made_of_subset_means() -> None:
    """Between two arms the interval's ends are typical values (Hartigan, 1969): ordered means of all subsets of d."""
    d = np.array([0.3, 1.1, 0.9, -0.2, 1.6, 0.7, 0.4, 1.3])
    means = sorted(d[np.array(chosen, dtype=bool)].mean() for chosen in product((0, 1), repeat=8) if any(chosen))
    # A true difference lies below the r-th of the 255 means with probability r / 256: r = 6 leaves 2.3 % a side.
    found = sign_flip_test(np.array([np.zeros(8), d]), 0, 0.95)
    rank = int(0.05 * 256 / 2)
    assert found.low[1] == pytest.approx(means[rank - 1], abs=1e-5)
    assert found.high[1] == pytest.approx(means[-rank], abs=1e-5)


def test_few_seeds_cannot_tell() -> None:
    """Five seeds reach p = 1/16 at the most and have no interval; six reach 1/32."""
    for seeds, p in ((5, 1 / 16), (6, 1 / 32)):
        found = sign_flip_test(np.array([np.zeros(seeds), np.arange(1.0, seeds + 1)]), 0, 0.95)
        assert found.p[1] == p
        assert np.isnan(found.low[1]) == (seeds == 5)


@pytest.mark.parametrize(("test", "units"), [(t_test, 5), (sign_flip_test, 8)])
def test_interval_and_p_agree(test, units) -> None:  # type: ignore[no-untyped-def]
    """low > 0 exactly where p <= 1 - level, the difference lies inside, whatever the number of arms and the level."""
    rng = np.random.default_rng(2)
    told = 0
    for level, arms in product((0.9, 0.95), (2, 3, 6)):
        for _ in range(4):
            scores = by_mean(
                rng.normal(size=(arms, units)) * np.geomspace(0.1, 2, arms)[:, None] + rng.normal(size=(arms, 1))
            )
            found = test(scores, 0, level)
            assert ((found.low > 0) == (found.p <= 1 - level)).all()
            assert ((found.low <= found.difference) & (found.difference <= found.high)).all()
            told += int((found.low > 0).sum())
    assert told > 5


@pytest.mark.parametrize("d", [(0.5, 2.0, 0.0, 1.0, 2.0, 2.5), (0.0, 2.0, 0.0, 0.5, 1.5, 1.0)])
def test_a_coarse_metric_has_no_interval_above_zero_without_a_verdict(d: tuple[float, ...]) -> None:
    """Ties make zero the last difference that is possible, alone: an interval that is not rejected holds it."""
    found = sign_flip_test(np.array([np.zeros(6), d]), 0, 0.95)
    assert found.p[1] > 0.05
    assert found.low[1] == 0.0


def test_correction_grows_with_arms_and_shrinks_with_losers() -> None:
    """A close rival costs more p among many equals than alone; arms clearly worse leave the field and cost nothing."""
    rng = np.random.default_rng(3)
    d = np.array([1.0, 1.4, 0.7, 1.2, 0.9])
    alone = t_test(np.array([np.zeros(5), d]), 0, 0.95).p[1]
    equals = np.array([np.zeros(5), d, *(10 + rng.normal(size=(5, 5)) * 30)])
    losers = np.array([np.zeros(5), d, *(1000 + rng.normal(size=(5, 5)))])
    assert t_test(equals, 0, 0.95).p[1] > 3 * alone
    assert t_test(losers, 0, 0.95).p[1] == pytest.approx(max(alone, t_test(losers, 0, 0.95).p[2:].max()))


def test_equal_differences() -> None:
    """No spread: beyond chance on five folds, possibly a coarse metric on three, and no difference is no difference."""
    five = t_test(np.array([[0.0] * 5, [0.25] * 5, [0.0] * 5]), 0, 0.95)
    assert five.p[1] < 1e-4
    assert (five.low[1], five.high[1]) == (0.25, 0.25)
    assert five.p[2] == 1.0
    three = t_test(np.array([[0.0] * 3, [0.25] * 3]), 0, 0.95)
    assert three.p[1] == 0.25
    assert np.isnan(three.low[1])


def false_reports(test, arms: int, units: int, reports: int, spreads: np.ndarray | float = 1.0) -> float:  # type: ignore[no-untyped-def]
    """Share of reports on equal arms that tell any arm from the best."""
    rng = np.random.default_rng(4)
    count = 0
    for _ in range(reports):
        scores = by_mean(rng.normal(size=(arms, units)) * np.reshape(spreads, (-1, 1)))
        count += bool((test(scores, 0, 0.95).p <= 0.05).any())
    return count / reports


def test_family_wise_error_of_thirteen_equal_arms() -> None:
    """5 % and no more, spreads equal or not; Holm's correction of 12 paired t tests would give 13 %."""
    assert 0.03 <= false_reports(t_test, 13, 5, 1500) <= 0.07
    assert false_reports(t_test, 13, 5, 1500, np.geomspace(1, 10, 13)) <= 0.07


def test_family_wise_error_of_the_sign_flips() -> None:
    """At most 5 % with the winner picked from the same seeds."""
    assert false_reports(sign_flip_test, 5, 6, 400) <= 0.08


@pytest.mark.exhaustive
@pytest.mark.parametrize(("arms", "folds"), [(3, 5), (13, 3), (13, 5), (13, 10), (13, 20), (30, 5)])
def test_family_wise_error_in_full(arms: int, folds: int) -> None:
    """Equal independent arms, the least favourable case, meet the level itself."""
    assert 0.04 <= false_reports(t_test, arms, folds, 10_000) <= 0.06
    assert false_reports(t_test, arms, folds, 10_000, np.geomspace(1, 10, arms)) <= 0.06


@pytest.mark.exhaustive
@pytest.mark.parametrize(("arms", "seeds"), [(2, 6), (2, 8), (5, 8), (13, 8)])
def test_family_wise_error_of_the_sign_flips_in_full(arms: int, seeds: int) -> None:
    """The discrete p of few seeds may stay below the level, never above."""
    assert 0.02 <= false_reports(sign_flip_test, arms, seeds, 2000) <= 0.065


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_critical_t_is_the_smallest_that_is_rare_enough(level):
    """Above it equal arms show such a t at most as often as stated; at it, more often."""
    worlds = _normal_worlds(4, 5)[2]
    critical = _normal_critical(worlds, level)
    assert worlds.arms == 3
    assert _normal_p(np.nextafter(critical, np.inf), worlds) <= 1 - level < _normal_p(critical, worlds)


@pytest.mark.parametrize(("arms", "folds"), [(2, 2), (3, 5), (5, 4)])
def test_a_world_is_a_report_of_equal_arms(arms: int, folds: int) -> None:
    """The largest t of any arm against the lowest mean, in each of 20 000 draws; one arm more is one draw more."""
    draws = np.random.default_rng(20_240_613).standard_normal((arms, 20_000, folds))
    best = np.take_along_axis(draws, draws.mean(2).argmin(0)[None, :, None], 0)
    d = draws - best
    with np.errstate(invalid="ignore"):
        t = np.nan_to_num(d.mean(2) / (d.std(2, ddof=1) / np.sqrt(folds)))
    worlds = _normal_worlds(arms, folds)
    assert [world.arms for world in worlds] == list(range(1, arms + 1))
    assert not worlds[0].largest.any()
    np.testing.assert_allclose(worlds[-1].largest, np.sort(t.max(0)), rtol=1e-6)


def test_all_flips_of_eleven_seeds_and_a_sample_beyond() -> None:
    """2048 of them; the sample holds what was seen."""
    every = _signs(11)
    assert every.shape == (2048, 11)
    assert len({tuple(row) for row in every.tolist()}) == 2048
    some = _signs(12)
    assert some.shape == (2048, 12)
    assert some[0].tolist() == [1.0] * 12
    assert {*every.flat} == {*some.flat} == {-1.0, 1.0}
    assert 0.45 < (some < 0).mean() < 0.55


def test_the_largest_t_of_every_flip() -> None:
    """Each flip by itself: the arm of the lowest mean, and the t of each other one against it."""
    d = np.random.default_rng(7).normal(size=(4, 6))
    found = _largest_t(d, _signs(6))
    for row, signs in zip(found, _signs(6), strict=True):
        flipped = d * signs
        away = flipped - flipped[flipped.mean(1).argmin()]
        t = [stats.ttest_1samp(arm, 0.0).statistic for arm in away if arm.any()]
        assert row == pytest.approx(max(0.0, *t))


def test_rounding_is_no_difference() -> None:
    """Up to a billionth of a thousandth of the largest score."""
    scores = np.array([[1.0, 1.0, 1.0], [1.0, 1.0 + 0.9e-12, 1.0 + 1.1e-12], [1.0, 1.0, 1.0]])
    found = differences(scores, 0)
    assert (found[1] != 0).tolist() == [False, False, True]
    assert not differences(1e6 * scores, 0)[1, :2].any()


def test_equal_differences_on_four_folds_may_be_a_coarse_metric() -> None:
    """They carry the p of the sign test, 2^(1 - n), up to four folds; on five they are beyond chance."""
    for folds in (2, 3, 4):
        found = t_test(np.array([[0.0] * folds, [0.25] * folds]), 0, 0.95)
        assert found.p[1] == 0.5 ** (folds - 1)
        assert np.isnan([found.low[1], found.high[1]]).all()
    assert t_test(np.array([[0.0] * 5, [0.25] * 5]), 0, 0.95).p[1] < 1e-4


def test_the_p_of_drawn_worlds_counts_the_data_as_one_of_them() -> None:
    """It is never 0; of two arms it is that of Student."""
    worlds = _normal_worlds(3, 5)
    assert _normal_p(np.inf, worlds[2]) == 1 / 20_001
    assert _normal_p(0.0, worlds[2]) == 1.0
    assert _normal_p(2.0, worlds[1]) == pytest.approx(2 * stats.t.sf(2.0, 4))
    assert _normal_critical(worlds[1], 0.95) == pytest.approx(stats.t.ppf(0.975, 4))
    assert _normal_critical(worlds[0], 0.95) == pytest.approx(stats.t.ppf(0.975, 4))


def test_equal_arms_of_few_folds_are_equal():
    """Nothing between them in three folds is no sign of a difference."""
    found = t_test(np.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]]), 0, 0.95)
    assert [list(each) for each in (found.p, found.low, found.high)] == [[1, 1], [0, 0], [0, 0]]
