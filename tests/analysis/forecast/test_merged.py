"""What a cooldown gains beyond a merge: Student's interval by hand, what is unlike is said, and what was measured."""

import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.forecast.merged import SHARES, beyond, unlike
from lrlab.lab.arms.merging import factors


def test_it_is_students_interval_for_one_further_task():
    """By hand: logarithms of 1/share -1, 0, 0, 1 have the mean 0 and the spread sqrt(2/3); t(0.95, 3) is 2.3534."""
    told = beyond({str(k): math.exp(-x) for k, x in enumerate((-1, 0, 0, 1))})
    half = 2.3534 * math.sqrt(2 / 3) * math.sqrt(5 / 4)
    assert (told.low, told.high) == pytest.approx((math.exp(-half), math.exp(half)), rel=1e-4)
    assert (told.level, told.tasks) == (0.9, 4)


def test_it_holds_as_often_as_it_says():
    """For further tasks of the same kind, and for those left out."""
    rng, held, left = np.random.default_rng(0), [], []
    for _ in range(1500):
        *known, new = np.exp(rng.normal(0.1, 0.3, size=7))
        told = beyond(dict(enumerate(known)))
        held.append(told.low <= 1 / new <= told.high)
        left.append(told.inside / 6)
    assert 0.88 <= np.mean(held) <= 0.92
    assert 0.88 <= np.mean(left) <= 0.92


def test_of_those_left_out_the_odd_one_is_outside():
    """Five that agree to a percent, and one that is ten times as much."""
    assert beyond(dict(enumerate((1.0, 1.01, 0.99, 1.0, 1.01, 10.0)))).inside == 5


@pytest.mark.parametrize("shares", [{}, {"a": 1.0, "b": 1.1, "c": 0.9}, {"a": 1.0, "b": 1.1, "c": 0.9, "d": -0.1}])
def test_too_little_foresees_nothing(shares):
    """Three tasks, or one on which a merge is worse than the constant LR."""
    assert beyond(shares) is None


@pytest.mark.parametrize(
    ("decay", "at", "said"),
    [
        ("linear()", range(80, 101, 2), ""),
        ('wsd(warmup=0, decay="20%", shape="linear")', range(0, 101, 2), ""),
        ('wsd(warmup=0, decay="20%")', range(0, 101, 2), "a linear decay down to 0 was measured"),
        ("linear(to=0.5)", range(80, 101, 2), "a linear decay down to 0 was measured"),
        ("0.5 * constant()", range(80, 101, 2), "a linear decay down to 0 was measured"),
        ("linear()", range(0, 101, 2), "the decay takes 100 % of the run"),
        ("linear()", range(74, 101, 2), "the decay takes 26 % of the run"),
        ("linear()", range(86, 101, 1), "the decay takes 14 % of the run"),
        ("linear()", range(80, 101, 5), "5 checkpoints are in the decay"),
        ("constant()", range(80, 101, 2), "the decay takes"),
    ],
)
def test_what_is_unlike_is_said(decay, at, said):
    """Another length, another shape, too few checkpoints."""
    told = unlike([*at], factors(lr.parse(decay), at[-1] - at[0]))
    assert told.startswith(said)
    assert bool(told) == bool(said)


def test_what_was_measured_foresees_something():
    """What the benchmark came to: a merge never had less than half, and the others foresee most of them."""
    told = beyond()
    assert told is not None
    assert min(SHARES.values()) > 0.5
    assert told.inside >= len(SHARES) - 1
