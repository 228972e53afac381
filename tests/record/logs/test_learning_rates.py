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


@pytest.mark.parametrize(
    ("at", "values", "horizon", "want"),
    [
        ([0, 2, 4, 6], [1.0, 1.0, 0.9, 0.9], 8, [1.0, 1.0, 1.0, 0.95, 0.9, 0.9, 0.9, 0.9]),
        ([0, 2, 4, 6], [1.0, 1.0, 0.89, 0.89], 8, [1.0, 1.0, 1.0, 1.0, 0.89, 0.89, 0.89, 0.89]),
        ([0, 2, 4, 6], [10.0, 10.0, 9.0, 9.0], 6, [10.0, 10.0, 10.0, 9.5, 9.0, 9.0]),
        ([0, 20, 24, 44], [1.0, 0.9, 0.5, 0.4], 25, [*np.linspace(1.0, 0.9, 21), 0.9, 0.9, 0.9, 0.5]),
        ([0, 2, 42], [1.0, 0.5, 1.0], 4, [1.0, 1.0, 0.5, 0.5125]),
        ([0, 2, 4, 6], [1.0, 0.8, 0.2, 0.0], 6, [1.0, 0.9, 0.8, 0.5, 0.2, 0.1]),
        ([0, 2, 4, 6], [1.0, 0.875, 0.375, 0.25], 6, [1.0, 0.9375, 0.875, 0.875, 0.375, 0.3125]),
        ([0, 2, 4], [0.0, 1.0, 1.0], 5, [0.0, 0.5, 1.0, 1.0, 1.0]),
        ([0, 2, 4], [1.0, 0.0, 0.0], 5, [1.0, 1.0, 0.0, 0.0, 0.0]),
        ([0, 4], [1.0, 0.0], 5, [1.0, 0.75, 0.5, 0.25, 0.0]),
    ],
    ids=[
        *(
            "a tenth of the peak is no jump",
            "more is one",
            "a tenth of any peak",
            "steep in few updates",
            "a fall and a slow rise",
            "three times as steep is none",
            "four times is one",
        ),
        *("a rise at the beginning is a warmup", "a fall there is a jump", "of two values nothing is known"),
    ],
)
def test_an_abrupt_change_is_held_until_it_was_seen(at, values, horizon, want):
    """By more than a tenth of the peak, and more than three times as steep as before and after."""
    assert fill(np.array(at), np.array(values), horizon).tolist() == pytest.approx(want, abs=1e-5)


@pytest.mark.parametrize(
    ("at", "values", "first"),
    [
        ([2, 4], [0.8, 1.0], 0.6),  # 0.1 an update, down to 0.6
        ([4, 5], [0.5, 0.75], 0.1),  # below 0: then as a warmup from the first update, 0.5 / 5
        ([2, 4], [1.0, 1.0], 1.0),
        ([2, 4], [1.0, 0.5], 1.0),
    ],
)
def test_before_the_first_value(at, values, first):
    """A rise is continued backwards, though not below that of a warmup; else the LR was there from the start."""
    found = fill(np.array(at), np.array(values), 6)
    assert found[: at[0] + 1].tolist() == pytest.approx(np.linspace(first, values[0], at[0] + 1).tolist())


def test_a_warmup_longer_than_the_log():
    """It rises to the last value; one whose end was logged, to that."""
    assert fill(np.array([0, 1]), np.array([0.5, 1.0]), 3, 3).tolist() == [0.25, 0.5, 0.75]
    assert fill(np.array([1, 2]), np.array([0.5, 1.0]), 4, 2).tolist() == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0])
    assert fill(np.array([2, 3]), np.array([0.6, 1.0]), 4, 2).tolist() == pytest.approx([0.2, 0.4, 0.6, 1.0])
    assert fill(np.array([1, 2]), np.array([1.0, 1.0]), 3, 1).tolist() == [0.5, 1.0, 1.0]


def test_between_a_warmup_and_the_first_value_behind_it_the_lr_is_that_value():
    """Whatever was logged before."""
    found = fill(np.array([0, 5, 6]), np.array([0.1, 1.0, 0.5]), 7, 2)
    assert found.tolist() == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0, 1.0, 1.0, 0.5])
