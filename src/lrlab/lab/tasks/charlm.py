"""A language model that predicts the next character of program text: a small transformer, trained with AdamW.

The text is some 1.3 MB of the source of Python's own standard library, cut into blocks of 1024 characters that are
dealt to the folds. A language model in small: the loss falls slowly and steadily, an update's gradient is mostly noise,
and warmup, peak and decay each matter. It separates strategies better than any other built-in task, and its runs are
what a loss law is made for.

The text belongs to the Python that is installed: scores compare within one version of it. Judged in bits per character
on the held-out blocks.

Base LRs by a scan in factors of two under warmup and linear decay: .004 .008 .016 .032 gave 2.87 2.78 2.76 2.85.
"""

from __future__ import annotations

import functools
import math
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrlab.errors import LrlabError, worded
from lrlab.lab.tasks.common.data import parts, tensors
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from lrlab.lab.training.run import TrainingRun

BLOCK, CONTEXT = 1024, 32
CHARACTERS = "\n" + "".join(map(chr, range(32, 127)))  # any other counts as one more
BATCH = 16
LRS = {
    "adamw": 0.01,
    "sgd": 0.5,
    "momentum": 0.2,
    "adagrad": 0.05,
    "rmsprop": 0.005,
    "adam": 0.01,
    "schedule-free sgd": 2.0,
    "schedule-free adamw": 0.02,
}


@dataclass(frozen=True)
class Size:
    """Characters of text, of which so many are judged, and the width and number of layers of the transformer."""

    text: int
    judged: int
    width: int
    layers: int


SIZES = {"tiny": Size(200_000, 4096, 16, 1), "std": Size(1_300_000, 16_384, 32, 2)}


@problem(metric="bits_per_char", updates=800, lrs=LRS, sizes=SIZES)
def train(run: TrainingRun, size: Size) -> Problem:
    """A transformer that reads 32 characters, in batches of 16 such stretches."""
    import torch

    text = characters(size.text)
    train_part, held_out = parts(len(text) // BLOCK, run.fold, run.folds)
    judged = torch.cat(list(stretches(text, held_out, size.judged)))
    model = network(size.width, size.layers)

    def loss_of(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())

    def bits() -> dict[str, torch.Tensor]:
        return {"bits_per_char": loss_of(judged) / math.log(2)}

    return Problem(model, windows(text, torch.from_numpy(train_part)), loss_of, bits, weight_decay=0.1)


@functools.cache
def characters(count: int) -> torch.Tensor:
    """The first `count` characters of the library's modules in the order of their names, as numbers (count,).

    Raises `LrlabError` where Python was installed without its source.
    """
    found = ""
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        found += path.read_text(encoding="utf-8", errors="replace")
        if len(found) >= count:
            number = {character: k for k, character in enumerate(CHARACTERS)}
            return tensors([number.get(character, len(CHARACTERS)) for character in found[:count]])[0]
    raise LrlabError(
        worded(
            "the task charlm reads the source of Python's standard library, which this Python does not have",
            sysconfig.get_path("stdlib"),
            "an installation of Python with its .py files",
        )
    )


def windows(text: torch.Tensor, blocks: torch.Tensor) -> Iterator[tuple[torch.Tensor]]:
    """Random stretches of CONTEXT + 1 characters from within the blocks, (BATCH, CONTEXT + 1), without end."""
    import torch

    span = torch.arange(CONTEXT + 1)
    while True:
        block = blocks[torch.randint(len(blocks), (BATCH,))]
        first = block * BLOCK + torch.randint(BLOCK - CONTEXT, (BATCH,))
        yield (text[first[:, None] + span],)


def stretches(text: torch.Tensor, blocks: np.ndarray, count: int) -> Iterator[torch.Tensor]:
    """Stretches of CONTEXT + 1 characters, spread evenly over the blocks, of at most `count` characters in all."""
    each = -(-count // (len(blocks) * CONTEXT))  # per block, rounded up
    for block in blocks[: count // (each * CONTEXT)]:
        begin = int(block) * BLOCK
        yield text[begin : begin + each * CONTEXT + 1].unfold(0, CONTEXT + 1, CONTEXT)


def network(width: int, layers: int) -> torch.nn.Module:
    """A decoder with layer normalisation before each part, from (batch, places) to (batch, places, characters)."""
    from torch import nn

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.before_attention, self.before_mixing = nn.LayerNorm(width), nn.LayerNorm(width)
            self.queries_keys_values, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mixing = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            three = self.queries_keys_values(self.before_attention(x)).unflatten(2, (3, 2, -1))
            q, k, v = three.permute(2, 0, 3, 1, 4)  # each (batch, 2 heads, places, width / 2)
            met = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.attended(met.transpose(1, 2).flatten(2))
            return x + self.mixing(self.before_mixing(x))

    class Transformer(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            symbols = len(CHARACTERS) + 1
            self.symbol, self.place = nn.Embedding(symbols, width), nn.Embedding(CONTEXT, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, symbols))
            nn.init.normal_(self.symbol.weight, std=0.1)
            nn.init.normal_(self.place.weight, std=0.1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.blocks(self.symbol(x) + self.place.weight[: x.shape[1]]))

    return Transformer()
