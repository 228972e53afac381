"""The LR of every update from what a log says of it."""

import numpy as np
import pytest

from lrlab.record.logs.learning_rates import fill


@pytest.mark.parametrize(
    ("at", "values", "horizon", "warmup", "want"),
    [
        ([0, 4], [1.0, 0.6], 6, 0, [1.0, 0.9, 0.8, 0.7, 0.6, 0.6]),
        ([0, 2, 4, 6], [1.0, 1.0, 0.1, 0.1], 8, 0, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]),
        ([2, 4], [0.6, 1.0], 6, 0, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]),
        ([3, 4], [1.0, 1.0], 5, 3, [0.25, 0.5, 0.75, 1.0, 1.0]),
        ([4, 6], [1.0, 0.0], 6, 2, [1 / 3, 2 / 3, 1.0, 1.0, 1.0, 0.5]),
        ([3], [1.0], 5, 0, [1.0] * 5),
    ],
    ids=["between", "an abrupt fall", "a rise seen late", "a warmup not logged", "a gap after it", "one value"],
)
def test_the_gaps_are_filled(at, values, horizon, warmup, want):
    """Each row is one wart."""
    assert fill(np.array(at), np.array(values), horizon, warmup) == pytest.approx(np.array(want, dtype=float))


def test_a_value_logged_for_after_the_end_is_not_reached_for():
    """A trunk that ends at its peak, whose log has an LR of 0 for the update that never came."""
    lrs = fill(np.array([0, 50, 100, 150, 200]), np.array([1.0, 1.0, 1.0, 1.0, 0.0]), 200)
    assert lrs.tolist() == [1.0] * 200
