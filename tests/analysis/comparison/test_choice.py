"""The choice of the learning rate: against its definition spelled out, and what it costs in certainty."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.comparison.choice import judge


def brute_force(grid: dict[float, np.ndarray]) -> tuple[list[dict[float, float]], list[float], np.ndarray]:
    """The weights for each unit, the weighed means without it, and its score; spelled out, by SciPy's t."""
    n = len(next(iter(grid.values())))
    weights, means, scores = [], [], []
    for unit in range(n):
        rest = {lr: np.delete(scores, unit) for lr, scores in grid.items()}
        spreads = {}
        for lr, other in permutations(grid, 2):
            off = rest[other] - rest[lr] - np.median(rest[other] - rest[lr])
            spreads[lr, other] = np.sqrt(min(sum(off[off > 0] ** 2), sum(off[off < 0] ** 2)) * 2 / (n - 2))
        raw = dict.fromkeys(grid, 1.0)
        for (lr, other), spread in spreads.items():
            t = (rest[other] - rest[lr]).mean() / min(spread, 3 * min(spreads.values())) * np.sqrt(n - 1)
            raw[lr] *= min(max((stats.t.cdf(t / 1.5, n - 2) - 0.1) / 0.8, 0.0), 1.0)
        total = sum(raw.values())
        weights.append({lr: raw[lr] / total for lr in grid})
        means.append(sum(weights[-1][lr] * rest[lr].mean() for lr in grid))
        scores.append(sum(weights[-1][lr] * grid[lr][unit] for lr in grid))
    return weights, means, np.array(scores)


def test_scores_and_values_follow_the_definition() -> None:
    """The rates weighed without the unit; the values by the jackknife of the weighed mean."""
    rng = np.random.default_rng(2)
    for n in (3, 5, 8):
        grid = {lr: rng.normal(size=n) for lr in (0.3, 1.0, 3.0)}
        found = judge(grid)
        weights, means, scores = brute_force(grid)
        assert found.lrs == tuple(max(one, key=one.__getitem__) for one in weights)
        np.testing.assert_allclose(found.scores, scores, rtol=0, atol=1e-12)
        jackknife = scores.mean() + (n - 1) * (np.mean(means) - means)
        np.testing.assert_allclose(found.values, 2 * jackknife - scores, rtol=0, atol=1e-11)
        assert found.values.mean() == pytest.approx(scores.mean(), abs=1e-12)


def test_of_two_units_the_other_one_chooses() -> None:
    """One value has no spread to weigh by."""
    found = judge({0.5: np.array([1.0, 5.0]), 1.0: np.array([2.0, 4.0])})
    assert (found.lrs, found.scores.tolist(), found.values.tolist()) == ((1.0, 0.5), [2.0, 5.0], [2.0, 5.0])


def test_the_choice_never_sees_the_judged_unit() -> None:
    """Whatever a run of unit u scores, the rates of that unit count as before: its score moves by that weight."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        grid = {lr: rng.normal(size=5) for lr in (0.3, 1.0, 3.0)}
        unit = int(rng.integers(5))
        before, (weights, _, _) = judge(grid), brute_force(grid)
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
        assert found.values.tolist() == pytest.approx(without.values.tolist())
        assert found.scores.tolist() == pytest.approx(without.scores.tolist())


def test_values_are_scores_where_the_choice_is_clear() -> None:
    """One learning rate, or one that wins everywhere: the jackknife of a mean is the sample itself."""
    scores = np.array([1.0, 1.3, 0.8, 1.1, 0.9])
    assert judge({1.0: scores}).values.tolist() == scores.tolist()
    found = judge({1.0: scores, 3.0: scores + 10, 9.0: np.array([20.0, 21.0, 20.0, 20.0, 22.0])})
    np.testing.assert_allclose(found.values, scores, rtol=1e-14)


def test_the_spread_seen_is_not_smaller_than_the_true_one() -> None:
    """Equally good learning rates: the plain variance of the mean is far too small, the jackknife's is not."""
    rng = np.random.default_rng(3)
    found = [judge({lr: rng.normal(size=8) for lr in (0.3, 1.0, 3.0)}) for _ in range(3000)]
    true = np.var([arm.scores.mean() for arm in found])
    assert np.mean([arm.scores.var(ddof=1) / 8 for arm in found]) < 0.8 * true
    assert true < np.mean([arm.values.var(ddof=1) / 8 for arm in found]) < 1.8 * true


def test_the_spread_falls_with_the_number_of_units() -> None:
    """Four times the units halve it; where the best of the others is taken alone it falls by 1.4, the fourth root."""
    rng = np.random.default_rng(4)

    def spread(units: int) -> float:
        return float(
            np.std([judge({lr: rng.normal(size=units) for lr in (1.0, 2.0)}).scores.mean() for _ in range(900)])
        )

    assert 1.8 < spread(20) / spread(80) < 2.2
