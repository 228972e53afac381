"""What looks unintended in a schedule: findings, each with what to type instead; what cannot be meant is refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrlab.core.expression.algebra import Product, Sequence, product, sequence
from lrlab.core.expression.node import Schedule
from lrlab.core.run.curve import BLOCK, Curve
from lrlab.core.run.metered import sampled
from lrlab.core.shapes.base import hold, warmup
from lrlab.core.shapes.piecewise import step
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

LATE = 0.02  # of a run: a cut after which less is left is hardly meant,
FEW = 10  # where there are so few of them
SMALL = 0.01  # a peak below this multiple of the base LR was almost surely meant as an absolute LR


@dataclass(frozen=True)
class Finding:
    """One thing that looks unintended: a `code` to filter by, the sentence, what to type, and the update it is at."""

    code: str
    message: str
    hint: str = ""
    update: int | None = None

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def lint(schedule: Schedule, horizon: int | Horizon | None = None) -> tuple[Finding, ...]:
    """Everything that looks unintended; with a horizon also by its curve.

    >>> from lrlab import *
    >>> [f.code for f in lint(warmup(10, start=0) >> cosine(50), 100)]
    ['zero-first', 'ends-early', 'zero-early']
    """
    found = [*_scaled_first_phase(schedule), *_without_its_cuts(schedule)]
    known = Horizon.of(horizon)
    if known.total is not None:
        curve = schedule.over(known)
        found.extend(_curve(curve))
    return tuple(found)


def _scaled_first_phase(schedule: Schedule) -> Iterator[Finding]:
    for part in schedule.walk():
        if not isinstance(part, Sequence):
            continue
        factors = [phase.factor if isinstance(phase, Product) else 1.0 for phase in part.phases]
        if factors[0] != 1 and all(factor == 1 for factor in factors[1:]):
            first = part.phases[0]
            assert isinstance(first, Product)
            whole = first.factor * sequence(product(*first.terms), *part.phases[1:])
            yield Finding(
                "scales-first-phase",
                f"{first.factor:g} multiplies the first phase only",
                f"for all of them: {whole}",
                0,
            )


def _without_its_cuts(schedule: Schedule) -> Iterator[Finding]:
    """A phase from "here" after one with a controller: "here" is what is planned, without what was decided."""
    for part in schedule.walk():
        for before, after in itertools.pairwise(part.phases if isinstance(part, Sequence) else ()):
            acts = next((one for one in before.walk() if one.neutral and not one.parts()), None)
            if acts is not None and _goes_on(after):
                yield Finding(
                    "planned-here",
                    f"{after} goes on from the planned value, without what {acts.kind} has decided before it",
                    f"a {acts.kind} around both: (... >> {after}) * {acts}",
                )


def _goes_on(schedule: Schedule) -> bool:
    """Whether it begins where the phase before ends."""
    if isinstance(schedule, Sequence):
        return _goes_on(schedule.phases[0])
    return isinstance(schedule, hold) or "here" in schedule.arguments().values() or any(map(_goes_on, schedule.parts()))


def _curve(curve: Curve) -> Iterator[Finding]:
    import numpy as np

    times, values = curve.some()
    n = curve.updates or 0
    if not np.isfinite(values).all():
        k = int(np.flatnonzero(~np.isfinite(values))[0])
        at = int(times[k])
        yield Finding("not-finite", f"the LR is {values[k]} at update {at}", ".clip(high=1)", at)
        return
    if (values < 0).any():
        k = int(np.flatnonzero(values < 0)[0])
        at = int(times[k])
        yield Finding("negative", f"the LR is negative from update {at} on: {values[k]:.3g}", ".clip(low=0)", at)
    peak = float(values.max())
    if values[0] == 0:
        yield Finding("zero-first", "the first update has LR 0 and is wasted", "warmup(n) begins at 1/(n+1)", 0)
    if 0 < peak < SMALL:
        yield Finding(
            "absolute",
            f"the largest multiplier is {peak:.3g}: it looks like an absolute LR",
            "multiples of the base LR, or absolute=True",
        )
    elif peak < 1 - 1e-9:
        at = int(times[values.argmax()])
        yield Finding("below-peak", f"the base LR is never reached: the peak is {peak:.9g} at update {at}", update=at)
    yield from _ends(curve, n, times, values)
    for phase in curve.phases:
        if phase.stop == phase.start:
            yield Finding(
                "empty-phase",
                f"{phase.schedule} gets no update",
                "a longer span, or a longer run",
                phase.start,
            )
    yield from _jumps(curve, n, float(np.abs(values).max()))
    yield from _unreached(curve, n)
    yield from _late(curve, n)


def _ends(curve: Curve, n: int, times: NDArray, values: NDArray) -> Iterator[Finding]:  # type: ignore[type-arg]
    import numpy as np

    stop = curve.phases[-1].stop
    if stop is not None and stop < n:
        yield Finding(
            "ends-early",
            f"the spans end at update {stop} of {n}; the LR then stays at {curve(n):.3g}",
            "leave one phase without a span so that it takes what is left",
            stop,
        )
    used = np.flatnonzero(values)
    end = int(times[used[-1]]) + 1 if used.size else 0
    if end < 0.95 * n and n - end > 1:
        yield Finding(
            "zero-early", f"the LR is 0 from update {end} of {n} on: nothing is learned there", "to=0.01", end
        )


def _jumps(curve: Curve, n: int, peak: float) -> Iterator[Finding]:
    import numpy as np

    joints = []  # the phase after, whether the one before goes by steps, where it leads, the updates around the joint
    for before, after in zip(curve.phases, curve.phases[1:], strict=False):
        at = after.start
        if not 0 < at < n or before.stop == before.start:
            continue
        in_steps = any(part._drops_after() for part in before.schedule.walk())
        first = max(before.start, at - BLOCK) if in_steps else at
        leads = _leads(before.schedule) if at - before.start == 1 else None
        joints.append((after, in_steps, leads, np.arange(max(min(first, at - 4), 0), min(at + 3, n))))
    if not joints:
        return
    times = np.unique(np.concatenate([around for *_, around in joints]))
    known = curve(times)  # at once: each call asks every phase
    for after, in_steps, leads, around in joints:
        at, begin = after.start, int(np.searchsorted(times, around[0]))
        values = known[begin : begin + len(around)]
        moves, joint = np.diff(values), at - 1 - int(around[0])
        if values[joint + 1] == leads:  # a warmup of one update is at half of what follows: that is its way
            continue
        usual = [*np.abs(moves[max(joint - 2, 0) : joint]), *np.abs(moves[joint + 1 :])]
        if in_steps:  # one more of its steps is no jump
            usual += [abs(move) for move in moves[:joint] if np.sign(move) == np.sign(moves[joint])]
        if abs(moves[joint]) > max(3 * max(usual, default=0.0), 0.02 * peak):
            yield Finding(
                "jump",
                f"the LR jumps from {values[joint]:.4g} to {values[joint + 1]:.4g} at update {at}, to {after.schedule}",
                'start="here" continues from where the phase before ends',
                at,
            )


def _leads(schedule: Schedule) -> float | None:
    """The value that a shape reaches at its end, where the next phase begins."""
    return 1.0 if isinstance(schedule, warmup) else getattr(schedule, "to", None)


def _unreached(curve: Curve, n: int) -> Iterator[Finding]:
    clock = TimeBase(curve.horizon, n)
    for phase in curve.phases:
        length = (phase.stop if phase.stop is not None else n) - phase.start
        for part in phase.schedule.walk():
            bounds = part._drops_after()
            late = [b for b in bounds if rounded(clock.updates(b)) >= length]
            if late:
                yield Finding(
                    "never-drops" if len(late) == len(bounds) else "unreached",
                    f"{part}: {', '.join(map(str, late))} is not reached within {length} updates",
                    'an earlier one, or a share such as "50%"',
                )


def _late(curve: Curve, n: int) -> Iterator[Finding]:
    """A cut within the last 2 % of the run, as that of step("33%") at 99 %: what it is for takes no place any more."""
    clock = TimeBase(curve.horizon, n)
    for phase in curve.phases:
        length = (phase.stop if phase.stop is not None else n) - phase.start
        each = rounded(clock.updates(Span.of(phase.schedule.every))) if isinstance(phase.schedule, step) else 0
        left = length - (length - 1) // each * each if each else length
        if each > left and left < LATE * length and length < FEW * each:
            at = phase.start + length - left
            message = f"{phase.schedule} cuts a last time at update {at:,}, {left:,} before its end"
            yield Finding("late-cut", message, 'a little longer: "34%" for "33%"', at)


# -- what is refused where a curve is attached to an optimizer -------------------------------------------------------


def refuse_odd(curve: Curve, absolute: bool) -> None:
    """Raise `LrlabError` if a curve is negative anywhere, not finite, or an absolute LR by mistake.

    >>> import lrlab as lr
    >>> refuse_odd((3e-4 * lr.cosine()).over(100), absolute=False)
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: the largest multiplier of the base LR is 0.0003: it looks like an absolute LR
      given:   '0.0003 * cosine()'
      allowed: multiples of each group's own LR, 1 for the LR itself
      try:     the schedule without the factor 0.0003 and lr=0.0003 in the optimizer, or absolute=True
    """
    import numpy as np

    _, values = sampled(curve)
    if not np.isfinite(values).all() or values.min() < 0:
        odd = values[~(np.isfinite(values) & (values >= 0))][0]
        hint = ".clip(low=0)" if odd < 0 else ".clip(high=1)"
        raise LrlabError(worded(f"the schedule gives {odd:g} times the LR", str(curve.schedule), hint=hint))
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
