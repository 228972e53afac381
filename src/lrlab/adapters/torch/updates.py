"""Which updates a PyTorch optimizer has really made, and what to think of a scheduler's step() without one.

An optimizer tells by its hooks when its `step()` ends. Not each is an update: a fused optimizer ends `step()` also
where an overflow made it skip, and `torch.distributed.checkpoint` calls it to fill the optimizer's state. Where an
overflow makes `GradScaler` skip `step()`, or gradients accumulate, no hook fires at all, and rightly.
"""

from __future__ import annotations

import weakref
from threading import Event
from typing import Any, Protocol

import torch
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from lrlab.errors import LrlabError, LrlabTypeError, worded

PATIENCE = 3  # calls of the scheduler's step() without an update or a gradient, until it is an error
OVERFLOWS = 32  # the same where gradients came: a loss scale of 2**16 is nothing after so many


class Listener(Protocol):
    """What wants to know of an optimizer's steps."""

    def _before_step(self) -> None: ...
    def _after_step(self) -> None: ...
    def _after_load(self) -> None: ...


def hooked(optimizer: Optimizer) -> Optimizer:
    """The optimizer that has the hooks: itself, or the one inside a wrapper such as Accelerate's."""
    while not hasattr(optimizer, "_optimizer_step_post_hooks"):
        inner = getattr(optimizer, "optimizer", None)
        if not isinstance(inner, Optimizer):
            raise LrlabTypeError(worded("this optimizer has no hooks", optimizer, hint="the optimizer that it wraps"))
        optimizer = inner
    return optimizer


def listen(optimizer: Optimizer, listener: Listener) -> None:
    """Hook a listener to an optimizer, without keeping either alive."""
    reference = weakref.ref(listener)

    def before(*_: Any) -> None:
        if (mine := reference()) is not None:
            mine._before_step()

    def after(*_: Any) -> None:
        if (mine := reference()) is not None:
            mine._after_step()

    def loaded(*_: Any) -> None:
        if (mine := reference()) is not None:
            mine._after_load()

    # Traced into a compiled step() they would be guarded on the position, and compiled anew when it moves.
    for hook in (
        optimizer.register_step_pre_hook(torch.compiler.disable(before)),
        optimizer.register_step_post_hook(torch.compiler.disable(after)),
        optimizer.register_load_state_dict_post_hook(loaded),
    ):
        weakref.finalize(listener, hook.remove)


def overflowed(optimizer: Optimizer) -> bool:
    """Whether the step() that just ended was skipped inside, by a fused optimizer under GradScaler."""
    found = getattr(optimizer, "found_inf", None)
    return found is not None and bool(found)


def capturing(optimizer: Optimizer) -> bool:
    """Whether the step() that just ended was recorded into a CUDA graph: nothing was updated."""
    parameters = optimizer.param_groups[0]["params"]
    return bool(parameters and parameters[0].is_cuda and torch.cuda.is_current_stream_capturing())


class Patience:
    """Until the first update: whether calls of the scheduler's step() still make sense without one."""

    def __init__(self) -> None:
        self._calls = 0
        self._over = False
        self._gradients = Event()  # set by autograd's threads
        self._hooks: list[RemovableHandle] = []
        self._versions = 0

    def end(self) -> None:
        """The optimizer's hooks fire: from now on every call is fine."""
        self._over = True
        self._forget()

    def wait(self, optimizer: Optimizer) -> None:
        """One more call without an update. Raises `LrlabError` where the updates must be made out of sight."""
        if self._over:
            return
        self._calls += 1
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        versions = sum(p._version for p in parameters)
        if self._calls == 1:
            self._versions = versions
            self._watch(parameters)
        accumulating = any(p.grad is not None for p in parameters)
        overflowing = self._gradients.is_set() and self._calls <= OVERFLOWS
        changed = versions != self._versions  # something else than optimizer.step() writes the parameters
        if self._calls < PATIENCE or ((accumulating or overflowing) and not changed):
            return
        self._forget()
        raise LrlabError(
            worded(
                f"step() was called {self._calls} times and the optimizer has made no update",
                allowed="optimizer.step() before scheduler.step()",
                hint='Scheduler(..., follow="calls"), under which every call counts',
            )
        )

    def _watch(self, parameters: list[torch.Tensor]) -> None:
        """Note gradients that come and are cleared again before the next call."""
        came = self._gradients

        def note(_: torch.Tensor) -> None:
            came.set()

        self._hooks = [p.register_post_accumulate_grad_hook(note) for p in parameters if p.is_leaf]

    def _forget(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
