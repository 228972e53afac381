"""DeepSpeed, against its rules written again: what its constructor sets, then `step()` after each update.

DeepSpeed itself is too heavy to install for this. The rules are those of `deepspeed/runtime/lr_schedules.py`, the
order that of `_take_model_step` in `deepspeed/runtime/engine.py`.
"""

import math
import random
from typing import Any

import pytest

import lrlab as lr
from lrlab.dialects import from_deepspeed

OWN = 3e-4


def warmup(t: int, n: int, kind: str) -> float:
    """The share of a warmup at count t; what is not known counts as log."""
    return t / n if kind == "linear" else math.log(t + 1) / math.log(n)


def reference(name: str, p: dict[str, Any], update: int) -> float:
    """The LR that an update uses: the constructor's at update 0, that of count update - 1 later."""
    if name == "OneCycle":
        return one_cycle(p, update)
    if name == "LRRangeTest":
        interval = update / p["lr_range_test_step_size"]
        interval = math.floor(interval) if p["lr_range_test_staircase"] else interval
        return p["lr_range_test_min_lr"] * (1 + p["lr_range_test_step_rate"] * interval)
    n, t = max(2, p["warmup_num_steps"]), update - 1
    total = p.get("total_num_steps", 0)
    if name == "WarmupCosineLR":
        if t < 0:
            return 0.0
        if t < n:
            return OWN * (p["warmup_min_ratio"] + (1 - p["warmup_min_ratio"]) * warmup(t, n, p["warmup_type"]))
        share = min(1.0, (t - n + 1) / max(1, total - n))
        return OWN * (p["cos_min_ratio"] + (1 - p["cos_min_ratio"]) * (1 + math.cos(math.pi * share)) / 2)
    low, high = p["warmup_min_lr"], p["warmup_max_lr"]
    if t < 0:
        return low
    if t < n:
        share = warmup(t, n, p["warmup_type"])
    elif name == "WarmupLR":
        share = 1.0
    else:
        share = max(0.0, (total - t) / max(1.0, total - n))
    return low + (high - low) * share


def one_cycle(p: dict[str, Any], update: int) -> float:
    """OneCycle: `get_lr` after `update` steps, of which the first leaves last_batch_iteration at 0."""
    up = float(p["cycle_first_step_size"])
    down = up if p["cycle_second_step_size"] is None else float(p["cycle_second_step_size"])
    low, high, whole = p["cycle_min_lr"], p["cycle_max_lr"], up + down
    if update == 0:
        return low
    if update - 1 >= whole:
        if not p["decay_step_size"] or not p["decay_lr_rate"]:
            return low
        return low / (1 + p["decay_lr_rate"] * (update - whole) / p["decay_step_size"])
    x = 1.0 + update / whole - math.floor(1 + update / whole)
    ratio = up / whole
    first, second = p["cycle_first_stair_count"], p["cycle_second_stair_count"]
    scale, stairs = (x / ratio, first) if x <= ratio else ((x - 1) / (ratio - 1), first if second is None else second)
    if stairs > 0:
        at = update % whole
        scale = math.floor(at * stairs / up if at <= up else (whole - at) * stairs / down) / stairs
    return low + (high - low) * scale


NAMES = ("WarmupLR", "WarmupDecayLR", "WarmupCosineLR", "OneCycle", "LRRangeTest")


def arguments(name: str, rng: random.Random) -> dict[str, Any]:
    """Random parameters of one type."""
    if name == "OneCycle":
        return {
            "cycle_min_lr": rng.choice([1e-4, 1e-5]),
            "cycle_max_lr": 1e-3,
            "cycle_first_step_size": rng.randint(1, 40),
            "cycle_second_step_size": rng.choice([None, rng.randint(1, 40)]),
            "cycle_first_stair_count": rng.choice([0, 0, rng.randint(1, 9)]),
            "cycle_second_stair_count": rng.choice([None, 0, rng.randint(1, 9)]),
            "decay_step_size": rng.choice([0, rng.randint(1, 20)]),
            "decay_lr_rate": rng.choice([0.0, 0.5]),
        }
    if name == "LRRangeTest":
        return {
            "lr_range_test_min_lr": 1e-5,
            "lr_range_test_step_size": rng.randint(2, 50),
            "lr_range_test_step_rate": rng.uniform(0.1, 3),
            "lr_range_test_staircase": rng.random() < 0.4,
        }
    given = {"warmup_num_steps": rng.randint(1, 40), "warmup_type": rng.choice(["log", "linear", "root"])}
    if name != "WarmupLR":
        given["total_num_steps"] = rng.randint(2, 150)
    if name == "WarmupCosineLR":
        return {**given, "warmup_min_ratio": rng.choice([0.0, 0.1]), "cos_min_ratio": rng.choice([0.0001, 0.1])}
    return {**given, "warmup_min_lr": rng.choice([0.0, 1e-5]), "warmup_max_lr": 1e-3}


def test_same_curve(seed, rng, same_curve):
    """Every type with random parameters."""
    name = NAMES[seed % len(NAMES)]
    given = arguments(name, rng)
    found = from_deepspeed({"type": name, "params": given}, lr=OWN)
    updates = (found.horizon.total if found.horizon else 100) * 3 // 2 + 2
    theirs = [reference(name, given, update) for update in range(updates)]
    same_curve(found, theirs, found.base_lr, relative=1e-11, of_peak=1e-13)


def test_whole_configuration():
    """The whole of ds_config.json, from which the optimizer's own LR is taken; the lag is said and found."""
    config = {
        "optimizer": {"type": "AdamW", "params": {"lr": 2e-4}},
        "scheduler": {"type": "WarmupCosineLR", "params": {"total_num_steps": 100, "warmup_num_steps": 10}},
    }
    found = from_deepspeed(config)
    assert found.base_lr == 2e-4
    assert "lags by one" in found.convention
    assert "zero-first" in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    "config",
    [
        {"type": "Warmup", "params": {}},
        {"type": "WarmupLR", "params": {"warmup_num_steps": "auto"}},
        {"type": "WarmupLR", "params": {"warmup_steps": 10}},
        {"type": "WarmupLR", "params": {}},
        {"type": "WarmupDecayLR", "params": {}},
        {"type": "WarmupLR", "params": {"warmup_max_lr": 1e-3, "warmup_min_lr": "small"}},
        {"type": "WarmupLR", "params": [1e-3]},
    ],
)
def test_refused(config):
    """What DeepSpeed would not take, or what a trainer fills in, is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_deepspeed(config)
