"""Resuming by a policy: what happens if checkpoint and code disagree.

State comes from the checkpoint, configuration from the code. If the two agree, there is nothing to decide; if not,
loading stops and shows each difference, or `on_change` says how to go on:

- "keep": with the checkpoint's schedule or plan, horizon and base LRs;
- "take": with the code's, from the recorded position on;
- "splice": from the present LR to the end of the code's plan, without a jump (`core/resume/plans.py`).

If the code's run is only longer, and has the same values in what was left of the recorded one (a constant LR, steps at
the same updates), it goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, get_args

from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.plan import Plan, plan
from lrlab.core.plan.rules import KINDS
from lrlab.core.resume.checkpoint import Checkpoint, Difference, Held, functions_of, unnamed
from lrlab.core.resume.plans import spliced
from lrlab.core.run.curve import Curve
from lrlab.core.run.pacer import Pacer
from lrlab.errors import LrlabError, worded

OnChange = Literal["stop", "keep", "take", "splice"]
LOOKED_AT = 2**22  # updates by which two runs are compared
Stored = Callable[[int, str, float], float]


class Resumed(NamedTuple):
    """The run at the recorded position, its parameter groups, and whether the values of an LR are the LR itself."""

    pacer: PlanPacer
    groups: tuple[Held, ...]
    absolute: bool

    @property
    def base_lrs(self) -> tuple[float, ...]:
        """The base LR of each group."""
        return tuple(group.own["lr"] for group in self.groups)


def known(on_change: object) -> OnChange:
    """A known policy. Raises `LrlabError`, naming those there are."""
    if on_change not in get_args(OnChange):
        raise LrlabError(worded("on_change is not known", on_change, ", ".join(map(repr, get_args(OnChange)))))
    return on_change  # type: ignore[return-value]


def resumed(
    there: Checkpoint,
    code: PlanPacer | Curve,
    groups: Sequence[Held] | Sequence[float],
    on_change: OnChange = "stop",
    *,
    absolute: bool = False,
    stored: Stored = lambda group, hyper, value: value,
    ways: Sequence[OnChange] = ("keep", "take", "splice"),
) -> Resumed:
    """The run of a checkpoint under the code's plan and parameter groups (or curve and base LRs).

    A group's value that equals the one in the checkpoint's optimizer counts as loaded: `stored(k, hyper, value)` is a
    value as group k stores it. Under "stop" any difference raises `LrlabError`, with each difference and the ways to go
    on; `ways` are those that the caller offers.

    >>> import lrlab as lr
    >>> pacer = lr.Pacer(lr.linear().over(100))
    >>> pacer.advance(50)
    >>> there = Checkpoint.of(pacer, [0.1])
    >>> resumed(there, lr.linear().over(200), [0.1], "take").pacer.value
    0.75
    >>> resumed(there, lr.linear().over(200), [0.1], "splice").pacer.value
    0.5
    """
    known(on_change)
    if isinstance(code, Curve):
        code = PlanPacer(plan(lr=code.schedule), code.horizon, absolute=True)
    differing = there.differences(code, absolute=absolute)
    own = _own(there, code, differing, on_change)
    mine = _meant(there, own, _held(groups), stored)
    rows = differing + _of_groups(there, mine, code.plan, absolute)
    if not rows and own is not None:
        return Resumed(own, mine, absolute)
    if on_change == "take" or ([row.field for row in rows] == ["horizon"] and _is_longer(there, own, code)):
        pacer = there.taken(code) if own is None or differing else own
        return Resumed(_noted(pacer, there, mine), mine, absolute)
    if own is None or len(mine) != len(there.groups):
        raise LrlabError(_said(there, rows, ("take",)))
    if on_change == "stop":
        raise LrlabError(_said(there, rows, ways))
    if on_change == "keep" or (rows == differing and _on_its_way(there, code)):
        return Resumed(own, _recorded(there, mine), there.absolute)
    if there.absolute != absolute:
        raise LrlabError(worded("splice: the checkpoint and the code do not agree on absolute=", hint='"keep", "take"'))
    ratios = {hyper: _ratio(hyper, there, mine) for hyper in KINDS if hyper != "lr" or not absolute}
    return Resumed(_noted(spliced(own, code, ratios), there, mine), mine, absolute)


def _held(groups: Sequence[Held] | Sequence[float]) -> tuple[Held, ...]:
    bare = [group for group in groups if not isinstance(group, Held)]
    return unnamed(bare, bare) if bare else tuple(group for group in groups if isinstance(group, Held))


def _own(there: Checkpoint, code: PlanPacer, differing: list[Difference], on_change: OnChange) -> PlanPacer | None:
    """The run as it was; None if it is not needed and not available, because a user function or its plan is missing."""
    try:
        return there.run(functions_of(code.plan)) if differing else code.restored(there.position)
    except LrlabError:
        if differing and on_change in ("stop", "take"):
            return None
        raise


def _meant(there: Checkpoint, own: PlanPacer | None, mine: tuple[Held, ...], stored: Stored) -> tuple[Held, ...]:
    """The groups as the code means them: a value that only reflects what was loaded is replaced by the recorded one."""
    if len(mine) != len(there.groups):
        return mine

    def meant(k: int, hyper: str, value: float) -> float:
        theirs = there.groups[k]
        if hyper not in theirs.own:
            return value
        seen = [theirs.now.get(hyper)]
        if own is not None and hyper in theirs.driven:
            schedule, scale = theirs.driven[hyper]
            factor = scale if there.absolute and hyper == "lr" else theirs.own[hyper] * scale
            seen.append(stored(k, hyper, factor * own.value_of(schedule, hyper)))
        return theirs.own[hyper] if value in seen else value

    return tuple(
        replace(group, own={hyper: meant(k, hyper, value) for hyper, value in group.own.items()}, joined=theirs.joined)
        for k, (group, theirs) in enumerate(zip(mine, there.groups, strict=True))
    )


def _recorded(there: Checkpoint, mine: tuple[Held, ...]) -> tuple[Held, ...]:
    """The code's groups with the own values of the recorded ones."""
    pairs = zip(mine, there.groups, strict=True)
    return tuple(replace(one, own={**one.own, **theirs.own}) for one, theirs in pairs)


