"""Habits of training loops that cannot be intended, recognised by the calls that a scheduler gets.

A scheduler stepped once per epoch although its schedule counts updates, an optimizer that another has replaced, a
controller that receives nothing: each would give a wrong LR in silence.
"""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Sequence
from threading import Event

import torch
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from lrlab.adapters.ending import end_of
from lrlab.adapters.torch.again import Again
from lrlab.adapters.torch.in_calls import Apart
from lrlab.core.feedback.manual import manual
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.run.pacer import Pacer
from lrlab.errors import LrlabError, worded

STRIKES = 3  # times in a row that something is seen which cannot be meant, until it is an error
OVERFLOWS = 32  # the same where gradients come and go: a loss scale of 2**16 is nothing after so many
LONG = 1000  # updates, or calls without one, after which silence is said
FEW = 4  # calls after which a schedule is not over where it is counted in updates
SOON = 20  # calls within which no LR falls to a thousandth, where it is counted in updates
EPOCHS = 300  # a horizon up to this may be meant in epochs
STILL = 20  # steps that change nothing, for want of gradients, after which it is said
LATE = 3  # times the length of its schedule after which a training is said to be longer
SAMPLE = 4  # groups of an optimizer, and parameters of a group, that are looked at

log = logging.getLogger(__name__)


class Calls:
    """What the calls of a scheduler's step() reveal about how it is meant."""

    def __init__(self, began: int) -> None:
        self._first: float | None = None  # the greatest LR at the first such call
        self._start = began  # the update from which on calls are judged
        self._skips = 0  # calls after several updates
        self._between = 0  # the updates before these calls
        self.due = 0  # the update at which `look` is to be called
        self.steps = 0  # of the optimizers, where calls are counted
        self._ask = began + LONG  # the update at which it is asked whether the controllers have heard anything
        self._over = False  # whether the end was said
        self._again = Again()
        self._apart: Apart | None = None  # until the first call, where calls are counted

    def begins(self, optimizers: Sequence[Optimizer], pacer: PlanPacer) -> None:
        """The run begins, or goes on from another state."""
        self.due = self._skips = self._between = 0
        self._start, self._first = pacer.update, None
        self._apart = Apart(len(optimizers))
        self._again.begins(optimizers, pacer)

    def stepped(self, place: int, aside: bool) -> None:
        """An optimizer has made a step, which is no update where its LR was put `aside`; used when calls are
        counted."""
        self.steps += 1
        if self._apart is not None and not aside:
            self._apart.stepped(place)
        if self.steps >= self.due:
            self.due = 0

    def skipped(self, before: int, pacer: Pacer, lrs: Sequence[float]) -> None:
        """Several updates since the last call, at update `before`, which gave the groups these `lrs`.

        Raises `LrlabError` if the schedule was over after a few calls: it is meant to be counted in calls.
        """
        self._skips += 1
        self._between += pacer.update - before
        highest, total = max(lrs), pacer.horizon.total
        self._first = highest if self._first is None else self._first
        if total is None:
            over, soon = highest <= 1.001e-3 * self._first, self._skips <= SOON
        else:
            over, soon = before >= total, self._skips <= FEW or total <= EPOCHS
            soon = soon and self._start < total / 2  # not resumed near the end
        habit = self._between > 0.9 * (pacer.update - self._start)  # hardly a call came after a single update
        if over and soon and habit and self._skips > 1:
            each = pacer.update - before
            calls, length = self._skips - 1, f"of {total} updates was" if total is not None else "was all but"
            raise LrlabError(
                worded(
                    f"the schedule {length} over after {calls} call{'s' * (calls > 1)} of step(), which came every "
                    f"{each} updates",
                    f"step() once per epoch, horizon {pacer.horizon!r}",
                    "step() after every optimizer.step(), or a schedule that is counted in calls",
                    f"Horizon(epochs={total or 30}, updates_per_epoch={each}) and step() per batch; or step() once "
                    'per epoch and Scheduler(..., follow="calls")',
                )
            )

    def look(self, pacer: Pacer, lrs: Sequence[float]) -> None:
        """Log once that the schedule is over, or that a controller has received nothing.

        Raises `LrlabError` where calls are counted, but for the horizon.
        """
        if self._apart is not None:
            self._apart.refuse(pacer.horizon)
            self._apart = None
        self._again.say(max(lrs, default=0.0))
        end = None if self._over else end_of(pacer)
        if end is not None and pacer.update > end:
            end = self._say_over(pacer.update, end, max(lrs, default=0.0), bool(pacer.controllers))
        if max(pacer.update, self.steps) >= self._ask:
            self._say_unheard(pacer)
        self.due = self._ask if end is None else min(self._ask, end + 1)

    def _say_over(self, update: int, end: int, lr: float, decided: bool) -> int | None:
        """Log once that updates are made after the end; returns until which update nothing is to be said."""
        if lr and decided:
            return None
        if lr and update <= LATE * end:
            return LATE * end
        self._over = True
        if lr:
            log.warning(
                "The schedule ended at update %d, and %d have been made: the LR stays at %g. Where the horizon was "
                "meant in epochs: Horizon(epochs=..., updates_per_epoch=len(loader)).",
                *(end, update, lr),
            )
        else:
            log.warning(
                "An update was made after the end of the schedule (update %d), at an LR of 0; so are those that "
                'follow: horizon= is the whole training, scheduler.extend(to, how="re-warm") goes on.',
                end,
            )
        return None

    def _say_unheard(self, pacer: Pacer) -> None:
        """Log which controllers have received nothing since the run began."""
        self._ask = pacer.update + LONG
        waiting = [c for name, c in pacer.controllers.items() if not pacer.states[name].observed]
        silent = [c for c in waiting if not isinstance(c, manual) and c in [p.controller for p in pacer.acting()]]
        if silent:
            self._ask = sys.maxsize
            told = f"{silent[0].metric}=..." if silent[0].metric else "val_loss"
            made = max(pacer.update, self.steps)
            log.warning("%s has heard nothing in %d updates: scheduler.observe(%s).", silent[0], made, told)


