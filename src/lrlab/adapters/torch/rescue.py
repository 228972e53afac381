"""Going back when a run diverges: snapshots of weights, optimizer and random numbers, and how to restore them.

    scheduler = Scheduler(optimizer, schedule * lr.guard(metric="loss"), horizon=10_000)
    rescue = Rescue(scheduler, model, every=500)
    while scheduler.update < 10_000:
        batch = batches(rescue.batch)                # the number of the batch to use
        loss = ...; loss.backward(); optimizer.step(); scheduler.step()
        scheduler.observe(loss=loss.item())
        rescue.step()                                # a snapshot, or back to one

The guard in the schedule notices the spike or NaN, cuts the LR, and stops the run after its tries; going back happens
here. The position and the other controllers go back with the weights; the cut and the log stay.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.expression.fields import count, not_negative_count
from lrlab.core.feedback.guard import guard
from lrlab.core.run.rollback import lost, rolled_back
from lrlab.errors import LrlabError, LrlabTypeError, worded

RESCUED = ("spike", "nan")  # the guard's events that ask to go back


class Snapshot(NamedTuple):
    """The run at one position: the state of its pacer, and where or what the rest is."""

    update: int
    position: dict[str, Any]
    content: Any


class Rescue:
    """Takes a snapshot every `every` updates, and goes back to the last good one when a guard asks for it.

    `tracked` is everything that holds state besides the scheduler's optimizers: modules, a GradScaler, averaged
    weights, anything with `state_dict` and `load_state_dict`. The random states of Python, NumPy and PyTorch are kept
    too. Gradients are not: if you accumulate, observe once per update, after it, or `batch` will ask for the broken one
    again. `capture() -> content` and `restore(content)` replace all of this with content of your own. The first
    snapshot is taken at once, so create this after loading a checkpoint.

    A snapshot counts as good once `settle` more updates were made without a rescue: a broken update shows only later.
    `keep` good ones are kept, in main memory or, as files that are read without unpickling, in `folder`. A rescue that
    would return to the same snapshot as the one before goes to an older one, if there is one.

    `data` says which batch `batch` asks for: "skip", the next that was never used (a bad one is not met again), or
    "again", the same as before.

    >>> import lrlab as lr
    >>> model = torch.nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> scheduler = Scheduler(optimizer, lr.constant() * lr.guard(patience=1), horizon=100)
    >>> rescue = Rescue(scheduler, model, every=5, settle=1)
    >>> for loss in (1.0, 1.1, float("nan")):
    ...     optimizer.step(); scheduler.step(); scheduler.observe(loss); gone_back = rescue.step()
    >>> gone_back, scheduler.update, scheduler.get_last_lr(), rescue.batch
    (True, 0, [0.05], 3)
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *tracked: Any,
        every: int = 100,
        settle: int = 10,
        keep: int = 2,
        data: Literal["skip", "again"] = "skip",
        folder: str | os.PathLike[str] | None = None,
        capture: Callable[[], Any] | None = None,
        restore: Callable[[Any], None] | None = None,
    ) -> None:
        if not isinstance(scheduler, Scheduler):
            raise LrlabTypeError(worded("Rescue takes a Scheduler", scheduler, hint="Rescue(Scheduler(...), model)"))
        if not any(isinstance(controller, guard) for controller in scheduler.pacer.controllers.values()):
            raise LrlabError(
                worded(
                    "the schedule has no guard to say when to go back", scheduler.schedule, hint="schedule * guard()"
                )
            )
        for item in tracked:
            if not (hasattr(item, "state_dict") and hasattr(item, "load_state_dict")):
                raise LrlabTypeError(
                    worded(
                        "Rescue: this object has no state to keep", item, "anything with state_dict and load_state_dict"
                    )
                )
        if data not in ("skip", "again"):
            raise LrlabError(worded("Rescue: data is not known", data, '"skip", "again"'))
        if (capture is None) != (restore is None) or (capture is not None and tracked):
            raise LrlabError(
                worded(
                    "Rescue takes both capture and restore and nothing to track, or neither", hint="capture=, restore="
                )
            )
        self.scheduler, self.data = scheduler, data
        self._every, self._keep = count(every, "Rescue: every"), count(keep, "Rescue: keep")
        self._settle = not_negative_count(settle, "Rescue: settle")
        self._tracked = (*tracked, *scheduler.optimizers)
        self._capture, self._restore = capture or self._captured, restore or self._restored
        self._folder = None if folder is None else Path(folder)
        self._snapshots: list[Snapshot] = []
        self._last: int | None = None  # the position that was gone back to, until a later one is good
        self._seen = len(scheduler.decisions)
        self._take()

    @property
    def batch(self) -> int:
        """The number of the batch that the next update uses, counted from 0 in updates."""
        return self.scheduler.update + (lost(self.scheduler.pacer) if self.data == "skip" else 0)

    @property
    def snapshots(self) -> tuple[int, ...]:
        """The positions that it could go back to."""
        return tuple(snapshot.update for snapshot in self._snapshots)

    def step(self) -> bool:
        """Call it after an update and its observation: it goes back if the guard asked for it (True), or takes a
        snapshot when due."""
        if self.scheduler.update < self._snapshots[-1].update:
            raise LrlabError(
                worded("the scheduler was loaded since", self.scheduler, hint="Rescue(...) again, after the checkpoint")
            )
        fresh = self.scheduler.decisions[self._seen :]
        self._seen += len(fresh)
        names = {name for name, one in self.scheduler.pacer.controllers.items() if isinstance(one, guard)}
        if any(decision.event in RESCUED and decision.controller in names for decision in fresh):
            self._go_back()
            return True
        if self.scheduler.update - self._snapshots[-1].update >= self._every:
            self._take()
        return False

    def _go_back(self) -> None:
        trouble = self.scheduler.update
        while len(self._snapshots) > 1 and (
            self._snapshots[-1].update > trouble - self._settle or self._snapshots[-1].update == self._last
        ):
            self._drop(self._snapshots.pop())
        there = self._snapshots[-1]
        self._restore(self._content(there))
        self.scheduler.go_back(rolled_back(self.scheduler.pacer, there.position))
        self._last, self._seen = there.update, len(self.scheduler.decisions)

    def _take(self) -> None:
        update, content = self.scheduler.update, self._capture()
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"snapshot-{update}-{os.getpid()}.pt"
            torch.save(content, path)
            content = path
        self._snapshots.append(Snapshot(update, self.scheduler.pacer.state(), content))
        good = [snapshot.update for snapshot in self._snapshots if snapshot.update <= update - self._settle]
        if self._last is not None and good and good[-1] > self._last:
            self._last = None
        for _ in good[: -self._keep]:
            self._drop(self._snapshots.pop(0))

    def _content(self, snapshot: Snapshot) -> Any:
        if self._folder is None:
            return snapshot.content
        return torch.load(snapshot.content, weights_only=True)

    def _drop(self, snapshot: Snapshot) -> None:
        if self._folder is not None:
            snapshot.content.unlink(missing_ok=True)

    # -- what a snapshot holds, where no hook says otherwise ---------------------------------------------------------

    def _captured(self) -> dict[str, Any]:
        return {"states": [_copied(item.state_dict()) for item in self._tracked], "random": _random_numbers()}

    def _restored(self, content: dict[str, Any]) -> None:
        for item, state in zip(self._tracked, content["states"], strict=True):
            item.load_state_dict(_copied(state))  # which may keep the very tensors: the snapshot is used again
        for optimizer in self.scheduler.optimizers:
            optimizer.zero_grad()  # what was accumulated so far belongs to the weights that are left behind
        _set_random_numbers(content["random"])


def _copied(state: Any) -> Any:
    """A copy in main memory that shares no tensors with the live objects."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {key: _copied(value) for key, value in state.items()}
    return [_copied(item) for item in state] if isinstance(state, (list, tuple)) else state


def _random_numbers() -> dict[str, Any]:
    name, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(np.array(keys, dtype=np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _set_random_numbers(state: dict[str, Any]) -> None:
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
