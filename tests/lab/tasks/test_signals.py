"""Generated signals: ten kinds, fresh in every fold, a few wrong labels in training alone."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import signals
from lrlab.lab.tasks.common.data import draws
from lrlab.lab.training.run import TrainingRun

torch = pytest.importorskip("torch")

TINY = signals.SIZES["tiny"]


def test_shapes_and_kinds():
    """Every kind occurs about equally often; values are finite."""
    x, y, judged_x, judged_y = signals.data(TINY, 0)
    assert x.shape == (1000, 1, 40)
    assert judged_x.shape == (500, 1, 40)
    assert torch.isfinite(x).all()
    assert torch.bincount(judged_y, minlength=10).min() > 20
    assert len(y) == 1000


def test_folds_draw_their_own_signals():
    """Nothing of one fold, trained or judged, is in another; the templates are the same."""
    first, second = signals.data(TINY, 0), signals.data(TINY, 1)
    for a in (first[0], first[2]):
        for b in (second[0], second[2]):
            assert not (a[:, None, 0] == b[None, :, 0]).all(-1).any()


def test_some_training_labels_are_wrong_and_no_judged_one():
    """One in twenty is drawn anew: nine in ten of those are then wrong."""
    rng = draws("signals", 0)
    _, true = signals.signals(rng, 20_000)
    wrong = rng.random(20_000) < signals.WRONG_LABELS
    assert wrong.mean() == pytest.approx(0.05, abs=0.01)
    y = signals.data(signals.Size(20_000, 10, 8), 0)[1].numpy()
    assert np.mean(y != true) == pytest.approx(0.045, abs=0.01)


def test_the_network_normalises():
    """Its running means are part of the state that must be kept."""
    model = signals.network(16)
    assert model(torch.zeros(3, 1, 40)).shape == (3, 10)
    assert sum("running_mean" in name for name in model.state_dict()) == 3
    assert 5_000 < sum(p.numel() for p in model.parameters()) < 15_000


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"LENGTH": 40, "KINDS": 10, "KNOTS": 12, "NOISE": 0.4, "WRONG_LABELS": 0.05, "BATCH": 64}
    assert {name: getattr(signals, name) for name in constants} == constants
    assert {size: vars(value) for size, value in signals.SIZES.items()} == {
        "tiny": {"trained": 1000, "judged": 500, "width": 8},
        "std": {"trained": 4000, "judged": 2000, "width": 16},
    }
    assert signals.LRS == {
        "momentum": 0.1,
        "sgd": 1.0,
        "adagrad": 0.1,
        "rmsprop": 0.02,
        "adam": 0.02,
        "adamw": 0.02,
        "schedule-free sgd": 4.0,
        "schedule-free adamw": 0.02,
    }
    task = load_task("signals")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (1000, 5, 1, (0.5, 1.0, 2.0), 20)
    assert (quick.updates, quick.folds, quick.seeds) == (250, 5, 1)


def test_the_network_is_as_large_as_documented():
    """Kernels of 5 without bias, a scale and a shift for each channel, 5 places at the end: 40 halved three times."""
    w = 16
    weights = 5 * w + 5 * w * 2 * w + 5 * (2 * w) ** 2 + 2 * (w + 2 * w + 2 * w) + 2 * w * 5 * 10 + 10
    assert sum(p.numel() for p in signals.network(w).parameters()) == weights


def test_l2_is_that_of_the_recipe():
    """It pulls the weights."""
    run = TrainingRun(lr.constant(), 4, folds=5, config={"size": "tiny"})
    made = signals.train.__wrapped__(run, TINY)
    assert made.l2 == 5e-4
