"""Changing the plan in the middle of a run: a longer one, a decay now, another plan. Pure functions from curve to
curve.

    extended(curve, at=600, to=2000, how="rescale-rest")     what is left of the plan, over what is left of the run
    finished(curve, at=600, over=200)                        decay from where the run is to the floor
    spliced(old, new, at=600)                                another plan, without a jump, to its own end

Each gives the curve of the whole run: before update `at` its values are those of the old one, to the last bit; from
`at` on they follow the stated rule. Controllers keep their states; `factors` holds the present factor of each by name,
so that the LR is continuous with what they have decided. `branch.py` starts from a stable phase.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from lrlab.core.expression.algebra import product, sequence
from lrlab.core.expression.excerpt import Excerpt
from lrlab.core.expression.fields import not_negative_count, positive
from lrlab.core.expression.node import Schedule
from lrlab.core.resume.timeline import (
    NO_FACTORS,
    acting_at,
    decay_length,
    end,
    excerpt,
    left_of,
    lengthened,
    named,
    now,
    parts,
    past,
    product_of,
    stretched,
    value_at,
)
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import sampled
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.presets import leg
from lrlab.core.shapes.transitions import linear
from lrlab.core.text.lint import SMALL
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, nearest, worded


def extended(
    curve: Curve,
    at: int,
    to: int | Horizon,
    how: str | None,
    *,
    peak: float | None = None,
    factors: Mapping[str, float] = NO_FACTORS,
) -> Curve:
    """The curve of a run that is at update `at` and is now to be `to` updates long.

    - `"rescale-rest"`: what is left of the plan is stretched over what is left of the run.
    - `"hold-then-decay"`: the LR stays where it is for as many updates as are added; then the rest as planned.
    - `"re-warm"`: straight up to `peak` within 1% of what is left (default: the plan's own peak), then half a cosine
      to the plan's end value. Never above the higher of `peak` and the present LR.
    - `"keep"`: the plan as it was; after its end its own rule (most schedules hold their end value).

    The first three are continuous at `at` and end where the plan ended. Raises `LrlabError` if nothing is left of the
    plan for the first two.

    >>> import lrlab as lr
    >>> extended(lr.linear().over(4), at=2, to=6, how="rescale-rest").values().tolist()
    [1.0, 0.75, 0.5, 0.375, 0.25, 0.125]

    Re-warming: Ibrahim et al., Simple and Scalable Strategies to Continually Pre-train LLMs, 2024, arXiv:2403.08763.
    """
    if how is None:
        what = "extend needs how=: what becomes of the rest of the plan"
        raise LrlabError(worded(what, None, ", ".join(map(repr, _EXTENSIONS)), f'extend({to!r}, how="rescale-rest")'))
    if not isinstance(how, str) or how not in _EXTENSIONS:
        found = ELSEWHERE.get(how) or nearest(how, _EXTENSIONS) if isinstance(how, str) else ""
        raise LrlabError(worded("extend: how is not known", how, ", ".join(map(repr, _EXTENSIONS)), found))
    if peak is not None and how != "re-warm":
        raise LrlabError(worded("extend: peak= goes with re-warm", how, hint=f'how="re-warm", peak={peak}'))
    at = not_negative_count(at, "extend: at")
    horizon = to if isinstance(to, Horizon) else lengthened(curve.horizon, Horizon.of(to).updates or 0)
    if horizon.total is None or horizon.total <= at:
        raise LrlabError(worded(f"extend: the run is at update {at}", to, f"more than {at} updates"))
    plan = named(curve)
    return sequence(*_EXTENSIONS[how](plan, at, horizon.total, peak, factors)).over(horizon)


def _rescale(plan: Curve, at: int, total: int, peak: float | None, factors: Mapping[str, float]) -> list[Schedule]:
    return [*past(plan, at), *stretched(_left(plan, at), total - at)]


def _hold(plan: Curve, at: int, total: int, peak: float | None, factors: Mapping[str, float]) -> list[Schedule]:
    rest = _left(plan, at)
    longer = total - (plan.updates or 0)
    if longer < 0:
        raise LrlabError(worded("hold-then-decay prolongs a run", total, f"at least {plan.updates}", '"rescale-rest"'))
    held = [rest[0].replace(stop=rest[0].start, span=longer)] if longer else []
    return [*past(plan, at), *held, *rest]


def _rewarm(plan: Curve, at: int, total: int, peak: float | None, factors: Mapping[str, float]) -> list[Schedule]:
    acting, present = now(plan, at, factors)
    own = float(sampled(plan)[1].max())
    top = own if peak is None else positive(peak, "extend: peak")
    floor = end(plan)
    if top < SMALL * own:
        what = f"extend: the peak is {top / own:g} of the plan's own: it looks like an absolute LR"
        raise LrlabError(worded(what, peak, "a multiple of the base LR, as in the schedule", f"peak={own:g}"))
    if top < floor:
        raise LrlabError(worded("extend: the peak is below the end of the plan", peak, f"at least {floor:g}"))
    rise = max(1, rounded(Fraction(total - at, 100)))
    up = linear(rise, start=present, to=top)
    down = [cosine(total - at - rise, start=top, to=floor)] if total - at > rise else []
    return [*past(plan, at), product(sequence(up, *down), *acting)]


def _keep(plan: Curve, at: int, total: int, peak: float | None, factors: Mapping[str, float]) -> list[Schedule]:
    last = parts(plan)[-1]
    if isinstance(last, Excerpt) and last.stop is None:
        return parts(plan)
    return [excerpt(plan, 0)]


def _left(curve: Curve, at: int) -> list[Excerpt]:
    """What is left of a plan. Raises `LrlabError` if nothing is."""
    if curve.updates is None or curve.updates <= at:
        said = "has no known end" if curve.updates is None else f"ended at update {curve.updates}"
        raise LrlabError(
            worded(f"extend: the plan {said}, nothing of it is left to run", at, '"re-warm", "keep"', 'how="re-warm"')
        )
    return left_of(curve, at)


_EXTENSIONS: dict[str, Callable[[Curve, int, int, float | None, Mapping[str, float]], list[Schedule]]] = {
    "rescale-rest": _rescale,
    "hold-then-decay": _hold,
    "re-warm": _rewarm,
    "keep": _keep,
}
HOWS = tuple(_EXTENSIONS)
# Words of `on_change`, which says what becomes of a checkpoint that meets other code.
ELSEWHERE = {
    word: f'on_change="{word}" where the scheduler is made, for a checkpoint that meets a longer plan'
    for word in ("splice", "take", "stop")
}


def finished(
    curve: Curve,
    at: int,
    over: int | str | Span,
    *,
    shape: str = "one_minus_sqrt",
    to: float | None = None,
    factors: Mapping[str, float] = NO_FACTORS,
) -> Curve:
    """The curve of a run that decays from update `at` on, from its present value, and ends after `over`.

    `over` is a number of updates, or a share of the run as it will then be. `shape` is any decay; `to` is the floor: by
    default the plan's end value, or 0 if the LR is not above that.

    >>> import lrlab as lr
    >>> finished(lr.constant().over(10), at=2, over=2, shape="linear").values().tolist()
    [1.0, 1.0, 1.0, 0.5]
    """
    at = not_negative_count(at, "finish: at")
    plan = named(curve)
    n = decay_length(curve, at, over, "finish: over")
    acting, present = now(plan, at, factors)
    floor = to if to is not None else end(plan) if end(plan) < present else 0.0
    down = leg(shape, n, "finish: shape", start=present, to=floor)
    return sequence(*past(plan, at), product(down, *acting)).over(lengthened(curve.horizon, at + n))


def spliced(
    old: Curve, new: Curve, at: int, *, factors: Mapping[str, float] = NO_FACTORS, stays: bool = False
) -> Curve:
    """The curve of a run that leaves `old` at update `at`, follows `new` without a jump, and ends where `new` ends.

    value = end + (new - end) * (present - end) / (new(at) - end)

    kept between the lowest and the highest of the present value and of what is left of `new`; a straight line to its
    end if new(at) already is that end. Raises `LrlabError` if nothing is left of `new`, or if the present value already
    is its end, so that it would stay there; `stays` allows that.

    >>> import lrlab as lr
    >>> spliced(lr.constant(level=0.5).over(4), lr.linear().over(4), at=2).values().tolist()
    [0.5, 0.5, 0.5, 0.25]
    """
    at = not_negative_count(at, "splice: at")
    plan = named(old)
    following = named(new, taken={p.name: p.controller for p in plan.controllers})
    if new.updates is None or new.updates <= at:
        raise LrlabError(
            worded(f"splice: nothing is left of the new plan at update {at}", new.horizon, f"more than {at} updates")
        )
    acting = acting_at(following, at)
    present = value_at(plan, at, factors) / (product_of(acting, factors) or 1.0)
    bare = Curve(following.schedule._open_loop(), following.horizon)
    rest, n = sequence(*left_of(bare, at)), new.updates - at
    first, last = value_at(bare, at, {}), end(bare)
    if math.isclose(first, last, rel_tol=1e-9, abs_tol=1e-12) or (stays and math.isclose(present, last)):
        following_part: Schedule = linear(n, start=present, to=last)
    else:
        share = (present - last) / (first - last)
        if share == 0:
            raise LrlabError(
                worded(f"splice: the LR is where the new plan ends already, at {last:g}, and would stay", hint='"take"')
            )
        following_part = share * rest + (present - share * first)
        if not 0 <= share <= 1:
            times, values = sampled(bare)
            shown = [present, first, *values[times >= at]]
            least, greatest = float(min(shown)), float(max(shown))
            following_part = following_part.clip(least, greatest)
    return sequence(*past(plan, at), product(following_part, *acting)).over(new.horizon)
