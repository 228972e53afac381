"""Schedulers by their well-known names."""

from __future__ import annotations

from typing import Any, Literal

from torch.optim import Optimizer

from lrlab.adapters.called import called
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.resume.policy import OnChange
from lrlab.core.text.aliases import named
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

ABSOLUTE = ("eta_min", "min_lr", "max_lr", "base_lr")  # of PyTorch's arguments, those that are LRs


@called(
    "get_scheduler",
    'get_scheduler("cosine", optimizer, horizon=10_000, warmup=500); Transformers\' numbers are warmup= and horizon=',
)
def get_scheduler(
    name: str | Optimizer,
    optimizer: Optimizer | str,
    horizon: int | Horizon | None = None,
    *,
    follow: Literal["updates", "calls"] = "updates",
    absolute: bool = False,
    on_change: OnChange = "stop",
    **arguments: Any,
) -> Scheduler:
    """A scheduler by its well-known name: `step_decay`, `cosine_annealing`, `reduce_on_plateau`, `one_cycle` ...

    Name and optimizer may come in either order. `warmup=` puts a linear warmup before any schedule. `arguments` are
    those of lrlab (`to=0.1`), or PyTorch's under the name of its class (`"StepLR", step_size=30`), which then has
    PyTorch's curve; those of other libraries are refused, and the error names ours.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> get_scheduler(optimizer, "cosine_annealing", horizon=100, warmup="5%").schedule
    warmup("5%") >> cosine()
    """
    if isinstance(name, Optimizer):
        name, optimizer = optimizer, name
    groups = getattr(optimizer, "param_groups", None) or [{"lr": 0.0}]
    lrs = {float(group.get("initial_lr", group["lr"])) for group in groups}
    absolute_word = next((word for word in ABSOLUTE if arguments.get(word)), "")
    if len(lrs) > 1 and absolute_word:
        what = f"{absolute_word} is an LR, and another multiple in each group: their LRs are {sorted(lrs)}"
        hint = "to=, or min= of a plateau, a multiple of each; or lr.plan(...), with a schedule for each group"
        raise LrlabError(worded(what, {absolute_word: arguments[absolute_word]}, hint=hint))
    schedule = named(name, arguments, max(lrs), calls=follow == "calls")
    return Scheduler(optimizer, schedule, horizon, follow=follow, absolute=absolute, on_change=on_change)
