"""The choice of the learning rate: hand-worked tables, divergence, and the jackknife against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from lrlab.analysis.comparison.choice import judge


def brute_force(grid: dict[float, np.ndarray]) -> tuple[list[float], np.ndarray]:
    """Leave-one-out choice spelled out, without arrays of choices."""
    n = len(next(iter(grid.values())))
    lrs = []
    for unit in range(n):
        means = {lr: np.mean([x for i, x in enumerate(scores) if i != unit]) for lr, scores in sorted(grid.items())}
        lrs.append(min(means, key=lambda lr: means[lr]))
    return lrs, np.array([grid[lr][unit] for unit, lr in enumerate(lrs)])


def test_choice_by_hand() -> None:
    """Without the third unit lr 1 looks better, so the third is judged at lr 1, where it is bad."""
    found = judge({1.0: np.array([1.0, 1.5, 9.0]), 0.5: np.array([2.0, 2.0, 2.0])})
    assert found.lrs == (0.5, 0.5, 1.0)
    assert found.scores.tolist() == [2.0, 2.0, 9.0]


def test_choice_never_sees_the_judged_unit() -> None:
    """Changing a score of unit u changes no choice for u."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        grid = {lr: rng.normal(size=5) for lr in (0.3, 1.0, 3.0)}
        before = judge(grid).lrs
        unit = int(rng.integers(5))
        grid[1.0][unit] = rng.choice([-100.0, 100.0, np.inf])
        assert judge(grid).lrs[unit] == before[unit]


def test_equals_take_the_lowest_learning_rate() -> None:
    """Ties are decided by the value of the learning rate, not by the order in which it was handed in."""
    same = np.array([1.0, 2.0, 3.0])
    assert judge({3.0: same, 0.3: same, 1.0: same}).lrs == (0.3, 0.3, 0.3)


def test_diverged_elsewhere_loses_and_diverged_here_counts() -> None:
    """One diverged run bars a learning rate for all other units, and is the score of its own unit if chosen there."""
    found = judge({1.0: np.array([5.0, 5.0, 5.0]), 3.0: np.array([1.0, 1.0, np.inf])})
    assert found.lrs == (1.0, 1.0, 3.0)
    assert found.scores.tolist() == [5.0, 5.0, np.inf]
    assert np.isinf(found.values).all()


def test_values_are_scores_where_the_choice_is_clear() -> None:
    """One learning rate, or one that wins everywhere: the jackknife of a mean is the sample itself."""
    scores = np.array([1.0, 1.3, 0.8, 1.1, 0.9])
    assert judge({1.0: scores}).values.tolist() == scores.tolist()
    found = judge({1.0: scores, 3.0: scores + 10, 9.0: np.array([20.0, np.inf, 20.0, 20.0, np.inf])})
    np.testing.assert_allclose(found.values, scores, rtol=1e-14)


def test_values_follow_the_definition() -> None:
    """Against choice and judgement repeated on the table without each unit in turn."""
    rng = np.random.default_rng(2)
    for n in (3, 5, 8):
        grid = {lr: rng.normal(size=n) for lr in (0.3, 1.0, 3.0)}
        found = judge(grid)
        lrs, scores = brute_force(grid)
        assert list(found.lrs) == lrs
        assert found.scores.tolist() == scores.tolist()
        without = [brute_force({lr: np.delete(row, unit) for lr, row in grid.items()})[1].mean() for unit in range(n)]
        variance = (n - 1) / n * np.sum(np.square(np.array(without) - np.mean(without)))
        assert found.values.mean() == pytest.approx(scores.mean(), abs=1e-12)
        assert found.values.var(ddof=1) / n == pytest.approx(variance, abs=1e-12)


def test_the_spread_seen_is_not_smaller_than_the_true_one() -> None:
    """Equally good learning rates: the plain variance of the mean is far too small, the jackknife's is not."""
    rng = np.random.default_rng(3)
    found = [judge({lr: rng.normal(size=8) for lr in (0.3, 1.0, 3.0)}) for _ in range(3000)]
    true = np.var([arm.scores.mean() for arm in found])
    assert np.mean([arm.scores.var(ddof=1) / 8 for arm in found]) < 0.7 * true
    assert np.mean([arm.values.var(ddof=1) / 8 for arm in found]) > true
