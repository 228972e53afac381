"""Composer: the table of its own tests, and how its times are read; test_golden has its own code's values."""

import pytest

import lrlab as lr
from lrlab.dialects import from_composer

HALF = "500ep"
TABLE = [
    ("Step", {"step_size": "10ba"}, 1, "5 15 35", "1 .1 .001"),
    ("Step", {"step_size": "0.002dur", "gamma": 0.8}, 1, "1000 3000 7000", "1 .8 .512"),
    ("Step", {"step_size": "1ep", "gamma": 0.5}, 1, "500 1500 3500", "1 .5 .125"),
    ("Step", {"step_size": "10ba", "gamma": 0.5}, 0.5, "3 8 18", "1 .5 .125"),
    ("MultiStep", {"milestones": ["10ba", "30ba", "70ba"]}, 1, "5 20 50 100", "1 .1 .01 .001"),
    ("MultiStep", {"milestones": ["100ba", "1ep", "0.01dur"], "gamma": 0.5}, 1, "50 500 5000 50000", "1 .5 .25 .125"),
    (
        "MultiStep",
        {"milestones": ["100ba", "1ep", "0.01dur"], "gamma": 0.5},
        4,
        "200 2000 20000 200000",
        "1 .5 .25 .125",
    ),
    ("Linear", {}, 1, "100000 200000 400000", ".9 .8 .6"),
    ("Linear", {"alpha_i": 0.0, "alpha_f": 2.0}, 1, "100000 200000 400000", ".2 .4 .8"),
    ("Linear", {"alpha_i": 0.0, "alpha_f": 1.0, "t_max": "0.25dur"}, 1, "100000 200000 400000", ".4 .8 1"),
    ("Linear", {"alpha_i": 0.0, "alpha_f": 1.0, "t_max": "0.25dur"}, 2, "100000 200000 400000", ".2 .4 .8"),
    ("Exponential", {"gamma": 0.5}, 1, "1000 2000 4000", ".5 .25 .0625"),
    ("Exponential", {"gamma": 0.5}, 2, "2000 4000 8000", ".5 .25 .0625"),
    ("CosineAnnealing", {}, 1, "0 333333 500000 666667 1000000", "1 .75 .5 .25 0"),
    ("CosineAnnealing", {"t_max": "30ba", "alpha_f": 0.5}, 1, "0 10 15 20 30 50", "1 .875 .75 .625 .5 .5"),
    ("CosineAnnealing", {"t_max": "30ba", "alpha_f": 0.5}, 0.2, "0 2 3 4 6 10", "1 .875 .75 .625 .5 .5"),
    ("CosineAnnealingWarmRestarts", {"t_0": "30ba"}, 1, "0 10 15 20 30 40", "1 .75 .5 .25 1 .75"),
    (
        "CosineAnnealingWarmRestarts",
        {"t_0": "0.003dur", "t_mult": 1.5},
        1,
        "0 1000 3000 4500 7500 14250",
        "1 .75 1 .75 1 1",
    ),
    (
        "CosineAnnealingWarmRestarts",
        {"t_0": "30ep", "t_mult": 2.0, "alpha_f": 0.5},
        0.5,
        "0 5000 15000 25000",
        "1 .875 1 .875",
    ),
    ("Polynomial", {"power": 2.0}, 1, "0 100000 200000 500000", "1 .81 .64 .25"),
    ("Polynomial", {"power": 2.0, "t_max": "100ba", "alpha_f": 0.5}, 1, "0 10 20 50", "1 .905 .82 .625"),
    ("Polynomial", {"power": 2.0, "t_max": "100ba", "alpha_f": 0.5}, 0.5, "0 10 20 50", "1 .82 .68 .5"),
    ("MultiStepWithWarmup", {"t_warmup": "10ba", "milestones": ["20ba", "40ba"]}, 1, "0 5 15 25 45", "0 .5 1 .1 .01"),
    (
        "MultiStepWithWarmup",
        {"t_warmup": "10ba", "milestones": ["2ep", "4ep"], "gamma": 0.5},
        0.5,
        "0 5 15 1500 2500",
        "0 .5 1 .5 .25",
    ),
    (
        "MultiStepWithWarmup",
        {"t_warmup": "10ba", "milestones": ["2ep", "4ep"], "gamma": 0.5, "scale_warmup": True},
        0.5,
        "0 5 15 1500 2500",
        "0 1 1 .5 .25",
    ),
    ("MultiStepWithWarmup", {"t_warmup": "1000ep", "milestones": []}, 1, "0 100000 1000000", "0 .1 1"),
    ("ConstantWithWarmup", {"t_warmup": "500ep"}, 1, "0 250000 500000 750000 1000000", "0 .5 1 1 1"),
    ("ConstantWithWarmup", {"t_warmup": HALF, "alpha": 3.0}, 1, "0 250000 500000 500500 502000", "0 1.5 3 3 3"),
    ("ConstantWithWarmup", {"t_warmup": "0.0005dur"}, 1, "0 250 500 499750", "0 .5 1 1"),
    (
        "ConstantWithWarmup",
        {"t_warmup": HALF, "alpha": 3.0, "t_max": "501000ep"},
        0.5,
        "0 250000 500000 500500 502000",
        "0 1.5 3 3 3",
    ),
    ("ConstantWithWarmup", {"t_warmup": "1000ep"}, 1, "0 100000 1000000", "0 .1 1"),
    ("LinearWithWarmup", {"t_warmup": HALF}, 1, "0 250000 500000 750000 1000000", "0 .5 1 .5 0"),
    (
        "LinearWithWarmup",
        {"t_warmup": HALF, "alpha_i": 3.0, "alpha_f": 2.0, "t_max": "1002ep"},
        0.5,
        "0 250000 500000 500500 501000 502000",
        "0 1.5 3 2.5 2 2",
    ),
    ("LinearWithWarmup", {"t_warmup": "0.0005dur"}, 1, "0 250 500 499750", "0 .5 1 .5"),
    ("LinearWithWarmup", {"t_warmup": "500ba", "scale_warmup": False}, 0.5, "0 250 500 249875", "0 .5 1 .5"),
    ("LinearWithWarmup", {"t_warmup": "500ba", "scale_warmup": True}, 0.5, "0 125 250 249875", "0 .5 1 .5"),
    ("LinearWithWarmup", {"t_warmup": "1000ep"}, 1, "0 100000 1000000", "0 .1 1"),
    (
        "CosineAnnealingWithWarmup",
        {"t_warmup": "0.9dur"},
        1,
        "0 450000 900000 933333 950000 1000000",
        "0 .5 1 .75 .5 0",
    ),
    (
        "CosineAnnealingWithWarmup",
        {"t_warmup": "0.9dur", "alpha_f": 0.5},
        0.01,
        "0 4500 9000 9333 9500 10000",
        "0 .5 1 .875 .75 .5",
    ),
    (
        "CosineAnnealingWithWarmup",
        {"t_warmup": "0.9dur", "alpha_f": 0.5, "scale_warmup": True},
        0.01,
        "0 4500 9000 9333 9500 10000",
        "0 .5 1 .875 .75 .5",
    ),
    ("CosineAnnealingWithWarmup", {"t_warmup": "1000ep"}, 1, "0 100000 1000000", "0 .1 1"),
    ("PolynomialWithWarmup", {"t_warmup": "0.9dur"}, 1, "0 450000 900000 913397 929289 1000000", "0 .5 1 .75 .5 0"),
    (
        "PolynomialWithWarmup",
        {"t_warmup": "0.9dur", "alpha_f": 0.5},
        0.01,
        "0 4500 9000 9134 9293 10000",
        "0 .5 1 .875 .75 .5",
    ),
    (
        "PolynomialWithWarmup",
        {"t_warmup": "0.9dur", "alpha_f": 0.5, "scale_warmup": True},
        0.01,
        "0 4500 9000 9134 9293 10000",
        "0 .5 1 .875 .75 .5",
    ),
    ("PolynomialWithWarmup", {"t_warmup": "1000ep"}, 1, "0 100000 1000000", "0 .1 1"),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{row[2]}")
def test_own_table(row):
    """The rows of Composer's own test."""
    name, given, ratio, times, expected = row
    found = from_composer(
        f"{name}Scheduler", max_duration="1000ep", batches_per_epoch=1000, scale_schedule_ratio=ratio, **given
    )
    curve = found.schedule.over(found.horizon)
    values = [curve(int(time)) for time in times.split()]
    assert values == pytest.approx([float(value) for value in expected.split()], abs=1e-3)


@pytest.mark.parametrize(
    "given",
    [
        {"scheduler": "Cosine"},
        {"scheduler": "StepScheduler"},
        {"scheduler": "StepScheduler", "step_size": 10},
        {"scheduler": "StepScheduler", "step_size": "10 epochs"},
        {"scheduler": "StepScheduler", "step_size": "1ep"},
        {"scheduler": "StepScheduler", "step_size": "0.5ba"},
        {"scheduler": "StepScheduler", "step_size": "0.001dur"},
        {"scheduler": "StepScheduler", "step_size": "1ep", "batches_per_epoch": 0},
        {"scheduler": "LinearWithWarmupScheduler", "t_warmup": "10ba", "t_max": "0.5dur"},
        {"scheduler": "LinearWithWarmupScheduler", "t_warmup": "10sp", "samples_per_batch": 2},
        {"scheduler": "LinearScheduler", "max_duration": "0.5dur"},
    ],
)
def test_refused(given):
    """Unknown classes, times without a unit, unknown rates and what Composer raises for are refused in words."""
    with pytest.raises(lr.LrlabError):
        from_composer(**{"max_duration": "100ba", **given})
