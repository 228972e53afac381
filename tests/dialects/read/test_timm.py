"""timm, side by side: the LR in the optimizer at every step to 1.5 times the schedule.

Only `timm.scheduler` is met: the package itself asks for torchvision, which nothing here needs.
"""

import importlib
import importlib.util
import random
import sys
import types
from typing import Any

import pytest
import torch

import lrlab as lr
from lrlab.dialects import from_timm

LR = 1e-3


def factory() -> Any:
    """`timm.scheduler`, without running `timm/__init__.py`."""
    if "timm" not in sys.modules:
        found = importlib.util.find_spec("timm")
        if found is None or found.submodule_search_locations is None:
            pytest.skip("timm is not installed")
        package = types.ModuleType("timm")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["timm"] = package
    return importlib.import_module("timm.scheduler")


def trace(given: dict[str, Any], updates: int) -> list[float]:
    """The LR in the optimizer at each step, to the end or until timm raises."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler, _ = factory().create_scheduler_v2(optimizer, **given)
    move = scheduler.step if given.get("step_on_epochs", True) else scheduler.step_update
    seen = [float(optimizer.param_groups[0]["lr"])]
    for t in range(1, updates):
        try:
            move(t)
        except ValueError:
            break
        seen.append(float(optimizer.param_groups[0]["lr"]))
    return seen


NAMES = ("cosine", "tanh", "poly", "step", "multistep", "wsd", "rsqrt", "constant")


def arguments(name: str, rng: random.Random) -> dict[str, Any]:
    """Random arguments of the factory."""
    n = rng.randint(4, 90)
    warmup = rng.choice([0, 0, rng.randint(1, max(n // 3, 1))])
    units = rng.choice([{}, {}, {"step_on_epochs": False, "updates_per_epoch": rng.randint(1, 5)}])
    given: dict[str, Any] = {
        "sched": name,
        "num_epochs": n,
        "warmup_epochs": warmup,
        "warmup_lr": rng.choice([0.0, 1e-5, 1e-4]),
        "warmup_prefix": rng.random() < 0.5,
        "min_lr": rng.choice([0.0, 1e-6, 1e-4]),
        "cooldown_epochs": rng.choice([0, 3]),
        **units,
    }
    if name in ("cosine", "tanh", "poly"):
        given |= {
            "cycle_mul": rng.choice([1.0, 1.0, 2.0, 1.5, 3.0, 0.7]),
            "cycle_decay": rng.choice([1.0, 0.5, 0.1]),
            "cycle_limit": rng.choice([1, 1, 2, 4]),
            "k_decay": rng.choice([1.0, 1.0, 1.5]) if name != "tanh" else 1.0,
        }
        if name == "poly":
            given["decay_rate"] = rng.choice([0.5, 1.0, 2.0])
    if name == "step":
        given |= {
            "decay_epochs": rng.choice([2.4, 1.1, 30, rng.randint(1, n), 0.3]),
            "decay_rate": rng.choice([0.97, 0.1]),
        }
    if name == "multistep":
        given |= {"decay_milestones": sorted(rng.randint(1, n) for _ in range(3)), "decay_rate": 0.3}
    if name in ("wsd", "rsqrt"):
        given |= {
            "decay_epochs": rng.choice([None, 0.5, rng.randint(1, max((n - warmup) // 2, 1))]),
            "decay_fn": rng.choice([None, "linear", "1-sqrt", "cosine", "power", "exp"]),
            "stable_timescale": rng.choice([None, 7]) if warmup else 7,
        }
    return given


def test_same_curve(seed, rng, same_curve):
    """Every schedule of the factory with random arguments."""
    given = arguments(NAMES[seed % len(NAMES)], rng)
    found = from_timm(**given, lr=LR)
    assert "table(" not in str(found.schedule)
    theirs = trace(given, found.horizon.total * 3 // 2 + 2)
    same_curve(found, theirs, LR, relative=1e-11, of_peak=1e-13)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sched": "cosin"}, "cosine"),
        ({"sched": "cosine", "noise": 0.5}, "noise"),
        ({"sched": "wsd", "num_epochs": 10, "decay_epochs": 20}, "decays over"),
        ({"sched": "cosine", "step_on_epochs": False}, "updates_per_epoch"),
        ({"sched": "rsqrt"}, "stable_timescale"),
    ],
)
def test_refused(given, message):
    """What timm refuses, and noise, is refused in words."""
    with pytest.raises(lr.LrlabError, match=message):
        from_timm(**given, lr=LR)


def test_the_missed_peak_is_found():
    """Without a prefix the warmup covers the top of the cosine: the base LR is never reached."""
    found = from_timm("cosine", lr=LR, num_epochs=20, warmup_epochs=5)
    assert "below-peak" in [finding.code for finding in found.findings]
