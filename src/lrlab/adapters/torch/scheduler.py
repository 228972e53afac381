"""PyTorch: drive the learning rates of an optimizer by a schedule, and all its hyper-parameters by a plan.

    scheduler = Scheduler(optimizer, lr.warmup("2%") >> lr.cosine(), horizon=10_000)
    for batch in loader:
        loss = ...; loss.backward()
        optimizer.step(); scheduler.step()
        scheduler.observe(val_loss)              # optional: feeds plateau and other controllers

    Scheduler([muon, adamw], lr.plan(lr=lr.cosine(), weight_decay=lr.linear(to=2)), horizon=10_000)

In PyTorch's words: the base LR is each group's own `lr`; `last_epoch` is `scheduler.update`, the number of completed
updates; `T_max` and `total_iters` are the span; `eta_min` is `to=`, as a multiple. See docs/plans.md for plans;
docs/resume.md for resume, a change of horizon and branches.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrlab.adapters.called import called
from lrlab.adapters.torch.groups import Groups
from lrlab.adapters.torch.habits import Calls, Watch
from lrlab.adapters.torch.in_calls import Follow, known_follow, refuse_epoch
from lrlab.adapters.torch.ranks import Reduce
from lrlab.adapters.torch.resume import Resumable
from lrlab.adapters.torch.run_folder import RunFolder, refuse_clocks
from lrlab.adapters.torch.updates import Rounds, capturing, listen, overflowed, position, round_of, several
from lrlab.core.expression.fields import items, not_negative
from lrlab.core.expression.node import Schedule
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.plan import plan as plan_of
from lrlab.core.plan.report import PlanReport
from lrlab.core.resume.policy import OnChange, known
from lrlab.core.run.meter import ReadClock, wall
from lrlab.core.run.pacer import Decision
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)


class Scheduler(Resumable, LRScheduler):  # type: ignore[misc]  # torch is not followed
    """Multiplies each parameter group's own LR by the schedule's value for the current update.

    `schedule` is a schedule or its text, or a plan with other hyper-parameters and rules by group; `optimizer` is one
    optimizer, or several that share one position. `horizon` is a number of updates or a `Horizon`. With
    `follow="updates"` the position is the number of updates that the optimizer has made: `step()` writes the LR of the
    next one, and does nothing without a new one, so gradient accumulation, skipped updates and repeated calls cannot
    change the curve. With `follow="calls"` every call of `step()` counts. With `absolute=True` its values are the LR.

    Attaching writes the LR of the first update; a group added later gets its own LR times the present factor. A tensor
    LR is written in place. A second scheduler on the same optimizer takes over from the first, with its base LRs. The
    scheduler owns the LR: to change it, set `base_lrs`.

    `live` is the folder of the run: the journal is written there (`lrlab replay`), and with `manual()` in the schedule
    orders are read from there (`lrlab live`). With `ranks="mean"` (or "first") the processes of torch.distributed
    receive one metric, decide together, and must have the same LR at every update. `model` gives names to parameters,
    tells which of them are in no optimizer, and lets a rule wait for a group that is added later. `clock` gives the
    seconds of a horizon in minutes; with None the loop reports them by `consume`. `at` is where a run without a saved
    state of lrlab goes on: a number of updates, or a span such as "16ep".

    Raises `LrlabError` if a value is negative or out of bounds at any update of the run, if the largest multiplier is
    so small that it was almost surely meant as an absolute LR, or if a rule of the plan matches no group.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> scheduler = Scheduler(optimizer, "warmup(3) >> cosine()", horizon=10)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.update, scheduler.get_last_lr()
    (1, [0.05])
    """

    @called("Scheduler", "Scheduler(optimizer, lr.cosine(), horizon=10_000)")
    def __init__(
        self,
        optimizer: Optimizer | Iterable[Optimizer],
        schedule: Plan | Schedule | str,
        horizon: int | Horizon | None = None,
        *,
        follow: Follow = "updates",
        absolute: bool = False,
        on_change: OnChange = "stop",
        live: str | PathLike[str] | None = None,
        ranks: Reduce | None = None,
        model: Module | None = None,
        clock: ReadClock | None = wall,
        at: int | str | Span = 0,
        last_epoch: Literal[-1] = -1,
    ) -> None:
        # The base class is for isinstance() alone: its constructor would write to the optimizer, step and patch it.
        self.optimizers = several(optimizer)
        self.optimizer = self.optimizers[0]
        self.on_change = known(on_change)
        if not isinstance(schedule, Plan):
            schedule = plan_of(lr=schedule if isinstance(schedule, Schedule) else parse(schedule))
        self.follow = known_follow(follow, schedule, horizon)
        pacer = PlanPacer(schedule, horizon, clock, absolute=absolute)
        if ranks is None and clock is wall:
            refuse_clocks(pacer, 'ranks="first", or clock=, one for all processes')
        self._around = RunFolder(live, ranks)
        self._model, self._clock = model, clock
        if last_epoch != -1:
            hint = f"at={last_epoch + 1}, where the old script called step() after every update"
            raise LrlabError(worded("last_epoch= is PyTorch's count of calls of step(), from 0", last_epoch, hint=hint))
        groups = Groups(self.optimizers, pacer, absolute, model)
        pacer.update = position(at, pacer.horizon)
        self._drive(groups)
        self._began("start")
        if undriven := [one.name for one in self._groups.run[1].known if "lr" not in one.driven]:
            log.warning("The plan does not drive the LR of the groups %s.", ", ".join(undriven))

    def _drive(self, groups: Groups) -> None:
        """Start to write into the optimizers."""
        self._groups = groups
        self._listens = self._around.listens
        self._watch, self._calls = Watch(), Calls(groups.run[0].update)
        self._rounds = Rounds(self.optimizers, groups.run[0].update) if len(self.optimizers) > 1 else None
        self._reported = self._owes = False  # owes: what an interrupted step() has left, before the next update
        self._aside = [0 for _ in self.optimizers]  # steps with an LR of 0 that something else has put there
        for place, optimizer in enumerate(self.optimizers):
            listen(optimizer, self, place)
        self.write()

    def _began(self, how: str) -> None:
        """The run starts, or goes on from another state."""
        self._calls.begins(self.optimizers, self._groups.run[0])
        self._around.began(self, how)

    # -- the loop -----------------------------------------------------------------------------------------------

    def step(self, epoch: None = None, metrics: None = None, **named: object) -> None:
        """Write the values of the next update; what PyTorch's own may be given is refused in words."""
        if epoch is not None or metrics is not None or named:
            refuse_epoch(named or (metrics if epoch is None else epoch))
        groups, self._owes = self._groups, True
        pacer = groups.run[0]
        if self.follow == "calls":
            pacer.update += 1
        elif not self._followed(pacer):
            self._owes = False
            return
        update, written, there = pacer.update, groups.written, self.optimizer.param_groups
        offset = update - written.start
        if (
            (written.plain and written.now is pacer.now and 0 <= offset < written.length)
            and (len(there) == written.count and there[0]["lr"] is groups.lr)
            and there[written.end] is written.last
        ):  # as nearly always: a look at the first and the last group, and a write for each value, without a call
            written.offset = -1  # until all of it is written
            for hyper, alike, values, factor in written.numbers:
                value = factor * values[offset]
                for group in alike:
                    group[hyper] = value
            groups.lr, written.offset = there[0]["lr"], offset
        else:
            groups.write(self.optimizers, pacer, update)
        self._stands, self._owes = update, False
        if update >= self._calls.due:
            self._calls.look(pacer, self._groups.lrs)
        if self._listens:
            self._around.after_update(self)

    def _followed(self, pacer: PlanPacer) -> bool:
        """Whether the optimizers have made an update since values were written last."""
        if self._rounds is not None:
            self._rounds.close(pacer.update)
        if pacer.update == self._stands and not self._take_in_aside():
            self._watch.untold(self.optimizers, pacer.update)
            return False
        self._watch.told(self.optimizers, pacer.update)
        if pacer.update - self._stands > 1:
            self._calls.skipped(self._stands, pacer, self._groups.lrs)
            self._report_missed(self._stands, pacer.update)
        if not self._groups.written.untouched():
            self._groups.look(self.optimizers)
        return True

    def observe(self, value: float | Tensor | None = None, /, **metrics: float | Tensor) -> None:
        """Feed the controllers in the schedule, and write what they decide on before returning."""
        self._around.observe(self, value, metrics)

    def consume(self, **amounts: float) -> None:
        """Report what the current update consumes, in all processes together, before `step()`:
        `consume(tokens=524_288)`.

        If the horizon is in samples, tokens or minutes and has no rate, the LR follows it (`core/run/metered.py`).
        """
        self.pacer.consume(**amounts)

    def go_back(self, position: Mapping[str, Any]) -> None:
        """Go to an earlier position of this run (`lrlab.core.run.rollback`), and write its LR into the optimizer."""
        self._groups.go_on(self.pacer.restored(position))
        self.write()
        self._began("rollback")

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def torn(self) -> bool:
        """Whether only some of several optimizers have made the update that is counted."""
        return self._rounds is not None and self._rounds.torn

    @property
    def schedule(self) -> Schedule | Plan:
        """The schedule in force, or the plan if it holds more than one schedule for the LR."""
        return self.pacer.schedule

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self.pacer.plan

    @property
    def horizon(self) -> Horizon:
        """The horizon in force."""
        return self.pacer.horizon

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each."""
        return self.pacer.decisions

    def get_last_lr(self) -> list[float]:
        """The LR that was last written to each group: after `step()`, what the next update uses."""
        self._adopt()
        return self._groups.lrs

    get_lr = get_last_lr

    @property
    def base_lrs(self) -> list[float]:
        """What the schedule multiplies in each group; set it to change the LR from the next update on."""
        self._adopt()
        return [one.own["lr"] for one in self._groups.run[1].known]

    @base_lrs.setter
    def base_lrs(self, base_lrs: Sequence[float]) -> None:
        before = self.base_lrs
        given = [not_negative(base, "a base LR") for base in items(base_lrs, "base_lrs")]
        if len(given) != len(before):
            raise LrlabError(worded("a base LR is needed for each group", given, f"{len(before)} numbers"))
        self._groups.rebase(given)
        self.write()
        self._began("changed")

    @property
    def group_names(self) -> list[str]:
        """The name of each group: its "name" if it has one, otherwise its number, counted through all optimizers."""
        return [one.name for one in self._groups.run[1].known]

    def report(self) -> PlanReport:
        """Every hyper-parameter of every group, driven or not; `print(...)` shows a table."""
        self._adopt()
        return PlanReport(self._groups.rows(), self.pacer.position, self.pacer.whole, self._groups.left_out())

    def __repr__(self) -> str:
        return f"Scheduler({self.schedule}, horizon={self.horizon!r}, update={self.update})"

    # PyTorch's names, which trainers read; Accelerate adds to _step_count while gradients accumulate.

    @property
    def last_epoch(self) -> int:
        """PyTorch's name for `update`. A script that resumes from a bare count sets it before its first update."""
        return self.pacer.update

    @last_epoch.setter
    def last_epoch(self, update: int) -> None:
        if (self._watch.proven and update != self.pacer.update) or (type(update) is int and update < 0):
            raise LrlabError(
                worded(
                    "something sets last_epoch in the middle of a run, as SequentialLR and ignite do; "
                    "here the position is counted from the optimizer's updates",
                    update,
                    hint="one schedule, warmup(3) >> cosine(), and scheduler.step() after each optimizer.step()",
                )
            )
        self.pacer.update = position(update, self.horizon)
        self.write()
        self._began("changed")

    @property
    def _last_lr(self) -> list[float]:
        return self.get_last_lr()

    @property
    def _step_count(self) -> int:
        return self.pacer.update + 1

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        pass

    def __getstate__(self) -> dict[str, Any]:
        """What pickle and copy.deepcopy() take: the optimizers too, but neither hooks nor compiled curves."""
        return {
            "given": (self.optimizers, self.plan, self.horizon, self.absolute, self._model, self._clock),
            "asked": (self.follow, self.on_change),
            "groups": self._groups.held(),
            "pacer": self.pacer.state(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.optimizers, plan, horizon, absolute, self._model, self._clock = state["given"]
        self.optimizer = self.optimizers[0]
        self.follow, self.on_change = state["asked"]
        pacer = PlanPacer(plan, horizon, self._clock, absolute=True).restored(state["pacer"])
        groups = Groups(self.optimizers, pacer, absolute, self._model, state["groups"])
        self._around = RunFolder(None, None)  # a copy has none
        self._drive(groups)

    # -- the optimizers -----------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the values of the next update into every group; of several optimizers, those of a round that began."""
        with round_of(self._rounds, self.pacer) as pacer:
            self._groups.look(self.optimizers)
            self._groups.write(self.optimizers, pacer, pacer.update)
            self._stands = pacer.update  # the position that the values in the optimizers are of

    def _adopt(self) -> None:
        """Take in groups that were added, removed or reordered since."""
        groups = self._groups
        if groups.retired or (groups.written.offset >= 0 and groups.run[1].stands(self.optimizers)):
            return
        groups.adopt(self.optimizers)
        self.write()

    def _before_step(self, place: int) -> None:
        groups, optimizer = self._groups, self.optimizers[place]
        if not self._watch.proven:
            self._watch.begins(self.optimizers)
        stale = self._owes or groups.stale(place, optimizer)
        if not stale and (self.follow == "updates" or groups.written.untouched()):
            return
        if groups.retired or groups.set_aside(place, optimizer):
            return
        if stale:
            self._owes = False
            self.write()  # a group was added since: its first update has the present factor too
        else:
            groups.look(self.optimizers)

    def _after_step(self, place: int) -> None:
        optimizer = self.optimizers[place]
        if capturing(optimizer):
            self._groups.refuse_capture(self.follow)
            return
        if not self._watch.proven and not overflowed(optimizer):
            self._watch.ends(self.optimizers)
        if self.follow == "calls":
            self._calls.stepped(place, self._groups.set_aside(place, optimizer))
        elif overflowed(optimizer):
            return
        elif self._groups.set_aside(place, optimizer):
            self._aside[place] += 1
        elif self._rounds is None or self._rounds.moves(place):
            self.pacer.update += 1

    def _take_in_aside(self) -> bool:
        """Count the steps with an LR of 0 where it is still there: somebody meant it, so they were updates."""
        pairs = enumerate(zip(self.optimizers, self._aside, strict=True))
        meant = max(n if n and self._groups.set_aside(place, one) else 0 for place, (one, n) in pairs)
        self._aside = [0 for _ in self._aside]
        self.pacer.update += meant
        return meant > 0

    def _after_load(self, place: int) -> None:
        if not self._groups.retired:
            self.write()  # the values in the optimizer are the scheduler's, whatever was loaded into it

    # -- what cannot be meant -----------------------------------------------------------------------------------

    def _report_missed(self, first: int, now: int) -> None:
        """Log once that updates were made with an LR that is not the schedule's, because step() was not called."""
        if any(curve.unit != "updates" for curve in self.pacer.curves):
            return  # what these updates consumed was reported for all of them together
        if self._reported or self._groups.used(now):
            return
        self._reported = True
        log.warning(
            "The updates %d ... %d all used the LR of update %d: call scheduler.step() after every optimizer.step() "
            '(Lightning: "interval": "step").',
            *(first, now - 1, first),
        )


PlanScheduler = Scheduler  # the name that it had when a plan was driven by a class of its own
