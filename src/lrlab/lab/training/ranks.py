"""One loss for all processes of torch.distributed, so that they decide alike."""

from __future__ import annotations

import sys


def mean_of_ranks(value: float) -> float:
    """The mean of a number over the processes; the number itself where there is one process.

    NaN on one of them is NaN on all. As with any collective, every process must call it in the same order.

    >>> mean_of_ranks(0.5)
    0.5
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return value
    cuda = torch.distributed.get_backend() == "nccl"
    device = torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")
    total = torch.tensor(value, dtype=torch.float64, device=device)
    torch.distributed.all_reduce(total)
    return float(total.item() / torch.distributed.get_world_size())
