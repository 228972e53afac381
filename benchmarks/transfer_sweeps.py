"""Small sweeps of a language model, LR x width x batch x horizon, for `transfer.py`: one line of a table for each run.

    python benchmarks/transfer_sweeps.py [--seeds 2] [--into benchmarks/data/transfer.csv] [--size smallest]

The transformer and the text of the task charlm at four widths, four batches and three horizons, each at seven LRs in
factors of two: AdamW, weight decay 0.1, a warmup of 5 % and a linear decay to 0. The loss is that of held-out text
after the last update, in nats per character; runs of one seed begin from the same weights and see the same batches. The
size is that of Step Law: the parameters without the embeddings of characters and places, and the output.

A run that stands in the table is not trained again: interrupted, the script goes on where it was, the
shortest horizon first. One thread; about ten minutes a seed on an idle core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
from itertools import product
from pathlib import Path

import torch

import lrlab as lr
from lrlab.lab.tasks import charlm
from lrlab.lab.tasks.common.data import parts
from sizes import add_size

TABLE = Path(__file__).parent / "data" / "transfer.csv"
COLUMNS = ("width", "size", "batch", "horizon", "seed", "lr", "loss")
WIDTHS, BATCHES, HORIZONS = (8, 16, 32, 64), (2, 4, 8, 16), (250, 500, 1000)
LRS = tuple(0.002 * 2**k for k in range(7))
SCHEDULE = 'warmup("5%") >> linear()'
TEXT, JUDGED = 200_000, 16_384  # characters


def final_loss(width: int, batch: int, horizon: int, seed: int, rate: float) -> tuple[int, float]:
    """The number of parameters without embeddings, and the loss on held-out text at the end; NaN where it diverged."""
    text = charlm.characters(TEXT)
    training, held_out = parts(len(text) // charlm.BLOCK, 0, 5)
    blocks, judged = torch.from_numpy(training), torch.cat(list(charlm.stretches(text, held_out, JUDGED)))
    torch.manual_seed(seed)
    model = charlm.network(width, 1)
    opt = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.1)
    span = torch.arange(charlm.CONTEXT + 1)
    draws = torch.Generator().manual_seed(seed)
    for value in lr.parse(SCHEDULE).over(horizon).lr(rate).tolist():
        chosen = blocks[torch.randint(len(blocks), (batch,), generator=draws)]
        first = chosen * charlm.BLOCK + torch.randint(charlm.BLOCK - charlm.CONTEXT, (batch,), generator=draws)
        opt.param_groups[0]["lr"] = value
        opt.zero_grad()
        loss_on(model, text[first[:, None] + span]).backward()
        opt.step()
    with torch.inference_mode():
        return sum(p.numel() for p in model.blocks.parameters()), float(loss_on(model, judged))


def loss_on(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy of the next character."""
    return torch.nn.functional.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())


def main() -> None:
    """Train what is not in the table yet."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--into", type=Path, default=TABLE)
    add_size(options)
    given = options.parse_args()
    shortest = product(range(given.seeds), HORIZONS, WIDTHS, BATCHES, LRS)
    grid = [(seed, width, batch, horizon, rate) for seed, horizon, width, batch, rate in shortest]
    if given.size == "smallest":
        given.into, grid = Path("transfer.csv"), [(0, 8, 2, 10, rate) for rate in LRS[:2]]
    torch.set_num_threads(1)
    done = set()
    if given.into.exists():
        with given.into.open(encoding="utf-8", newline="") as stream:
            done = {
                tuple(row[name] for name in COLUMNS if name not in ("size", "loss")) for row in csv.DictReader(stream)
            }
    else:
        given.into.parent.mkdir(parents=True, exist_ok=True)
        given.into.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    for seed, width, batch, horizon, rate in grid:
        if (str(width), str(batch), str(horizon), str(seed), f"{rate:g}") in done:
            continue
        size, loss = final_loss(width, batch, horizon, seed, rate)
        with given.into.open("a", encoding="utf-8") as stream:
            stream.write(f"{width},{size},{batch},{horizon},{seed},{rate:g},{loss:.5f}\n")
    print(f"{len(grid)} runs in {given.into}")


if __name__ == "__main__":
    main()
