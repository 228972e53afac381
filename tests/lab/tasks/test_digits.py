"""Digits: the data are the same everywhere, and schedules matter. See also test_contract.py."""

import dataclasses

import numpy as np
import pytest

import lrlab as lr
from lrlab.lab.arms.arms import default_arms
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import digits
from lrlab.lab.training.run import TrainingRun

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

ARMS = {arm.name: arm for arm in default_arms()}


def run(arm, updates, seed=0, fold=0, lr=1.0):
    return train(load_task("digits"), Job(ARMS[arm], lr, seed, fold, 5, updates, 4))


def test_the_distorted_images_do_not_depend_on_the_random_state():
    """Every process makes the same pool, whatever was seeded or drawn before."""
    first = digits.distorted.__wrapped__()
    torch.manual_seed(123)
    second = digits.distorted.__wrapped__()
    assert first[0].shape == (digits.COPIES, 1797, 1, 8, 8)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_a_run_is_the_same_bits_again_and_learns():
    """To the last bit of every loss and evaluation; far better than guessing, ln 10 = 2.3."""
    first, second = run("cosine", 120), run("cosine", 120)
    assert dataclasses.replace(second, seconds=first.seconds) == first
    assert first.loss.values[0] > 2.0
    assert first.score < 1.2


def test_a_decay_beats_the_fixed_lr_beyond_the_noise():
    """Paired by fold: warmup + linear is better in each, by more than the spread of the differences."""
    better = [run("fixed", 240, fold=fold).score - run("warmup + linear", 240, fold=fold).score for fold in range(3)]
    assert min(better) > 0
    assert np.mean(better) > 2 * np.std(better, ddof=1) / np.sqrt(3)


def test_the_defaults_are_those_that_the_statistics_need():
    """At least five folds for a t test on fold means, in the quick mode too; the task's own LR is tried."""
    task = load_task("digits")
    assert task.settings.folds >= task.quick.folds >= 5
    assert task.settings.lrs == (0.5, 1.0, 2.0)
    assert 1.0 in task.quick.lrs
    assert task.quick.updates < task.settings.updates


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"COPIES": 8, "DEGREES": 15.0, "PIXELS": 0.75, "NOISE": 0.15, "BATCH": 32}
    assert {name: getattr(digits, name) for name in constants} == constants
    assert digits.SIZES == {"tiny": 1, "std": 4}
    assert digits.LRS == {
        "momentum": 0.08,
        "sgd": 0.6,
        "adagrad": 0.08,
        "rmsprop": 0.008,
        "adam": 0.015,
        "adamw": 0.015,
        "schedule-free sgd": 1.5,
        "schedule-free adamw": 0.02,
    }
    task = load_task("digits")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (320, 8, 1, (0.5, 1.0, 2.0), 16)
    assert (quick.updates, quick.folds, quick.seeds) == (160, 5, 1)


def test_the_network_and_its_l2_are_those_of_the_recipe():
    """Kernels of 3 x 3 over 8, 16 and 32 channels, and ten answers to 2 x 2 places; the weights are pulled."""
    made = digits.train.__wrapped__(TrainingRun(lr.constant(), 4, folds=5), 1)
    weights = 9 * (8 + 8 * 16 + 16 * 32) + 8 + 16 + 32 + 32 * 4 * 10 + 10
    assert sum(p.numel() for p in made.model.parameters()) == weights
    assert made.l2 == 5e-4


def test_an_image_is_moved_and_turned_a_little():
    """By up to 0.75 pixels in either direction, and up to 15 degrees: the middle of the mass stays near."""
    import sklearn.datasets

    plain = torch.tensor(sklearn.datasets.load_digits().images / 16, dtype=torch.float32)
    pool, _ = digits.distorted()
    at = torch.arange(8.0) - 3.5

    def middle(images):
        mass = images.sum((-1, -2))
        return torch.stack([(images.sum(-2) @ at) / mass, (images.sum(-1) @ at) / mass])

    moved = middle(pool[:, :, 0]) - middle(plain)[:, None]
    assert 0.3 < float(moved.std()) < 0.6  # of an even draw from -0.75 ... 0.75 it is 0.43
    assert abs(float(moved.mean())) < 0.05
