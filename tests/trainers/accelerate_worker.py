"""One process of a training under Accelerate: prints, as JSON, the LR of each update for every case that it is given.

RANK=0 WORLD_SIZE=2 ... python accelerate_worker.py '[{"accumulate": 2}]'
"""

from __future__ import annotations

import json
import sys

UPDATES, EFFECTIVE = 12, 16


def train(accumulate=1, split_batches=False, with_optimizer=True, peer=False):
    """Twelve updates on sixteen examples each, however many processes and micro-batches share them."""
    import torch
    from accelerate import Accelerator, DataLoaderConfiguration

    from conftest import TEXT, Line, declared  # beside this file, which runs as a script
    from lrlab.adapters.torch.scheduler import Scheduler

    accelerator = Accelerator(
        cpu=True,
        gradient_accumulation_steps=accumulate,
        step_scheduler_with_optimizer=with_optimizer,
        dataloader_config=DataLoaderConfiguration(split_batches=split_batches),
    )
    micro_batch = EFFECTIVE // accumulate // (1 if split_batches else accelerator.num_processes)
    line = Line()
    optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
    if peer:
        lrs = declared(UPDATES, 1.0)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: lrs[min(update, UPDATES - 1)])
    else:
        scheduler = Scheduler(optimizer, TEXT, horizon=UPDATES)
    batches = torch.utils.data.DataLoader(torch.ones(UPDATES * EFFECTIVE, 1), batch_size=micro_batch)
    model, optimizer, prepared, batches = accelerator.prepare(line, optimizer, scheduler, batches)
    for batch in batches:
        with accelerator.accumulate(model):
            accelerator.backward(model(batch)["loss"])
            optimizer.step()
            prepared.step()
            optimizer.zero_grad()
    return {"processes": accelerator.num_processes, "lrs": line.realised(), "update": scheduler.last_epoch}


if __name__ == "__main__":
    print(json.dumps([train(**case) for case in json.loads(sys.argv[1])]))
