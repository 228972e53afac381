"""`get_scheduler` with PyTorch's name and PyTorch's arguments: the LR of every call is PyTorch's."""

import random

import pytest

torch = pytest.importorskip("torch")

from torch.optim import lr_scheduler  # noqa: E402

from lrlab.adapters.torch import get_scheduler  # noqa: E402
from lrlab.errors import LrlabError  # noqa: E402

CALLS = 130


def drawn(name: str, rng: random.Random, base: float) -> dict:
    """Random arguments of one class."""
    floor = rng.choice([0, 0.0, base / 50, 1e-6])
    match name:
        case "StepLR":
            return {"step_size": rng.randint(1, 40), **rng.choice([{}, {"gamma": 0.5}])}
        case "MultiStepLR":
            return {"milestones": [rng.randint(1, 120) for _ in range(rng.randint(1, 5))], "gamma": 0.3}
        case "ExponentialLR":
            return {"gamma": rng.choice([0.9, 0.99, 1.0])}
        case "CosineAnnealingLR":
            return {"T_max": rng.randint(1, 150), **rng.choice([{}, {"eta_min": floor}])}
        case "CosineAnnealingWarmRestarts":
            return {"T_0": rng.randint(2, 30), "T_mult": rng.choice([1, 2, 3]), **rng.choice([{}, {"eta_min": floor}])}
        case "LinearLR":
            factors = {"start_factor": rng.choice([0.1, 1.0]), "end_factor": rng.choice([0.01, 1.0])}
            return rng.choice([{}, {**factors, "total_iters": rng.randint(1, 90)}])
        case "ConstantLR":
            return rng.choice([{}, {"factor": 0.5, "total_iters": rng.randint(1, 90)}])
        case "PolynomialLR":
            return {"total_iters": rng.randint(1, 150), **rng.choice([{}, {"power": 2.0}, {"power": 0.5}])}
        case "OneCycleLR":
            length = rng.choice([{"total_steps": CALLS}, {"epochs": 13, "steps_per_epoch": 10}])
            shape = {"pct_start": rng.choice([0.3, 0.25, 0.77]), "anneal_strategy": rng.choice(["cos", "linear"])}
            ends = rng.choice([{}, {"div_factor": 10.0, "final_div_factor": 100.0}])
            three = {"three_phase": True, "pct_start": 0.41} if rng.random() < 0.4 else {}
            return {"max_lr": rng.choice([base, 3 * base]), **length, **shape, **ends, **three}
    up = {"step_size_up": rng.randint(2, 30), **rng.choice([{}, {"step_size_down": rng.randint(2, 30)}])}
    mode = rng.choice([{}, {"mode": "triangular2"}, {"mode": "exp_range", "gamma": 0.99}])
    return {"base_lr": base / 10, "max_lr": 2 * base, **up, **mode}


NAMES = (
    *("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "LinearLR"),
    *("ConstantLR", "PolynomialLR", "OneCycleLR", "CyclicLR"),
)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of PyTorch, on the order of the calls
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", NAMES)
def test_every_lr_is_pytorchs(name, seed):
    rng = random.Random(f"{name} {seed}")
    base = rng.choice([0.1, 3e-4])
    arguments = drawn(name, rng, base)
    ours, theirs = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=base, momentum=0.9) for _ in range(2))
    scheduler = get_scheduler(name, ours, CALLS, follow="calls", **arguments)
    peer = getattr(lr_scheduler, name)(theirs, **arguments)
    mine, their = [], []
    for call in range(CALLS):
        mine.append(ours.param_groups[0]["lr"])
        their.append(theirs.param_groups[0]["lr"])
        if call + 1 < CALLS:
            ours.step(), theirs.step()
            scheduler.step(), peer.step()
    assert mine == pytest.approx(their, rel=1e-9, abs=1e-12 * max(their)), arguments


@pytest.mark.parametrize("min_lr", [0, 0.02])
def test_a_plateau_stops_at_their_floor(min_lr):
    ours, theirs = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1) for _ in range(2))
    arguments = {"mode": "max", "factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs"}
    scheduler = get_scheduler("ReduceLROnPlateau", ours, 99, min_lr=min_lr, cooldown=1, **arguments)
    peer = lr_scheduler.ReduceLROnPlateau(theirs, min_lr=min_lr, cooldown=1, **arguments)
    for value in [0.1, 0.15, 0.3, *[0.2] * 20, 0.9, *[0.5] * 9]:
        scheduler.observe(value)
        peer.step(value)
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)


def test_an_lr_is_no_multiple_of_several():
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in (0.1, 0.01)]
    with pytest.raises(LrlabError, match=r"eta_min is an LR, and another multiple in each group"):
        get_scheduler("CosineAnnealingLR", torch.optim.SGD(groups), 10, T_max=5, eta_min=1e-3)
    scheduler = get_scheduler("CosineAnnealingLR", torch.optim.SGD(groups), 10, T_max=5, eta_min=0)
    assert str(scheduler.schedule) == "cosine_cycle(10).repeat()"