class Watch:
    """Whether the updates of the parameters are those that the optimizers report.

    A call of the scheduler's step() without an update is fine while nothing changes: gradients accumulate, an overflow
    was skipped, it is another optimizer's turn. It is not fine if the parameters change all the same: then something
    unseen updates them. Nor is an optimizer.step() that changes nothing while something else does.
    """

    def __init__(self) -> None:
        self._seen: int | None = None  # the versions of the parameters when they were last looked at
        self._unseen = 0  # calls in a row with a change that no optimizer told of
        self._began: tuple[int, list[torch.Tensor]] | None = None  # versions and values when a step() began
        self._empty = 0  # steps in a row that changed nothing, after a change from elsewhere
        self._still = 0  # steps that changed nothing, and nothing else did
        self.proven = False  # a step() has changed parameters: no more is asked of it
        self._quiet = 0  # calls since the last update
        self._longest = 0  # such calls between two updates
        self._idle = 0  # the last of them in a row at which no gradient was new
        self._gradients: list[tuple[int, torch.Tensor]] = []  # as they were at the last of them
        self._told_at = 0  # the position at the last call after an update
        self._came = Event()  # gradients, since the last call; set by autograd's threads
        self._cleared = 0  # calls in a row at which gradients had come, and were gone again
        self._hooks: list[RemovableHandle] = []

    def begins(self, optimizers: Sequence[Optimizer]) -> None:
        """An optimizer's step() begins."""
        self._began = _versions(optimizers), _values(optimizers) if self._empty else []

    def ends(self, optimizers: Sequence[Optimizer]) -> None:
        """It has ended. Raises `LrlabError` if something else updates the parameters and it does not."""
        self._forget()
        now = _versions(optimizers)
        before, values = self._began or (None, [])
        if now != before or not all(map(torch.equal, values, _values(optimizers))):
            self.proven = True
        elif self._seen is not None and now != self._seen:
            self._empty += 1
            if self._empty == STRIKES:
                raise LrlabError(
                    worded(
                        "the step() of this optimizer changes nothing, and something else updates the parameters",
                        allowed="the optimizers that make the updates",
                        hint="Scheduler([...], schedule) with all of them, before they are hooked to the backward pass",
                    )
                )
        else:
            self._still += 1
            if self._still == STILL and not any(p.grad is not None for p in _parameters(optimizers)):
                log.warning(
                    "%d steps of the optimizer changed nothing, for no parameter has a gradient, and the LR moves on: "
                    "zero_grad(), loss.backward(), optimizer.step(), in this order.",
                    STILL,
                )
        self._seen = now

    def told(self, optimizers: Sequence[Optimizer], position: int) -> None:
        """The scheduler's step() after an update."""
        if self._quiet:
            self._longest = max(self._longest, self._quiet)
            self._unseen = self._quiet = self._idle = 0
        self._told_at = position
        self._seen = _versions(optimizers)

    def untold(self, optimizers: Sequence[Optimizer], position: int) -> None:
        """The scheduler's step() without an update. Raises `LrlabError` if something unseen makes the updates."""
        if position != self._told_at:  # the values were written since the update, by an observation
            self.told(optimizers, position)
            return
        now = _versions(optimizers)
        changed, self._seen = self._seen is not None and now != self._seen, now
        self._quiet += 1
        if not position:
            changed = self._cleared_too_often(optimizers) or changed
        if self._quiet == LONG:
            log.warning("step() was called %d times since the optimizer's last update, number %d.", LONG, position)
        if not changed:
            self._waits(optimizers, position)
            return
        self._unseen += 1
        if position and self._unseen == 1:
            log.warning("The parameters change, and the optimizer of this scheduler makes no more updates.")
        if self._unseen < STRIKES and self._cleared <= OVERFLOWS:
            return
        self._forget()
        if position:
            raise LrlabError(
                worded(
                    "another optimizer now updates the parameters, with an LR that this scheduler does not set",
                    f"{position} updates of the first one",
                    hint="Scheduler(new_optimizer, schedule, horizon, at=scheduler.update)",
                )
            )
        raise LrlabError(
            worded(
                f"step() was called {self._quiet} times, and no update of the optimizer was seen",
                "the parameters change all the same",
                "optimizer.step() before scheduler.step()",
                'Scheduler(..., follow="calls"), under which every call counts',
            )
        )

    def _waits(self, optimizers: Sequence[Optimizer], position: int) -> None:
        """Say it where the optimizer waits longer than it ever did, without a gradient: another one may be meant."""
        before, self._gradients = self._gradients, _gradients(optimizers)
        self._idle = self._idle + 1 if _same(before, self._gradients) else 1
        if position and self._idle == max(STRIKES, 2 * self._longest + 1):
            log.warning(
                "step() was called %d times since the optimizer's last update, number %d, and its parameters have got "
                "no gradient: where a copy of model and optimizer, or a new pair, is trained now, its LR is not set; "
                "Scheduler(new_optimizer, schedule, horizon, at=scheduler.update).",
                *(self._quiet, position),
            )

    def _cleared_too_often(self, optimizers: Sequence[Optimizer]) -> bool:
        """Whether gradients came and were cleared so often that updates must be made where nothing is seen."""
        parameters = _parameters(optimizers)
        if not self._hooks:  # note gradients that come and are cleared again before the next call
            came = self._came

            def note(_: torch.Tensor) -> None:
                came.set()

            self._hooks = [p.register_post_accumulate_grad_hook(note) for p in parameters if p.is_leaf]
        gone = self._came.is_set() and all(p.grad is None for p in parameters)
        self._came.clear()
        self._cleared = self._cleared + 1 if gone else 0
        return self._cleared > OVERFLOWS

    def _forget(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []


def _parameters(optimizers: Sequence[Optimizer]) -> list[torch.Tensor]:
    return [p for one in optimizers for group in one.param_groups for p in group["params"] if p.requires_grad]


def _values(optimizers: Sequence[Optimizer]) -> list[torch.Tensor]:
    """Copies of the first parameter of each optimizer: some libraries write without a trace in the version."""
    first = [next((p for p in one.param_groups[0]["params"] if p.requires_grad), None) for one in optimizers]
    return [p.detach().flatten()[:64].clone() for p in first if p is not None]


def _gradients(optimizers: Sequence[Optimizer]) -> list[tuple[int, torch.Tensor]]:
    """How often the gradients of the first parameters were written, and copies of what is in them."""
    first = [p for one in optimizers for p in one.param_groups[0]["params"][:SAMPLE]]
    held = [p.grad for p in first if p.grad is not None]
    return [(g._version, g.detach().to_dense().flatten()[:64].clone()) for g in held]


def _same(one: list[tuple[int, torch.Tensor]], two: list[tuple[int, torch.Tensor]]) -> bool:
    """Whether no gradient has come: one with an overflow is new."""
    return len(one) == len(two) and all(
        a == b and torch.equal(x, y) and bool(x.isfinite().all()) for (a, x), (b, y) in zip(one, two, strict=True)
    )


def _versions(optimizers: Sequence[Optimizer]) -> int:
    """How often the parameters were written: a few of a few groups, from the first to the last, stand for all."""
    found = 0
    for optimizer in optimizers:
        groups = optimizer.param_groups
        for group in groups[:: -(-len(groups) // SAMPLE) or 1] + groups[-1:]:
            for parameter in itertools.islice((p for p in group["params"] if p.requires_grad), SAMPLE):
                if not parameter.is_inference():
                    found += parameter._version
    return found
