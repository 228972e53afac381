"""Gestures on several chosen points: all move as far as the one that is held, or tilt around the first of them.

several(state, ["1", "2"], "2", 700, 0.5)     the held point "2" goes there, and "1" as far
tilt(state, ["1", "2", "3"], 0.2)             the last one gets this level, those between in proportion to time
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lrlab.core.edit import snap
from lrlab.core.edit.borders import room
from lrlab.core.edit.gestures import FREE, Near, State, move, nudged
from lrlab.core.edit.handles import Point, points
from lrlab.core.edit.spine import Spine
from lrlab.errors import LrlabError, worded


def several(
    state: State, names: Iterable[str], held: str, x: float, y: float, near: Near = FREE, *, log: bool = False
) -> State:
    """Move the held point to this update and level, and the others as far: by ratio on a logarithmic axis.

    They keep their distances: all stop where one of them meets a neighbour that is not chosen.

    >>> from lrlab import *
    >>> start = State(warmup("10%") >> constant() >> linear("50%"), Horizon(updates=1000))
    >>> str(several(start, ["1", "2"], "1", 200, 1).schedule)
    'warmup("20%") >> constant() >> linear("40%")'
    """
    spine = state.spine
    chosen = _chosen(spine, [*names, held])
    first = next(point for point in chosen if point.name == held)
    far = _together(spine, chosen, snap.place(x, near.x, state.horizon) - first.update)
    levels = [point.value for point in points(spine)]
    to = y if y == first.value else snap.level(y, near.y, levels, state.unit)
    ratio = log and to > 0 and first.value > 0
    for point in sorted(chosen, key=lambda each: each.border, reverse=far > 0):
        level = point.value * to / first.value if ratio else point.value + to - first.value
        state = _moved(state, point, point.update + far, point.value if to == first.value else level)
    return state


def nudge(
    state: State,
    names: Iterable[str],
    held: str,
    steps: int,
    levels: int,
    *,
    fine: bool = False,
    double: bool = False,
    log: bool = False,
) -> State:
    """Move several points by steps in time and in level: those of `gestures.nudge`, for the held one."""
    x, y = nudged(state, held, steps, levels, fine=fine, double=double)
    return several(state, names, held, x, y, log=log)


def tilt(state: State, names: Iterable[str], y: float, near: Near = FREE, *, log: bool = False) -> State:
    """Give the last point this level, and those between their share of the way; the first stays.

    >>> from lrlab import *
    >>> start = State(linear("50%", to=0.5) >> linear(start=0.5, to=0.5), Horizon(updates=100))
    >>> str(tilt(start, ["0", "1", "2"], 0.1).schedule)
    'linear("50%", to=0.3) >> linear(start=0.3, to=0.1)'
    """
    spine = state.spine
    chosen = sorted(_chosen(spine, names), key=lambda point: (point.update, point.name))
    first, last = chosen[0], chosen[-1]
    if first.update == last.update:
        raise LrlabError(worded("a tilt needs points at different updates", [point.name for point in chosen]))
    to = snap.level(y, near.y, [point.value for point in points(spine)], state.unit)
    ratio = log and to > 0 and last.value > 0
    for point in chosen:
        share = (point.update - first.update) / (last.update - first.update)
        level = point.value * (to / last.value) ** share if ratio else point.value + (to - last.value) * share
        state = _moved(state, point, point.update, level)
    return state


def _chosen(spine: Spine, names: Iterable[str]) -> list[Point]:
    known = {point.name: point for point in points(spine)}
    wanted = list(dict.fromkeys(names))
    if missing := [name for name in wanted if name not in known] or not wanted:
        raise LrlabError(worded("there are no such points", missing if wanted else wanted, ", ".join(known)))
    return [known[name] for name in wanted]


def _together(spine: Spine, chosen: Sequence[Point], far: int) -> int:
    """How far all of them can go, so that no neighbour is passed that stays."""
    inside = range(1, len(spine.pieces))  # also where a point has no room while its neighbours stay
    moving = {point.border: point for point in chosen if point.border in inside or point.low < point.high}
    for border, point in moving.items():
        low, high = room(spine, border)
        if border - 1 not in moving:
            far = max(far, low - point.update)
        if border + 1 not in moving:
            far = min(far, high - point.update)
    return far if moving else 0


def _moved(state: State, point: Point, at: float, level: float) -> State:
    """One of them at its place: under its own name, or, where a jump came or went meanwhile, that of its border."""
    known = [each.name for each in points(state.spine)]
    names = (point.name, str(point.border), f"{point.border}-", f"{point.border}+")
    name = next(name for name in names if name in known)
    return move(state, name, at, max(0.0, float(f"{level:.6g}")))
