"""What stands around a scheduler: the folder of its run, with the journal and the live orders, and the other ranks.

    Scheduler(optimizer, schedule * manual(), horizon, live="runs/x", ranks="mean")

Every observation goes through here: first the ranks agree on its value, then the controllers decide, then rank 0 writes
it to the journal. After every update the ranks compare their LRs, and live orders are read. Without a folder and
without ranks these steps do nothing.
"""

from __future__ import annotations

import os
from typing import Any

from torch import distributed

from lrlab.adapters.torch.ranks import Ranks, Reduce
from lrlab.adapters.torch.resume import Resumable
from lrlab.core.feedback.base import Controller
from lrlab.core.feedback.manual import manual
from lrlab.core.run.pacer import Pacer
from lrlab.errors import LrlabError, Stopped, worded
from lrlab.record.process.journal import Journal
from lrlab.record.process.orders import ManualOrders

ORDER = "live"  # the metric under which a live factor is observed


def alone() -> bool:
    """Whether this is the only process of its run."""
    return not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1)


def refuse_clocks(pacer: Pacer, hint: str) -> None:
    """Raise `LrlabError` if each of several processes would measure a curve by its own clock."""
    if "seconds" in pacer.meter.needed and not alone():
        raise LrlabError(worded("every process has a clock of its own, and so would have an LR of its own", hint=hint))


class RunFolder:
    """The folder of a run (or None) and its ranks (None: each process by itself)."""

    def __init__(self, folder: str | os.PathLike[str] | None, ranks: Reduce | None) -> None:
        if folder is not None and ranks is None and not alone():
            raise LrlabError(
                worded("live= in several processes needs one decision for all of them", hint='ranks="mean"')
            )
        self.ranks = None if ranks is None else Ranks(ranks)
        self.listens = folder is not None or ranks is not None  # whether anything is to be done after an update
        writes = folder is not None and (self.ranks is None or self.ranks.first)
        self._folder = folder if writes else None
        self._journal = Journal(folder) if folder is not None and writes else None
        self._live: ManualOrders | None = None

    def began(self, scheduler: Resumable, how: str) -> None:
        """The run begins, or goes on from another state."""
        if self.ranks is not None:
            scheduler.pacer.meter.keep_time(self.ranks.clock)
        if self._journal is not None:
            self._journal.began(how, scheduler.checkpoint().record())
        if self._folder is not None:
            controllers = scheduler.pacer.controllers.values()
            hears = any(map(_is_live, controllers))
            self._live = (self._live or ManualOrders(self._folder)) if hears else None
        if how == "resumed":  # not at the start: a state may still be loaded, and has orders in it
            if self._live is not None:
                self._live.resumed()
            self.after_update(scheduler)

    def observe(self, scheduler: Resumable, value: Any, metrics: dict[str, Any]) -> None:
        """Feed the controllers with what all ranks have observed."""
        if self.ranks is not None:
            value, metrics = self.ranks.reduced(value, metrics)
        self._hear(scheduler, value, metrics)

    def after_update(self, scheduler: Resumable) -> None:
        """The LR of the next update is in the optimizer: compare the ranks, and read a live order."""
        order = None if self._live is None else self._live.due(scheduler.update, _set_so_far(scheduler.pacer))
        if self.ranks is not None:
            order = self.ranks.agreed(scheduler.update, scheduler.get_last_lr(), order)
        if order is not None:
            self._hear(scheduler, None, {ORDER: order})

    def _hear(self, scheduler: Resumable, value: Any, metrics: dict[str, Any]) -> None:
        pacer = scheduler.pacer
        known = len(pacer.decisions)
        try:
            pacer.observe(value, **metrics)
        except Stopped:
            self._note(scheduler, value, metrics, known)
            raise
        scheduler.write()
        self._note(scheduler, value, metrics, known)

    def _note(self, scheduler: Resumable, value: Any, metrics: dict[str, Any], known: int) -> None:
        if self._journal is not None:
            decisions = scheduler.pacer.decisions[known:]
            self._journal.observed(scheduler.update, value, metrics, decisions, scheduler.get_last_lr())


def _set_so_far(pacer: Pacer) -> int | None:
    """How many live factors were set; None if none can be heard now, so that nobody waits for one."""
    if not any(_is_live(placed.controller) for placed in pacer.acting()):
        return None
    return sum(pacer.states[name].observed for name, one in pacer.controllers.items() if _is_live(one))


def _is_live(controller: Controller) -> bool:
    return isinstance(controller, manual) and controller.metric == ORDER
