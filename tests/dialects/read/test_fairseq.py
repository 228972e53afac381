"""fairseq, against its rules written again: `step_update(t)` before update t; the package is not maintained.

The rules are those of `fairseq/optim/lr_scheduler/*.py`. That update 0 uses `step_update(0)` and not what the
constructor sets is in `fairseq/trainer.py`: `begin_epoch` ends in `lr_step_update`.
"""

import contextlib
import math
import random
from typing import Any

import pytest

import lrlab as lr
from lrlab.dialects import from_fairseq

LR = 5e-4


def reference(p: dict[str, Any], t: int) -> float:
    """The LR of update t."""
    return {
        "fixed": fixed,
        "inverse_sqrt": inverse_sqrt,
        "polynomial_decay": polynomial,
        "cosine": cosine,
        "tri_stage": tri_stage,
        "triangular": triangular,
        "step": step,
    }[p["lr_scheduler"]](p, t)


def fixed(p: dict[str, Any], t: int) -> float:
    """A rise that does not begin at 0, and then one LR."""
    return LR * (t + 1) / p["warmup_updates"] if t < p["warmup_updates"] else LR


def inverse_sqrt(p: dict[str, Any], t: int) -> float:
    """A rise, then one over the root of the update number."""
    n, start = p["warmup_updates"], max(p["warmup_init_lr"], 0)
    return start + t * ((LR - start) / n) if t < n else LR * n**0.5 * t**-0.5


def polynomial(p: dict[str, Any], t: int) -> float:
    """A rise from 0 that includes its peak, then a power of what is left."""
    n, end, total = p["warmup_updates"], p["end_learning_rate"], p.get("total_num_update", p["max_update"])
    if n > 0 and t <= n:
        return t / float(n) * LR
    if t >= total:
        return end
    return (LR - end) * (1 - (t - n) / (total - n)) ** p["power"] + end


def cosine(p: dict[str, Any], t: int) -> float:
    """Cycles; top and bottom shrink. Raises ValueError beyond the end of cycles that become shorter."""
    n, low, mul = p["warmup_updates"], p["min_lr"], p["t_mult"]
    start = low if p["warmup_init_lr"] < 0 else p["warmup_init_lr"]
    if t < n:
        return start + t * ((LR - start) / n)
    period = p["lr_period_updates"] if p["lr_period_updates"] > 0 else p["max_update"] - n
    at = t - n
    if mul != 1:
        i = math.floor(math.log(1 - at / period * (1 - mul), mul))
        length = mul**i * period
        at = at - (1 - mul**i) / (1 - mul) * period
    else:
        i = math.floor(at / period)
        length = period
        at = at - period * i
    shrink = p["lr_shrink"] ** i
    return low * shrink + 0.5 * (LR - low) * shrink * (1 + math.cos(math.pi * at / length))


def tri_stage(p: dict[str, Any], t: int) -> float:
    """Rise, hold, exponential decay."""
    n, held, decay = p["warmup_steps"], p["hold_steps"], p["decay_steps"]
    first, last = p["init_lr_scale"], p["final_lr_scale"]
    if "phase_ratio" in p:
        n, held, decay = (int(p["max_update"] * share) for share in p["phase_ratio"])
    if t < n:
        return first * LR + (LR - first * LR) / n * t
    if t < n + held:
        return LR
    if t <= n + held + decay:
        return LR * math.exp(math.log(last) / decay * (t - n - held))
    return last * LR


def triangular(p: dict[str, Any], t: int) -> float:
    """Cycles; the top shrinks, the bottom only where asked for."""
    half = p["lr_period_updates"] // 2
    cycle = t // (2 * half)
    shrink = p["lr_shrink"] ** cycle
    high, low = p["max_lr"] * shrink, LR * (shrink if p["shrink_min"] else 1)
    return low + (high - low) * max(0, 1 - abs(t / half - 2 * (cycle + 1) + 1))


