"""Composer, against its rules written again and against the table of its own tests; the package itself is too heavy.

The rules are those of `composer/optim/scheduler.py` (0.32), the times those of `composer/core/time.py`.
"""

import math
import random
from typing import Any

import pytest

import lrlab as lr
from lrlab.dialects import from_composer

RATES = {"batches_per_epoch": 13, "samples_per_batch": 4, "tokens_per_batch": 32}


def whole(text: str, run: tuple[int, str], ratio: float) -> tuple[int, str]:
    """`_convert_time`: a whole number of batches, samples or tokens. `run` is the duration, stretched already."""
    unit = text.lstrip("0123456789.")
    amount = float(text.removesuffix(unit))
    if unit == "dur":
        length, unit = run
        return (int(amount * 13 * length), "ba") if unit == "ep" else (int(amount * length), unit)
    if unit == "ep":
        amount, unit = amount * 13, "ba"
    return int(amount * ratio), unit


PER = {"ba": 1, "sp": 4, "tok": 32}


class Raised(Exception):
    """Composer raises, or divides by 0."""


def share(t: int, begin: tuple[int, str], end: tuple[int, str]) -> float:
    """The fraction of the way from one time to another, in the unit of the first."""
    assert begin[1] == end[1]
    if end[0] <= begin[0]:
        return 0.0
    return min(1.0, (t * PER[begin[1]] - begin[0]) / (end[0] - begin[0]))


def reference(name: str, given: dict[str, Any], run: tuple[int, str], ratio: float, t: int) -> float:
    """The multiplier at batch t, by the `__call__` of each class."""

    def at(word: str, scale: float = ratio) -> tuple[int, str]:
        return whole(given.get(word, "1dur"), run, scale)

    def passed(time: tuple[int, str]) -> float:
        if time[0] == 0:
            raise Raised
        return t * PER[time[1]] / time[0]

    kind = name.removesuffix("Scheduler")
    begin = (0, "ba")
    if kind.endswith("WithWarmup"):
        begin, top = at("t_warmup", 1.0), given.get("alpha_i", given.get("alpha", 1.0))
        if not kind.startswith("MultiStep"):
            end = at("t_max")
            days = (13 * run[0], "ba") if run[1] == "ep" else run
            if end[1] != begin[1] or (end[1] == days[1] and end[0] < days[0]):
                raise Raised  # _raise_if_warmup_and_max_incompatible, _raise_if_max_duration_exceeds_t_max
        if t * PER[begin[1]] < begin[0]:
            return top * min(1.0, passed(at("t_warmup") if given["scale_warmup"] else begin))
    if kind.startswith("MultiStep"):
        milestones = [whole(text, run, ratio) for text in given["milestones"]]
        return given["gamma"] ** sum(t * PER[unit] >= amount for amount, unit in milestones)
    match kind.removesuffix("WithWarmup"):
        case "Step":
            return given["gamma"] ** int(passed(at("step_size")))
        case "Exponential":
            return given["gamma"] ** passed(at("decay_period"))
        case "Constant" if kind == "Constant":
            end, unit = at("t_max")
            return given["alpha"] if t * PER[unit] < end else 1.0
        case "Constant":
            return given["alpha"]  # a LinearWithWarmupScheduler from alpha to alpha
        case "CosineAnnealingWarmRestarts":
            length, unit = at("t_0")
            end = length
            while end <= t * PER[unit]:
                if length == 0:
                    raise Raised
                length = int(given["t_mult"] * length)
                end += length
            return _cosine((t * PER[unit] - (end - length)) / length, given["alpha_f"])
    end = at("t_max")
    done = share(t, begin, end) if kind.endswith("WithWarmup") else min(1.0, passed(end))
    match kind.removesuffix("WithWarmup"):
        case "Linear":
            return given["alpha_i"] + done * (given["alpha_f"] - given["alpha_i"])
        case "CosineAnnealing":
            return _cosine(done, given["alpha_f"])
        case "Polynomial":
            return given["alpha_f"] + (1 - given["alpha_f"]) * (1 - done) ** given["power"]
    raise AssertionError(name)


def _cosine(share: float, low: float) -> float:
    return low + (1 - low) * (1 + math.cos(math.pi * share)) / 2


