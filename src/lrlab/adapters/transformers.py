"""Hugging Face Trainer: a callback that feeds an evaluation's metric to the controllers of a schedule.

    scheduler = Scheduler(optimizer, "warmup('5%') >> plateau()", horizon=1000)
    Trainer(..., optimizers=(optimizer, scheduler), callbacks=[Observe("eval_loss")])

The scheduler itself is `lrlab.adapters.torch.scheduler.Scheduler`, and a schedule without controllers needs nothing
more.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, missing, worded

try:
    from transformers import TrainerCallback
except ModuleNotFoundError:
    raise missing("transformers", "transformers", "lrlab.adapters.transformers") from None


class Observe(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
    """After each evaluation, feeds its metric `monitor` to the Trainer's scheduler, before a checkpoint is saved.

    A controller whose `metric=` is among its metrics hears that one instead. With several evaluation sets, name the
    metric of one of them ("eval_german_loss"). Raises `LrlabError` where no evaluation between two updates had it, and
    `LrlabTypeError` where the Trainer's scheduler is not one of lrlab.

    >>> Observe("eval_loss").monitor
    'eval_loss'
    """

    def __init__(self, monitor: str) -> None:
        self.monitor = monitor
        self._names: set[str] = set()  # of the metrics that were evaluated since the last update

    def on_evaluate(
        self, args: Any, state: Any, control: Any, *, metrics: Mapping[str, Any], lr_scheduler: Any, **_: Any
    ) -> None:
        """Called by the Trainer for each evaluation set."""
        if not hasattr(lr_scheduler, "pacer"):
            raise LrlabTypeError(
                worded(
                    "Observe feeds a Scheduler of lrlab",
                    lr_scheduler,
                    hint="Trainer(..., optimizers=(optimizer, Scheduler(optimizer, schedule, horizon)))",
                )
            )
        self._names |= metrics.keys()
        if self.monitor in metrics:
            numbers = {name: value for name, value in metrics.items() if isinstance(value, Real)}
            lr_scheduler.observe(metrics[self.monitor], **numbers)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer before each update: by then every evaluation set had its turn."""
        names, self._names = self._names, set()
        if names and self.monitor not in names:
            raise LrlabError(
                worded("no evaluation has the metric that Observe was given", self.monitor, ", ".join(sorted(names)))
            )
