"""PyTorch: drive the hyper-parameters of one or several optimizers by a plan.

    p = plan(lr=warmup("2%") >> cosine(to=0.1), groups={"embed*": {"lr": linear()}})
    scheduler = PlanScheduler([muon, adamw], p, horizon=10_000)
    for batch in loader:
        loss = ...; loss.backward()
        muon.step(); adamw.step(); scheduler.step()
    print(scheduler.report())

A group's name is its "name" if it has one, else its number, counted through all optimizers; the names of its parameters
are those that the optimizer was given (`named_parameters()`), or else those in `model`. With one rule,
`plan(lr=schedule)`, this is a `Scheduler` of that schedule: the same LR to the last bit.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.plan import plan as plan_of
from lrlab.core.plan.report import PlanReport
from lrlab.core.plan.rules import KINDS, Group
from lrlab.core.resume.checkpoint import digest
from lrlab.core.run.meter import ReadClock, wall
from lrlab.core.run.pacer import Decision
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, missing, worded

try:
    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
except ModuleNotFoundError:
    raise missing("torch", "torch", "lrlab.adapters.torch.plan") from None

from lrlab.adapters.torch.plan_groups import PlanGroups
from lrlab.adapters.torch.run_folder import refuse_clocks
from lrlab.adapters.torch.updates import Patience, capturing, hooked, listen, overflowed

log = logging.getLogger(__name__)


class PlanScheduler(LRScheduler):  # type: ignore[misc]  # torch is not followed
    """Writes what a plan says for the update at hand into the parameter groups of one or several optimizers.

    All optimizers have one position: the number of updates that the one that made most of them has made. One
    `step()` after theirs writes the values of the next update, as a `Scheduler` does, and changes nothing without a
    new update. A later scheduler on one of them takes over, with what its groups brought. `plan` may be a schedule or
    its text: the plan of one rule. `model` gives names to parameters, says which of them no optimizer has, and lets a
    rule wait for a group that is added later. With `follow="calls"` every call of `step()` counts. `clock` gives the
    seconds of a horizon in minutes; with None the loop reports them (`core/live.py`).

    Raises `LrlabError` where a rule matches no group, a value is out of its bounds at some update of the run, or
    the layers have no order.

    >>> import torch, lrlab as lr
    >>> layer = torch.nn.Linear(2, 2)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.95, weight_decay=0.01)
    >>> p = lr.plan(lr=lr.linear(), momentum=lr.linear(start=0.95, to=0.85))
    >>> scheduler = PlanScheduler(optimizer, p, horizon=10)
    >>> for _ in range(5): optimizer.step(); scheduler.step()
    >>> print(scheduler.report())
    5 of 10 updates (50 %)
    optimizer  group  parameters  hyper-parameter  now   own   scale  rule  schedule
    SGD        0      2           lr               0.05  0.1   1      *     linear()
    SGD        0      2           weight_decay     0.01  0.01               not driven
    SGD        0      2           momentum         0.9   0.95  1      *     linear(start=0.95, to=0.85)
    """

    def __init__(
        self,
        optimizers: Optimizer | Iterable[Optimizer],
        plan: Plan | Schedule | str,
        horizon: int | Horizon | None = None,
        *,
        model: Module | None = None,
        follow: Literal["updates", "calls"] = "updates",
        clock: ReadClock | None = wall,
    ) -> None:
        # The base class is for isinstance() alone: its constructor would write to the optimizer, step and patch it.
        if follow not in ("updates", "calls"):
            raise LrlabError(worded("follow is not known", follow, '"updates", "calls"'))
        self.optimizers = _several(optimizers)
        self.optimizer = self.optimizers[0]
        self.plan = plan if isinstance(plan, Plan) else plan_of(lr=plan)
        self.follow = follow
        self._model, self._clock = model, clock
        self.pacer = PlanPacer(self.plan, horizon, clock)
        if clock is wall:
            for pacer in self.pacer.pacers.values():
                refuse_clocks(pacer.curve, "clock=, one for all processes")
        self.groups = PlanGroups(self.optimizers, self.plan, model)
        self._patience = Patience()
        self._ears = [_Ear(self, optimizer) for optimizer in self.optimizers]
        self._reported = False
        self._write()
        if undriven := self.report().undriven:
            log.warning("The plan drives no LR of the groups %s.", ", ".join(undriven))

    # -- the loop -----------------------------------------------------------------------------------------------

    def step(self, epoch: None = None) -> None:
        """Write the values of the next update."""
        if epoch is not None:
            raise LrlabError(worded("step() takes nothing: the position is counted", epoch, hint="scheduler.step()"))
        if self.follow == "calls":
            self.pacer.update += 1
        elif self.pacer.update == self._written:
            self._patience.wait(self.optimizer)
            return
        missed, before = self.pacer.update - self._written > 1, self.groups.lrs
        self._write()
        if missed and self.groups.lrs != before and not self._reported:
            self._reported = True
            log.warning("Several updates used the values of one: call scheduler.step() after every optimizer.step().")

    def observe(self, value: float | Tensor | None = None, /, **metrics: float | Tensor) -> None:
        """Feed the controllers in the plan, and write what they decide on before returning."""
        self.pacer.observe(value, **metrics)
        self._write()

    def consume(self, **amounts: float) -> None:
        """Say what the update at hand consumes, in all processes together: `consume(tokens=524_288)`."""
        self.pacer.consume(**amounts)

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def update(self) -> int:
        """How many updates are completed: the next one is number `update`, counted from 0."""
        return self.pacer.update

    last_epoch = update

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each."""
        return self.pacer.decisions

    def get_last_lr(self) -> list[float]:
        """The LR of each group of each optimizer, as it was written last."""
        return list(self.groups.lrs)

    get_lr = get_last_lr

    @property
    def _last_lr(self) -> list[float]:
        return self.get_last_lr()

    # Accelerate adds to it while gradients accumulate.

    @property
    def _step_count(self) -> int:
        return self.update + 1

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        pass

    @property
    def base_lrs(self) -> list[float]:
        """The LR that each group brought."""
        return [known.own["lr"] for known in self.groups.known]

    @property
    def group_names(self) -> list[str]:
        """The name of each group of each optimizer."""
        return [known.name for known in self.groups.known]

    def report(self) -> PlanReport:
        """Every hyper-parameter of every group that is driven and that is not; as a table: `print(...)`."""
        if self.groups.changed():
            self._write()
        return PlanReport(self.groups.rows(), self.pacer.position, self.pacer.whole, self.groups.left_out())

    def __repr__(self) -> str:
        return f"PlanScheduler({self.plan}, horizon={self.pacer.horizon!r}, update={self.update})"

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Position, controllers' records and what each group brought, as plain JSON.

        The rest is for comparison only: configuration comes from code.
        """
        state = {
            "plan_version": 1,
            **self.pacer.state(),
            "groups": self.groups.record(),
            "plan": str(self.plan),
            "fingerprint": self.plan.fingerprint(),
            "horizon": self.pacer.horizon.record(),
        }
        return {**state, "digest": digest(state)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go to a recorded state, and write its values into the optimizers.

        Build, load the optimizers and load the scheduler in any order. Raises `LrlabError`, and changes nothing,
        where the state belongs to another plan, horizon or other groups: the message shows each difference.
        """
        state = _read(state_dict)
        if self.groups.changed():
            self._write()
        configured = {"plan": str(self.plan), "horizon": self.pacer.horizon.record()}
        rows: list[tuple[str, object, object]] = [
            (field, state[field], own) for field, own in configured.items() if state[field] != own
        ]
        rows += self.groups.differences(state["groups"])
        if rows:
            table = "\n".join(f"  {what}: in the checkpoint {theirs}, in the code {own}" for what, theirs, own in rows)
            raise LrlabError(
                f"the checkpoint and the code disagree, and nothing was loaded\n{table}\n"
                "  try:     build the scheduler as the run was started, or start a new one from the loaded weights"
            )
        self.pacer.restore(state)
        self.groups.take(state["groups"])
        for ear in self._ears:
            ear.updates = self.update
        self._write()

    def __getstate__(self) -> dict[str, Any]:
        """What pickle and copy.deepcopy() take: the optimizers and the model too, but neither hooks nor curves."""
        asked = {"follow": self.follow, "model": self._model, "clock": self._clock}
        return {"given": (self.optimizers, self.plan, self.pacer.horizon), "asked": asked, "state": self.state_dict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        PlanScheduler.__init__(self, *state["given"], **state["asked"])
        self.load_state_dict(state["state"])

    # -- the optimizers -----------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Write the values of the next update into every group."""
        self.groups.write(self.pacer)
        self._written = self.pacer.update

    def _made(self, ear: _Ear) -> None:
        """One of the optimizers has made an update."""
        self._patience.end()
        if self.follow == "updates":
            self.pacer.update = max(self.pacer.update, ear.updates)


class _Ear:
    """Hears one optimizer for a scheduler, and counts its updates."""

    def __init__(self, scheduler: PlanScheduler, optimizer: Optimizer) -> None:
        self._scheduler = weakref.ref(scheduler)
        self._optimizer = optimizer
        self.updates = 0
        listen(optimizer, self)

    def _before_step(self) -> None:
        scheduler = self._scheduler()
        if scheduler is not None and not scheduler.groups.retired and scheduler.groups.changed():
            scheduler._write()  # a group was added since: its first update has its share of the plan, too

    def _after_step(self) -> None:
        scheduler = self._scheduler()
        if scheduler is None:
            return
        if capturing(self._optimizer):
            raise LrlabError(worded("optimizer.step() is captured in a CUDA graph, which plans do not follow"))
        if not overflowed(self._optimizer) and not scheduler.groups.set_aside(self._optimizer):
            self.updates += 1
            scheduler._made(self)

    def _after_load(self) -> None:
        if (scheduler := self._scheduler()) is not None and not scheduler.groups.retired:
            scheduler._write()  # the values in the optimizer are the scheduler's, whatever was loaded into it


def parameter_groups(model: Module, plan: Plan) -> list[dict[str, Any]]:
    """The trainable parameters of a model in as few groups as the rules and layers of a plan allow, named.

    Raises `LrlabError` where a rule or a layer matches no parameter, or layers decay without `layers`.

    >>> import torch, lrlab as lr
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    >>> p = lr.plan(lr=lr.cosine(), groups={"*.bias": {"weight_decay": 0}}, layer_decay=0.5, layers=["{}.*"])
    >>> optimizer = torch.optim.AdamW(parameter_groups(model, p), lr=0.1)
    >>> [(group["param_names"], group["lr"]) for group in PlanScheduler(optimizer, p, 100).optimizer.param_groups]
    [(['0.weight'], 0.05), (['0.bias'], 0.05), (['1.weight'], 0.1), (['1.bias'], 0.1)]
    """
    if plan.layer_decay is not None and not plan.layers:
        raise LrlabError(worded("parameters have no order of their own", str(plan), hint='layers=["blocks.{}.*", ...]'))
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    facts = [Group(name, (), frozenset(KINDS)) for name, _ in named]
    alike: dict[tuple[object, ...], list[tuple[str, Any]]] = {}
    for one, group, driven in zip(named, facts, plan.assign(facts), strict=True):
        rules = tuple(rule.pattern for rule in plan.rules if group.matches(rule.pattern))
        alike.setdefault((rules, driven), []).append(one)
    return [{"params": parameters} for parameters in alike.values()]


def _several(given: Optimizer | Iterable[Optimizer]) -> tuple[Optimizer, ...]:
    if isinstance(given, Optimizer):
        given = (given,)
    optimizers = tuple(given) if isinstance(given, Iterable) else (given,)
    if not optimizers or not all(isinstance(optimizer, Optimizer) for optimizer in optimizers):
        raise LrlabTypeError(
            worded("PlanScheduler drives torch optimizers", given, hint="PlanScheduler([muon, adamw], plan)")
        )
    if len({id(hooked(optimizer)) for optimizer in optimizers}) < len(optimizers):
        raise LrlabError(worded("one optimizer is given twice", [type(o).__name__ for o in optimizers]))
    return tuple(hooked(optimizer) for optimizer in optimizers)


def _read(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A recorded state that is as it was written."""
    if not isinstance(state, Mapping) or state.get("plan_version") != 1:
        raise LrlabError(worded("this is no state of a PlanScheduler", state))
    if state.get("digest") != digest({name: value for name, value in state.items() if name != "digest"}):
        raise LrlabError(worded("the checkpoint is not as it was written", hint="an earlier checkpoint"))
    return state
