"""The hyper-parameters in a PyTorch parameter group, by the names of a plan: `betas` is beta1, beta2, ...

This is the only place where they are written, for the scheduler and for the lab. A tensor is read as a number and
written in place, so that it stays the same object and nothing is recompiled. It is recognised by its `fill_`: core
imports no framework.
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

from lrlab.core.plan.rules import KINDS
from lrlab.errors import LrlabError, worded

Group = dict[str, Any]


def fields(group: Group) -> frozenset[str]:
    """The hyper-parameters that a plan can drive and this group has.

    >>> sorted(fields({"params": [], "lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "foreach": None}))
    ['beta1', 'beta2', 'eps', 'lr']
    """
    return frozenset(hyper for hyper in KINDS if _is_value(kept(group, hyper)))


def read(group: Group, hyper: str) -> float:
    """The value of a hyper-parameter. Raises `LrlabError` where something else has put no number there."""
    there = kept(group, hyper)
    if not _is_value(there):
        what = f"something else has set the {hyper} of a parameter group to what is no number"
        raise LrlabError(worded(what, there, "a number", 'group["lr"] = 0.1, or scheduler.base_lrs = [0.1]'))
    return float(there.item() if is_tensor(there) else there)


def write(group: Group, hyper: str, value: float) -> None:
    """Set the value of a hyper-parameter.

    >>> group = {"betas": (0.9, 0.99)}
    >>> write(group, "beta1", 0.8)
    >>> group
    {'betas': (0.8, 0.99)}
    """
    there = kept(group, hyper)
    if is_tensor(there):
        there.fill_(value)
    else:
        put(group, hyper, value)


def write_all(groups: Iterable[Group], hyper: str, value: float) -> None:
    """Set the value of a hyper-parameter in several groups."""
    for group in groups:
        there: Any = group.get(hyper)
        if hasattr(there, "fill_"):
            there.fill_(value)
        else:
            write(group, hyper, value)


def kept(group: Group, hyper: str) -> Any:
    """What the group holds for a hyper-parameter: a number, a tensor, or None if it has none."""
    if hyper in group:
        return group[hyper]
    betas = group.get("betas")
    k = _place(hyper)
    return betas[k] if isinstance(betas, (tuple, list)) and 0 <= k < len(betas) else None


def put(group: Group, hyper: str, there: Any) -> None:
    """Let the group hold another number or tensor for a hyper-parameter that it has."""
    if hyper in group:
        group[hyper] = there
    else:
        k, betas = _place(hyper), group["betas"]
        group["betas"] = type(betas)([*betas[:k], there, *betas[k + 1 :]])


def is_tensor(there: object) -> bool:
    """Whether what a group holds is written in place."""
    return hasattr(there, "fill_")


def _is_value(there: Any) -> bool:
    return isinstance(there, Real) or (is_tensor(there) and there.numel() == 1)  # a vector is no single value


def _place(hyper: str) -> int:
    return int(hyper.removeprefix("beta")) - 1 if hyper.startswith("beta") else -1
