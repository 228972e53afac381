"""OLMo-core, against its rules written again: `get_lr(step)` for steps that its trainer counts from 1.

The rules are those of `src/olmo_core/optim/scheduler.py`; that the step is counted before it is taken is in
`_fit_epoch` of `src/olmo_core/train/trainer.py`. The package asks for more than can be installed for this.
"""

import math
import random
from typing import Any

import pytest

import lrlab as lr
from lrlab.dialects import from_olmo

LR = 4e-4


def length(p: dict[str, Any], what: str, whole: int) -> int:
    """A warmup or decay in steps."""
    return p[what] if p.get(what) is not None else round(whole * p[f"{what}_fraction"])


def risen(top: float, step: int, n: int, low: float) -> float:
    """`_linear_warmup`."""
    return low + (top - low) * min(step, n) / n


def fallen(top: float, left: int, n: int, low: float) -> float:
    """`_linear_decay`."""
    return low + (top - low) * min(left, n) / n


def reference(name: str, p: dict[str, Any], top: float, step: int, end: int) -> float:
    """`get_lr` of each class; WSD and its like are not asked beyond the end, where the trainer has stopped."""
    low, alpha = p.get("warmup_min_lr", 0.0), p.get("alpha_f", 0.1)
    if name == "ConstantScheduler":
        return top
    if name == "ExponentialScheduler":
        return top if step >= end else p["lr_min"] * (top / p["lr_min"]) ** (step / end)
    if name == "SequentialScheduler":
        for config, most in zip(p["schedulers"][:-1], p["schedulers_max"], strict=True):
            if step <= most:
                return reference(config["_CLASS_"], config, top, step, min(end, most))
            top = reference(config["_CLASS_"], config, top, most, most)
            step, end = step - most, end - most
        return reference(p["schedulers"][-1]["_CLASS_"], p["schedulers"][-1], top, step, end)
    if name == "WSDS":
        return wsds(p, top, step)
    if name in ("ConstantWithWarmup", "WSD"):
        n = length(p, "warmup", end)
        if step <= n:
            return risen(top, step, n, low)
        if name == "WSD" and step >= end - length(p, "decay", end):
            return fallen(top, end - step, length(p, "decay", end), p["decay_min_lr"])
        return top
    if name == "CosWithWarmupAndLinearDecay":
        tail = length(p, "decay", end)
        if step >= end - tail:
            begin = reference("CosWithWarmup", p, top, end - tail, end)
            return fallen(begin, end - step, tail, p["decay_min_lr"])
        return reference("CosWithWarmup", p, top, step, end)
    end = end if p.get("t_max") is None else p["t_max"]
    n, floor = length(p, "warmup", end), top * alpha
    if step < n:
        return risen(floor + (top - floor) / 2 if name == "HalfCosWithWarmup" else top, step, n, low)
    if name == "InvSqrtWithWarmup":
        return floor + (top - floor) * math.sqrt(n / step)
    if step >= end:
        return floor
    at, whole = step - n, end - n
    if name == "LinearWithWarmup":
        return top - (top - floor) * (at / whole)
    if name == "HalfCosWithWarmup":
        at, whole = at + whole, whole * 2
    return floor + (top - floor) * (1 + math.cos(math.pi * at / whole)) / 2


def wsds(p: dict[str, Any], top: float, step: int) -> float:
    """WSDS: the first period is shorter by the warmup, and a period owns the step at which it ends."""
    periods = p["period_lengths"]
    n = length(p, "warmup", periods[0])
    if step < n:
        return risen(top, step, n, p["warmup_min_lr"])
    lengths = [periods[0] - n, *periods[1:]]
    ends = [sum(lengths[: k + 1]) for k in range(len(lengths))]
    at = step - n
    if at >= ends[-1]:
        return p["decay_min_lr"]
    k = next(k for k, end in enumerate(ends) if at <= end)
    at -= ends[k - 1] if k else 0
    tail = length(p, "decay", periods[k])
    return top if at < lengths[k] - tail else fallen(top, lengths[k] - at, tail, p["decay_min_lr"])


NAMES = (
    "ConstantScheduler",
    "ConstantWithWarmup",
    "WSD",
    "LinearWithWarmup",
    "InvSqrtWithWarmup",
    "CosWithWarmup",
    "HalfCosWithWarmup",
    "CosWithWarmupAndLinearDecay",
    "SequentialScheduler",
    "WSDS",
    "ExponentialScheduler",
)


