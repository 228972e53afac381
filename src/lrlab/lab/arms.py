"""The contestants: an arm is a schedule, with or without weight averaging; the default ones are a table.

Every span is a share of the run, so the arms fit any run length. The decaying ones all end near 0: strategies
that stop higher lose for that alone, and the comparison would say nothing about their shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lrlab.core.schedule import Schedule
from lrlab.core.text import parse
from lrlab.errors import LrlabError, worded


@dataclass(frozen=True)
class Arm:
    """One contestant of a comparison.

    `averaging` is the memory of a moving average of the weights as a share of the run, which then takes the
    place of the weights in every evaluation; None evaluates the weights as they are.

    >>> Arm("slow start", parse('warmup("20%") >> linear()'))
    Arm(name='slow start', schedule=warmup("20%") >> linear(), averaging=None)
    """

    name: str
    schedule: Schedule
    averaging: float | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.name.isprintable():
            raise LrlabError(worded("an arm needs a name of printable characters", self.name))
        if self.averaging is not None and not 0 < self.averaging <= 1:
            raise LrlabError(
                worded("averaging is a share of the run", self.averaging, "above 0, at most 1", "averaging=0.1")
            )


AVERAGING = 0.1

# Name and text form. Parameters are those of the papers, or what fits any run: step and multistep by tenths,
# SGDR with three cycles that double (1/7 + 2/7 + 4/7), CLR with four triangles, one-cycle as PyTorch has it.
DEFAULT_ARMS: Mapping[str, str] = {
    "fixed": "constant()",
    "step": 'step("34%", gamma=0.1)',
    "multistep": 'multistep(["50%", "75%"], gamma=0.1)',
    "exponential": 'exponential(decay=0.01, every="100%")',
    "cosine": "cosine()",
    "warm restarts": 'warm_restarts("14.3%", stretch=2)',
    "plateau": 'plateau(patience=2, factor=0.3, mode="{mode}")',
    "cyclical": 'triangular("12.5%", low=0.1)',
    "one-cycle": "one_cycle()",
    "warmup + linear": 'warmup("5%") >> linear()',
    "warmup + cosine": 'warmup("5%") >> cosine()',
    "WSD": "wsd()",
    "averaging": "constant()",
}


def default_arms(mode: Literal["min", "max"] = "min") -> tuple[Arm, ...]:
    """The default contestants, for a metric of which less ("min") or more ("max") is better.

    >>> [arm.name for arm in default_arms()][:3]
    ['fixed', 'step', 'multistep']
    """
    return tuple(
        Arm(name, parse(text.format(mode=mode)), AVERAGING if name == "averaging" else None)
        for name, text in DEFAULT_ARMS.items()
    )
