"""A branch: a decay from a checkpoint of a stable phase, while the stable run itself may go on.

    branch = branched(curve, at=8000, decay="20%")     the run of 10 000 updates whose last fifth decays
    branch.curve, branch.note

If the warmup is absolute, the branch *is* the run planned with that horizon: the same schedule, and the same values to
the last bit. If the plan over the new horizon would have started differently (a warmup of "5%"), the branch keeps what
was done, and the note says so.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from lrlab.core.expression.algebra import product, sequence
from lrlab.core.expression.fields import not_negative_count
from lrlab.core.expression.node import Schedule
from lrlab.core.resume.timeline import decay_length, end, lengthened, named, now, past, same
from lrlab.core.run.curve import Curve
from lrlab.core.shapes.base import Transition
from lrlab.core.shapes.presets import leg
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded


class Branch(NamedTuple):
    """The curve of a branch, with a note ("": it is the run planned with that horizon)."""

    curve: Curve
    note: str


def branched(
    curve: Curve, at: int, decay: int | str | Span, *, shape: str | None = None, to: float | None = None
) -> Branch:
    """The curve of a run that leaves its stable phase at update `at` and decays for `decay`.

    `decay` is a number of updates, or a share of the branch. `shape` and `to` are by default those of the plan's own
    decay, or one_minus_sqrt to 0. Raises `LrlabError` if the run is not in a stable phase.

    >>> import lrlab as lr
    >>> stable = (lr.warmup(10) >> lr.constant()).over(None)
    >>> branch = branched(stable, at=80, decay="20%")
    >>> branch.curve, branch.note
    ((warmup(10) >> constant() >> one_minus_sqrt(20)).over(100), '')

    Hu et al., MiniCPM, 2024, arXiv:2404.06395, section 4; Hägele et al., 2024, arXiv:2405.18392.
    """
    at = not_negative_count(at, "branch: at")
    plan = named(curve)
    n = decay_length(curve, at, decay, "branch: decay")
    _refuse_unstable(curve, at)
    horizon = lengthened(curve.horizon, at + n)
    down = _decay(curve.schedule, n, shape, to)
    note = ""
    made = _planned(curve, down, horizon, at)
    if made is not None:
        if same(curve, made, at):
            return Branch(made, "")
        note = (
            f"the branch keeps the first {at} updates as they were made; {made.schedule} planned over {at + n} updates "
            "would have begun otherwise (a relative warmup is another number of updates)"
        )
    acting, present = now(plan, at, {})
    floor = to if to is not None else end(plan) if end(plan) < present else 0.0
    down = down.replace(start=present, to=floor)
    return Branch(sequence(*past(plan, at), product(down, *acting)).over(horizon), note)


def _refuse_unstable(curve: Curve, at: int) -> None:
    """Refuse to branch from a phase whose value has changed since it started."""
    phase = next((p for p in curve.phases if p.start < at and (p.stop is None or at <= p.stop)), None)
    if phase is not None:
        values = curve.between(phase.start, at + (phase.stop != at))
        if (values == values[0]).all() and (len(values) > 1 or not phase.schedule._last().decays):
            return
    raise LrlabError(
        worded(f"branch: the run is in no stable phase at update {at}", str(curve.schedule), hint="finish(over=...)")
    )


def _planned(curve: Curve, down: Schedule, horizon: Horizon, at: int) -> Curve | None:
    """The plan with this decay at its end; one that it did not have begins at the level of its stable phase.

    None if there is no such plan: it was changed before and its parts have their own lengths, or its end is another.
    """
    schedule = curve.schedule
    try:
        made = schedule._ending(down).over(horizon)
        if isinstance(schedule._last(), Transition):
            return made
        level = float(curve.between(at - 1, at)[0])
        found = (made, schedule._ending(down.replace(start="here")).over(horizon))
        return next((one for one in found if math.isclose(one(at), level, rel_tol=1e-12)), None)
    except LrlabError:
        return None


def _decay(schedule: Schedule, n: int, shape: str | None, to: float | None) -> Schedule:
    """The decay of a branch over n updates: the plan's own, or the requested one."""
    own = schedule._last()
    if not isinstance(own, Transition):
        name = "one_minus_sqrt" if shape is None else shape
        return leg(name, n, "branch: shape", to=0.0 if to is None else to)
    floor = own.to if to is None else to
    if shape is None:
        return own.replace(span=n, to=floor)
    return leg(shape, n, "branch: shape", start=own.start, to=floor)
