"""Decay without training: the weights of checkpoints whose mean stands where a decay of the LR would have led.

A run at a constant LR makes the steps d_1 ... d_n. With an LR multiplied by w_i in step i it would stand at
x_0 + w_1 d_1 + ... + w_n d_n, as long as the gradients stayed the same. Of the checkpoints x_0 ... x_n that is the mean

    c_0 = 1 - w_1,    c_i = w_i - w_(i+1),    c_n = w_n:

the reversed differences of the decay. Tian et al., 2025, "WSM: Decay-Free Learning Rate Schedule via Checkpoint
Merging for LLM Pre-training", arXiv:2507.17634.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrlab.core.expression.node import Schedule
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, worded


def falling(text: str) -> Schedule:
    """The decay with this text. Raises `LrlabError` if it cannot be read or listens to metrics.

    >>> str(falling("linear()"))
    'linear()'
    """
    schedule = parse(text)
    if schedule.over(1000).controllers:
        raise LrlabError(worded("a decay that weights stand for cannot listen to metrics", text, "linear(), cosine()"))
    return schedule


def factors(schedule: Schedule, updates: int) -> NDArray[np.float64]:
    """The multiple of the LR in each update. Raises `LrlabError` if it rises, or is not between 0 and 1.

    >>> import lrlab as lr
    >>> factors(lr.linear(), 4).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    values = schedule.over(updates).values()
    if values.max() > 1 or values.min() < 0 or (np.diff(values) > 0).any():
        raise LrlabError(
            worded(
                "weights can stand for a decay alone: multiples of the LR from 1 down to 0, which never rise",
                str(schedule),
                "linear(), cosine(), wsd(warmup=0)",
                'wsd(warmup=0, decay="30%")',
            )
        )
    return values


def merging_weights(schedule: Schedule, at: Sequence[int]) -> NDArray[np.float64]:
    """The weight of each checkpoint of a run at a constant LR, which were made after `at` updates.

    The schedule lasts from the first to the last of them; between two, the mean of its values counts. Raises
    `LrlabError` for one checkpoint alone, for updates that do not increase, and as `factors` does.

    >>> import lrlab as lr
    >>> merging_weights(lr.linear(), [100, 200, 300]).round(4).tolist()
    [0.2475, 0.5, 0.2525]
    """
    at = [*at]
    if len(at) < 2 or any(b <= a for a, b in itertools.pairwise(at)):
        raise LrlabError(
            worded(
                "a merge takes two checkpoints or more, each of a later update than the one before", at, "0, 500, 1000"
            )
        )
    values = factors(schedule, at[-1] - at[0])
    means = [values[a - at[0] : b - at[0]].mean() for a, b in itertools.pairwise(at)]
    return 0.0 - np.diff([1.0, *means, 0.0])  # no weight is -0.0
