"""Hugging Face Trainer: a small random GPT-2, our scheduler in place of its own, the evaluation's loss observed.

python examples/train_transformers.py
"""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

import lrlab as lr
from lrlab.adapters.torch import Scheduler
from lrlab.adapters.transformers import Observe
from lrlab.record.logs.rate_log import RateLog
from lrlab.record.logs.sinks import csv_log

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=16, n_embd=32, n_layer=1, n_head=2))
rows = [(torch.arange(16) + start) % 32 for start in range(128)]  # counting
data = [{"input_ids": row, "labels": row} for row in rows]

arguments = TrainingArguments(
    "out",
    max_steps=100,
    per_device_train_batch_size=4,
    gradient_accumulation_steps=2,
    eval_strategy="steps",
    eval_steps=20,
    save_steps=50,
    report_to="none",
    disable_tqdm=True,
    use_cpu=True,
)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
schedule = lr.warmup("5%") >> lr.cosine() * lr.plateau(patience=3)
scheduler = Scheduler(optimizer, schedule, horizon=arguments.max_steps)
trainer = Trainer(
    model=model,
    args=arguments,
    train_dataset=data[:112],
    eval_dataset=data[112:],
    optimizers=(optimizer, scheduler),
    callbacks=[Observe("eval_loss")],
)
trainer.train()
RateLog(scheduler, csv_log("run.csv"), since=0)()  # the whole run, from the record
print(f"eval_loss {trainer.evaluate()['eval_loss']:.3f} after {scheduler.update} updates, the LR of each in run.csv")
