"""PyTorch's arguments under the names of its classes; their curves are held against PyTorch in tests/parity."""

import pytest

import lrlab as lr
from lrlab.core.text.aliases import NAMES, named
from lrlab.core.text.torch_names import CLASSES, is_pytorchs, multiple


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("StepLR", {"step_size": 30, "gamma": 0.5}, "step(30, gamma=0.5)"),
        ("torch.optim.lr_scheduler.StepLR", {"step_size": "30ep"}, 'step("30ep")'),
        ("MultiStepLR", {"milestones": [8, 3]}, "multistep([3, 8])"),
        ("MultiStepLR", {"milestones": [3, 5, 5], "gamma": 0.5}, "piecewise_constant([3, 5], [1, 0.5, 0.125])"),
        ("CosineAnnealingLR", {"T_max": 30}, "cosine_cycle(60).repeat()"),
        ("CosineAnnealingLR", {"T_max": "30ep", "eta_min": 0}, 'cosine_cycle("60ep").repeat()'),
        ("CosineAnnealingLR", {"eta_min": 0.0}, "cosine()"),
        ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2}, "cosine().repeat(stretch=2, cycle=5)"),
        ("LinearLR", {"start_factor": 0.1, "total_iters": 8}, "linear(8, start=0.1, to=1) >> constant()"),
        ("ConstantLR", {"factor": 0.5}, "constant(5, level=0.5) >> constant()"),
        ("PolynomialLR", {"total_iters": 9}, "polynomial(9, power=1)"),
        ("step_lr", {"step_size": 3, "warmup": 9}, "warmup(9) >> step(3)"),
        ("ReduceLROnPlateau", {"min_lr": 0, "patience": 3}, 'plateau(patience=4, threshold_mode="signed", nan="bad")'),
        ("reduce_on_plateau", {"min_lr": 0.0, "rule": "keras"}, 'plateau(threshold_mode="abs", nan="bad")'),
    ],
)
def test_their_words_are_read(name, arguments, text):
    made = lr.by_name(name, **arguments)
    assert made == lr.parse(text)
    assert lr.parse(str(made)) == made


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("CosineAnnealingLR", {"T_max": 30, "eta_min": 1e-4}),
        ("CosineAnnealingWarmRestarts", {"T_0": 30, "eta_min": 1e-4}),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 30}),
        ("CyclicLR", {"base_lr": 0, "max_lr": 0.1}),
        ("ReduceLROnPlateau", {"min_lr": 1e-4}),
        ("reduce_lr_on_plateau", {"min_lr": 1e-4}),
    ],
)
def test_an_lr_needs_the_optimizers(name, arguments):
    """It is refused where that is not known, and only there."""
    with pytest.raises(lr.LrlabError, match=r"(?s)is an LR, and which multiple.*get_scheduler"):
        lr.by_name(name, **arguments)
    named(name, arguments, 0.1)


def test_a_multiple():
    assert multiple("StepLR", "eta_min", 0, None) == 0
    assert multiple("StepLR", "eta_min", 0.01, 0.1) == pytest.approx(0.1)
    for odd in ([1e-4], "1e-4", -1e-4, True):
        with pytest.raises(lr.LrlabError, match="one LR for all parameter groups"):
            multiple("ReduceLROnPlateau", "min_lr", odd, 0.1)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("StepLR", {"step_size": 3, "every": 3}, "StepLR has no argument 'every'"),
        ("LinearLR", {"start": 0.1}, "allowed: start_factor"),
        ("CyclicLR", {"max_lr": 0.0}, "CyclicLR needs base_lr"),
        ("CyclicLR", {"base_lr": 0, "max_lr": 0, "mode": "saw"}, "mode is not known"),
        ("OneCycleLR", {"pct_start": 0.3}, "needs total_steps"),
        ("OneCycleLR", {"total_steps": 9, "anneal_strategy": "poly"}, "needs total_steps"),
        ("CosineAnnealingWarmRestarts", {"T_mult": 2}, "needs T_0"),
    ],
)
def test_what_does_not_fit_is_refused(name, arguments, says):
    with pytest.raises(lr.LrlabError, match=says):
        lr.by_name(name, **arguments)


def test_our_words_stay_ours():
    assert lr.by_name("CosineAnnealingLR", to=0.1) == lr.cosine(to=0.1)
    assert lr.by_name("PolynomialLR") == lr.polynomial(power=1)
    assert not is_pytorchs("step", ["step_size"])
    assert set(CLASSES) <= set(NAMES)


def test_counted_calls_are_not_told_to_be_updates(caplog):
    assert named("StepLR", {"step_size": 30}, 0.1, calls=True) == lr.step(30)
    assert not caplog.records
