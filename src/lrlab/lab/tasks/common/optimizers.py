"""Optimizers by name, so that an arm can say which one it trains with: `run.config["optimizer"]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, nearest, worded
from lrlab.lab.arms.optimizer import made
from lrlab.lab.tasks.common.schedule_free import ScheduleFree

if TYPE_CHECKING:
    import torch

# Name, class in torch.optim, and what differs from PyTorch's defaults. The fused ones do the same in one call, which is
# most of what a small network waits for.
_TORCH: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "sgd": ("SGD", {"fused": True}),
    "momentum": ("SGD", {"momentum": 0.9, "nesterov": True, "fused": True}),
    "adagrad": ("Adagrad", {"fused": True}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {"fused": True}),
    "adamw": ("AdamW", {"fused": True}),
}
_SCHEDULE_FREE: Mapping[str, Mapping[str, Any]] = {
    "schedule-free sgd": {},
    "schedule-free adamw": {"adaptive": 0.999},
}
OPTIMIZERS = (*_TORCH, *_SCHEDULE_FREE)


def optimizer(
    name: str | None,
    parameters: Iterable[torch.Tensor],
    *,
    lr: Mapping[str, float],
    l2: float = 0.0,
    weight_decay: float = 0.01,
) -> Any:
    """The optimizer called `name`, at the base LR that the task gives for it in its table `lr`.

    Without a name it is the first of the table: the task's own. "adamw" and "schedule-free adamw" shrink the weights
    by LR x `weight_decay`; the others add `l2` x weights to the gradient. "momentum" is SGD with Nesterov's momentum
    0.9; the "schedule-free" ones are in `lrlab.lab.tasks.common.schedule_free`; the rest is as PyTorch has it.

    A call, such as "prodigyopt.Prodigy(lr=1.0)", is that optimizer: see `lrlab.lab.arms.optimizer`.

    Raises `LrlabError` for a name that is not in the table.

    >>> import torch
    >>> weights = [torch.nn.Parameter(torch.zeros(2))]
    >>> optimizer("adam", weights, lr={"momentum": 0.1, "adam": 1e-3}).param_groups[0]["lr"]
    0.001
    """
    if name and "(" in name:
        return made(name, parameters)
    known = [each for each in lr if each in OPTIMIZERS]
    name = name or known[0]
    if name not in known:
        hint = f'config={{"optimizer": "{nearest(str(name), known) or known[0]}"}}'
        raise LrlabError(worded("the task has no LR for this optimizer", name, ", ".join(known), hint))
    decay = weight_decay if name.endswith("adamw") else l2
    if name in _SCHEDULE_FREE:
        return ScheduleFree(parameters, lr=lr[name], weight_decay=decay, **_SCHEDULE_FREE[name])
    import torch

    kind, settings = _TORCH[name]
    return getattr(torch.optim, kind)(parameters, lr=lr[name], weight_decay=decay, **settings)
