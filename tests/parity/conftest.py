"""What the comparisons with other libraries share: how close is close, and two optimizers driven side by side."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler

HORIZONS = (7, 60, 200)
MORE_HORIZONS = (4, 10, 391, 1000)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `n` and `rng` runs over horizons and seeds; the full counts are `exhaustive`."""
    if {"n", "seed"} <= set(metafunc.fixturenames):
        few = [(n, seed) for n in HORIZONS for seed in (0, 1)]
        many = [(n, seed) for n in HORIZONS + MORE_HORIZONS for seed in range(2, 7)]
        full = [pytest.param(n, seed, marks=pytest.mark.exhaustive) for n, seed in many]
        metafunc.parametrize(("n", "seed"), [*few, *full])


@pytest.fixture
def rng(seed: int) -> random.Random:
    """Random parameters, the same ones every time."""
    return random.Random(seed)


def _agree(ours: Any, theirs: Any, relative: float = 1e-12, of_peak: float = 1e-15) -> None:
    """Every value is within `relative` of the other's, plus `of_peak` times the greatest, where the other cancels."""
    mine, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert mine.shape == other.shape
    allowed = relative * np.abs(other) + of_peak * np.abs(other).max()
    far = np.argwhere(~(np.abs(mine - other) <= allowed))
    if far.size:
        at = tuple(far[0])
        pytest.fail(f"update {at[0]}: ours {mine[at]!r}, theirs {other[at]!r} ({len(far)} of {mine.size} differ)")


@pytest.fixture
def agree() -> Callable[..., None]:
    """`agree(ours, theirs)`: the same values to 1e-12, at every update."""
    return _agree


def _optimizer(bases: Sequence[float]) -> torch.optim.Optimizer:
    """A group with a float for its LR, and a group with a tensor."""
    first, second = (torch.nn.Parameter(torch.zeros(1)) for _ in bases)
    tensor = torch.tensor(bases[1], dtype=torch.float64)
    return torch.optim.SGD([{"params": [first], "lr": bases[0]}, {"params": [second], "lr": tensor}], lr=bases[0])


def _trace(optimizer: torch.optim.Optimizer, scheduler: Any, updates: int) -> list[list[float]]:
    """The LR of each group at each update."""
    trace = []
    for update in range(updates):
        trace.append([float(group["lr"]) for group in optimizer.param_groups])
        if update < updates - 1:  # OneCycleLR must not be asked beyond its last
            optimizer.step()
            scheduler.step()
    return trace


@pytest.fixture
def side_by_side() -> Callable[..., None]:
    """Our Scheduler and theirs write the same LR into every group at every update.

    `theirs(optimizer)` makes their scheduler. Compared are `updates` updates, by default five more than the
    horizon has, to see what comes after the end. `bases` are the LRs of the two groups, the second a tensor.
    """

    def compare(
        schedule: lr.Schedule,
        theirs: Callable[[torch.optim.Optimizer], Any],
        horizon: int,
        updates: int | None = None,
        bases: Sequence[float] = (0.1, 0.003),
        **closeness: float,
    ) -> None:
        updates = horizon + 5 if updates is None else updates
        mine, other = _optimizer(bases), _optimizer(bases)
        ours = _trace(mine, Scheduler(mine, schedule, horizon=horizon), updates)
        _agree(ours, _trace(other, theirs(other), updates), **closeness)

    return compare
