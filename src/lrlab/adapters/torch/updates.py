"""Which updates a PyTorch optimizer has really made, and what a scheduler's step() without one means.

An optimizer's hooks tell when its `step()` ends. Not every `step()` is an update: a fused optimizer also ends it after
an overflow made it skip, and `torch.distributed.checkpoint` calls it to fill the optimizer's state. If an overflow
makes `GradScaler` skip `step()`, or gradients accumulate, rightly no hook fires.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch.optim import Optimizer

from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, LrlabTypeError, worded

_HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks", "_optimizer_load_state_dict_post_hooks")
_INNER = ("optimizer", "base_optimizer", "_optimizer")  # what wrappers call the optimizer inside


class Listener(Protocol):
    """Something that is told of the steps of its optimizers, each by its place among them."""

    def _before_step(self, place: int) -> None: ...
    def _after_step(self, place: int) -> None: ...
    def _after_load(self, place: int) -> None: ...


def hooked(optimizer: Optimizer) -> Optimizer:
    """The optimizer that has the hooks: itself, or the one inside a wrapper such as Accelerate's."""
    while not all(hasattr(optimizer, table) for table in _HOOKS):
        inside = (getattr(optimizer, name, None) for name in _INNER)
        inner = next((one for one in inside if isinstance(one, Optimizer) and one is not optimizer), None)
        if inner is None:
            kind = type(optimizer).__name__
            raise LrlabTypeError(worded("this optimizer has no hooks", kind, hint="the optimizer that it wraps"))
        optimizer = inner
    return optimizer


def several(given: Optimizer | Iterable[Optimizer]) -> tuple[Optimizer, ...]:
    """One optimizer or more, each as it has the hooks. Raises `LrlabError` for anything else."""
    if isinstance(given, Optimizer):
        given = (given,)
    optimizers = tuple(given) if isinstance(given, Iterable) else (given,)
    if not optimizers or not all(isinstance(optimizer, Optimizer) for optimizer in optimizers):
        hint = "Scheduler(optimizer, schedule), Scheduler([muon, adamw], plan)"
        raise LrlabTypeError(worded("Scheduler drives a torch optimizer, or several", given, hint=hint))
    found = tuple(map(hooked, optimizers))
    if len(set(map(id, found))) < len(found):
        raise LrlabError(worded("one optimizer is given twice", [type(optimizer).__name__ for optimizer in found]))
    return found


def listen(optimizer: Optimizer, listener: Listener, place: int) -> None:
    """Hook a listener to an optimizer, without keeping either alive."""
    reference = weakref.ref(listener)

    def before(*_: Any) -> None:
        if (mine := reference()) is not None:
            mine._before_step(place)

    def after(*_: Any) -> None:
        if (mine := reference()) is not None:
            mine._after_step(place)

    def loaded(*_: Any) -> None:
        if (mine := reference()) is not None:
            mine._after_load(place)

    # Traced into a compiled step() they would be guarded on the position, and compiled anew when it moves.
    for hook in (
        optimizer.register_step_pre_hook(torch.compiler.disable(before)),
        optimizer.register_step_post_hook(torch.compiler.disable(after)),
        optimizer.register_load_state_dict_post_hook(loaded),
    ):
        weakref.finalize(listener, hook.remove)


def position(at: int | str | Span, horizon: Horizon) -> int:
    """The position of a run in updates, from a number of them or a span of this horizon.

    >>> position("2ep", Horizon(epochs=5, updates_per_epoch=100))
    200
    """
    return rounded(horizon.resolve(Span.of(at, "at")))


def overflowed(optimizer: Optimizer) -> bool:
    """Whether the step() that just ended did nothing, because a fused optimizer under GradScaler skipped it."""
    found = getattr(optimizer, "found_inf", None)
    return found is not None and bool(found)


def capturing(optimizer: Optimizer) -> bool:
    """Whether the step() that just ended was recorded into a CUDA graph: nothing was updated."""
    parameters = optimizer.param_groups[0]["params"]
    return bool(parameters and parameters[0].is_cuda and torch.cuda.is_current_stream_capturing())


class Rounds:
    """How often each of several optimizers was stepped in one round: since the last step() of their scheduler.

    The position moves by the updates of the optimizer that made most of them, so that one that skips an update after an
    overflow does not hold it back. If they do not move together, one position would mean something different for each.
    """

    def __init__(self, optimizers: Sequence[Optimizer], at: int) -> None:
        self._kinds = [type(optimizer).__name__ for optimizer in optimizers]
        self._made = [0 for _ in optimizers]
        self._round = 0  # by how much the position has moved in this round
        self._began = at  # the position before it
        self._ever = [False for _ in optimizers]
        self._last: set[int] = set()  # who made an update in the round before
        self._turns = 0  # rounds in a row in which only others did

    def moves(self, place: int) -> bool:
        """Count one more update of an optimizer; returns whether it moves the position."""
        made = self._made[place] + 1
        further = made > self._round
        self._made[place], self._round = made, max(made, self._round)
        return further

    def began(self, position: int) -> int:
        """The position before this round; one that was set since is the beginning of another."""
        return self._began if self._began + self._round == position else position

    @property
    def torn(self) -> bool:
        """Whether only some of those that made an update in the round before have made one in this round.

        Of the first round nothing is known: there only some of all.
        """
        made = {place for place, count in enumerate(self._made) if count}
        awaited = self._last or {*range(len(self._made))}
        return bool(awaited & made) and bool(awaited - made)

    def close(self, position: int) -> None:
        """The scheduler's step() ends the round. Raises `LrlabError` if the optimizers do not make updates together."""
        made = self._made
        now = {place for place, count in enumerate(made) if count}
        self._turns = self._turns + 1 if self._last and not now & self._last else 0
        apart = any((ever or count) and count <= max(made) // 2 for ever, count in zip(self._ever, made, strict=True))
        if (max(made) > 1 and apart) or self._turns > 2:
            told = ", ".join(f"{count} of {kind}" for kind, count in zip(self._kinds, made, strict=True))
            raise LrlabError(
                worded(
                    "the optimizers make different numbers of updates, and one schedule cannot follow them all",
                    f"since the last scheduler.step(): {told}",
                    "about one update of each before scheduler.step()",
                    'Scheduler(..., follow="calls"), under which every call is one update of the schedule, or a '
                    "Scheduler for each optimizer, each with its own horizon",
                )
            )
        self._ever = [ever or count > 0 for ever, count in zip(self._ever, made, strict=True)]
        self._last = now or self._last
        self._made, self._round, self._began = [0 for _ in made], 0, position


@contextlib.contextmanager
def round_of(rounds: Rounds | None, pacer: PlanPacer) -> Iterator[PlanPacer]:
    """The pacer as the present round began: what is written in its midst is for those that have still to be stepped.

    What was consumed in an update is past once it was asked for, so a pacer that counts it cannot go back. Raises
    `LrlabError` where it would have to.
    """
    at = pacer.update
    try:
        if rounds is not None and not pacer.meter.needed:
            pacer.update = rounds.began(at)
        elif rounds is not None and rounds.torn:
            raise LrlabError(
                worded(
                    "the LR follows what is consumed: nothing can be written between the step() of two optimizers",
                    hint="scheduler.observe(), and what loads or changes something, after scheduler.step()",
                )
            )
        yield pacer
    finally:
        pacer.update = at
