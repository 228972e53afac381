"""The hyper-parameters in a parameter group of PyTorch, by the names of a plan: `betas` is beta1, beta2, ...

A value that is a tensor is read as a number and written in place: the same object, so that nothing is recompiled.
A tensor is known by its `fill_`: core imports no framework.
"""

from __future__ import annotations

from typing import Any

from lrlab.core.plan.rules import KINDS

Group = dict[str, Any]


def fields(group: Group) -> frozenset[str]:
    """The hyper-parameters that a plan can drive and this group has.

    >>> sorted(fields({"params": [], "lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "foreach": None}))
    ['beta1', 'beta2', 'eps', 'lr']
    """
    return frozenset(hyper for hyper in KINDS if _is_value(_kept(group, hyper)))


def read(group: Group, hyper: str) -> float:
    """The value of a hyper-parameter."""
    return float(_kept(group, hyper))


def write(group: Group, hyper: str, value: float) -> None:
    """Set the value of a hyper-parameter.

    >>> group = {"betas": (0.9, 0.99)}
    >>> write(group, "beta1", 0.8)
    >>> group
    {'betas': (0.8, 0.99)}
    """
    kept = group[hyper] if hyper in group else _kept(group, hyper)
    if hasattr(kept, "fill_"):
        kept.fill_(value)
    elif hyper in group:
        group[hyper] = value
    else:
        k, betas = _place(hyper), group["betas"]
        group["betas"] = type(betas)([*betas[:k], value, *betas[k + 1 :]])


def _kept(group: Group, hyper: str) -> Any:
    if hyper in group:
        return group[hyper]
    betas = group.get("betas")
    k = _place(hyper) if hyper.startswith("beta") else -1
    return betas[k] if isinstance(betas, (tuple, list)) and 0 <= k < len(betas) else None


def _is_value(kept: object) -> bool:
    return isinstance(kept, int | float) or hasattr(kept, "fill_")


def _place(hyper: str) -> int:
    return int(hyper.removeprefix("beta")) - 1
