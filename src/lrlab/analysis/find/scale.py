"""A metric as log loss, in which a difference is a regret: 0.01 is 1 % of the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lrlab.analysis.find.logarithm import logarithm
from lrlab.errors import LrlabError, worded

NOTHING = -700.0  # the logarithm of 0, and of what is nearly that: nothing is a share of it


@dataclass(frozen=True)
class Scale:
    """How a metric becomes log loss; regrets are shares `of` what is named.

    >>> Scale.of_metric("log10_mse", "min").of, round(Scale.of_metric("log10_mse", "min").log(-2.0), 3)
    ('mse', -4.605)
    """

    of: str
    log: Callable[[float], float]

    @classmethod
    def of_metric(cls, metric: str, mode: Literal["min", "max"]) -> Scale:
        """The scale of a metric: what is a logarithm by its name is one; where more is better, less of it is regret.

        Raises `LrlabError` where the name leaves open whether it is one.
        """
        sign, found = 1.0 if mode == "min" else -1.0, logarithm(metric)
        if found is not None:
            factor = sign * found.scale
            return cls(found.of, lambda value: _bounded(factor * value))
        return cls(metric, lambda value: math.inf if math.isnan(value) else sign * _log(metric, value))


def _log(metric: str, value: float) -> float:
    if value < 0:
        raise LrlabError(
            worded(
                f"a range test tells how far an LR is from the best in shares of {metric}, which is below 0",
                value,
                "a metric of 0 or more, or one that is a logarithm by its name, such as ln_mse or log10_mse",
                f"report something positive as {metric}, such as the loss itself",
            )
        )
    return _bounded(math.log(value)) if value else NOTHING


def _bounded(value: float) -> float:
    """What is above any number of a loss, or is no number, diverged."""
    return max(value, NOTHING) if value <= -NOTHING else math.inf
