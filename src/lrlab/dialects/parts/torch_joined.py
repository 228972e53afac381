"""PyTorch's SequentialLR and ChainedScheduler, also nested.

Torch computes both by changing the optimizer's current LR, one member after another. At a milestone of a sequence the
next member is set to its own update 0. A chain is the product of its members only while none of them has a floor or
sets the LR. A member that is itself a sequence or chain is one update ahead of the sequence around it, and works only
in the first place. The rule found here is therefore compared with a rehearsal: a copy of the scheduler, with a
stand-in for the optimizer, is stepped through the run. Where the two differ, the rehearsed values are listed.
"""

from __future__ import annotations

import copy
import warnings
from bisect import bisect_right
from types import SimpleNamespace
from typing import Any

import numpy as np

from lrlab.core.expression.algebra import product
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.tables import table
from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.phases import cut, fixed, real, then
from lrlab.dialects.parts.torch_rules import Member, read
from lrlab.errors import LrlabError, worded

UNKNOWN_END = 1000  # updates: how far to rehearse if the length of the run is not known
LONGEST = 100_000


def joined(scheduler: Any, group: int, horizon: int | None) -> tuple[Member, tuple[Finding, ...]]:
    """The rule of a chain or sequence, and findings about it."""
    written = _written(scheduler, group)
    if not _fresh(scheduler):
        if written is None or _doubtful(scheduler):
            name = type(scheduler).__name__
            raise LrlabError(worded(f"{name}: torch computes this from the LRs before", name, "a new scheduler"))
        return written, ()
    end = horizon or (written.updates if written else None) or UNKNOWN_END
    seen, raised = rehearse(scheduler, min(2 * end, LONGEST), group)
    base = written.base if written else real(scheduler.optimizer.param_groups[group]["initial_lr"], "initial_lr")
    values = np.array(seen) / base
    after = "torch raises at its first update" if len(values) == 0 else written.after if written else ""
    if raised:
        after = f"{after}; torch raises {raised} at update {len(seen)}" if after else f"torch raises {raised}"
    if written is None:
        agreed = 0
    else:
        ours = written.schedule.over(max(end, fixed(written.schedule))).between(0, len(values))
        parted = np.flatnonzero(np.abs(ours - values) > 1e-9 * np.abs(values).max())
        agreed = int(parted[0]) if parted.size else len(values)
        if agreed == len(values):
            return Member(written.schedule, base, after=after, updates=written.updates), ()
    listed = table([float(v) for v in values[agreed:]])
    message = f"from update {agreed:,} on torch's values follow no closed form: they are listed up to {len(values):,}"
    schedule = then(cut(written.schedule, agreed) if written else None, listed)
    note = Finding("listed", message, "a schedule that says what is meant", agreed)
    updates = horizon or (written.updates if written else None)
    return Member(schedule, base, updates, message, drawn=True), (note,)


# -- what it should be --------------------------------------------------------------------------------------------


def _written(s: Any, group: int) -> Member | None:
    """The rule, if it can be written as an expression; the rehearsal decides whether it is right."""
    if not hasattr(s, "_schedulers"):
        return None if type(s).__name__ == "MultiplicativeLR" else read(s, group)
    return _sequence(s, group, 0) if hasattr(s, "_milestones") else _chain(s, group, stepped=False)


