"""Teacher and student: a teacher per fold, answers of spread one."""

import pytest

from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import teacher

torch = pytest.importorskip("torch")


def test_each_fold_has_its_own_teacher():
    """Its answers have a spread near 1, so that the noise of 0.5 is half of that."""
    torch.manual_seed(0)
    x = torch.randn(4000, teacher.INPUTS)
    answers = []
    for fold in range(5):
        inner, outer = teacher.teacher(fold)
        answers.append(torch.tanh(x @ inner) @ outer)
        assert 0.3 < float(answers[-1].std()) < 2.5
    assert not torch.allclose(answers[0], answers[1], atol=0.1)


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"INPUTS": 16, "HIDDEN": 8, "NOISE": 0.5, "BATCH": 32}
    assert {name: getattr(teacher, name) for name in constants} == constants
    assert {size: vars(value) for size, value in teacher.SIZES.items()} == {
        "tiny": {"judged": 1000, "width": 16},
        "std": {"judged": 4000, "width": 32},
    }
    assert teacher.LRS == {
        "momentum": 0.03,
        "sgd": 0.15,
        "adagrad": 0.2,
        "rmsprop": 0.01,
        "adam": 0.01,
        "adamw": 0.01,
        "schedule-free sgd": 0.5,
        "schedule-free adamw": 0.01,
    }
    task = load_task("teacher")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (3000, 5, 1, (0.5, 1.0, 2.0), 15)
    assert (quick.updates, quick.folds, quick.seeds) == (750, 5, 1)
