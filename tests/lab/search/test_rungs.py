"""Who goes on to longer runs, and what runs take together."""

from pathlib import Path

import numpy as np
import pytest

from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.search.rungs import Ranking, lengths_of, noise_of, price, ranking
from lrlab.lab.stages.job import Job
from lrlab.lab.task.declaration import load_task

TASK = load_task(str(Path(__file__).parents[1] / "quadratic.py") + ":train")


def test_lengths_are_a_quarter_a_half_and_the_whole():
    """And a run that has no quarter is refused."""
    assert lengths_of(16) == (4, 8, 16)
    assert lengths_of(1001) == (250, 500, 1001)
    with pytest.raises(LrlabError, match="too short"):
        lengths_of(15)


def test_half_go_on_rounded_up():
    """The best half, in the order of their means."""
    found = ranking(np.array([[4.0], [1.0], [3.0], [2.0], [5.0]]))
    assert (found.order, found.half, found.close, found.noise) == ((1, 3, 2, 0, 4), 3, 3, 0.0)


def test_ties_with_the_last_are_close():
    """Runs that are the same run must not be told apart by the order in which they were proposed."""
    found = ranking(np.array([[1.0], [2.0], [2.0], [2.0]]))
    assert (found.half, found.close) == (2, 4)


def test_the_noise_is_that_of_the_difference_of_two_means():
    """Simulated: candidates and units with effects of their own, residuals of a known spread."""
    draw = np.random.default_rng(0)
    candidates, units = draw.normal(size=(8, 1)), draw.normal(size=4)
    found = [noise_of(candidates + units + 0.1 * draw.normal(size=(8, 4))) for _ in range(300)]
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(0.1 * np.sqrt(2 / 4), rel=0.05)
    assert noise_of(candidates + units) == pytest.approx(0.0, abs=1e-12)
    assert noise_of(draw.normal(size=(8, 1))) == 0.0  # one unit: nothing to tell it by


def test_those_within_the_noise_are_close():
    """Up to two standard errors beyond the last of the half; by hand: residuals of 0.1, an error of 0.2."""
    found = ranking(np.array([[0.0, 0.2], [0.2, 0.0], [0.49, 0.49], [0.51, 0.51]]))
    assert found.noise == pytest.approx(0.2)
    assert (found.order, found.half, found.close) == ((0, 1, 2, 3), 2, 3)


def test_a_diverged_candidate_never_goes_on():
    """Even where that leaves fewer than half; divergence anywhere counts."""
    found = ranking(np.array([[1.0, np.inf], [2.0, 2.0], [np.inf, np.inf], [np.inf, 1.0]]))
    assert (found.order, found.half, found.close) == ((1,), 1, 1)
    assert ranking(np.full((2, 2), np.inf)) == Ranking((), 0, 0, 0.0)


def jobs(*texts, lr=1.0, updates=40, fold=0):
    return [Job(Arm(text, parse(text)), lr, 0, fold, 2, updates, 1) for text in texts]


def test_what_agrees_is_paid_once():
    """The size of the tree: shared beginnings once, nothing between LRs, folds and lengths."""
    a, b = "wsd(warmup=0, decay='50%', shape='linear')", "constant()"
    assert price(TASK, jobs(a), 1) == 40
    assert price(TASK, jobs(a, b), 1) == 40 + 19  # the first update of the decay is still at 1
    assert price(TASK, jobs(a, b), 10) == 40 + 20
    assert price(TASK, [*jobs(a), *jobs(b, lr=2.0)], 1) == 80
    assert price(TASK, [*jobs(b), *jobs(b, fold=1), *jobs(b, updates=20)], 1) == 100
    assert price(TASK, jobs(a, a), 1) == 40