def _sequence(s: Any, group: int, ahead: int) -> Member | None:
    """A sequence; `ahead` is 1 inside another sequence, because its own update 1 is that one's update 0."""
    milestones = list(s._milestones)
    if milestones != sorted(milestones):
        return None
    first = bisect_right(milestones, ahead)
    stepped = ahead == 1 and not (first and milestones[first - 1] == 1)
    starts = [0, *(m - ahead for m in milestones[first:])]
    base = real(s.optimizer.param_groups[group]["initial_lr"], "initial_lr")
    phases: list[Schedule | None] = []
    after, updates = "", None
    for k, member in enumerate(s._schedulers[first:]):
        stop = starts[k + 1] if k + 1 < len(starts) else None
        if stop is not None and stop <= starts[k]:
            continue
        rule = _member(member, group, stepped=stepped) if k == 0 else _written(member, group)
        if rule is None:
            break
        schedule = rule.schedule
        if k > 0 and type(member).__name__ == "ConstantLR" and member.total_iters == 0:
            schedule = constant()  # torch uses its closed form at a milestone, which is already at its end
        if rule.base != base and not (k == 0 and rule.multiplies):
            schedule = rule.base / base * schedule
        phases.append(schedule if stop is None else cut(schedule, stop - starts[k]))
        after, updates = rule.after, None if rule.updates is None else starts[k] + rule.updates
    if not any(phases):
        return None
    return Member(then(*phases), base, after=after, updates=updates or (starts[-1] + 1 if len(starts) > 1 else None))


def _member(s: Any, group: int, stepped: bool) -> Member | None:
    """The first member of a sequence; `stepped` if torch reaches its update 0 by a step."""
    if hasattr(s, "_schedulers"):
        return _sequence(s, group, 1) if hasattr(s, "_milestones") else _chain(s, group, stepped=True)
    rule = _written(s, group)
    if rule is None or not stepped or rule.restart == 1 or not rule.multiplies:
        return rule
    floor = getattr(s, "eta_min", 0.0) / rule.base
    return Member(
        rule.restart * rule.schedule + (1 - rule.restart) * floor, rule.base, after=rule.after, updates=rule.updates
    )


def _chain(s: Any, group: int, stepped: bool) -> Member | None:
    """A chain: the product of its members, beginning with the last member that sets the LR."""
    rules = [_member(member, group, stepped) if stepped else _written(member, group) for member in s._schedulers]
    known = [rule for rule in rules if rule is not None]
    if len(known) < len(rules):
        return None
    setting = [k for k, rule in enumerate(known) if not rule.multiplies]
    acting = known[setting[-1] :] if setting else known
    ends = [rule.updates for rule in acting if rule.updates is not None]
    after = "; ".join(dict.fromkeys(rule.after for rule in acting))
    schedule = product(*(rule.schedule for rule in acting))
    return Member(schedule, acting[0].base, after=after, updates=max(ends, default=None), multiplies=not setting)


# -- what it is ---------------------------------------------------------------------------------------------------


def _leaves(s: Any) -> list[Any]:
    return [leaf for member in s._schedulers for leaf in _leaves(member)] if hasattr(s, "_schedulers") else [s]


def _fresh(s: Any) -> bool:
    """Whether the scheduler has not been stepped yet."""
    return all(leaf.last_epoch <= 0 for leaf in _leaves(s)) and getattr(s, "last_epoch", 0) == 0


def _doubtful(s: Any) -> bool:
    """Whether a rehearsal is needed: it is nested, or a chain with a member that does not simply multiply."""
    nested = any(hasattr(member, "_schedulers") for member in s._schedulers)
    simple = ("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR")
    chained = not hasattr(s, "_milestones")
    return nested or (chained and any(type(member).__name__ not in simple for member in s._schedulers))


def rehearse(scheduler: Any, updates: int, group: int) -> tuple[list[float], str]:
    """Step a copy with a stand-in for the optimizer; return the LR of each update, and the text of an error if any.

    Neither the scheduler nor its optimizer is touched.
    """
    optimizer = scheduler.optimizer

    def done() -> None:
        """The optimizer's `step` for torch's schedulers, which look for a step that counts its calls."""

    done._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    groups = [{k: copy.deepcopy(v) for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    stand_in = SimpleNamespace(param_groups=groups, defaults=optimizer.defaults, step=done, _opt_called=True)
    twin = copy.deepcopy(scheduler, {id(optimizer): stand_in})
    seen: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(updates):
            seen.append(float(groups[group]["lr"]))
            try:
                twin.step()
            except (ArithmeticError, NotImplementedError, ValueError) as error:
                return seen, type(error).__name__
    return seen, ""
