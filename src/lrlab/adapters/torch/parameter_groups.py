"""The parameters of a model, in the groups that a plan needs.

optimizer = torch.optim.AdamW(parameter_groups(model, plan), lr=1e-3)
scheduler = Scheduler(optimizer, plan, horizon=10_000)
"""

from __future__ import annotations

from typing import Any

from torch.nn import Module

from lrlab.core.plan.plan import Plan
from lrlab.core.plan.rules import KINDS, Group
from lrlab.errors import LrlabError, worded


def parameter_groups(model: Module, plan: Plan) -> list[dict[str, Any]]:
    """The trainable parameters of a model, in as few named groups as the rules and layers of a plan allow.

    Raises `LrlabError` if a rule or a layer matches no parameter, or if layers decay without `layers`.

    >>> import torch, lrlab as lr
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    >>> p = lr.plan(lr=lr.cosine(), groups={"*.bias": {"weight_decay": 0}}, layer_decay=0.5, layers=["{}.*"])
    >>> optimizer = torch.optim.AdamW(parameter_groups(model, p), lr=0.1)
    >>> [group["param_names"] for group in optimizer.param_groups]
    [['0.weight'], ['0.bias'], ['1.weight'], ['1.bias']]
    """
    if plan.layer_decay is not None and not plan.layers:
        raise LrlabError(worded("parameters have no order of their own", str(plan), hint='layers=["blocks.{}.*", ...]'))
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    facts = [Group(name, (), frozenset(KINDS)) for name, _ in named]
    alike: dict[tuple[object, ...], list[tuple[str, Any]]] = {}
    for one, group, driven in zip(named, facts, plan.assign(facts), strict=True):
        rules = tuple(rule.pattern for rule in plan.rules if group.matches(rule.pattern))
        alike.setdefault((rules, driven), []).append(one)
    # As an optimizer keeps names itself: pairs of a name and a parameter are taken from PyTorch 2.6 on.
    return [{"params": [p for _, p in ones], "param_names": [name for name, _ in ones]} for ones in alike.values()]
