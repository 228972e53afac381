"""The choice of the learning rate: against its definition spelled out, and what it costs in certainty."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.comparison.choice import doubted, judge, weighed


def brute_force(grid: dict[float, np.ndarray]) -> tuple[list[dict[float, float]], np.ndarray]:
    """The weights for each unit, and its score; spelled out, by SciPy's t."""
    n = len(next(iter(grid.values())))
    weights, scores = [], []
    for unit in range(n):
        rest = {lr: np.delete(scores, unit) for lr, scores in grid.items()}
        spreads = {}
        for lr, other in permutations(grid, 2):
            off = rest[other] - rest[lr] - np.median(rest[other] - rest[lr])
            spreads[lr, other] = np.sqrt(min(sum(off[off > 0] ** 2), sum(off[off < 0] ** 2)) * 2 / (n - 2))
        raw = dict.fromkeys(grid, 1.0)
        for (lr, other), spread in spreads.items():
            t = (rest[other] - rest[lr]).mean() / min(spread, 3 * min(spreads.values())) * np.sqrt(n - 1)
            raw[lr] *= min(max((stats.t.cdf(t / 2, n - 2) - 0.02) / 0.96, 0.0), 1.0)
        total = sum(raw.values())
        weights.append({lr: raw[lr] / total for lr in grid})
        scores.append(sum(weights[-1][lr] * grid[lr][unit] for lr in grid))
    return weights, np.array(scores)


def test_scores_and_values_follow_the_definition() -> None:
    """The rates weighed without the unit; the doubt is NumPy's weighed variance between their means."""
    rng = np.random.default_rng(2)
    for n in (3, 5, 8):
        grid = {lr: rng.normal(size=n) for lr in (0.3, 1.0, 3.0)}
        found = judge(grid)
        weights, scores = brute_force(grid)
        assert found.lrs == tuple(max(one, key=one.__getitem__) for one in weights)
        np.testing.assert_allclose(found.scores, scores, rtol=0, atol=1e-12)
        each = [np.mean([one[lr] for one in weights]) for lr in grid]
        assert found.doubt == pytest.approx(float(np.cov([x.mean() for x in grid.values()], aweights=each, ddof=0)))


def test_of_two_units_the_other_one_chooses() -> None:
    """One value has no spread to weigh by."""
    found = judge({0.5: np.array([1.0, 5.0]), 1.0: np.array([2.0, 4.0])})
    assert (found.lrs, found.scores.tolist(), found.doubt) == ((1.0, 0.5), [2.0, 5.0], 0.0)


def test_the_choice_never_sees_the_judged_unit() -> None:
    """Whatever a run of unit u scores, the rates of that unit count as before: its score moves by that weight."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        grid = {lr: rng.normal(size=5) for lr in (0.3, 1.0, 3.0)}
        unit = int(rng.integers(5))
        before, (weights, _) = judge(grid), brute_force(grid)
        grid[1.0][unit] += 100.0
        after = judge(grid)
        assert after.lrs[unit] == before.lrs[unit]
        assert after.scores[unit] == pytest.approx(before.scores[unit] + 100 * weights[unit][1.0])


def test_equals_take_the_lowest_learning_rate() -> None:
    """Ties are decided by the value of the learning rate, not by the order in which it was handed in."""
    same = np.array([1.0, 2.0, 3.0])
    assert judge({3.0: same, 0.3: same, 1.0: same}).lrs == (0.3, 0.3, 0.3)


def test_a_rate_that_is_hardly_ever_better_does_not_count() -> None:
    """However bad its bad runs are, and however much they spread: it is as if it had not been tried."""
    good, near = np.array([1.0, 1.2, 0.9, 1.1, 0.8]), np.array([0.95, 1.3, 0.8, 1.15, 0.85])
    for bad in ([0.0, 900.0, 0.0, 0.0, 700.0], [80.0, 0.0, 90.0, 0.0, 0.0]):
        found, without = judge({0.5: near, 1.0: good, 2.0: near + np.array(bad)}), judge({0.5: near, 1.0: good})
        assert found.doubt == pytest.approx(without.doubt)
        assert found.scores.tolist() == pytest.approx(without.scores.tolist())


def test_a_clear_choice_leaves_no_doubt() -> None:
    """One learning rate, or one that wins everywhere: the scores are its own."""
    scores = np.array([1.0, 1.3, 0.8, 1.1, 0.9])
    for grid in ({1.0: scores}, {1.0: scores, 3.0: scores + 10, 9.0: np.array([20.0, 21.0, 20.0, 20.0, 22.0])}):
        found = judge(grid)
        assert (found.scores.tolist(), found.doubt) == (scores.tolist(), 0.0)


def test_the_doubts_of_both_arms_widen_the_standard_error() -> None:
    """SciPy's standard error of the paired differences, squared, and the two doubts; the means stay."""
    scores, doubts = np.random.default_rng(6).normal(size=(3, 7)), np.array([0.5, 0.0, 2.0])
    values = doubted(scores, doubts)
    np.testing.assert_array_equal(values[0], scores[0])
    np.testing.assert_allclose(values.mean(axis=1), scores.mean(axis=1), rtol=0, atol=1e-14)
    for k in (1, 2):
        expected = stats.sem(scores[k] - scores[0]) ** 2 + doubts[0] + doubts[k]
        assert stats.sem(values[k] - values[0]) ** 2 == pytest.approx(expected)
    np.testing.assert_array_equal(doubted(scores, np.zeros(3)), scores)


def test_equal_scores_leave_no_doubt_about_their_difference() -> None:
    """However unsure the rates of both are; differences that are rounding are none."""
    scores = np.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0 * (1 + 2e-16)]])
    np.testing.assert_array_equal(doubted(scores, np.ones(2)), scores)


@pytest.mark.parametrize(("units", "penalty"), [(8, 0.0), (8, 1.0), (20, 0.6)])
def test_the_spread_seen_is_the_true_one(units: int, penalty: float) -> None:
    """Rates that are equally good, and nearly so: the plain variance of the mean is too small.

    With the doubt it is at least nine tenths of the true one, and at most half as large again.
    """
    rng = np.random.default_rng(3)
    grids = rng.normal(size=(2500, 3, units)) + rng.normal(size=(2500, 1, units)) + np.c_[[0.0, penalty, penalty]]
    _, scores, doubts = weighed(grids)
    true = scores.mean(axis=1).var()
    plain = float((scores.var(axis=1, ddof=1) / units).mean())
    assert plain < 0.9 * true
    assert 0.9 * true < plain + doubts.mean() < 1.5 * true


def test_the_spread_falls_with_the_number_of_units() -> None:
    """Four times the units halve it; where the best of the others is taken alone it falls by 1.4, the fourth root."""
    rng = np.random.default_rng(4)

    def spread(units: int) -> float:
        return float(
            np.std([judge({lr: rng.normal(size=units) for lr in (1.0, 2.0)}).scores.mean() for _ in range(900)])
        )

    assert 1.8 < spread(20) / spread(80) < 2.2
