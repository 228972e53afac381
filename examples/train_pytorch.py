"""A loop in plain PyTorch: two groups with LRs of their own, feedback from a validation, and a log of every update.

python examples/train_pytorch.py
"""

import torch

import lrlab as lr
from lrlab.adapters.torch import Scheduler
from lrlab.record.logs.rate_log import RateLog
from lrlab.record.logs.sinks import csv_log

UPDATES = 200
torch.manual_seed(0)
x = torch.randn(512, 10)
y = x.sum(1, keepdim=True) + 0.1 * torch.randn(512, 1)

body = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU())
head = torch.nn.Linear(32, 1)
model = torch.nn.Sequential(body, head)
optimizer = torch.optim.AdamW(
    [{"params": body.parameters(), "name": "body"}, {"params": head.parameters(), "name": "head", "lr": 1e-2}], lr=3e-3
)

schedule = lr.warmup("5%") >> lr.cosine() * lr.plateau(patience=3)  # multiples of each group's own LR
scheduler = Scheduler(optimizer, schedule, horizon=UPDATES)
log = RateLog(scheduler, csv_log("run.csv"))

for update in range(1, UPDATES + 1):
    batch = torch.randint(0, 448, (32,))
    loss = torch.nn.functional.mse_loss(model(x[batch]), y[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if update % 20 == 0:
        with torch.no_grad():
            val_loss = torch.nn.functional.mse_loss(model(x[448:]), y[448:]).item()
        scheduler.observe(val_loss)
        log({"val_loss": val_loss})  # the LRs of the 20 updates, and this

torch.save({"model": model.state_dict(), "scheduler": scheduler.state_dict()}, "last.pt")
run = lr.read_run("run.csv")
print(f"val_loss {run.loss[-1]:.3f} after {scheduler.update} updates, the LR of each in run.csv")
