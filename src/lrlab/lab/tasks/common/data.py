"""What the built-in tasks share about data: their size, what a fold holds out, random numbers with a name, batches.

A task's data depend on its size and its fold alone, never on the seed or on what was drawn before, so that they are
the same in every process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Size:
    """How many items are trained on and how many are judged, and how wide the network is."""

    trained: int
    judged: int
    width: int


def parts(items: int, fold: int, folds: int) -> tuple[Rows, Rows]:
    """The items to train on and those held out in this fold; every item is held out in exactly one fold.

    One fold alone still holds a half out.

    >>> train, held_out = parts(9, fold=0, folds=3)
    >>> len(train), len(held_out)
    (6, 3)
    """
    order = np.random.default_rng(0).permutation(items)
    pieces = np.array_split(order, max(2, folds))
    held_out = pieces.pop(fold)
    return np.concatenate(pieces), held_out


def draws(*name: str | int) -> np.random.Generator:
    """Random numbers with a name: the same name gives the same numbers, whatever else was drawn.

    >>> draws("signals", 0).random() == draws("signals", 0).random() != draws("signals", 1).random()
    True
    """
    return np.random.default_rng(list(hashlib.sha256(repr(name).encode()).digest()[:16]))


def tensors(*columns: Any) -> tuple[torch.Tensor, ...]:
    """Arrays as tensors; floating-point ones in float32."""
    import torch

    found = (torch.as_tensor(np.asarray(column)) for column in columns)
    return tuple(column.float() if column.is_floating_point() else column for column in found)


def batches(size: int, *columns: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """Random rows of the columns, without end.

    Rows come from PyTorch's own random numbers and the generator holds no state, so that a run can go on from any
    update. Indexing tensors is much quicker than a `DataLoader`, which would cost more than a small network.
    """
    import torch

    while True:
        rows = torch.randint(len(columns[0]), (size,))
        yield tuple(column[rows] for column in columns)
