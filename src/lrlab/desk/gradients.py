"""What the optimizers of PyTorch see before each of their steps: the norms of gradients, and which of these are raised.

Behind a normalisation the loss does not see the length of the weights: the gradient stands at a right angle to them,
and is inversely proportional to their length. So it is measured which weights these are, and how far weight decay has
shortened them, instead of being assumed (`lrlab.analysis.refine.artefact` is for logs, which tell neither).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UPRIGHT = 0.05  # of the length that a gradient of independent numbers has along the weights: less is a right angle
ALWAYS = 0.9  # of the steps: near a minimum any gradient may stand at a right angle


@dataclass(frozen=True)
class Gradient:
    """Of one tensor at one step: its L1 norm, the square of its L2 norm, its greatest value, the length of the weights,
    and the part along them, in units of what independent numbers have (1 / sqrt(n)).

    That part is nan where nothing can be shortened, without weight decay, or where it says nothing, as of a vector.
    """

    one: float
    square: float
    highest: float
    length: float
    along: float


@dataclass(frozen=True)
class Seen:
    """The steps of one optimizer, which is held so that no other takes its number.

    `closures` says of each step whether the gradient was yet to be computed, by a closure.
    """

    optimizer: Any
    steps: list[dict[int, Gradient]] = field(default_factory=list)
    lrs: list[float] = field(default_factory=list)
    closures: list[bool] = field(default_factory=list)

    def norms(self, *, l1: bool) -> tuple[Floats, Floats]:
        """The norm of the gradient at each step, L1 or L2, and by which factor weights that were shortened raise it.

        Weights behind a normalisation are known by their gradients; they count as long as they have been so far.
        """
        behind, longest = _behind(self.steps), dict[int, float]()
        measured, kept = [], []
        for step in self.steps:
            whole = part = 0.0
            for tensor, each in step.items():
                longest[tensor] = max(longest.get(tensor, 0.0), each.length)
                share = each.length / longest[tensor] if tensor in behind else 1.0
                whole += each.one if l1 else each.square
                part += each.one * share if l1 else each.square * share**2
            measured.append(whole if l1 else math.sqrt(whole))
            kept.append(part if l1 else math.sqrt(part))
        norms, without = np.array(measured), np.array(kept)
        there = np.isfinite(norms) & (without > 0)
        return norms, np.divide(norms, without, out=np.ones(len(norms)), where=there)

    def bounded(self) -> tuple[Floats, Floats]:
        """What a clipping bounds at each step: the L2 norm, and the greatest value."""
        two = [math.sqrt(sum(each.square for each in step.values())) for step in self.steps]
        highest = [max((each.highest for each in step.values()), default=0.0) for step in self.steps]
        return np.array(two), np.array(highest)


def _behind(steps: list[dict[int, Gradient]]) -> set[int]:
    """The tensors whose gradients stand at a right angle to them."""
    along: dict[int, list[float]] = {}
    for step in steps:
        for tensor, each in step.items():
            along.setdefault(tensor, []).extend([] if math.isnan(each.along) else [each.along])
    return {tensor for tensor, found in along.items() if found and np.quantile(found, ALWAYS) < UPRIGHT}


@contextmanager
def watched() -> Iterator[dict[int, Seen]]:
    """Within, what every optimizer of PyTorch of this process sees before its steps, by its number."""
    seen: dict[int, Seen] = {}
    try:
        from torch.optim.optimizer import register_optimizer_step_pre_hook
    except ModuleNotFoundError:
        yield seen
        return

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        its = seen.setdefault(id(optimizer), Seen(optimizer))
        scale = getattr(optimizer, "grad_scale", None)  # a fused optimizer divides by that of mixed precision itself
        divisor = 1.0 if scale is None else float(scale)
        its.steps.append(
            {
                id(p): _gradient(p, divisor, decays=bool(group.get("weight_decay")))
                for group in optimizer.param_groups
                for p in group["params"]
                if p.grad is not None
            }
        )
        its.lrs.append(float(optimizer.param_groups[0]["lr"]))
        its.closures.append(kwargs.get("closure", args[1] if len(args) > 1 else None) is not None)

    handle = register_optimizer_step_pre_hook(before)
    try:
        yield seen
    finally:
        handle.remove()


def _gradient(weights: Any, divisor: float, *, decays: bool) -> Gradient:
    import torch

    gradient, length, along = weights.grad.detach(), 0.0, math.nan
    if gradient.is_sparse:
        gradient, decays = gradient.coalesce().values(), False
    gradient = _real(gradient) / divisor
    one, two, highest = (
        float(torch.linalg.vector_norm(gradient, order, dtype=torch.float64)) if gradient.numel() else 0.0
        for order in (1, 2, math.inf)
    )
    if decays and weights.ndim > 1:
        values = _real(weights.detach())
        length = float(torch.linalg.vector_norm(values, dtype=torch.float64))
        if two and length:
            inner = float((gradient * values).sum(dtype=torch.float64))
            along = abs(inner) / (two * length) * math.sqrt(values.numel())
    return Gradient(one, two**2, highest, length, along)


def _real(values: Any) -> Any:
    """Complex numbers as pairs, and half precision as single."""
    import torch

    pairs = torch.view_as_real(values) if values.is_complex() else values
    return pairs if pairs.dtype in (torch.float32, torch.float64) else pairs.float()
