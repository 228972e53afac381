"""Changing a whole plan in the middle of a run: what each of its curves does. Functions from pacer to pacer.

    extended(pacer, 2000, "rescale-rest")        every curve as `core/resume/change.py` says
    finished(pacer, "10%")                       the LRs decay now, the others follow
    branched(pacer, "20%")
    spliced(pacer, toward)

A change concerns the LR: the LR is re-warmed, decayed and branched. Any other hyper-parameter **follows**: it goes on
with its own schedule over the new length, if that agrees with what was done so far; otherwise what is left of it is
stretched or compressed into what is left of the run; if nothing is left, it stays. A schedule that drives both an LR
and something else counts as the LR's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from lrlab.core.expression.algebra import product, sequence
from lrlab.core.expression.node import Schedule
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.rules import Rule
from lrlab.core.resume import branch, change
from lrlab.core.resume.timeline import excerpt, left_of, named, past, same, stretched
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import sampled
from lrlab.core.run.track import Track
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded


class _Part(NamedTuple):
    """One curve of a plan, with its controllers under their names in the run, and whether it drives an LR."""

    curve: Curve
    factors: Mapping[str, float]
    lr: bool


def extended(pacer: PlanPacer, to: int | Horizon, how: str | None, *, peak: float | None = None) -> PlanPacer:
    """The run made longer by one of the rules of `change.extended`.

    A curve of which nothing is left follows, if something is left of an LR. `peak` is that of the highest of several LR
    curves, which keep their ratio.

    >>> import lrlab as lr
    >>> p = PlanPacer(lr.plan(lr=lr.linear(), momentum=lr.linear(start=0.95, to=0.85)), 4)
    >>> p.update = 2
    >>> longer = extended(p, 6, "rescale-rest")
    >>> [curve.between(2, 6).round(3).tolist() for curve in longer.curves]
    [[0.5, 0.375, 0.25, 0.125], [0.9, 0.888, 0.875, 0.862]]
    """
    at, parts = pacer.update, _parts(pacer)
    tops = [float(sampled(part.curve)[1].max()) if peak is not None and part.lr else 0.0 for part in parts]
    alive = any(part.lr and _goes_on(part.curve, at) for part in parts)

    def act(part: _Part, k: int) -> Curve:
        mine = peak if peak is None or not max(tops) else peak * (tops[k] / max(tops))
        return change.extended(part.curve, at, to, how, peak=mine, factors=part.factors)

    def asked(part: _Part) -> bool:
        if how == "re-warm":
            return part.lr
        return how == "keep" or (part.lr and not alive) or _goes_on(part.curve, at)

    return _changed(pacer, parts, [act if asked(part) else None for part in parts], how or "")


def finished(
    pacer: PlanPacer, over: int | str | Span, *, shape: str = "one_minus_sqrt", to: float | None = None
) -> PlanPacer:
    """The run whose LRs decay from now on, each from where it is to its floor (`change.finished`)."""

    def act(part: _Part, k: int) -> Curve:
        return change.finished(part.curve, pacer.update, over, shape=shape, to=to, factors=part.factors)

    parts = _parts(pacer)
    return _changed(pacer, parts, [act if part.lr else None for part in parts], "finish")


def branched(
    pacer: PlanPacer, decay: int | str | Span, *, shape: str | None = None, to: float | None = None
) -> tuple[PlanPacer, str]:
    """The run whose LRs leave their stable phase (`branch.branched`), with a note."""
    notes: list[str] = []

    def act(part: _Part, k: int) -> Curve:
        made, note = branch.branched(part.curve, pacer.update, decay, shape=shape, to=to)
        notes.append(note)
        return made

    parts = _parts(pacer)
    made = _changed(pacer, parts, [act if part.lr else None for part in parts], "branch")
    return made, next(filter(None, notes), "")


def spliced(old: PlanPacer, new: PlanPacer, ratios: Mapping[str, float]) -> PlanPacer:
    """The run that goes on from `old` by the plan of `new`, without a jump (`change.spliced`).

    `ratios` are the recorded values of the groups divided by the code's, by hyper-parameter. Raises `LrlabError` if the
    two plans do not drive the same hyper-parameters of the same groups.
    """
    if _shape(old.plan) != _shape(new.plan):
        raise LrlabError(
            worded(
                "splice: the two plans do not drive the same hyper-parameters",
                str(old.plan),
                str(new.plan),
                'on_change="take"',
            )
        )
    olds = dict(zip(old.plan.schedules, _parts(old), strict=True))
    news = dict(zip(new.plan.schedules, _parts(new), strict=True))
    made: dict[tuple[Schedule, Schedule, float], Curve] = {}
    rules = []
    for theirs, mine in zip(old.plan.rules, new.plan.rules, strict=True):
        schedules = []
        for (hyper, before), (_, after) in zip(theirs.schedules, mine.schedules, strict=True):
            key = before, after, ratios.get(hyper, 1.0)
            if key not in made:
                made[key] = _spliced(olds[before], news[after], old.update, key[2])
            schedules.append((hyper, made[key].schedule))
        rules.append(Rule(mine.pattern, tuple(schedules)))
    joining = None if old.plan.joining is None else _whole(old)
    return old.going_on(replace(new.plan, rules=tuple(rules), joining=joining), made.values(), "splice", toward=new)


def _spliced(before: _Part, after: _Part, at: int, ratio: float) -> Curve:
    if ratio == 1 and before.curve.schedule == after.curve.schedule and before.curve.horizon == after.curve.horizon:
        return before.curve
    curve = before.curve if ratio == 1 else Curve(product(ratio, before.curve.schedule), before.curve.horizon)
    return change.spliced(curve, after.curve, at, factors=before.factors, stays=not after.lr)


def _shape(plan: Plan) -> tuple[object, ...]:
    """What a plan drives, without its schedules."""
    rules = tuple((rule.pattern, tuple(hyper for hyper, _ in rule.schedules)) for rule in plan.rules)
    return rules, plan.layer_decay, plan.layers, plan.joining


def _parts(pacer: PlanPacer) -> list[_Part]:
    def part(track: Track, lr: bool) -> _Part:
        return _Part(named(track.curve, names=track.names), track.factor_of, lr)

    return [part(track, lr) for track, lr in zip(pacer.now.tracks, pacer.plan.drives_lr, strict=True)]


def _goes_on(curve: Curve, at: int) -> bool:
    """Whether something is left of a curve that has an end."""
    return curve.updates is not None and curve.updates > at


def _changed(
    pacer: PlanPacer, parts: list[_Part], acts: list[Callable[[_Part, int], Curve] | None], how: str
) -> PlanPacer:
    """The run in which some curves change, and the others follow."""
    acted = {k: act(parts[k], k) for k, act in enumerate(acts) if act is not None}
    if not acted:
        raise LrlabError(worded(f"{how}: the plan drives no LR", str(pacer.plan), hint="lr= in the plan"))
    horizon = next(iter(acted.values())).horizon
    curves = [acted[k] if k in acted else _following(part.curve, pacer.update, horizon) for k, part in enumerate(parts)]
    plan = pacer.plan.replaced([curve.schedule for curve in curves])
    if plan.joining is not None:
        plan = replace(plan, joining=_whole(pacer))
    return pacer.going_on(plan, curves, how)


def _following(curve: Curve, at: int, horizon: Horizon) -> Curve:
    """What a curve does that the change does not concern."""
    try:
        made = curve.schedule.over(horizon)
        if same(curve, made, at):
            return made
    except LrlabError:  # it is too long now, or its parts have their own lengths
        pass
    if not _goes_on(curve, at):
        return change.extended(curve, at, horizon, "keep")
    return sequence(*past(curve, at), *stretched(left_of(curve, at), (horizon.total or 0) - at)).over(horizon)


def _whole(pacer: PlanPacer) -> Schedule:
    """What multiplies a group that joins, over the horizon that the run began with."""
    joining = pacer.joining
    assert joining is not None
    return joining.schedule if joining.schedule._keeps_to_itself() else excerpt(joining, 0)
