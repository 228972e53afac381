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


# What PyTorch 2.13.0 gave an optimizer of LR 0.1, call by call; tests/parity asks the one that is installed.
CALLED = [
    ("StepLR", {"step_size": 3}, [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001]),
    ("MultiStepLR", {"milestones": [2, 5, 5]}, [0.1, 0.1, 0.01, 0.01, 0.01, 0.0001, 0.0001, 0.0001]),
    ("ExponentialLR", {"gamma": 0.5}, [0.1, 0.05, 0.025, 0.0125, 0.00625]),
    (
        "CosineAnnealingLR",
        {"T_max": 4, "eta_min": 0.02},
        [0.1, 0.08828427125, 0.06, 0.03171572875, 0.02, 0.03171572875, 0.06, 0.08828427125, 0.1, 0.08828427125],
    ),
    (
        "CosineAnnealingWarmRestarts",
        {"T_0": 2, "T_mult": 2, "eta_min": 0.02},
        [0.1, 0.06, 0.1, 0.08828427125, 0.06, 0.03171572875, 0.1, 0.0969551813],
    ),
    ("LinearLR", {}, [0.03333333333, 0.04666666667, 0.06, 0.07333333333, 0.08666666667, 0.1, 0.1, 0.1]),
    ("ConstantLR", {}, [0.03333333333, 0.03333333333, 0.03333333333, 0.03333333333, 0.03333333333, 0.1, 0.1, 0.1]),
    ("PolynomialLR", {"total_iters": 5}, [0.1, 0.08, 0.06, 0.04, 0.02, 0.0, 0.0]),
    ("PolynomialLR", {"total_iters": 4, "power": 2.0}, [0.1, 0.05625, 0.025, 0.00625, 0.0, 0.0]),
    (
        "OneCycleLR",
        {"max_lr": 0.2, "total_steps": 12},
        [
            0.008,
            0.06995793084,
            0.1758570318,
            0.1988830871,
            0.186602594,
            0.1623491308,
            0.1294757995,
            0.09252742053,
            0.05661219964,
            0.02669550604,
            0.006913397485,
            8e-07,
        ],
    ),
    (
        "OneCycleLR",
        {"max_lr": 0.1, "epochs": 2, "steps_per_epoch": 5, "pct_start": 0.41, "three_phase": True},
        [
            0.004,
            0.0266097275,
            0.07313891927,
            0.09975372752,
            0.08138108716,
            0.03532934786,
            0.00498256282,
            0.003247054906,
            0.001132519299,
            4e-07,
        ],
    ),
    (
        "OneCycleLR",
        {
            "max_lr": 0.1,
            "total_steps": 9,
            "pct_start": 0.25,
            "anneal_strategy": "linear",
            "div_factor": 10.0,
            "final_div_factor": 100.0,
        },
        [0.01, 0.082, 0.0889, 0.0741, 0.0593, 0.0445, 0.0297, 0.0149, 0.0001],
    ),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 2}, [0.08117456539, 4e-07]),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 3},
        [0.01, 0.07333333333, 0.1366666667, 0.2, 0.1366666667, 0.07333333333, 0.01, 0.07333333333, 0.1366666667, 0.2],
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 2, "step_size_down": 3, "mode": "triangular2"},
        [0.01, 0.105, 0.2, 0.1366666667, 0.07333333333, 0.01, 0.0575, 0.105, 0.07333333333, 0.04166666667, 0.01],
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 2, "mode": "exp_range", "gamma": 0.9},
        [0.01, 0.0955, 0.1639, 0.079255, 0.01, 0.06609655, 0.11097379, 0.0554382055, 0.01],
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 2, "mode": "exp_range"},
        [0.01, 0.105, 0.2, 0.105, 0.01, 0.105],
    ),
    (
        "OneCycleLR",
        {"max_lr": 0.1, "total_steps": 5, "pct_start": 1.0},
        [0.004, 0.0180588745, 0.052, 0.0859411255, 0.1],
    ),
    (
        "OneCycleLR",
        {"max_lr": 0.1, "total_steps": 6, "pct_start": 0.9, "three_phase": True},
        [0.004, 0.01572402043, 0.04516888776, 0.07795075924, 0.09805566273, 0.09566233578],
    ),
    (
        "OneCycleLR",
        {"max_lr": 0.1, "total_steps": 5, "pct_start": 0.0},
        [0.09045088792, 0.06545098792, 0.03454941208, 0.009549512085, 4e-07],
    ),
    ("CosineAnnealingWarmRestarts", {"T_0": 2}, [0.1, 0.05, 0.1, 0.05, 0.1, 0.05]),
]


@pytest.mark.parametrize(("name", "arguments", "lrs"), CALLED)
def test_the_lrs_are_pytorchs(name, arguments, lrs):
    """To ten digits, with PyTorch's own defaults where nothing is said."""
    schedule = named(name, arguments, 0.1, calls=True)
    assert 0.1 * schedule.over(len(lrs)).values() == pytest.approx(lrs, rel=1e-9)
    assert lr.parse(str(schedule)) == schedule


@pytest.mark.parametrize(
    "length", [{"total_steps": 1}, {"epochs": 3}, {"steps_per_epoch": 3}, {"total_steps": 9, "pct_start": 1.1}]
)
def test_one_cycle_has_a_length_and_a_share(length):
    """Two updates at least; an epoch has as many as are said."""
    with pytest.raises(lr.LrlabError, match="needs total_steps, or epochs and steps_per_epoch; pct_start is a share"):
        named("OneCycleLR", {"max_lr": 0.1, **length}, 0.1)
