"""GreedyLR: when it raises, when it cuts, and that it is the authors' rule."""

import math
import random

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


# Counted by hand.
@pytest.mark.parametrize(
    ("arguments", "metrics", "expected"),
    [
        ({"patience": 1, "threshold": 0}, [4, 3, 3, 5, 2], [2, 4, 2, 1, 2]),  # the rule of the paper
        ({"patience": 2}, [4, 3, 3, 3, 2, 1], [1, 2, 2, 1, 1, 2]),
        ({"patience": 1, "max": 2.0, "min": 0.5}, [4, 3, 3, 3, 3], [2, 2, 1, 0.5, 0.5]),
        ({"patience": 1, "warmup": 1, "cooldown": 2}, [4, 3, 3, 3, 3, 3, 3, 3], [2, 2, 4, 4, 2, 2, 2, 1]),
        ({"patience": 1, "mode": "max"}, [1, 2, 1], [2, 4, 2]),
        ({"patience": 1}, [4, math.nan, 3], [2, 2, 4]),
        ({"patience": 1, "min": 0.5, "max": 1.0, "reset": 2}, [4, 4, 4, 9], [1, 0.5, 1, 1]),
        ({"patience": 1, "window": 2}, [4, 8, 2, 2], [2, 1, 0.5, 1]),  # means 4, 6, 5, 2
    ],
)
def test_raises_and_cuts(arguments, metrics, expected):
    """The factor after each observation, counted by hand."""
    assert factors(lr.greedy(factor=0.5, **arguments), metrics) == expected


def test_it_begins_at_one():
    """Bounds that 1 is outside of are refused."""
    with pytest.raises(lr.LrlabError, match="begins at 1"):
        lr.greedy(min=2.0, max=3.0)


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(k, marks=pytest.mark.exhaustive) for k in range(8, 200))])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_as_the_authors_code(seed, mode):
    """Transformers' GreedyLR (the authors' contribution), whose patience is one less, on random metrics."""
    torch = pytest.importorskip("torch")
    peer = getattr(pytest.importorskip("transformers.optimization"), "GreedyLR", None)
    if peer is None:
        pytest.skip("this version of transformers has no GreedyLR")
    rng = random.Random(seed)
    patience, window = rng.randint(1, 4), rng.choice([1, 1, 5])
    shared = {
        "factor": rng.uniform(0.5, 0.95),
        "threshold": rng.choice([1e-6, 0.01]),
        "threshold_mode": rng.choice(["abs", "rel"]),
        "cooldown": rng.randint(0, 3),
        "warmup": rng.randint(0, 3),
    }
    low, high, reset = rng.choice([0.01, 0.5]), rng.choice([2.0, 10.0]), rng.choice([2, 500])
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = peer(
        optimizer,
        mode,
        patience=patience - 1,
        min_lr=low,
        max_lr=high,
        eps=0,
        smooth=window > 1,
        window_size=window,
        reset_start=reset,
        **shared,
    )
    ours = lr.greedy(mode=mode, patience=patience, min=low, max=high, reset=reset, window=window, **shared)
    state, level, found, expected = ours.init(), 2.0, [], []
    for update in range(200):
        level *= rng.choice([0.9, 0.97, 1.0, 1.02])
        metric = level if mode == "min" else 1 / level
        if window > 1:  # a running sum rounds otherwise than a mean: no two means may lie at the bar
            metric *= rng.uniform(0.99, 1.01)
        theirs.step(metric)
        state = ours.observe(state, metric, update)
        found.append(ours.factor(state))
        expected.append(optimizer.param_groups[0]["lr"])
    assert found == expected
    assert len(set(found)) > 1


def test_formula(follows):
    """value = factor ** (cuts - raises), between min and max."""
    controller = lr.greedy(factor=0.5, patience=2, min=1e-9, max=1e9)
    follows(formula("greedy"), controller, {"cut": "cuts", "raise": "raises"})


def test_before_anything_was_observed():
    """Nothing is counted, and the factor is 1."""
    zeros = {"good": 0, "bad": 0, "rest": 0, "low": 0, "observed": 0, "event": "", "cause": "", "recent": ()}
    assert lr.greedy().init()._asdict() == {"best": None, "factor": 1.0, **zeros}
    assert not lr.greedy().survives


@pytest.mark.parametrize("bounds", [{"min": 1.0}, {"max": 1.0}, {"min": 1.0, "max": 1.0}])
def test_it_begins_within_its_bounds(bounds):
    """At them, too; and not outside."""
    assert lr.greedy(**bounds).init().factor == 1.0
    with pytest.raises(lr.LrlabError, match="it begins at 1"):
        lr.greedy(min=1.001)
    with pytest.raises(lr.LrlabError, match="it begins at 1"):
        lr.greedy(max=0.999)
