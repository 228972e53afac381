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

import weakref
from collections.abc import Mapping
from typing import Any, Literal

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

PATIENCE = 3  # calls of step() without any update seen, until it is an error


class Scheduler(LRScheduler):  # type: ignore[misc]  # torch is not followed
    """Multiplies each parameter group's own LR by what the schedule says for the update at hand.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. With `follow="updates"` the
    position is the number of updates that the optimizer has made: `step()` moves to it, and changes nothing without
    a new one, so that gradient accumulation, skipped updates and repeated calls cannot change the curve. With
    `follow="calls"` every call of `step()` counts. With `absolute=True` the schedule's values are the LR itself.

    Attaching writes the LR of the first update; a group that is added later gets its own LR times the present
    factor. A tensor LR is written in place. Raises `LrlabError` where the schedule is negative somewhere, or its
    largest multiplier is so small that it was almost surely meant as an absolute LR.
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
        self.optimizer = optimizer
        self.schedule = schedule
        self.follow = follow
        self.absolute = absolute
        self.pacer = Pacer(schedule.over(horizon))
        _refuse_odd(self.pacer, absolute)
        self.base_lrs: list[float] = []
        self._seen = 0  # updates that the optimizer has made since it was attached
        self._counted = 0  # of these, how many are in the position
        self._calls = 0
        self._groups: list[dict[str, Any]] = []
        self._shares: list[tuple[float, list[dict[str, Any]]]] = []
        self._step_count = 0  # Accelerate counts in it while gradients accumulate
        _listen(self)
        self._adopt()
        self._write()

    # -- the loop -----------------------------------------------------------------------------------------------

    def step(self, epoch: None = None) -> None:
        """Move to the number of completed updates and write the LR of the next one."""
        if epoch is not None:
            raise LrlabError(worded("step() takes no epoch: the position is counted", epoch, hint="scheduler.step()"))
        if self.follow == "calls":
            self.pacer.update += 1
        elif self._seen != self._counted:
            self.pacer.update += self._seen - self._counted
            self._counted = self._seen
        else:
            self._wait()
            return
        self._write()

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
        return [value if self.absolute else base * value for base in self.base_lrs]

    get_lr = get_last_lr

    @property
    def last_epoch(self) -> int:
        """PyTorch's name for `update`."""
        return self.pacer.update

    @property
    def _last_lr(self) -> list[float]:
        return self.get_last_lr()

    def __repr__(self) -> str:
        return f"Scheduler({self.schedule}, horizon={self.pacer.curve.horizon!r}, update={self.update})"

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Position, controllers' records and base LRs, as plain numbers and texts (JSON).

        The text of the schedule, the horizon and the fingerprint are for comparison only: configuration comes
        from code.
        """
        return {
            **self.pacer.state(),
            "base_lrs": list(self.base_lrs),
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
        checked(state_dict)
        self._adopt()
        self._refuse_difference(state_dict)
        self.pacer.restore({key: state_dict[key] for key in ("version", "update", "controllers", "decisions")})
        self._rebase([float(base) for base in state_dict["base_lrs"]])
        self._counted = self._seen
        self._write()

    def _refuse_difference(self, state: Mapping[str, Any]) -> None:
        rows: list[tuple[str, object, object]] = []
        configured = {
            "schedule": str(self.schedule),
            "horizon": self.pacer.curve.horizon.record(),
            "absolute": self.absolute,
        }
        rows.extend(
            (field, state.get(field), given) for field, given in configured.items() if state.get(field) != given
        )
        recorded = state.get("base_lrs", [])
        if len(recorded) != len(self.base_lrs):
            rows.append(("parameter groups", len(recorded), len(self.base_lrs)))
        elif not rows:
            realised = self._realised(state)
            for k, (base, mine) in enumerate(zip(recorded, self.base_lrs, strict=True)):
                # A group that was loaded before the scheduler was built holds the recorded realised LR.
                if mine != base and mine != realised[k]:
                    rows.append((f"base LR of group {k}", base, mine))
        if rows:
            table = "\n".join(
                f"  {field}: in the checkpoint {theirs}, in the code {mine}" for field, theirs, mine in rows
            )
            raise LrlabError(
                f"the checkpoint and the code disagree, and nothing was loaded\n{table}\n"
                "  try:     build the scheduler as the run was started, or start a new one from the loaded weights"
            )

    def _realised(self, state: Mapping[str, Any]) -> list[float]:
        """The LR of each group in the recorded state."""
        there = Pacer(self.pacer.curve)
        there.restore({key: state[key] for key in ("version", "update", "controllers", "decisions")})
        return [
            _as_stored(there.value if self.absolute else base * there.value, group["lr"])
            for base, group in zip(state["base_lrs"], self._groups, strict=True)
        ]

    # -- the optimizer ------------------------------------------------------------------------------------------

    def _adopt(self) -> None:
        """Take in the optimizer's groups: all of them at first, later the new ones."""
        groups = self.optimizer.param_groups
        fresh = groups[len(self.base_lrs) :]
        self._groups = groups
        self._rebase([*self.base_lrs[: len(groups)], *(float(group["lr"]) for group in fresh)])

    def _rebase(self, base_lrs: list[float]) -> None:
        """Set the base LR of each group; groups of one base LR are written together."""
        self.base_lrs = base_lrs
        shares: dict[float, list[dict[str, Any]]] = {}
        for base, group in zip(base_lrs, self._groups, strict=True):
            shares.setdefault(base, []).append(group)
        self._shares = list(shares.items())
        self._tensors = any(isinstance(group["lr"], Tensor) for group in self._groups)
        self._many = len(self._groups)

    def _write(self) -> None:
        """Write the LR of the next update into every group."""
        groups = self.optimizer.param_groups
        if groups is not self._groups or len(groups) != self._many:
            self._adopt()
        value = self.pacer.value
        for base, alike in self._shares:
            lr = value if self.absolute else base * value
            if self._tensors:
                for group in alike:
                    if isinstance(group["lr"], Tensor):
                        group["lr"].fill_(lr)
                    else:
                        group["lr"] = lr
            else:
                for group in alike:
                    group["lr"] = lr

    def _wait(self) -> None:
        """A call without a new update: fine while gradients are there, an error where nothing ever updates."""
        self._calls += 1
        if self._seen or self._calls < PATIENCE:
            return
        if any(p.grad is not None for group in self.optimizer.param_groups for p in group["params"]):
            return  # accumulating, or an overflow was skipped: the first update is still to come
        raise LrlabError(
            worded(
                f"step() was called {self._calls} times and the optimizer has made no update",
                allowed="optimizer.step() before scheduler.step()",
                hint='Scheduler(..., follow="calls"), under which every call counts',
            )
        )

    def _updated(self) -> None:
        """The optimizer has finished step(); a fused one does so too where an overflow made it skip."""
        overflow = getattr(self.optimizer, "found_inf", None)
        if overflow is None or not float(overflow):
            self._seen += 1


def _listen(scheduler: Scheduler) -> None:
    """Hook a scheduler to its optimizer, without keeping either alive."""
    reference = weakref.ref(scheduler)
    optimizer = scheduler.optimizer

    def before(opt: Any, args: Any, kwargs: Any) -> None:
        mine = reference()
        if mine is not None and len(opt.param_groups) != mine._many:
            mine._write()  # a group was added since: its first update has the present factor too

    def after(opt: Any, args: Any, kwargs: Any) -> None:
        mine = reference()
        if mine is not None:
            mine._updated()

    def loaded(opt: Any) -> None:
        mine = reference()
        if mine is not None:
            mine._write()  # the LR in the optimizer is the scheduler's, whatever was loaded into it

    hooks = (
        optimizer.register_step_pre_hook(before),
        optimizer.register_step_post_hook(after),
        optimizer.register_load_state_dict_post_hook(loaded),
    )
    for hook in hooks:
        weakref.finalize(scheduler, hook.remove)


def _as_stored(lr: float, kept: float | Tensor) -> float:
    """An LR as its group keeps it: a tensor rounds it to its own precision."""
    return float(kept.new_tensor(lr)) if isinstance(kept, Tensor) else lr


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
