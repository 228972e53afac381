"""The state of a PyTorch scheduler: saved, resumed with a policy, and changed while the run goes on.

    scheduler.load_state_dict(state, on_change="splice")     where the checkpoint and the code disagree
    scheduler.resume(state, scale=0.5)                       every later LR is half of what it was
    scheduler.extend(20_000, how="rescale-rest")             a longer run
    scheduler.finish(over="10%")                             decay now
    scheduler.branch(decay="20%")                            decay from a stable phase, as planned with that horizon

What each does is stated in `core/resume/policy.py` and `core/resume/plans.py`; here it is written into the optimizers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from torch.optim import Optimizer

from lrlab.adapters.torch.groups import Groups
from lrlab.adapters.torch.written import as_stored
from lrlab.core.expression.fields import optional_positive
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.param_group import kept
from lrlab.core.resume import plans
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.policy import OnChange, resumed
from lrlab.core.run.metered import sampled
from lrlab.core.run.pacer import Change
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)


def is_of_torch(state: object) -> bool:
    """Whether this is the state of one of PyTorch's own schedulers.

    >>> is_of_torch({"last_epoch": 16, "base_lrs": [0.1], "_last_lr": [0.05], "gamma": 0.5})
    True
    """
    return isinstance(state, Mapping) and "_last_lr" in state and bool({"last_epoch", "_schedulers"} & state.keys())


def count_of_torch(state: Mapping[str, Any]) -> tuple[int, list[float]]:
    """How many calls of step() a PyTorch scheduler has counted, and its base LRs.

    A `SequentialLR` or `ChainedScheduler` has those of its first member. Raises `LrlabError` if it counts something
    else: `ReduceLROnPlateau` counts observations.

    >>> inner = {"last_epoch": 2, "base_lrs": [0.1], "_last_lr": [0.1]}
    >>> count_of_torch({"last_epoch": 4, "_schedulers": [inner], "_last_lr": [0.1]})
    (4, [0.1])
    """
    count, inner = state.get("last_epoch"), state
    while "base_lrs" not in inner and inner.get("_schedulers"):
        inner = inner["_schedulers"][0]
        count = inner.get("last_epoch") if count is None else count
    if count is None or "base_lrs" not in inner:
        what = "this PyTorch scheduler counts its observations, not the updates"
        given = {word: state[word] for word in ("last_epoch", "patience") if word in state}
        raise LrlabError(worded(what, given, hint="Scheduler(optimizer, schedule, horizon, at=...)"))
    return int(count), [float(base) for base in inner["base_lrs"]]


class Resumable:
    """Abstract: something that writes the values of a pacer into optimizers, and can be resumed and changed."""

    optimizers: Sequence[Optimizer]
    on_change: OnChange
    _groups: Groups

    def write(self) -> None:
        """Write the values of the next update into every group."""
        raise NotImplementedError

    @property
    def torn(self) -> bool:
        """Whether only some of the optimizers have made the update that is counted."""
        raise NotImplementedError

    def _began(self, how: str) -> None:
        raise NotImplementedError

    def _adopt(self) -> None:
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """The LR of each group that was written last."""
        raise NotImplementedError

    @property
    def pacer(self) -> PlanPacer:
        """The position, the curves, and the states of the controllers."""
        return self._groups.run[0]

    @property
    def absolute(self) -> bool:
        """Whether the values of an LR are the LR itself."""
        return self._groups.run[1].absolute

    @property
    def update(self) -> int:
        """How many updates are completed: the next one is number `update`, counted from 0."""
        return self.pacer.update

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed during the run: extended, finished, spliced, scaled."""
        return self.pacer.changes

    def extend(self, to: int | Horizon, how: str | None = None, *, peak: float | None = None) -> None:
        """Make the run `to` updates long; `how` is "rescale-rest", "hold-then-decay", "re-warm" or "keep".

        The rules are those of `lrlab.core.resume.change.extended`; `peak` is a multiple of the base LR.
        """
        self._go_on(plans.extended(self.pacer, to, how, peak=peak), str(how))

    def finish(self, over: int | str | Span, *, shape: str = "one_minus_sqrt", to: float | None = None) -> None:
        """Decay from the present LR to the floor, over a number of updates or a share of the run as it will then be."""
        self._go_on(plans.finished(self.pacer, over, shape=shape, to=to), "finish")

    def branch(self, decay: int | str | Span, *, shape: str | None = None, to: float | None = None) -> None:
        """Leave the stable phase: decay now, as a run planned with that horizon would (`core/resume/branch.py`)."""
        pacer, note = plans.branched(self.pacer, decay, shape=shape, to=to)
        self._go_on(pacer, "branch")
        if note:
            log.warning("%s", note)

    def _go_on(self, pacer: PlanPacer, how: str) -> None:
        pacer.plan.refuse_out_of_bounds(pacer.curves, absolute=self.absolute)
        self._groups.go_on(pacer)
        self.write()
        self._began(how)

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The position, the controllers' records, the log and each group's own values, as plain numbers and texts, with
        a digest.

        The values in the optimizers, the plan, the horizon and the fingerprint are for comparison only: configuration
        comes from code. It is correct at any point of the loop, also between the two step() calls. Its keys do not
        depend on the run, and it does not grow with it. Where several optimizers share the position, save after the
        last of them was stepped: a warning says where this was not so.
        """
        if self.torn:
            log.warning(
                "The state is saved where one optimizer has made update %d and another has not, or skipped. "
                "Save after scheduler.step(), or the other one misses this update when the training goes on.",
                self.update - 1,
            )
        return self.checkpoint().leaves()

    def checkpoint(self) -> Checkpoint:
        """The same, as a value."""
        self._adopt()
        return Checkpoint.at(self.pacer, self._groups.held(), absolute=self.absolute)

    def load_state_dict(self, state_dict: Mapping[str, Any], on_change: OnChange | None = None) -> None:
        """Go to a recorded state, and write its values into the optimizers.

        Build, load the optimizers and load the scheduler in any order. If the state belongs to another schedule,
        horizon or base LR, `on_change` ("stop", "keep", "take", "splice"; by default the scheduler's own) says how to
        go on. Raises `LrlabError`, and changes nothing, if the state is damaged, or under "stop" with each difference.
        """
        self._adopt()
        if is_of_torch(state_dict):
            self._go_to_count(state_dict)
            return
        there = Checkpoint.read(state_dict)
        known = self._groups.run[1].known
        went = resumed(
            there,
            self.pacer,
            self._groups.held(),
            on_change or self.on_change,
            absolute=self.absolute,
            stored=lambda k, hyper, value: as_stored(value, kept(known[k].group, hyper)),
        )
        if went.pacer.curves != self.pacer.curves:
            went.pacer.plan.refuse_out_of_bounds(went.pacer.curves, absolute=went.absolute)
        self._groups.go_on(went.pacer, went.groups, went.absolute)
        self.write()
        self._began("resumed")

    def _go_to_count(self, state: Mapping[str, Any]) -> None:
        """Go on at the position of one of PyTorch's own schedulers, which counts calls of its step()."""
        count, bases = count_of_torch(state)
        own = [one.own["lr"] for one in self._groups.run[1].known]
        if bases != own:
            raise LrlabError(
                worded(
                    "the base LRs are not those of PyTorch's state", own, str(bases), f"scheduler.base_lrs = {bases}"
                )
            )
        steps = [int(one["step"]) for each in self.optimizers for one in each.state.values() if "step" in one]
        made = max(steps, default=None)
        if made is not None and made != count:
            raise LrlabError(
                worded(
                    "PyTorch's scheduler counts calls of its step(), and the optimizer has made more or fewer updates",
                    f"last_epoch {count}, {made} updates",
                    hint=f"Scheduler(optimizer, schedule, horizon, at={made})",
                )
            )
        if made is None:
            log.warning(
                "The %d calls of PyTorch's scheduler are taken as updates; if they are not, use Scheduler(..., at=).",
                count,
            )
        self.pacer.update = count
        self.write()
        self._began("resumed")

    def resume(
        self,
        state_dict: Mapping[str, Any],
        *,
        scale: float | None = None,
        peak: float | None = None,
        on_change: OnChange | None = None,
    ) -> None:
        """Go to a recorded state, and from there on multiply every LR by `scale`, or so that the highest is `peak`.

        The scale applies to the schedule and the base LRs, whatever it was before: giving it again at the next start
        changes nothing. The optimizer's moments and the ratios of the groups stay; `changes` records it.
        """
        if scale is not None and peak is not None:
            raise LrlabError(worded("resume takes a scale or a peak", [scale, peak], hint="resume(state, scale=0.5)"))
        scale, peak = optional_positive(scale, "resume: scale"), optional_positive(peak, "resume: peak")
        self.load_state_dict(state_dict, on_change)
        if peak is not None:
            top = self._top()
            if top == 0:
                raise LrlabError(worded("resume: the LR is always 0, so no scale reaches this peak", peak))
            scale = peak / top
        if scale is not None:
            self.pacer.rescale(scale)
            self.write()
            self._began("scale")

    def _top(self) -> float:
        """The highest LR of the plan in any group, without a scale."""
        _, layout = self._groups.run
        tops = [float(sampled(curve)[1].max()) for curve in self.pacer.curves]
        return max((share.factor * tops[share.schedule] for share in layout.shares if share.hyper == "lr"), default=0.0)
