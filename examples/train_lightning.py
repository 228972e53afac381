"""Lightning: the scheduler in configure_optimizers, the validation loss observed, the LR logged by group.

python examples/train_lightning.py
"""

import lightning
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger

import lrlab as lr
from lrlab.adapters.lightning import Observe
from lrlab.adapters.torch import Scheduler


class Regression(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))

    def loss(self, x):
        return torch.nn.functional.mse_loss(self.model(x), x.sum(1, keepdim=True))

    def training_step(self, batch, batch_idx):
        return self.loss(batch)

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.loss(batch), prog_bar=True)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-3)
        schedule = lr.warmup("5%") >> lr.cosine() * lr.plateau(patience=3)
        scheduler = Scheduler(optimizer, schedule, horizon=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


lightning.seed_everything(0)
train, val = (torch.utils.data.DataLoader(torch.randn(n, 10), batch_size=32) for n in (512, 64))
trainer = lightning.Trainer(
    max_epochs=10,
    accelerator="cpu",
    logger=CSVLogger("logs"),
    log_every_n_steps=1,
    enable_progress_bar=False,
    callbacks=[Observe("val_loss"), LearningRateMonitor("step")],
)
trainer.fit(Regression(), train, val)
print(
    f"val_loss {trainer.callback_metrics['val_loss']:.3f} after {trainer.global_step} updates, the LR of each in logs/"
)
