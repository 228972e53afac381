"""Fine-tuning: what was learnt before is known, is of no use after the shift, and is the same every time."""

import pytest

import lrlab as lr
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import finetune
from lrlab.lab.training.run import TrainingRun

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")


def test_the_first_training_is_the_same_every_time():
    """The same weights whatever was drawn before, and no random numbers are used up by it."""
    first = finetune.pretrained.__wrapped__(finetune.SIZES["tiny"])
    torch.manual_seed(5)
    before = torch.get_rng_state()
    second = finetune.pretrained.__wrapped__(finetune.SIZES["tiny"])
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_it_knows_upright_digits_and_not_the_shifted_ones():
    """That is the task: most of the upright ones are right, few of the shifted ones."""
    x, y, shifted, labels = finetune.data()
    model = finetune.pretrained(finetune.SIZES["std"])
    with torch.no_grad():
        upright = (model(x).argmax(1) == y).float().mean()
        turned = (model(shifted[:, 0]).argmax(1) == labels).float().mean()
    assert upright > 0.95
    assert turned < 0.4


def test_a_run_leaves_the_first_training_as_it_was():
    """Each run trains a copy."""
    model = finetune.pretrained(finetune.SIZES["tiny"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    finetune.train(TrainingRun(lr.constant(), 2, folds=5, config={"size": "tiny"}))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"UPRIGHT": 900, "SHIFTED": 300, "NOISE": 0.25, "COPIES": 4, "BATCH": 32}
    assert {name: getattr(finetune, name) for name in constants} == constants
    assert finetune.SIZES == {"tiny": 60, "std": 300}
    assert finetune.LRS == {
        "adamw": 0.006,
        "sgd": 0.1,
        "momentum": 0.01,
        "adagrad": 0.04,
        "rmsprop": 0.004,
        "adam": 0.006,
        "schedule-free sgd": 0.1,
        "schedule-free adamw": 0.005,
    }
    task = load_task("finetune")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (400, 5, 1, (0.5, 1.0, 2.0), 16)
    assert (quick.updates, quick.folds, quick.seeds) == (100, 5, 1)
