"""Plateau: when it cuts, and when it does not."""

import json
import math

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import formula


def factors(controller, metrics):
    """The factor after each observation."""
    state, seen = controller.init(), []
    for update, metric in enumerate(metrics):
        state = controller.observe(state, metric, update)
        seen.append(state.factor)
    return seen


NAN = math.nan


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
        ({"patience": 2}, [1, NAN, 1, NAN, 1], [1, 1, 1, 1, 0.5]),
        ({"patience": 1}, [NAN, NAN, math.inf], [1, 1, 1]),
        # An absolute threshold, a best with its sign, and a margin on top.
        ({"patience": 1, "threshold": 0.1, "threshold_mode": "abs"}, [5, 4.95, 4.8], [1, 0.5, 0.5]),
        ({"patience": 1, "threshold": 0.1, "threshold_mode": "signed"}, [-10, -9.5, -9.5], [1, 1, 1]),
        ({"patience": 1, "threshold": 0.1, "margin": 0.2}, [1, 0.75, 0.65, 0.4], [1, 0.5, 0.5, 0.25]),
        # NaN that counts, also as the first observation.
        ({"patience": 2, "nan": "bad"}, [1, NAN, NAN, 0.5], [1, 1, 0.5, 0.5]),
        ({"patience": 1, "nan": "bad"}, [NAN, 1, -math.inf], [0.5, 0.5, 0.25]),
        # A cut by no more than eps is not made, but the cooldown begins.
        ({"patience": 1, "eps": 0.3}, [1, 1, 1], [1, 0.5, 0.5]),
        # Back to 1 at the floor; the best is forgotten.
        ({"patience": 1, "min": 0.5, "restart": True}, [1, 1, 1, 2, 2], [1, 0.5, 1, 1, 0.5]),
        # Means of two: 1, 1, then 0.5.
        ({"patience": 1, "average": 2}, [0, 2, 2, 0, 0.4, 0.6], [1, 1, 1, 0.5, 0.5, 0.5]),
        ({"patience": 1, "average": 2, "nan": "bad"}, [1, 1, NAN, 0, 0, 0], [1, 1, 1, 0.5, 0.5, 0.5]),
        ({"patience": 1, "average": 2}, [1, 1, NAN, 1, 1], [1, 1, 1, 1, 0.5]),
    ],
)
def test_cuts(arguments, metrics, expected):
    """The factor after each observation, counted by hand."""
    assert factors(lr.plateau(factor=0.5, **arguments), metrics) == expected


def test_flat_metrics_of_any_sign_are_cut():
    """A constant metric is no improvement, also below 0 (where PyTorch and Optax never cut)."""
    for level in (-100.0, -1.0, 0.0, 1.0, 100.0):
        assert factors(lr.plateau(factor=0.5, patience=3), [level] * 4)[-1] == 0.5


def test_events_and_causes():
    """Each decision is named, with the numbers that caused it."""
    pacer = lr.Pacer(lr.plateau(factor=0.5, patience=1, min=0.5, restart=True).over(100))
    for metric in (3.0, NAN, 3.0, 3.0):
        pacer.observe(metric)
    assert [(d.event, d.old, d.new) for d in pacer.decisions] == [
        ("nan", 1.0, 1.0),
        ("cut", 1.0, 0.5),
        ("restart", 0.5, 1.0),
    ]
    assert pacer.decisions[2].cause == "1 observations without improvement on 3, at the least factor"


def test_a_restart_needs_a_floor():
    """Without a floor there is always one more cut."""
    with pytest.raises(lr.LrlabError, match="needs a floor"):
        lr.plateau(restart=True)


def test_a_mean_in_the_making_is_part_of_the_state():
    """A state that is written between two observations of one mean goes on with it, through JSON."""
    controller = lr.plateau(average=3, patience=1)
    whole, parts = controller.init(), controller.init()
    for metric in (1.0, 2.0, 5.0, 4.0, NAN, 1.0, 0.1):
        whole = controller.observe(whole, metric, 0)
        parts = controller.observe(controller.restore(json.loads(json.dumps(parts._asdict()))), metric, 0)
    assert whole == parts
    assert whole.pending == 0
    assert whole.observed == 7


def test_formula(follows):
    """value = factor ** cuts."""
    follows(formula("plateau"), lr.plateau(factor=0.5, patience=2), {"cut": "cuts"})


def test_before_anything_was_observed():
    """Nothing is counted, and the factor is 1; the kind of a state's numbers tells what a record may hold."""
    zeros = {"bad": 0, "cooldown": 0, "observed": 0, "pending": 0, "event": "", "cause": ""}
    assert lr.plateau().init()._asdict() == {"best": None, "factor": 1.0, "mean": None, **zeros}
    assert not lr.plateau().survives