def _of_groups(there: Checkpoint, mine: tuple[Held, ...], code: Plan, absolute: bool) -> list[Difference]:
    if len(mine) != len(there.groups):
        return [Difference("parameter groups", len(there.groups), len(mine))]
    theirs, names = [group.name for group in there.groups], [group.name for group in mine]
    if code.bare is code and theirs != names:
        return [Difference("groups", theirs, names)]
    return [
        Difference(f"{'base LR' if hyper == 'lr' else hyper} of group {group.name}", old, new)
        for (group, hyper, old, new) in _pairs(there, mine)
        if old != new and not (absolute and hyper == "lr")
    ]


def _pairs(there: Checkpoint, mine: tuple[Held, ...]) -> Iterator[tuple[Held, str, float, float]]:
    """Each group's own values of what is driven by a multiple: the recorded one and the code's."""
    for theirs, group in zip(there.groups, mine, strict=True):
        for hyper, new in group.own.items():
            if hyper in theirs.own and hyper in group.driven and KINDS[hyper].multiple:
                yield group, hyper, theirs.own[hyper], new


def _ratio(hyper: str, there: Checkpoint, mine: tuple[Held, ...]) -> float:
    """The ratio of the recorded values of a hyper-parameter to the code's, one number for all groups."""
    pairs = [(old, new) for _, name, old, new in _pairs(there, mine) if name == hyper and (old or new)]
    ratios = [old / new if new else math.inf for old, new in pairs] or [1.0]
    if not math.isfinite(ratios[0]) or any(not math.isclose(r, ratios[0], rel_tol=1e-12) for r in ratios):
        what, (olds, news) = "base LRs" if hyper == "lr" else hyper, zip(*pairs, strict=True)
        raise LrlabError(
            worded(f"splice needs {what} that differ by one factor", [*olds], f"{[*news]} times a number", '"take"')
        )
    return ratios[0]


def _noted(pacer: PlanPacer, there: Checkpoint, mine: tuple[Held, ...]) -> PlanPacer:
    """The run, with a note if its base LRs change."""
    before, after = [group.own["lr"] for group in there.groups], [group.own["lr"] for group in mine]
    if before != after:
        pacer.note("base_lrs", {"base_lrs": before}, {"base_lrs": after})
    return pacer


def _is_longer(there: Checkpoint, own: PlanPacer | None, code: PlanPacer) -> bool:
    """Whether the code's run is only a longer version of the recorded one: the same value by value in what was left."""
    if own is None:
        return False
    at, old, new = there.position["update"], own.horizon.total, code.horizon.total
    if old is None or new is None or old > new or old - at > LOOKED_AT:
        return False
    stop = max(old, at + 1)  # after the end of a run its last value is held
    return all(
        mine.unit == theirs.unit == "updates"
        and mine.controllers == theirs.controllers
        and bool((mine.between(at, stop) == theirs.between(at, stop)).all())
        for mine, theirs in zip(own.curves, code.curves, strict=True)
    )


def _on_its_way(there: Checkpoint, code: Pacer) -> bool:
    """Whether the run was already spliced to this plan."""
    splices = [change["after"] for change in there.position["changes"] if change["how"] == "splice"]
    return bool(splices) and splices[-1] == code.configuration()


def _said(there: Checkpoint, rows: list[Difference], ways: Sequence[OnChange]) -> str:
    """The error: each difference, what was changed on purpose, and the ways to go on."""
    lines = ["the checkpoint and the code disagree, and nothing was loaded", *(f"  {row}" for row in rows)]
    changes: list[Mapping[str, Any]] = [c for c in there.position["changes"] if "horizon" in c["after"]]
    if changes:
        horizons = " -> ".join(str(c) for c in (changes[-1]["before"]["horizon"], changes[-1]["after"]["horizon"]))
        lines.append(f"  the run was changed after update {changes[-1]['update']}: {changes[-1]['how']}, {horizons}")
    at, goes_on = there.position["update"], ": the changed run goes on" if changes else ""
    longer = ": what a run of another length mostly means" if [row.field for row in rows] == ["horizon"] else ""
    said = {
        "keep": f"the checkpoint's schedule, horizon and base LRs{goes_on}",
        "take": f"the code's, from update {at} on",
        "splice": f"from the LR of update {at} to the end of the code's plan, without a jump{longer}",
    }
    hint = "  try:     on_change=..., for the scheduler or for load_state_dict(), with"
    return "\n".join([*lines, hint, *("           " + f'"{way}"'.ljust(10) + said[way] for way in ways)])
