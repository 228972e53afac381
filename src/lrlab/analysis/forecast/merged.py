"""What a real cooldown would gain beyond a merge of checkpoints: foreseen from the shares that merges had elsewhere.

The checkpoints of a run tell nothing of it: nobody has trained at a lower LR there. What is known are tasks on which
both were made. Of each there is the share of a cooldown's gain that the merge had; its logarithm is taken as normal
over tasks, so that the interval for one further task is that of Student's t. A handful of small tasks carries it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import stats

# The share of a linear cooldown's gain over the last PART of the run that a merge of all its states had, by task; of
# those tasks on which the cooldown gained beyond chance: short runs, benchmarks/merge.py --quick, eight seeds each.
PART = 0.2
SHARES: Mapping[str, float] = MappingProxyType(
    {
        "tabular": 1.06,
        "teacher": 1.17,
        "digits": 1.32,
        "signals": 1.53,
        "finetune": 1.08,
        "charlm": 1.27,
        "series": 1.13,
    }
)
LEVEL = 0.9
FEWEST = 4  # tasks: an interval from fewer says nothing
ENOUGH = 9  # checkpoints in the decay: on digits 9 had 94 % of what all states had, 5 had 93 %, and 3 had 73 %


@dataclass(frozen=True)
class Beyond:
    """A real cooldown gains between `low` and `high` times what the merge gains, with probability `level`.

    It rests on so many `tasks`; where each was foreseen by the others, `inside` of them were within their interval.
    """

    low: float
    high: float
    level: float
    tasks: int
    inside: int


def beyond(shares: Mapping[str, float] = SHARES) -> Beyond | None:
    """What the shares of some tasks foresee for one more; None where they are too few, or a merge gained nothing.

    >>> told = beyond({"a": 0.8, "b": 0.9, "c": 1.0, "d": 1.1})
    >>> round(told.low, 2), round(told.high, 2), told.inside
    (0.74, 1.52, 4)
    """
    if len(shares) < FEWEST or min(shares.values()) <= 0:
        return None
    logs = -np.log([*shares.values()])
    low, high = _next(logs)
    left_out = [(value, *_next(np.delete(logs, k))) for k, value in enumerate(logs)]
    inside = sum(bool(one <= value <= other) for value, one, other in left_out)
    return Beyond(math.exp(low), math.exp(high), LEVEL, len(shares), inside)


def _next(values: NDArray[np.float64]) -> tuple[float, float]:
    """The interval for one further value of the same normal distribution."""
    count = len(values)
    half = stats.t.ppf((1 + LEVEL) / 2, count - 1) * values.std(ddof=1) * math.sqrt(1 + 1 / count)
    return float(values.mean() - half), float(values.mean() + half)


def unlike(at: Sequence[int], factors: NDArray[np.float64]) -> str:
    """In what these checkpoints are unlike those that the shares were measured with; empty if in nothing.

    `at` are their updates, and `factors` the multiples of the LR from the first to the last of them.

    >>> import numpy as np
    >>> unlike(range(0, 101, 2), np.minimum(1, np.arange(100, 0, -1) / 20))
    ''
    >>> unlike(range(80, 101, 2), np.arange(20, 0, -1) / 20)
    ''
    >>> unlike(range(0, 101, 2), np.arange(100, 0, -1) / 100)
    'the decay takes 100 % of the run, and 20 % was measured'
    """
    begin = at[0] + max(0, int((factors == 1).sum()) - 1)  # the last update at the whole LR: a decay starts from there
    length = at[-1] - begin
    if not 0.75 * PART <= length / at[-1] <= 1.25 * PART:
        return f"the decay takes {length / at[-1]:.0%} of the run, and {PART:.0%} was measured".replace("%", " %")
    if np.abs(factors[begin - at[0] :] - np.arange(length, 0, -1) / length).max() > 0.1:
        return "a linear decay down to 0 was measured"
    if (within := sum(update >= begin for update in at)) < ENOUGH:
        return f"{within} checkpoints are in the decay, and fewer than {ENOUGH} recover less than was measured"
    return ""