PLAIN = ("Step", "MultiStep", "Constant", "Linear", "Exponential", "CosineAnnealing", "Polynomial")
WARMED = (
    "MultiStepWithWarmup",
    "ConstantWithWarmup",
    "LinearWithWarmup",
    "CosineAnnealingWithWarmup",
    "PolynomialWithWarmup",
)
NAMES = (*PLAIN, "CosineAnnealingWarmRestarts", *WARMED)


def arguments(name: str, rng: random.Random, n: int) -> dict[str, Any]:
    """Random arguments of one scheduler, for a run of about n batches."""
    some = rng.choice([f"{rng.randint(1, n)}ba", "0.25dur", "1ep", "3ep", "0.7dur", f"{rng.randint(1, 4 * n)}sp"])
    end = rng.choice([{}, {"t_max": some}, {"t_max": f"{4 * rng.randint(1, n) + rng.randint(0, 3)}sp"}])
    given: dict[str, Any] = {}
    if "WithWarmup" in name:  # mostly in the unit of t_max, and t_max mostly no shorter than the run
        given |= {"t_warmup": rng.choice(["0.1dur", "0.3dur", f"{rng.randint(0, n)}ba", "1ep", f"{n}sp", "33tok"])}
        given |= {"scale_warmup": rng.random() < 0.3}
        end = rng.choice([{}, {}, {"t_max": "1.5dur"}, {"t_max": "11ep"}, end])
    match name.removesuffix("WithWarmup"):
        case "Step":
            return given | {"step_size": some, "gamma": 0.7}
        case "MultiStep":
            return given | {"milestones": [f"{rng.randint(1, n)}ba", "0.5dur", "2ep", "33sp"], "gamma": 0.3}
        case "Constant":
            return given | end | {"alpha": 0.4}
        case "Linear":
            return given | end | {"alpha_i": rng.choice([1.0, 0.5]), "alpha_f": rng.choice([0.0, 0.1])}
        case "Exponential":
            return given | {"gamma": 0.8, "decay_period": rng.choice(["1ep", "7ba", "33sp"])}
        case "CosineAnnealing":
            return given | end | {"alpha_f": rng.choice([0.0, 0.1])}
        case "CosineAnnealingWarmRestarts":
            first = rng.choice([f"{rng.randint(3, n)}ba", f"{rng.randint(9, 4 * n)}sp"])
            return {"t_0": first, "t_mult": rng.choice([1.0, 2.0, 1.5, 1.1, 0.7]), "alpha_f": 0.1}
        case "Polynomial":
            return given | end | {"power": rng.choice([2.0, 0.5]), "alpha_f": 0.1}
    raise AssertionError(name)


def traced(name: str, given: dict[str, Any], run: tuple[int, str], ratio: float, updates: int) -> list[float]:
    """The multiplier of each batch, to the end or until Composer raises."""
    seen: list[float] = []
    try:
        for t in range(updates):
            seen.append(reference(name, given, run, ratio, t))
    except Raised:
        pass
    return seen


def test_same_curve(seed, rng, same_curve):
    """Every scheduler, in mixed units, stretched or not; what raises at once there is refused here."""
    name = f"{NAMES[seed % len(NAMES)]}Scheduler"
    amount, unit = rng.choice(
        [(rng.randint(3, 9), "ep"), (rng.randint(20, 120), "ba"), (32 * rng.randint(20, 90), "tok")]
    )
    ratio = rng.choice([1.0, 1.0, 0.5, 2.0])
    run = (int(amount * ratio), unit)
    n = math.ceil(run[0] * 13 if unit == "ep" else run[0] / PER[unit])
    for _ in range(20):  # a configuration that trains: most of what is drawn does
        given = arguments(name.removesuffix("Scheduler"), rng, n)
        theirs = traced(name, given, run, ratio, n * 3 // 2 + 1)
        told = {"max_duration": f"{amount}{unit}", "scale_schedule_ratio": ratio, **RATES, **given}
        if theirs:
            break
        with pytest.raises(lr.LrlabError):
            from_composer(name, **told)
    same_curve(from_composer(name, **told), theirs, relative=1e-11, of_peak=1e-13)


# The table of Composer's tests/optim/test_scheduler.py: 1000 epochs of 1000 batches, approximate to 1e-3.
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
