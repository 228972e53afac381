"""A schedule in plain words."""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon


def describe(schedule: Schedule, horizon: int | Horizon | None = None) -> str:
    """What a schedule does, in words; with a horizon also when, and its peak, floor and area.

    >>> from lrlab import *
    >>> print(describe(warmup("10%") >> cosine(to=0.1), 1000))
    warmup("10%") >> cosine(to=0.1), over 1,000 updates:
      updates 0 to 99: rises linearly from 1/(n+1) to 1
      updates 100 to 999: falls as half a cosine from 1 to 0.1
    Peak 1 at update 100; lowest 0.009901 at update 0; last 0.1. Area 0.545 of a constant LR.
    """
    known = Horizon.of(horizon)
    if known.total is None:
        return f"{schedule}: it {schedule.words()}."
    curve = schedule.over(known)
    times, values = curve.some()
    lines = [f"{schedule}, over {known.total:,} updates:"]
    for phase in curve.phases:
        stop = known.total if phase.stop is None else phase.stop
        if stop > phase.start:
            lines.append(f"  updates {phase.start:,} to {stop - 1:,}: {phase.schedule.words()}")
    end = curve.phases[-1].stop
    if end is not None and end < known.total:
        lines.append(f"  updates {end:,} to {known.total - 1:,}: stays at {curve(end):.4g}")
    for placed in curve.controllers:
        until = "to the end" if placed.stop is None else f"to update {placed.stop:,}"
        lines.append(f"  {placed.name} (update {placed.start:,} {until}): {placed.controller.words()}")
    top, low = int(values.argmax()), int(values.argmin())
    lines.append(
        f"Peak {values[top]:.4g} at update {times[top]:,}; lowest {values[low]:.4g} at update {times[low]:,}; "
        f"last {values[-1]:.4g}. Area {values.mean():.3g} of a constant LR."
    )
    return "\n".join(lines)
