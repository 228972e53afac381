"""The state of a PyTorch scheduler: saved, resumed with a policy, and changed while the run goes on.

    scheduler.load_state_dict(state, on_change="splice")     where the checkpoint and the code disagree
    scheduler.resume(state, scale=0.5)                       every later LR is half of what it was
    scheduler.extend(20_000, how="rescale-rest")             a longer run
    scheduler.finish(over="10%")                             decay now
    scheduler.branch(decay="20%")                            decay from a stable phase, as planned with that horizon

What each does is stated in `core/resume.py`, `core/change.py` and `core/branch.py`; here it is written into the
optimizer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer

from lrlab.adapters.torch.groups import Groups, as_stored
from lrlab.core.expression.fields import optional_positive
from lrlab.core.resume.branch import branched
from lrlab.core.resume.change import extended, finished
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.policy import OnChange, resumed
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import sampled
from lrlab.core.run.pacer import Change, Pacer
from lrlab.core.text.lint import refuse_odd
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)


class Resumable:
    """Abstract: what has a pacer and writes its values into an optimizer can be resumed and changed."""

    optimizer: Optimizer
    pacer: Pacer
    absolute: bool
    on_change: OnChange
    base_lrs: Any  # a property of the scheduler
    _groups: Groups

    def _write(self) -> None:
        raise NotImplementedError

    def _began(self, how: str) -> None:
        raise NotImplementedError

    @property
    def update(self) -> int:
        """How many updates are completed: the next one is number `update`, counted from 0."""
        return self.pacer.update

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed while the run went on: extended, finished, spliced, scaled."""
        return self.pacer.changes

    def extend(self, to: int | Horizon, how: str, *, peak: float | None = None) -> None:
        """Make the run `to` updates long: "rescale-rest", "hold-then-decay", "re-warm" or "keep".

        The rules are those of `lrlab.core.resume.change.extended`; `peak` is a multiple of the base LR.
        """
        curve = extended(self.pacer.curve, self.update, to, how, peak=peak, factors=self.pacer.factor_of)
        self._go_on(curve, how)

    def finish(self, over: int | str | Span, *, shape: str = "one_minus_sqrt", to: float | None = None) -> None:
        """Decay from the present LR to the floor, over so many updates or a share of the run as it will then be."""
        factors = self.pacer.factor_of
        self._go_on(finished(self.pacer.curve, self.update, over, shape=shape, to=to, factors=factors), "finish")

    def branch(self, decay: int | str | Span, *, shape: str | None = None, to: float | None = None) -> None:
        """Leave the stable phase: decay now, as the run planned with that horizon does (`core.resume.branch`)."""
        curve, note = branched(self.pacer.curve, self.update, decay, shape=shape, to=to)
        if note:
            log.warning("%s", note)
        self._go_on(curve, "branch")

    def _go_on(self, curve: Curve, how: str) -> None:
        refuse_odd(curve, self.absolute)
        self.pacer.go_on(curve, how)
        self._write()
        self._began(how)

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Position, controllers' records, log and base LRs, as plain numbers and texts (JSON), with a digest.

        The LRs in the optimizer, the schedule, the horizon and the fingerprint are for comparison only: configuration
        comes from code. Right at any point of the loop, also between the two step() calls.
        """
        lrs = [float(group["lr"]) for group in self.optimizer.param_groups]
        return Checkpoint.of(self.pacer, self.base_lrs, lrs, absolute=self.absolute).record()

    def load_state_dict(self, state_dict: Mapping[str, Any], on_change: OnChange | None = None) -> None:
        """Go to a recorded state, and write its LR into the optimizer.

        Build, load the optimizer and load the scheduler in any order. Where the state belongs to another schedule,
        horizon or base LR, `on_change` ("stop", "keep", "take", "splice"; by default the scheduler's own) says how to
        go on. Raises `LrlabError`, and changes nothing, where it is torn, or under "stop" with each difference.
        """
        groups = self.optimizer.param_groups
        pacer, base_lrs, absolute = resumed(
            Checkpoint.read(state_dict),
            self.pacer.curve,
            self.base_lrs,
            on_change or self.on_change,
            absolute=self.absolute,
            stored=lambda k, lr: as_stored(lr, groups[k]["lr"]),
        )
        if pacer.curve is not self.pacer.curve:
            refuse_odd(pacer.curve, absolute)
        self.pacer, self.absolute = pacer, absolute
        self._groups.absolute = absolute
        self._groups.take(groups, base_lrs)
        self._write()
        self._began("resumed")

    def resume(
        self,
        state_dict: Mapping[str, Any],
        *,
        scale: float | None = None,
        peak: float | None = None,
        on_change: OnChange | None = None,
    ) -> None:
        """Go to a recorded state, and from there on multiply every LR by `scale`, or so that the greatest is `peak`.

        The scale is of the schedule and the base LRs, whatever it was before: said again at the next start it changes
        nothing. Moments and the ratios of the groups stay; `changes` has it.
        """
        if scale is not None and peak is not None:
            raise LrlabError(worded("resume takes a scale or a peak", [scale, peak], hint="resume(state, scale=0.5)"))
        scale, peak = optional_positive(scale, "resume: scale"), optional_positive(peak, "resume: peak")
        self.load_state_dict(state_dict, on_change)
        if peak is not None:
            top = self._groups.lr(max(self.base_lrs), float(sampled(self.pacer.curve)[1].max()))
            if top == 0:
                raise LrlabError(worded("resume: no scale makes a peak of an LR that is always 0", peak))
            scale = peak / top
        if scale is not None:
            self.pacer.rescale(scale)
            self._write()
            self._began("scale")
