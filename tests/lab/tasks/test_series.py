"""The series: it solves its equation, is chaotic, and what is to be foreseen is not among what is seen."""

import numpy as np
import pytest

from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import series
from lrlab.lab.tasks.common.data import draws

torch = pytest.importorskip("torch")


def test_it_is_the_mackey_glass_series():
    """Between 0.2 and 1.4 with a mean near 0.9 (Mackey and Glass 1977), and it never settles."""
    x = series.mackey_glass(draws("test"), 300) + 0.92
    assert 0.2 < x.min() < x.max() < 1.5
    assert x.mean() == pytest.approx(0.9, abs=0.06)
    assert x[:, -20:].std(axis=1).min() > 0.005


def test_a_series_follows_its_equation():
    """The slope over one step is 0.2 x(t-17) / (1 + x(t-17)^10) - 0.1 x(t), as far as two half steps allow."""
    x = series.mackey_glass(draws("test"), 200) + 0.92
    late, now, after = x[:, 10:-18], x[:, 27:-1], x[:, 28:]
    middle = (now + after) / 2
    between = (late + x[:, 11:-17]) / 2
    slope = 0.2 * between / (1 + between**10) - 0.1 * middle
    assert np.abs(after - now - slope).max() < 0.02


def test_pieces_begin_and_end_where_they_should():
    """16 past values, 3 apart, then 12 steps to the target; noise in the past, none in the judged target."""
    size = series.SIZES["tiny"]
    x, y, judged_x, clean = series.data(size, 0)
    assert (x.shape, y.shape, judged_x.shape, clean.shape) == ((1000, 16, 1), (1000, 1), (500, 16, 1), (500, 1))
    assert not torch.equal(judged_x, series.data(size, 1)[2])
    assert series.mackey_glass(draws("test"), 2).shape == (2, 15 * 3 + 1 + 12)
    assert float(clean.std()) == pytest.approx(1.0, abs=0.1)


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"DELAY": 17, "PAST": 16, "APART": 3, "AHEAD": 12, "SETTLED": 300, "NOISE": 0.2, "BATCH": 32}
    assert {name: getattr(series, name) for name in constants} == constants
    assert {size: vars(value) for size, value in series.SIZES.items()} == {
        "tiny": {"trained": 1000, "judged": 500, "width": 16},
        "std": {"trained": 4000, "judged": 2000, "width": 32},
    }
    assert series.LRS == {
        "adamw": 0.04,
        "sgd": 0.3,
        "momentum": 0.08,
        "adagrad": 0.1,
        "rmsprop": 0.01,
        "adam": 0.02,
        "schedule-free sgd": 0.8,
        "schedule-free adamw": 0.02,
    }
    task = load_task("series")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (800, 5, 1, (0.5, 1.0, 2.0), 16)
    assert (quick.updates, quick.folds, quick.seeds) == (200, 5, 1)
