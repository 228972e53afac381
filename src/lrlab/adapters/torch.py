"""PyTorch: drive an optimizer's learning rates by a schedule.

    scheduler = Scheduler(optimizer, lr.warmup("2%") >> lr.cosine(to=0.1), horizon=10_000)
    for batch in loader:
        loss = ...; loss.backward()
        optimizer.step(); scheduler.step()
        scheduler.observe(val_loss)              # optional: feeds plateau and other controllers

In the words of PyTorch: the base LR is each group's own `lr`, what `last_epoch` counts is `scheduler.update`, the
number of completed updates; `T_max`, `total_iters` are the span, `eta_min` is `to=` as a multiple.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

from lrlab.core.curve import BLOCK
from lrlab.core.lint import SMALL
from lrlab.core.names import by_name
from lrlab.core.pacer import Decision, Pacer, checked
from lrlab.core.schedule import Schedule
from lrlab.core.text import parse
from lrlab.core.units import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, missing, worded

try:
    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
except ModuleNotFoundError:
    raise missing("torch", "torch", "lrlab.adapters.torch") from None

from lrlab.adapters.torch_groups import Groups, as_stored
from lrlab.adapters.torch_updates import Patience, capturing, hooked, listen, overflowed

log = logging.getLogger(__name__)

# What the latest scheduler of each optimizer has left there, for the next one.
_LEFT: WeakKeyDictionary[Optimizer, Groups] = WeakKeyDictionary()


class Scheduler(LRScheduler):  # type: ignore[misc]  # torch is not followed
    """Multiplies each parameter group's own LR by what the schedule says for the update at hand.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. With `follow="updates"` the
    position is the number of updates that the optimizer has made: `step()` writes the LR of the next one, and
    changes nothing without a new one, so that gradient accumulation, skipped updates and repeated calls cannot
    change the curve. With `follow="calls"` every call of `step()` counts. With `absolute=True` the schedule's values
    are the LR itself.

    Attaching writes the LR of the first update; a group that is added later gets its own LR times the present
    factor. A tensor LR is written in place. A second scheduler on the same optimizer takes over from the first, with
    its base LRs. The LR is the scheduler's: `base_lrs` is the place to change it. Raises `LrlabError` where the
    schedule is negative somewhere, or its largest multiplier is so small that it was almost surely meant as an
    absolute LR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> scheduler = Scheduler(optimizer, "warmup(3) >> cosine()", horizon=10)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.update, scheduler.get_last_lr()
    (1, [0.05])
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Schedule | str,
        horizon: int | Horizon | None = None,
        *,
        follow: Literal["updates", "calls"] = "updates",
        absolute: bool = False,
    ) -> None:
        # The base class is for isinstance() alone: its constructor would write to the optimizer, step and patch it.
        if not isinstance(optimizer, Optimizer):
            raise LrlabTypeError(
                worded("Scheduler drives a torch optimizer", optimizer, hint="Scheduler(optimizer, schedule)")
            )
        if follow not in ("updates", "calls"):
            raise LrlabError(worded("follow is not known", follow, '"updates", "calls"'))
        if not isinstance(schedule, Schedule):
            schedule = parse(schedule)
        self.optimizer = hooked(optimizer)
        self.schedule = schedule
        self.follow = follow
        self.absolute = absolute
        self.pacer = Pacer(schedule.over(horizon))
        _refuse_odd(self.pacer, absolute)
        before = _LEFT.get(self.optimizer)
        self._drive(Groups(self.optimizer.param_groups, absolute, before))
        if before is not None:
            before.retire()

    def _drive(self, groups: Groups) -> None:
        """Begin to write into the optimizer."""
        self._groups = groups
        self._patience = Patience()
        self._reported = False
        self._aside = 0  # steps of the optimizer with an LR of 0 that something else has put there
        self._written = self.pacer.update  # the position that the LR in the optimizer is of
        _LEFT[self.optimizer] = groups
        listen(self.optimizer, self)
        self._write()

    # -- the loop -----------------------------------------------------------------------------------------------

    def step(self, epoch: None = None) -> None:
        """Write the LR of the next update."""
        if epoch is not None:
            raise LrlabError(
                worded(
                    "step() takes nothing: the position is counted, a metric is observed",
                    epoch,
                    hint="scheduler.step(); scheduler.observe(val_loss)",
                )
            )
        pacer = self.pacer
        if self.follow == "calls":
            pacer.update += 1
        elif pacer.update == self._written and not self._take_in_aside():
            self._patience.wait(self.optimizer)
            return
        elif pacer.update - self._written > 1:
            self._report_missed()
        self._groups.write(self.optimizer.param_groups, pacer.value)  # as _write(), without a call
        self._written = pacer.update

    def observe(self, value: float | Tensor | None = None, /, **metrics: float | Tensor) -> None:
        """Feed the controllers in the schedule, and write the LR that they decide on before returning."""
        self.pacer.observe(value, **metrics)
        self._write()

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def update(self) -> int:
        """How many updates are completed: the next one is number `update`, counted from 0."""
        return self.pacer.update

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each."""
        return self.pacer.decisions

    def get_last_lr(self) -> list[float]:
        """The LR of each group that the next update uses."""
        value = self.pacer.value
        return [self._groups.lr(base, value) for base in self.base_lrs]

    get_lr = get_last_lr

    @property
    def base_lrs(self) -> list[float]:
        """What the schedule multiplies, for each group; set it to change the LR from the next update on."""
        if self._groups.changed(self.optimizer.param_groups) and not self._groups.retired:
            self._write()
        return list(self._groups.base_lrs)

    @base_lrs.setter
    def base_lrs(self, base_lrs: Sequence[float]) -> None:
        if len(base_lrs) != len(self.optimizer.param_groups):
            raise LrlabError(worded("a base LR is needed for each group", base_lrs, f"{len(self.base_lrs)} numbers"))
        self._groups.take(self.optimizer.param_groups, base_lrs)
        self._write()

    def __repr__(self) -> str:
        return f"Scheduler({self.schedule}, horizon={self.pacer.curve.horizon!r}, update={self.update})"

    # PyTorch's names, which trainers read; Accelerate adds to _step_count while gradients accumulate.

    @property
    def last_epoch(self) -> int:
        """PyTorch's name for `update`."""
        return self.pacer.update

    @property
    def _last_lr(self) -> list[float]:
        return self.get_last_lr()

    @property
    def _step_count(self) -> int:
        return self.pacer.update + 1

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        pass

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Position, controllers' records and base LRs, as plain numbers and texts (JSON).

        The LRs in the optimizer, the text of the schedule, the horizon and the fingerprint are for comparison only:
        configuration comes from code. Right at any point of the loop, also between the two step() calls.
        """
        return {
            **self.pacer.state(),
            "base_lrs": self.base_lrs,
            "lrs": [float(group["lr"]) for group in self.optimizer.param_groups],
            "schedule": str(self.schedule),
            "horizon": self.pacer.curve.horizon.record(),
            "absolute": self.absolute,
            "fingerprint": self.schedule.fingerprint(),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go to a recorded state, and write its LR into the optimizer.

        Build, load the optimizer and load the scheduler in any order. Raises `LrlabError`, and changes nothing,
        where the state belongs to another schedule, horizon or base LR: the message shows each difference.
        """
        there = Pacer(self.pacer.curve)
        recorded = self._checked(state_dict, there)
        self.pacer = there
        self._groups.take(self.optimizer.param_groups, recorded)
        self._write()

    def _checked(self, state: Mapping[str, Any], there: Pacer) -> list[float]:
        """Put a pacer to a recorded state; the recorded base LRs, which are those of the code."""
        checked(state)
        mine = self.base_lrs
        try:
            recorded, lrs = ([float(lr) for lr in state[key]] for key in ("base_lrs", "lrs"))
        except (KeyError, TypeError, ValueError):
            raise LrlabError(worded("this is no state of a Scheduler: no base LRs", dict(state))) from None
        configured = {
            "schedule": str(self.schedule),
            "horizon": self.pacer.curve.horizon.record(),
            "absolute": self.absolute,
        }
        rows = [(field, state.get(field), own) for field, own in configured.items() if state.get(field) != own]
        if not len(recorded) == len(lrs) == len(mine):
            rows.append(("parameter groups", len(recorded), len(mine)))
        if not rows:
            there.restore({key: state[key] for key in ("version", "update", "controllers", "decisions")})
            for k, group in enumerate(self.optimizer.param_groups):
                # A group that was loaded before the scheduler was built brought the LR that was realised then.
                loaded = lrs[k], as_stored(self._groups.lr(recorded[k], there.value), group["lr"])
                if not self.absolute and mine[k] not in (recorded[k], *loaded):
                    rows.append((f"base LR of group {k}", recorded[k], mine[k]))
        if rows:
            table = "\n".join(
                f"  {field}: in the checkpoint {theirs}, in the code {own}" for field, theirs, own in rows
            )
            raise LrlabError(
                f"the checkpoint and the code disagree, and nothing was loaded\n{table}\n"
                "  try:     build the scheduler as the run was started, or start a new one from the loaded weights"
            )
        return recorded

    def __getstate__(self) -> dict[str, Any]:
        """What pickle and copy.deepcopy() take: the optimizer too, but neither hooks nor the compiled curve."""
        return {
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "horizon": self.pacer.curve.horizon,
            "follow": self.follow,
            "absolute": self.absolute,
            "base_lrs": self.base_lrs,
            "pacer": self.pacer.state(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.optimizer, self.schedule = state["optimizer"], state["schedule"]
        self.follow, self.absolute = state["follow"], state["absolute"]
        self.pacer = Pacer(self.schedule.over(state["horizon"]))
        self.pacer.restore(state["pacer"])
        groups = Groups(self.optimizer.param_groups, self.absolute)
        groups.take(self.optimizer.param_groups, state["base_lrs"])
        self._drive(groups)

    # -- the optimizer ------------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Write the LR of the next update into every group."""
        self._groups.write(self.optimizer.param_groups, self.pacer.value)
        self._written = self.pacer.update

    def _before_step(self) -> None:
        groups = self.optimizer.param_groups
        if self._groups.changed(groups) and not (self._groups.retired or self._groups.set_aside(groups)):
            self._write()  # a group was added since: its first update has the present factor too

    def _after_step(self) -> None:
        if capturing(self.optimizer):
            self._refuse_capture()
            return
        self._patience.end()
        if self.follow == "calls" or overflowed(self.optimizer):
            return
        if self._groups.set_aside(self.optimizer.param_groups):
            self._aside += 1
        else:
            self.pacer.update += 1

    def _take_in_aside(self) -> bool:
        """Count the steps with an LR of 0 where it is still there: somebody meant it, so they were updates."""
        meant = self._aside if self._groups.set_aside(self.optimizer.param_groups) else 0
        self._aside = 0
        self.pacer.update += meant
        return meant > 0

    def _after_load(self) -> None:
        if not self._groups.retired:
            self._write()  # the LR in the optimizer is the scheduler's, whatever was loaded into it

    # -- what cannot be meant -----------------------------------------------------------------------------------

    def _refuse_capture(self) -> None:
        if self.follow == "updates" or not all(isinstance(g["lr"], Tensor) for g in self.optimizer.param_groups):
            raise LrlabError(
                worded(
                    "optimizer.step() is captured in a CUDA graph, whose replays are not seen and keep a float LR",
                    hint='a tensor LR in the optimizer, and Scheduler(..., follow="calls")',
                )
            )

    def _report_missed(self) -> None:
        """Say once where updates were made with an LR that is not the schedule's, for want of a step()."""
        first, now = self._written, self.pacer.update
        if self._reported or self._groups.used(self.pacer.curve.between(first, now, self.pacer.factors)):
            return
        self._reported = True
        log.warning(
            "The updates %d ... %d all used the LR of update %d: call scheduler.step() after every optimizer.step() "
            '(Lightning: "interval": "step").',
            first,
            now - 1,
            first,
        )


def _refuse_odd(pacer: Pacer, absolute: bool) -> None:
    """Look at the curve before it is attached."""
    import numpy as np

    curve = pacer.curve
    n = curve.updates or curve.phases[-1].start + BLOCK
    if n <= 2**20:
        values = curve.between(0, n)
    else:  # a very long run: enough to see a peak, and where each phase begins
        starts = [phase.start for phase in curve.phases]
        values = curve(np.unique(np.concatenate([np.linspace(0, n - 1, 2**18, dtype=int), starts])))
    if not np.isfinite(values).all() or values.min() < 0:
        odd = values[~(np.isfinite(values) & (values >= 0))][0]
        raise LrlabError(worded(f"the schedule gives {odd:g} times the LR", str(curve.schedule), hint=".clip(low=0)"))
    peak = float(values.max())
    if not absolute and peak < SMALL:
        raise LrlabError(
            worded(
                f"the largest multiplier of the base LR is {peak:g}: it looks like an absolute LR",
                str(curve.schedule),
                "multiples of each group's own LR, 1 for the LR itself",
                f"the schedule without the factor {peak:g} and lr={peak:g} in the optimizer, or absolute=True",
            )
        )


def get_scheduler(
    name: str,
    optimizer: Optimizer,
    horizon: int | Horizon | None = None,
    *,
    follow: Literal["updates", "calls"] = "updates",
    absolute: bool = False,
    **arguments: Any,
) -> Scheduler:
    """A scheduler by the name people know: `step_decay`, `cosine_annealing`, `reduce_on_plateau`, `one_cycle` ...

    `arguments` are ours (`to=0.1`); another library's (`T_max`) are refused with ours named.
    """
    return Scheduler(optimizer, by_name(name, **arguments), horizon, follow=follow, absolute=absolute)
