"""A/A rates: what is counted, its bound, and that equal arms are called different rarely."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.comparison.aa import aa_rate
from lrlab.errors import LrlabError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_equal_runs_are_never_different() -> None:
    """Runs without any noise of seeds: none of the trials differs; the bound is 1 - .025^(1/n) (Clopper-Pearson)."""
    scores = np.tile([0.3, 0.5, 0.4, 0.6, 0.2], (8, 1))
    found = aa_rate(scores, 100, rng())
    assert (found.trials, found.different, found.rate) == (100, 0, 0.0)
    assert found.upper == pytest.approx(1 - 0.025 ** (1 / 100))


def test_noise_of_seeds_is_called_different_about_as_often_as_promised() -> None:
    """Independent runs on hard and easy folds: about 5 % of trials, and the bound is SciPy's exact one."""
    scores = rng(1).normal(size=(200, 5)) + 10 * rng(2).normal(size=5)
    found = aa_rate(scores, 1000, rng(3), seeds=2)
    assert 0.03 <= found.rate <= 0.07
    exact = stats.binomtest(found.different, found.trials).proportion_ci(0.95, method="exact")
    assert found.upper == pytest.approx(exact.high)


def test_one_fold_pairs_seeds() -> None:
    """A fixed split is dealt the same way and tested by sign flips over the seeds of an arm."""
    found = aa_rate(rng(1).normal(size=(60, 1)), 300, rng(2), seeds=8)
    assert found.rate <= 0.08


def test_a_constant_effect_of_seeds_is_found_out() -> None:
    """Where a seed is good or bad on all folds alike, folds are no independent evidence, and the check says so."""
    scores = rng(1).normal(size=(50, 1)) + 0.1 * rng(2).normal(size=(50, 5))
    assert aa_rate(scores, 200, rng(3), seeds=1).rate > 0.5


@pytest.mark.parametrize(
    ("scores", "trials", "seeds", "words"),
    [
        (np.zeros((8, 5)), 0, None, "number of trials"),
        (np.zeros(8), 10, None, "shape"),
        (np.zeros((1, 5)), 10, None, "0 of 1 stored"),
        (np.zeros((8, 5)), 10, 5, "5 of 8 stored"),
        (np.full((8, 5), np.nan), 10, None, "not a number"),
    ],
)
def test_refusals(scores: np.ndarray, trials: int, seeds: int | None, words: str) -> None:
    """Each refusal names what was given."""
    with pytest.raises(LrlabError, match=words):
        aa_rate(scores, trials, rng(), seeds=seeds)


def test_where_all_trials_differ_the_bound_is_one() -> None:
    """A seed that is bad on all folds: each deal of one run to each arm tells them apart."""
    noise = 1e-3 * rng(1).normal(size=(2, 5))
    found = aa_rate(np.array([[0.0], [10.0]]) + noise, 20, rng(2))
    assert (found.rate, found.upper) == (1.0, 1.0)


def test_one_trial_is_enough() -> None:
    """And half of the seeds for each arm; no seeds are too few."""
    assert aa_rate(np.zeros((4, 5)), 1, rng(), seeds=2).trials == 1
    with pytest.raises(LrlabError, match="0 of 4 stored"):
        aa_rate(np.zeros((4, 5)), 1, rng(), seeds=0)
