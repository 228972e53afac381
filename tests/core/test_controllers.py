"""Feedback: when plateau cuts, and when it does not."""

import math

import pytest

import lrlab as lr


def factors(controller, metrics):
    """The factor after each observation."""
    state, seen = controller.init(), []
    for update, metric in enumerate(metrics):
        state = controller.observe(state, metric, update)
        seen.append(state.factor)
    return seen


# Counted by hand: patience observations in a row that are not better, then the cut.
@pytest.mark.parametrize(
    ("arguments", "metrics", "expected"),
    [
        ({"patience": 2}, [1, 1, 1, 1, 1], [1, 1, 0.5, 0.5, 0.25]),
        ({"patience": 1}, [1, 0.5, 0.6, 0.4, 0.4], [1, 1, 0.5, 0.5, 0.25]),
        ({"patience": 2, "cooldown": 2}, [1, 1, 1, 1, 1, 1, 1], [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]),
        ({"patience": 1, "threshold": 0.1}, [1, 0.95, 0.85, 0.8], [1, 0.5, 0.5, 0.25]),
        ({"patience": 1, "threshold": 0.1}, [-1, -1.05, -1.2, -1.25], [1, 0.5, 0.5, 0.25]),
        ({"patience": 1, "mode": "max"}, [1, 2, 2, 3, 1], [1, 1, 0.5, 0.5, 0.25]),
        ({"patience": 1, "min": 0.3}, [1, 1, 1, 1], [1, 0.5, 0.3, 0.3]),
        ({"patience": 1}, [0, 0, 0], [1, 0.5, 0.25]),
        ({"patience": 2}, [1, math.nan, 1, math.nan, 1], [1, 1, 1, 1, 0.5]),
        ({"patience": 1}, [math.nan, math.nan, math.inf], [1, 1, 1]),
    ],
)
def test_cuts(arguments, metrics, expected):
    """The factor after each observation, counted by hand."""
    assert factors(lr.plateau(factor=0.5, **arguments), metrics) == expected


def test_flat_metrics_of_any_sign_are_cut():
    """A constant metric is no improvement, also below 0 (where PyTorch and Optax never cut)."""
    for level in (-100.0, -1.0, 0.0, 1.0, 100.0):
        assert factors(lr.plateau(factor=0.5, patience=3), [level] * 4)[-1] == 0.5


def test_open_loop_value_is_one():
    """Without observations a controller changes nothing."""
    assert (lr.cosine() * lr.plateau()).over(50).values().tolist() == lr.cosine().over(50).values().tolist()


def test_observations_by_name():
    """A controller with a metric takes that one, one without a name takes what comes without."""
    named, state = lr.plateau(metric="acc"), lr.plateau(metric="acc").init()
    assert named.observe(state, {"loss": 1.0}, 0) is state
    assert named.observe(state, {"acc": 1.0}, 0).observed == 1
    assert lr.plateau().observe(state, {"acc": 1.0}, 0) is state


def test_state_is_restored_from_its_record():
    """The record of a state is the state."""
    controller = lr.plateau(patience=2)
    state = controller.observe(controller.init(), 2.5, 0)
    assert controller.restore(state._asdict()) == state
    with pytest.raises(lr.LrlabError, match="no state of plateau"):
        controller.restore({"best": 1.0})


def test_inside_what_has_no_single_phase():
    """A controller inside repeat or reverse is refused with the way out."""
    for attempt in (lambda s: s.repeat(3), lambda s: s.reverse()):
        with pytest.raises(lr.LrlabError, match="put it around"):
            attempt(lr.cosine() * lr.plateau())
