"""What the rules of the field say of the best LR, from that of the nearest sweep: each a factor by the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lrlab.analysis.transfer.sweeps import Setting


@dataclass(frozen=True)
class Change:
    """By what factor size, width, batch and horizon change from the nearest sweep."""

    size: float
    width: float
    batch: float
    horizon: float


@dataclass(frozen=True)
class Rule:
    """A rule: its name, its factor on the LR, and where it is from."""

    name: str
    factor: Callable[[Change], float]
    source: str


RULES = (
    Rule("same LR", lambda change: 1.0, "no rule"),
    Rule("linear in batch", lambda change: change.batch, "Goyal et al. 2017, arXiv:1706.02677"),
    Rule("square root of batch", lambda change: change.batch**0.5, "Malladi et al. 2022, arXiv:2205.10287"),
    Rule("horizon^-0.25", lambda change: change.horizon**-0.25, "a power as in Bjorck et al. 2024, arXiv:2409.19913"),
    Rule(
        "Step Law",
        lambda change: change.size**-0.713 * (change.batch * change.horizon) ** 0.307,
        "Li et al. 2025, arXiv:2503.04715",
    ),
    Rule("muP, 1/width", lambda change: 1.0 / change.width, "Yang et al. 2022, arXiv:2203.03466"),
)


def change(base: Setting, asked: Setting, width: float) -> Change:
    """The change between two settings, whose widths differ by the factor `width`."""
    size, batch, horizon = (b / a for a, b in zip(base, asked, strict=True))
    return Change(size, width, batch, horizon)
