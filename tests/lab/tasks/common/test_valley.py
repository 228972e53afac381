"""The valley that the demo descends: its heights are those of noisy steps, taken here one by one."""

import numpy as np

import lrlab as lr
from lrlab.lab.task.declaration import Settings, declaration_of
from lrlab.lab.tasks.common import valley
from lrlab.lab.training.run import TrainingRun


def test_a_descent_is_what_it_says():
    """Sixteen weights, from 1 down to a hundredth as steep; each step of 0.9 times the schedule, shaken by noise."""
    run = TrainingRun(lr.linear(to=0.2), 30, seed=3, fold=2, evals=3, metric="height", mode="min")
    valley.train(run)
    noise, steep = np.random.default_rng([3, 2]), np.geomspace(1.0, 0.01, 16)
    weights = noise.normal(size=16)
    shakes = noise.normal(scale=0.3, size=(120, 16)) * np.sqrt(steep)
    losses, heights = [], []
    for rate, shake in zip(lr.linear(to=0.2).over(30).values(), shakes, strict=False):
        losses.append(steep @ weights**2)
        weights = weights - 0.9 * rate * (steep * weights + shake)
        heights.append(steep @ weights**2)
    np.testing.assert_allclose(run.loss.values, losses, rtol=1e-12)
    found = run.evals["height"]
    np.testing.assert_allclose(found.values, [heights[at - 1] for at in found.updates], rtol=1e-12)
    assert len(found.updates) == 3


def test_it_is_taken_up_again_where_it_was():
    """Its weights are all its state."""
    first, second = valley._Descent(np.arange(16.0)), valley._Descent(np.zeros(16))
    first.step(np.ones(16))
    second.load_state_dict(first.state_dict())
    assert second.weights.tolist() == (np.arange(16.0) - 0.9).tolist()


def test_the_settings_of_the_demo():
    """A comparison of a few seconds."""
    assert declaration_of(valley.train).settings == Settings(120, 12, 1, evals=8, widen=True)
