"""Accelerate: the horizon counts updates, so the curve is the same on any number of processes.

python examples/train_accelerate.py
accelerate launch --cpu --num_processes 2 examples/train_accelerate.py
"""

import torch
from accelerate import Accelerator

import lrlab as lr
from lrlab.adapters.torch import Scheduler
from lrlab.record.logs.rate_log import RateLog
from lrlab.record.logs.sinks import jsonl_log

EPOCHS, ACCUMULATE = 5, 2
accelerator = Accelerator(cpu=True, gradient_accumulation_steps=ACCUMULATE)
torch.manual_seed(0)
x = torch.randn(512, 10)
data = torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True))

model = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-2)
loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

updates = EPOCHS * -(-len(loader) // ACCUMULATE)  # of the prepared loader: it has a process's share
scheduler = Scheduler(optimizer, lr.warmup("5%") >> lr.cosine(), horizon=updates)
accelerator.register_for_checkpointing(scheduler)  # save_state() and load_state() have it
log = RateLog(scheduler, *([jsonl_log("run.jsonl")] if accelerator.is_main_process else []))

for _ in range(EPOCHS):
    for inputs, targets in loader:
        with accelerator.accumulate(model):
            loss = torch.nn.functional.mse_loss(model(inputs), targets)
            accelerator.backward(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            log({"loss": loss.item()} if accelerator.sync_gradients else None)

accelerator.save_state("state")
accelerator.print(f"loss {loss.item():.3f} after {scheduler.update} updates, the LR of each in run.jsonl")
