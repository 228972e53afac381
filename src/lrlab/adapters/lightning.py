"""Lightning: a callback that feeds a validation metric to the controllers of a schedule, and one that watches.

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-4)
        scheduler = Scheduler(optimizer, "warmup('5%') >> plateau()", horizon=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    Trainer(callbacks=[Observe("val_loss")])

The scheduler itself is `lrlab.adapters.torch.scheduler.Scheduler`; a schedule without controllers needs nothing more.
Lightning adds `Watch` to every Trainer if lrlab is installed (its `callbacks_factory`).
"""

from __future__ import annotations

import logging
from typing import Any

from lrlab.errors import LrlabError, missing, nearest, worded

try:
    from lightning.pytorch import Callback
except ModuleNotFoundError:
    raise missing("lightning", "lightning", "lrlab.adapters.lightning") from None

from lrlab.adapters.ending import say_ending
from lrlab.adapters.epochs import other_epochs
from lrlab.adapters.hearing import absent, feed, say_silence

log = logging.getLogger(__name__)

WAY = (
    "each fit() calls configure_optimizers() and begins a new schedule, over self.trainer.estimated_stepping_batches "
    "as they are known then; fit(..., ckpt_path=) goes on with one"
)


class Watch(Callback):  # type: ignore[misc]  # lightning is not followed
    """Reports what cannot be intended about lrlab's schedulers in a trainer.

    It logs at the end of `fit()` that training ended before the schedule, or long after it at an LR of 0, or that a
    controller received nothing. Raises `LrlabError` at the start if Lightning would step a schedule once per epoch and
    it ends within the first, or if it counts calls and its horizon updates.
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Called by Lightning, when checkpoints are restored."""
        self._since = {id(scheduler): scheduler.update for scheduler in _schedulers(trainer)}
        for config in trainer.lr_scheduler_configs if pl_module.automatic_optimization else []:
            if hasattr(config.scheduler, "pacer"):
                if config.interval == "epoch":
                    _refuse_epochs(config.scheduler, trainer)
                _say_other_epochs(config.scheduler, trainer)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Called by Lightning."""
        if not self._speaks(trainer) or trainer.fast_dev_run:
            return
        for scheduler in _schedulers(trainer):
            say_ending(scheduler, getattr(self, "_since", {}).get(id(scheduler), 0), WAY)
            say_silence(scheduler, 'Trainer(callbacks=[Observe("val_loss")]), or scheduler.observe(val_loss)')

    def _speaks(self, trainer: Any) -> bool:
        """Whether it is the first `Watch` of this trainer, in the first process."""
        mine = [callback for callback in trainer.callbacks if isinstance(callback, Watch)]
        return bool(mine) and mine[0] is self and trainer.is_global_zero


class Observe(Watch):
    """After each validation, feeds what was logged as `monitor` to every scheduler of lrlab in the trainer.

    A controller with a `metric=` receives that one and never another. Lightning's sanity check before training is not
    an observation. A checkpoint saved by the same validation contains the observation. Raises `LrlabError` if nothing
    was logged as `monitor`, or under the name that a controller waits for.

    >>> Observe("val_loss").monitor
    'val_loss'
    """

    def __init__(self, monitor: str) -> None:
        self.monitor = monitor

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Called by Lightning, before its checkpoint callbacks."""
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        logged = trainer.callback_metrics
        if self.monitor not in logged:
            near = nearest(self.monitor, logged)
            raise LrlabError(
                worded(
                    "nothing was logged under the name that Observe was given",
                    self.monitor,
                    ", ".join(logged) or "a metric logged in validation_step",
                    f'Observe("{near}")' if near else f'self.log("{self.monitor}", loss) in validation_step',
                )
            )
        for scheduler in _schedulers(trainer):
            lacking = feed(scheduler, self.monitor, logged)
            if lacking:
                raise LrlabError(absent(lacking[0], logged, f'self.log("{lacking[0]}", ...) in validation_step'))


def callbacks() -> list[Callback]:
    """What Lightning adds to every trainer, through its entry point `callbacks_factory`."""
    return [Watch()]


def _schedulers(trainer: Any) -> list[Any]:
    return [c.scheduler for c in trainer.lr_scheduler_configs if hasattr(c.scheduler, "pacer")]


def _refuse_epochs(scheduler: Any, trainer: Any) -> None:
    """Refuse a horizon that ends within the first of several epochs: it is counted in epochs."""
    batches, epochs = trainer.num_training_batches, trainer.max_epochs
    end, rate = scheduler.horizon.total, scheduler.horizon.rate("epochs")
    if getattr(scheduler, "follow", "") == "calls" and (rate or 1) > 1:
        raise LrlabError(
            worded(
                'follow="calls" with "interval": "epoch" counts epochs, and the horizon counts updates',
                scheduler.horizon,
                hint=f"horizon={epochs}, and epochs as plain numbers in the schedule; "
                'or "interval": "step" without follow=',
            )
        )
    if getattr(scheduler, "follow", "") != "updates" or end is None or epochs == 1 or scheduler.update:
        return
    updates = batches // trainer.accumulate_grad_batches
    if end <= updates < float("inf"):
        raise LrlabError(
            worded(
                'the schedule is over within the first epoch, and "interval": "epoch" steps it once an epoch',
                f"{end} updates, and an epoch has {updates}",
                hint='"interval": "step" with horizon=self.trainer.estimated_stepping_batches; '
                'or Scheduler(..., follow="calls"), which counts the epochs',
            )
        )


def _say_other_epochs(scheduler: Any, trainer: Any) -> None:
    """Log that an epoch has another number of updates than the horizon says."""
    updates = trainer.num_training_batches / trainer.accumulate_grad_batches
    counts = getattr(scheduler, "follow", "") == "updates" and updates < float("inf")
    other = other_epochs(scheduler.horizon.rate("epochs"), updates) if counts else None
    if other is not None:
        log.warning("%s", other)