def fields(name: str, rng: random.Random, end: int) -> dict[str, Any]:
    """Random fields of one scheduler."""
    if name == "ConstantScheduler":
        return {}
    if name == "ExponentialScheduler":
        return {"lr_min": rng.choice([1e-9, 1e-5])}
    if name == "SequentialScheduler":
        first = rng.randint(2, max(end // 2, 2))
        inner = rng.sample(["ConstantWithWarmup", "LinearWithWarmup", "CosWithWarmup", "InvSqrtWithWarmup"], 2)
        made = [
            fields(kind, rng, part) | {"warmup_min_lr": 0.0, "t_max": None}
            for kind, part in zip(inner, (first, end), strict=True)
        ]
        for kind, given in zip(inner, made, strict=True):
            if kind in ("ConstantWithWarmup", "InvSqrtWithWarmup"):
                del given["t_max"]
        configs = [{"_CLASS_": kind, **given} for kind, given in zip(inner, made, strict=True)]
        return {"schedulers": configs, "schedulers_max": [first]}
    rise = rng.choice([{"warmup": rng.randint(0, end // 2)}, {"warmup_fraction": rng.choice([0.1, 0.25, 0.03])}])
    given = {**rise, "warmup_min_lr": rng.choice([0.0, 1e-6])}
    if name in ("WSD", "WSDS", "CosWithWarmupAndLinearDecay"):
        fall = rng.choice([{"decay": rng.randint(1, end - 1), "decay_fraction": None}, {"decay_fraction": 0.3}])
        given |= {**fall, "decay_min_lr": rng.choice([0.0, 1e-6])}
    if name == "WSDS":
        lengths = [rng.randint(20, 60) for _ in range(rng.randint(1, 4))]
        return given | {
            "period_lengths": lengths,
            "warmup": 7,
            "warmup_fraction": None,
            "decay": None,
            "decay_fraction": 0.3,
        }
    if name not in ("ConstantWithWarmup", "WSD"):
        given["alpha_f"] = rng.choice([0.1, 0.0, 0.3])
    if name in ("LinearWithWarmup", "CosWithWarmup", "HalfCosWithWarmup"):
        given["t_max"] = rng.choice([None, None, rng.randint(1, 2 * end)])
    return given


def test_same_curve(seed, rng, same_curve):
    """Every scheduler with random fields."""
    name, end = NAMES[seed % len(NAMES)], rng.randint(10, 200)
    given = fields(name, rng, end)
    stops = name in ("WSD", "CosWithWarmupAndLinearDecay", "SequentialScheduler")
    theirs = [reference(name, given, LR, step, end) for step in range(1, (end if stops else end * 3 // 2) + 1)]
    same_curve(from_olmo(name, max_steps=end, lr=LR, **given), theirs, LR, relative=1e-11, of_peak=1e-13)


def test_saved_config():
    """As a config saves it: the class with its module, and the old names of its fields."""
    saved = {"_CLASS_": "olmo_core.optim.scheduler.CosWithWarmup", "warmup_steps": 100, "units": "steps", "t_max": None}
    found = from_olmo(saved, max_steps=1000)
    assert found == from_olmo("CosWithWarmup", max_steps=1000, warmup=100)
    assert str(found.schedule) == "linear(99, start=0.01, to=1) >> cosine(900, to=0.1)"
    assert "zero-first" not in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    "given",
    [
        {"scheduler": "Cosine"},
        {"scheduler": "WSD"},
        {"scheduler": "WSD", "warmup": 10, "units": "tokens"},
        {"scheduler": "WSD", "warmup": 10, "decay": 5, "decay_fraction": 0.1},
        {"scheduler": "CosWithWarmup", "warmup": 10, "alpha": 0.1},
        {"scheduler": "CosWithWarmup", "warmup": 10, "warmup_min_lr": 1e-6},
        {"scheduler": "CosWithWarmup", "warmup_fraction": 1.5},
        {"scheduler": "CosWithWarmupAndLinearDecay", "warmup": 10, "decay_fraction": 0.0},
        {
            "scheduler": "SequentialScheduler",
            "schedulers": [{"_CLASS_": "ConstantScheduler"}],
            "schedulers_max": [1, 2],
        },
        {"scheduler": "WSDS", "warmup": 10, "decay": 50, "period_lengths": [40]},
    ],
)
def test_refused(given):
    """What OLMo-core refuses or divides by 0 with, and absolute LRs without the LR, are refused in words."""
    with pytest.raises(lr.LrlabError):
        from_olmo(**{"max_steps": 100, **given})
