"""Which way a metric is better: as its task says, or as its name says without doubt; there is no default.

A wrong default would reverse the answer: the worst strategy would be called the best, with full certainty.
"""

from __future__ import annotations

from lrlab.core.feedback.direction import WAYS, Way, say_contradicted, told
from lrlab.errors import LrlabError, LrlabTypeError, worded


def direction_of(metric: str, mode: Way | None) -> Way:
    """Which way this metric is better: "min" for less, "max" for more. With `mode` None, its name must say it.

    A name that contradicts its `mode` is logged. Raises `LrlabError` if the name does not say it (such as "acc", "f1"
    and "reward"), and for any other `mode`.

    >>> direction_of("val_loss", None), direction_of("valTop5Error", None), direction_of("val_acc", "max")
    ('min', 'min', 'max')
    """
    if not isinstance(metric, str):
        raise LrlabTypeError(worded("task: metric is the name of a metric", metric, hint='metric="val_loss"'))
    if mode is not None:
        if mode in ("min", "max"):
            say_contradicted(metric, mode)
            return mode
        raise LrlabError(worded("task: mode is not known", mode, '"min" (lower is better) or "max"'))
    if told(metric) == "min":
        return "min"
    raise LrlabError(
        worded(
            "is lower or higher better? The name of the metric does not say, and a wrong guess lets the worst win",
            metric,
            WAYS,
            f'@lr.task(metric="{metric}", mode="max")',
        )
    )
