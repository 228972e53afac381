"""PyTorch: drive an optimizer's learning rates by a schedule.

    scheduler = Scheduler(optimizer, lr.warmup("2%") >> lr.cosine(to=0.1), horizon=10_000)
    for batch in loader:
        loss = ...; loss.backward()
        optimizer.step(); scheduler.step()
        scheduler.observe(val_loss)              # optional: feeds plateau and other controllers

In the words of PyTorch: the base LR is each group's own `lr`, what `last_epoch` counts is `scheduler.update`, the
number of completed updates; `T_max`, `total_iters` are the span, `eta_min` is `to=` as a multiple.

Resume, a change of horizon and branches are told on one page: docs/resume.md.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal

from lrlab.core.expression.fields import items, not_negative
from lrlab.core.expression.node import Schedule
from lrlab.core.resume.policy import OnChange, known
from lrlab.core.run.metered import pacer_of
from lrlab.core.run.pacer import Decision
from lrlab.core.text.aliases import by_name
from lrlab.core.text.lint import refuse_odd
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, missing, worded

try:
    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
except ModuleNotFoundError:
    raise missing("torch", "torch", "lrlab.adapters.torch.scheduler") from None

from lrlab.adapters.torch.groups import LEFT, Groups
from lrlab.adapters.torch.ranks import Reduce
from lrlab.adapters.torch.resume import Resumable
from lrlab.adapters.torch.run_folder import RunFolder, refuse_clocks
from lrlab.adapters.torch.updates import Patience, capturing, hooked, listen, overflowed

log = logging.getLogger(__name__)


class Scheduler(Resumable, LRScheduler):  # type: ignore[misc]  # torch is not followed
    """Multiplies each parameter group's own LR by what the schedule says for the update at hand.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. With `follow="updates"` the
    position is the number of updates that the optimizer has made: `step()` writes the LR of the next one, and
    changes nothing without a new one, so that gradient accumulation, skipped updates and repeated calls cannot
    change the curve. With `follow="calls"` every call of `step()` counts. With `absolute=True` the schedule's values
    are the LR itself.

    Attaching writes the LR of the first update; a group that is added later gets its own LR times the present
    factor. A tensor LR is written in place. A second scheduler on the same optimizer takes over from the first, with
    its base LRs. The LR is the scheduler's: `base_lrs` is the place to change it.

    `live` is the folder of the run: the journal is written there (`lrlab replay`), and with `manual()` in the schedule
    orders are heard from there (`lrlab live`). With `ranks="mean"` (or "first") the processes of torch.distributed
    hear one metric, decide once, and are held to one LR at every update.

    Raises `LrlabError` where the schedule is negative somewhere, or its largest multiplier is so small that it was
    almost surely meant as an absolute LR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> scheduler = Scheduler(optimizer, "warmup(3) >> cosine()", horizon=10)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.update, scheduler.get_last_lr()
    (1, [0.05])
    """

    _around: RunFolder | None = None  # a copy has none

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Schedule | str,
        horizon: int | Horizon | None = None,
        *,
        follow: Literal["updates", "calls"] = "updates",
        absolute: bool = False,
        on_change: OnChange = "stop",
        live: str | PathLike[str] | None = None,
        ranks: Reduce | None = None,
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
        self.follow = follow
        self.absolute = absolute
        self.on_change = known(on_change)
        self.pacer = pacer_of(schedule.over(horizon))
        refuse_odd(self.pacer.curve, absolute)
        if ranks is None:
            refuse_clocks(self.pacer.curve, 'ranks="first"')
        around = None if live is None and ranks is None else RunFolder(live, ranks)
        before = LEFT.get(self.optimizer)
        self._drive(Groups(self.optimizer.param_groups, absolute, before))
        if before is not None:
            before.retire()
        self._around = around
        self._began("start")

    def _drive(self, groups: Groups) -> None:
        """Begin to write into the optimizer."""
        self._groups = groups
        self._patience = Patience()
        self._reported = False
        self._aside = 0  # steps of the optimizer with an LR of 0 that something else has put there
        self._written = self.pacer.update  # the position that the LR in the optimizer is of
        LEFT[self.optimizer] = groups
        listen(self.optimizer, self)
        self._write()

    def _began(self, how: str) -> None:
        """The run begins, or goes on from another state."""
        if self._around is not None:
            self._around.began(self, how)

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
        if self._around is not None:
            self._around.after_update(self)

    def observe(self, value: float | Tensor | None = None, /, **metrics: float | Tensor) -> None:
        """Feed the controllers in the schedule, and write the LR that they decide on before returning."""
        if self._around is not None:
            self._around.observe(self, value, metrics)
            return
        self.pacer.observe(value, **metrics)
        self._write()

    def consume(self, **amounts: float) -> None:
        """Say what the update at hand consumes, in all processes together, before `step()`: `consume(tokens=524_288)`.

        Where the horizon is in samples, tokens or minutes and has no rate, the LR follows it (`core/live.py`).
        """
        self.pacer.consume(**amounts)

    def go_back(self, position: Mapping[str, Any]) -> None:
        """Go to an earlier position of this run (`lrlab.core.run.rollback`), and write its LR into the optimizer."""
        self.pacer.restore(position)
        self._write()
        self._began("rollback")

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def schedule(self) -> Schedule:
        """The schedule in force."""
        return self.pacer.curve.schedule

    @property
    def horizon(self) -> Horizon:
        """The horizon in force."""
        return self.pacer.curve.horizon

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each."""
        return self.pacer.decisions

    def get_last_lr(self) -> list[float]:
        """The LR of each group that was written last: after `step()`, what the next update uses."""
        return [self._groups.lr(base, self._groups.value) for base in self.base_lrs]

    get_lr = get_last_lr

    @property
    def base_lrs(self) -> list[float]:
        """What the schedule multiplies, for each group; set it to change the LR from the next update on."""
        if self._groups.moved(self.optimizer.param_groups) and not self._groups.retired:
            self._groups.adopt(self.optimizer.param_groups)
            self._write()
        return list(self._groups.base_lrs)

    @base_lrs.setter
    def base_lrs(self, base_lrs: Sequence[float]) -> None:
        before = self.base_lrs
        given = [not_negative(base, "a base LR") for base in items(base_lrs, "base_lrs")]
        if len(given) != len(before):
            raise LrlabError(worded("a base LR is needed for each group", given, f"{len(before)} numbers"))
        self._groups.take(self.optimizer.param_groups, given)
        self.pacer.note("base_lrs", {"base_lrs": before}, {"base_lrs": list(self._groups.base_lrs)})
        self._write()
        self._began("changed")

    def __repr__(self) -> str:
        return f"Scheduler({self.schedule}, horizon={self.horizon!r}, update={self.update})"

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

    # -- copies -------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """What pickle and copy.deepcopy() take: the optimizer too, but neither hooks nor the compiled curve."""
        return {
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "horizon": self.horizon,
            "follow": self.follow,
            "absolute": self.absolute,
            "on_change": self.on_change,
            "base_lrs": self.base_lrs,
            "pacer": self.pacer.state(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.optimizer = state["optimizer"]
        self.follow, self.absolute, self.on_change = state["follow"], state["absolute"], state["on_change"]
        self.pacer = pacer_of(state["schedule"].over(state["horizon"]))
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
        if self.pacer.curve.unit != "updates":
            return  # what these updates consumed was reported for all of them together
        if self._reported or self._groups.used(self.pacer.between(first, now)):
            return
        self._reported = True
        log.warning(
            "The updates %d ... %d all used the LR of update %d: call scheduler.step() after every optimizer.step() "
            '(Lightning: "interval": "step").',
            first,
            now - 1,
            first,
        )


def get_scheduler(
    name: str,
    optimizer: Optimizer,
    horizon: int | Horizon | None = None,
    *,
    follow: Literal["updates", "calls"] = "updates",
    absolute: bool = False,
    on_change: OnChange = "stop",
    **arguments: Any,
) -> Scheduler:
    """A scheduler by the name people know: `step_decay`, `cosine_annealing`, `reduce_on_plateau`, `one_cycle` ...

    `arguments` are ours (`to=0.1`); another library's (`T_max`) are refused with ours named.
    """
    return Scheduler(
        optimizer, by_name(name, **arguments), horizon, follow=follow, absolute=absolute, on_change=on_change
    )
