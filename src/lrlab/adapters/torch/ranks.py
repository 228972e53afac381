"""One decision for all ranks of torch.distributed: they receive the same metrics and keep one LR.

Each rank has its own loss. Controllers fed with it would decide differently, and the LRs of the ranks would silently
drift apart. Here a metric is averaged over the ranks, or taken from rank 0, before any controller receives it, and
after every update the ranks compare position and LR.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import torch
from torch import distributed

from lrlab.core.run.meter import wall
from lrlab.errors import LrlabError, worded

Reduce = Literal["mean", "first"]


class Ranks:
    """The processes of a group. `reduce` says what all of them receive: the "mean" of a metric, or that of the "first".

    As with any collective, every rank must make the same calls in the same order, with the same metric names. Raises
    `LrlabError` if torch.distributed is not initialised.
    """

    def __init__(self, reduce: Reduce = "mean", group: Any = None) -> None:
        if reduce not in get_args(Reduce):
            raise LrlabError(worded("ranks is not known", reduce, ", ".join(map(repr, get_args(Reduce)))))
        if not distributed.is_initialized():
            raise LrlabError(
                worded("ranks needs torch.distributed", hint="torch.distributed.init_process_group() before it")
            )
        self.reduce, self.group = reduce, group
        self.first = distributed.get_rank(group) == 0
        cuda = distributed.get_backend(group) == "nccl"
        self._device = torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")

    def reduced(self, value: float | None, metrics: Mapping[str, float]) -> tuple[float | None, dict[str, float]]:
        """What every rank receives: the metrics, reduced by this group's rule. One that is NaN on any rank is NaN on
        all."""
        names = sorted(metrics)
        given = [*([] if value is None else [float(value)]), *(float(metrics[name]) for name in names)]
        if len({mark for (mark,) in self._gathered([_mark(repr((value is None, names)).encode())])}) > 1:
            raise LrlabError(worded("the ranks do not observe the same metrics", names, "the same names on all"))
        columns = list(zip(*self._gathered(given), strict=True))
        heard = [math.fsum(column) / len(column) if self.reduce == "mean" else column[0] for column in columns]
        rest = heard if value is None else heard[1:]
        return (None if value is None else heard[0]), dict(zip(names, rest, strict=True))

    def agreed(self, update: int, lrs: Sequence[float], order: float | None = None) -> float | None:
        """The order of rank 0 (or None), once all ranks have confirmed that they are at the same update with the same
        LR.

        Raises `LrlabError` on every rank if they are not.
        """
        mark = _mark(struct.pack(f"<{len(lrs)}d", *lrs))
        told = math.nan if order is None else order
        gathered = self._gathered([float(update), mark, lrs[0] if lrs else 0.0, told])
        if len({tuple(row[:2]) for row in gathered}) > 1:
            table = "; ".join(f"rank {k}: update {int(row[0])}, LR {row[2]!r}" for k, row in enumerate(gathered))
            raise LrlabError(worded("the ranks no longer agree", table, "one position and one LR on all ranks"))
        theirs = gathered[0][3]
        return None if math.isnan(theirs) else theirs

    def clock(self) -> float:
        """The time of rank 0 in seconds, for a schedule measured in them."""
        return self._gathered([wall()])[0][0]

    def _gathered(self, row: list[float]) -> list[list[float]]:
        """The rows of all ranks, in order; all must have the same length."""
        mine = torch.tensor(row, dtype=torch.float64, device=self._device)
        every = [torch.empty_like(mine) for _ in range(distributed.get_world_size(self.group))]
        distributed.all_gather(every, mine, group=self.group)
        return [part.tolist() for part in every]


def _mark(content: bytes) -> float:
    """48 bits of a hash, which a float64 holds exactly."""
    return float(int.from_bytes(hashlib.sha256(content).digest()[:6], "little"))