def step(p: dict[str, Any], t: int) -> float:
    """Drops down to a floor."""
    n, low = p["warmup_updates"], p["min_lr"]
    start = low if p["warmup_init_lr"] < 0 else p["warmup_init_lr"]
    if t < n:
        return start + t * (LR - start) / n
    return max(LR * p["lr_decay"] ** ((t - n) // p["lr_decay_period"]), low)


NAMES = ("fixed", "inverse_sqrt", "polynomial_decay", "cosine", "tri_stage", "triangular", "step")


def arguments(name: str, rng: random.Random) -> dict[str, Any]:
    """Random options of one scheduler."""
    warmup = rng.randint(1, 40)
    given: dict[str, Any] = {
        "lr_scheduler": name,
        "lr": [LR],
        "warmup_updates": warmup,
        "warmup_init_lr": rng.choice([-1, 1e-7, 0.0]),
        "min_lr": rng.choice([0.0, 1e-5]),
        "max_update": rng.randint(90, 250),
    }
    match name:
        case "polynomial_decay":
            given["warmup_updates"] = warmup = rng.choice([0, 1, warmup])
            given |= {
                **rng.choice([{}, {"total_num_update": rng.randint(1, 200)}]),
                "power": rng.choice([1.0, 2.0, 0.5]),
                "end_learning_rate": rng.choice([0.0, 1e-5]),
            }
        case "cosine":
            given |= {
                "warmup_updates": rng.choice([0, warmup]),
                "lr_period_updates": rng.choice([-1, rng.randint(3, 80)]),
                "t_mult": rng.choice([1, 1.0, 2, 3, 1.5, 1.1, 0.6]),
                "lr_shrink": rng.choice([0.1, 0.9, 1.0]),
            }
        case "tri_stage":
            given |= {
                "warmup_steps": rng.choice([0, warmup]),
                "hold_steps": rng.randint(0, 50),
                "decay_steps": rng.randint(1, 90),
                "init_lr_scale": rng.choice([0.01, 1.0]),
                "final_lr_scale": rng.choice([0.01, 0.5]),
                **rng.choice([{}, {"phase_ratio": (0.1, 0.4, 0.5)}]),
            }
        case "triangular":
            given |= {
                "max_lr": 2e-3,
                "lr_period_updates": rng.choice([2, 10, 25, 60]),
                "lr_shrink": rng.choice([0.1, 0.9, 1.0]),
                "shrink_min": rng.random() < 0.5,
            }
        case "step":
            given |= {"warmup_updates": rng.choice([0, warmup])}
            given |= {"lr_decay_period": rng.randint(1, 60), "lr_decay": rng.choice([0.5, 0.1])}
    return given


def test_same_curve(seed, rng, same_curve):
    """Every scheduler with random options."""
    given = arguments(NAMES[seed % len(NAMES)], rng)
    found = from_fairseq(given)
    updates = (found.horizon.total if found.horizon else 200) * 3 // 2 + 2
    theirs = []
    with contextlib.suppress(ValueError):
        for t in range(updates):
            theirs.append(reference(given, t))
    same_curve(found, theirs, found.base_lr, relative=1e-11, of_peak=1e-13)


def test_hydra():
    """As fairseq-hydra-train has it: the same schedule."""
    plain = {"lr_scheduler": "cosine", "lr": [1e-3], "max_update": 100, "warmup_updates": 10}
    nested = {
        "lr_scheduler": {"_name": "cosine", "warmup_updates": 10},
        "optimization": {"lr": [1e-3], "max_update": 100},
        "task": {"_name": "translation"},
    }
    assert from_fairseq(plain) == from_fairseq(nested)
    assert str(from_fairseq(plain).schedule) == "linear(10, start=0, to=1) >> cosine().repeat(gain=0.1, cycle=90)"


@pytest.mark.parametrize(
    "given",
    [
        {"lr_scheduler": "manual", "lr": 1e-3},
        {"lr_scheduler": "fixed", "lr": 1e-3, "force_anneal": 3},
        {"lr_scheduler": "polynomial_decay", "lr": 1e-3},
        {"lr_scheduler": "cosine"},
        {"lr": 1e-3},
        {"lr_scheduler": "inverse_sqrt", "lr": [1e-3, 1e-4]},
        {"lr_scheduler": "inverse_sqrt", "lr": 1e-3, "warmup_updates": 0},
        {"lr_scheduler": "cosine", "lr": 1e-3},
        {"lr_scheduler": "tri_stage", "lr": 1e-3, "final_lr_scale": 0.0},
    ],
)
def test_refused(given):
    """What fairseq refuses or divides by 0 with, and what goes by epochs, is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_fairseq(given)
