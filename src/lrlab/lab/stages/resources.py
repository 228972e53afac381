"""The resources of trainings: where they run, how many at once, with how many threads, and on which device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.identity.environment import PINNED, order_of_sets

if TYPE_CHECKING:
    from lrlab.lab.stages.executor import Executor


@dataclass(frozen=True)
class Resources:
    """The resources of a comparison or a search; one value from the command line to the engine.

    Args:
        workers: how many processes train (None: one per core; 0: this process); on a cluster, how many stages at once.
        executor: "local", a cluster by its address (see `lrlab.lab.executors.named`), or an object that trains
            stages (see `lrlab.lab.stages.executor`).
        threads: per process. Like `device`, it can change the last bits, so runs are stored separately for each value.
        device: "cpu" or "cuda".
        vectorise: how many runs a task of pure functions is trained at once (0: one after the other, by its loop).
            Their last bits differ from the loop's, so they are stored separately.

    >>> Resources(workers=2).threads
    1
    """

    workers: int | None = None
    executor: str | Executor = "local"
    threads: int = 1
    device: str = "cpu"
    vectorise: int = 0

    @property
    def order(self) -> str:
        """What identifies the order of sets in the process that trains: pinned in a worker, as it is in this one."""
        return order_of_sets() if self.workers == 0 else PINNED

    def __post_init__(self) -> None:
        for name, least in (("workers", 0), ("threads", 1), ("vectorise", 0)):
            value = getattr(self, name)
            if value is None and name == "workers":
                continue
            if type(value) is not int:
                raise LrlabTypeError(worded(f"{name} is a whole number", value, f"{least}, {least + 1}, ..."))
            if value < least:
                raise LrlabError(worded(f"{name} is a number, at least {least}", value, f"{least}, {least + 1}, ..."))
