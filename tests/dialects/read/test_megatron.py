"""Megatron-LM, against its rules written again; the package needs GPUs.

The rules are those of `megatron/core/optimizer_param_scheduler.py` (`get_lr`), the counts those of
`get_optimizer_param_scheduler` in `megatron/training/training.py`.
"""

import math
import random
from typing import Any

import pytest

import lrlab as lr
from lrlab.dialects import from_megatron


def reference(given: dict[str, Any], t: int) -> float:
    """The LR of update t; the count is in samples."""
    top, low, first = given["lr"], given["min_lr"], given["lr_warmup_init"]
    batch, style = given["global_batch_size"], given["lr_decay_style"]
    if "train_samples" in given:
        end, tail = given["train_samples"], given["lr_wsd_decay_samples"]
        warmup = given["lr_warmup_samples"]
    else:
        end, tail = given["lr_decay_iters"] * batch, given["lr_wsd_decay_iters"] * batch
        warmup = given["lr_warmup_iters"] * batch
    if given["lr_warmup_fraction"] is not None:
        warmup = given["lr_warmup_fraction"] * end
    count = t * batch
    if warmup > 0 and count <= warmup:
        return first + (top - first) * count / warmup
    if style == "constant":
        return top
    if count > end:
        return low
    if style == "inverse-square-root":
        return max(low, top * max(warmup, 1) ** 0.5 / max(count, 1) ** 0.5)
    share = (count - warmup) / (end - warmup)
    if style == "linear":
        left = 1 - share
    elif style == "cosine":
        left = 0.5 * (math.cos(math.pi * share) + 1)
    elif count <= end - tail:
        left = 1.0
    else:
        u = (count - (end - tail)) / tail
        left = {
            "linear": 1 - u,
            "cosine": 0.5 * (math.cos(math.pi * u) + 1),
            "exponential": 2 * 0.5**u - 1,
            "minus_sqrt": 1 - math.sqrt(u),
        }[given["lr_wsd_decay_style"]]
    return low + left * (top - low)


STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")


def arguments(style: str, rng: random.Random) -> dict[str, Any]:
    """Random arguments of one decay style, in iterations or in samples."""
    batch, unit = rng.choice([1, 4, 32]), rng.choice(["iters", "iters", "samples"])
    end = rng.randint(4, 300) * (batch if unit == "samples" else 1) + (unit == "samples") * rng.randint(0, batch - 1)
    return {
        "lr": 3e-4,
        "min_lr": rng.choice([0.0, 3e-5, 1e-4]),
        "lr_warmup_init": rng.choice([0.0, 1e-5]),
        "global_batch_size": batch,
        f"lr_warmup_{unit}": rng.choice([0, rng.randint(1, end // 2)]),
        "lr_warmup_fraction": rng.choice([None, None, 0.01, 0.1, rng.uniform(0.001, 0.6)]),
        "lr_decay_iters" if unit == "iters" else "train_samples": end,
        "lr_decay_style": style,
        f"lr_wsd_decay_{unit}": rng.randint(1, end),
        "lr_wsd_decay_style": rng.choice(["linear", "cosine", "exponential", "minus_sqrt"]),
    }


def test_same_curve(seed, rng, same_curve):
    """Every style with random arguments; a warmup may end, and a decay begin, anywhere."""
    given = arguments(STYLES[seed % len(STYLES)], rng)
    found = from_megatron(given)
    theirs = [reference(given, t) for t in range(found.horizon.total * 3 // 2 + 2)]
    same_curve(found, theirs, 3e-4, relative=1e-10, of_peak=1e-12)


def test_spellings():
    """As on the command line, in samples, and with the warmup as a fraction: one schedule."""
    plain = from_megatron({"lr": 1e-3, "lr_decay_iters": 1000, "lr_warmup_iters": 100})
    dashed = from_megatron({"--lr": 1e-3, "--train-iters": 1000, "--lr-warmup-fraction": 0.1, "--seed": 1})
    sampled = from_megatron({"lr": 1e-3, "lr_decay_samples": 64000, "lr_warmup_samples": 6400, "global_batch_size": 64})
    assert plain == dashed == sampled


@pytest.mark.parametrize(
    "given",
    [
        {"min_lr": 0.0},
        {"lr": 1e-3},
        {"lr": 1e-3, "train_iters": 10, "lr_warmup_iters": 10},
        {"lr": 1e-3, "train_iters": 10, "lr_decay_style": "cosin"},
        {"lr": 1e-3, "lr_decay_samples": 100},
        {"lr": 1e-3, "train_iters": 10, "lr_decay_style": "WSD"},
        {"lr": 1e-3, "train_iters": 10, "lr_decay_style": "inverse-square-root"},
        {"lr": 1e-3, "train_iters": 10, "min_lr": 2e-3},
        {"lr": 1e-3, "train_iters": 10, "rampup_batch_size": [16, 16, 1000]},
    ],
)
def test_refused(given):
    """What Megatron asserts is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_megatron(given)


def test_without_an_lr():
    """Its LRs are absolute, so there is nothing to take multiples of; the message says where it may come from."""
    with pytest.raises(lr.LrlabError, match="--lr 3e-4"):
        from_megatron({"train_iters": 100})
