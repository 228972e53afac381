"""Lightning: a callback that feeds a validation metric to the controllers of a schedule.

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-4)
        scheduler = Scheduler(optimizer, "warmup('5%') >> plateau()", horizon=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    Trainer(callbacks=[Observe("val_loss")])

The scheduler itself is `lrlab.adapters.torch.scheduler.Scheduler`, and a schedule without controllers needs nothing
more.
"""

from __future__ import annotations

from typing import Any

from lrlab.errors import LrlabError, missing, worded

try:
    from lightning.pytorch import Callback
except ModuleNotFoundError:
    raise missing("lightning", "lightning", "lrlab.adapters.lightning") from None


class Observe(Callback):  # type: ignore[misc]  # lightning is not followed
    """After each validation, feeds what was logged as `monitor` to every scheduler of lrlab in the trainer.

    A controller whose `metric=` was logged hears that one instead. Lightning's sanity check before the training is no
    observation. A checkpoint that is saved by the same validation has the observation in it. Raises `LrlabError` where
    nothing was logged as `monitor`.

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
            raise LrlabError(
                worded(
                    "nothing was logged under the name that Observe was given",
                    self.monitor,
                    ", ".join(logged) or "a metric logged in validation_step",
                    f'self.log("{self.monitor}", loss) in validation_step',
                )
            )
        for config in trainer.lr_scheduler_configs:
            if hasattr(config.scheduler, "pacer"):
                config.scheduler.observe(logged[self.monitor], **logged)
