"""The control: standardised columns, and a target of which half cannot be explained."""

import pytest

from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import control

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")


def test_columns_are_standardised():
    """So that the metric reads as the share of the variance that is left."""
    x, y = control.data()
    assert (x.shape, y.shape) == ((442, 10), (442, 1))
    for values in (x, y):
        assert torch.allclose(values.mean(0), torch.zeros(values.shape[1]), atol=1e-5)
        assert torch.allclose(values.std(0), torch.ones(values.shape[1]), atol=1e-2)


def test_half_of_it_is_noise():
    """Least squares on all patients, their own answers included, leave 48 % of the variance (Efron et al. 2004)."""
    x, y = control.data()
    rest = y - x @ torch.linalg.lstsq(x, y).solution
    assert float((rest**2).mean()) == pytest.approx(0.482, abs=0.005)


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"BATCH": 32}
    assert {name: getattr(control, name) for name in constants} == constants
    assert control.SIZES == {"tiny": 200, "std": 442}
    assert control.LRS == {
        "adamw": 0.05,
        "sgd": 0.05,
        "momentum": 0.01,
        "adagrad": 0.3,
        "rmsprop": 0.02,
        "adam": 0.05,
        "schedule-free sgd": 0.1,
        "schedule-free adamw": 0.05,
    }
    task = load_task("control")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (400, 8, 1, (0.5, 1.0, 2.0), 16)
    assert (quick.updates, quick.folds, quick.seeds) == (100, 5, 1)
