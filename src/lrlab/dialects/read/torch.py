"""PyTorch: a scheduler object of `torch.optim.lr_scheduler`, with what its optimizer holds.

    from_torch(CosineAnnealingLR(optimizer, T_max=1000, eta_min=1e-5))

Its rules: the constructor sets the LR of update 0, each `step()` that of the next. What one scheduler does: see
`torch_rules`; chains and sequences: see `torch_joined`.
"""

from __future__ import annotations

from typing import Any

from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.imported import Imported, imported, reading
from lrlab.dialects.parts.torch_joined import joined
from lrlab.dialects.parts.torch_rules import read


@reading("torch")
def from_torch(scheduler: Any, *, group: int = 0, horizon: int | None = None) -> Imported:
    """The schedule of a scheduler object, from its update 0 on, for one parameter group.

    `horizon` is the length of the run where the object does not say it. Raises `LrlabError` for a class that is not
    known and where torch computes what cannot be written down.
    """
    if hasattr(scheduler, "_schedulers"):
        rule, findings = joined(scheduler, group, horizon)
    else:
        rule = read(scheduler, group)
        others = [k for k in range(len(scheduler.optimizer.param_groups)) if k != group]
        findings = tuple(_differs(k, group) for k in others if read(scheduler, k).schedule != rule.schedule)
    updates = horizon or rule.updates
    name = f"torch {type(scheduler).__name__}"
    return imported(name, rule.schedule, rule.after, base_lr=rule.base, updates=updates, findings=findings)


def _differs(other: int, group: int) -> Finding:
    message = f"parameter group {other} has another curve than group {group}: floors are absolute LRs"
    return Finding("groups-differ", message, f"from_torch(scheduler, group={other})")
