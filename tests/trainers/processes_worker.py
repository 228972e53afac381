"""One process of a training under a trainer: prints, as JSON, the LR of each update.

RANK=0 WORLD_SIZE=2 ... python processes_worker.py '"transformers"'
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

UPDATES = 12


def by_transformers(line, optimizer, scheduler):
    """Twelve updates of two micro-batches each."""
    import torch
    import transformers

    arguments = transformers.TrainingArguments(
        tempfile.mkdtemp(),
        max_steps=UPDATES,
        gradient_accumulation_steps=2,
        per_device_train_batch_size=2,
        max_grad_norm=0,
        use_cpu=True,
        ddp_backend="gloo",
        report_to="none",
        disable_tqdm=True,
        save_strategy="no",
    )
    data = [{"x": torch.ones(1), "labels": torch.zeros(1)}] * 8
    trainer = transformers.Trainer(
        model=line, args=arguments, train_dataset=data, optimizers=(optimizer, scheduler(optimizer, UPDATES))
    )
    trainer.train()
    return arguments.world_size


def by_lightning(line, optimizer, scheduler):
    """Twelve updates in one epoch."""
    import lightning
    import torch

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.line = line

        def training_step(self, batch, batch_idx):
            return self.line(batch)["loss"]

        def configure_optimizers(self):
            attached = scheduler(optimizer, self.trainer.estimated_stepping_batches)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": attached, "interval": "step"}}

    count = int(os.environ["WORLD_SIZE"])
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", devices=count, strategy="ddp", enable_model_summary=False, **quiet
    )
    trainer.fit(Module(), torch.utils.data.DataLoader(torch.ones(2 * count * UPDATES, 1), batch_size=2))
    return trainer.world_size


def train(trainer):
    """The number of processes, and the LR of each update on this one."""
    import torch

    from conftest import TEXT, Line  # beside this file, which runs as a script
    from lrlab.adapters.torch.scheduler import Scheduler

    line = Line()
    optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
    by = {"transformers": by_transformers, "lightning": by_lightning}[trainer]
    count = by(line, optimizer, lambda driven, updates: Scheduler(driven, TEXT, horizon=updates))
    return {"processes": count, "lrs": line.realised()}


if __name__ == "__main__":
    print(json.dumps(train(json.loads(sys.argv[1]))))
