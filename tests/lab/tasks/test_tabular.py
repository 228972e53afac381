"""The table: the noise is heavy-tailed, depends on the row, and is in the training targets alone."""

import numpy as np
import pytest

from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import tabular

torch = pytest.importorskip("torch")


def test_folds_draw_their_own_rows():
    """And judged targets are the function itself."""
    size = tabular.SIZES["tiny"]
    x, y, judged, clean = tabular.data(size, 0)
    assert (x.shape, y.shape, judged.shape, clean.shape) == ((500, 8), (500, 1), (500, 8), (500, 1))
    assert not torch.equal(x, tabular.data(size, 1)[0])
    assert clean.numpy() == pytest.approx(tabular.function(judged.numpy()), abs=1e-5)


def test_the_noise_is_heavy_tailed_and_uneven():
    """Far outliers that a normal distribution would not have; wider where the first column is larger."""
    x, y, _, _ = tabular.data(tabular.Size(20_000, 1, 8), 0)
    noise = (y.numpy() - tabular.function(x.numpy()))[:, 0]
    assert np.abs(noise).max() > 8 * noise.std()
    high = x[:, 0].numpy() > 0
    assert np.median(np.abs(noise[high])) > 1.3 * np.median(np.abs(noise[~high]))


def test_the_target_is_of_order_one():
    """So that the metric reads as a share: 0 is as bad as predicting the mean."""
    values = tabular.function(np.random.default_rng(0).normal(size=(20_000, 8)))
    assert values.mean() == pytest.approx(0.0, abs=0.05)
    assert values.std() == pytest.approx(1.0, abs=0.2)


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"COLUMNS": 8, "BATCH": 64}
    assert {name: getattr(tabular, name) for name in constants} == constants
    assert {size: vars(value) for size, value in tabular.SIZES.items()} == {
        "tiny": {"trained": 500, "judged": 500, "width": 32},
        "std": {"trained": 2000, "judged": 2000, "width": 64},
    }
    assert tabular.LRS == {
        "adamw": 0.001,
        "sgd": 0.1,
        "momentum": 0.01,
        "adagrad": 0.03,
        "rmsprop": 0.001,
        "adam": 0.001,
        "schedule-free sgd": 0.1,
        "schedule-free adamw": 0.001,
    }
    task = load_task("tabular")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (1600, 5, 1, (0.5, 1.0, 2.0), 16)
    assert (quick.updates, quick.folds, quick.seeds) == (400, 5, 1)
