"""What the optimizers of PyTorch see before each of their steps: the norms of gradients, and which of these are raised.

Behind a normalisation the loss does not see the length of the weights: the gradient stands at a right angle to them,
and is inversely proportional to their length. So it is measured which weights these are, and how far they have been
shortened, instead of being assumed (`lrlab.analysis.refine.artefact` is for logs, which tell neither).
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


@dataclass(frozen=True)
class Gradient:
    """Of one tensor at one step: its L1 norm, the square of its L2 norm, the length of the weights, and the part along
    them, in units of what independent numbers have (1 / sqrt(n)); nan where one of both is 0, or for no matrix."""

    one: float
    square: float
    length: float
    along: float


@dataclass(frozen=True)
class Seen:
    """The steps of one optimizer, which is held so that no other takes its number."""

    optimizer: Any
    steps: list[dict[int, Gradient]] = field(default_factory=list)
    lrs: list[float] = field(default_factory=list)

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
        return norms, np.divide(norms, without, out=np.ones(len(norms)), where=without > 0)


def _behind(steps: list[dict[int, Gradient]]) -> set[int]:
    """The tensors whose gradients stand at a right angle to them."""
    along: dict[int, list[float]] = {}
    for step in steps:
        for tensor, each in step.items():
            along.setdefault(tensor, []).extend([] if math.isnan(each.along) else [each.along])
    return {tensor for tensor, found in along.items() if found and np.median(found) < UPRIGHT}


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
        weights = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        its = seen.setdefault(id(optimizer), Seen(optimizer))
        its.steps.append({id(p): _gradient(p) for p in weights})
        its.lrs.append(float(optimizer.param_groups[0]["lr"]))

    handle = register_optimizer_step_pre_hook(before)
    try:
        yield seen
    finally:
        handle.remove()


def _gradient(weights: Any) -> Gradient:
    values, gradient = weights.detach().double(), weights.grad.detach().double()
    square, length = float((gradient**2).sum()), float(values.norm())
    along = math.nan
    if square and length and values.ndim > 1:
        along = abs(float((gradient * values).sum())) / (math.sqrt(square) * length) * math.sqrt(values.numel())
    return Gradient(float(gradient.abs().sum()), square, length, along)
