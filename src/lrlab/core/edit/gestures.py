"""The gestures: each is a function from the schedule at the beginning of the gesture to a new schedule.

    move(state, "1", 700, 0.5)        a point, in time and in level
    lift(state, 1, 1.0, 0.8)          a segment, up or down
    bend(state, 1, 400, 0.3)          a segment, to the word with a curve through this point
    split(state, 400)                 adds a border;  join(state, 1)  removes one
    peak(state, 0.8), floor(state, 0.1), horizon(state, 20_000)

Each is pure and starts from the first schedule, so the places that a hand passes on its way do not matter.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from lrlab.core.edit import snap
from lrlab.core.edit.bend import as_word, bent
from lrlab.core.edit.borders import divided, moved, united
from lrlab.core.edit.handles import Point, points
from lrlab.core.edit.levels import lifted, with_ends
from lrlab.core.edit.snap import Range
from lrlab.core.edit.spine import Piece, Spine, spine_of
from lrlab.core.expression.algebra import Product, product
from lrlab.core.expression.maths import OPEN_LOOP
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.wrap import Clip
from lrlab.core.shapes.base import Transition, constant, hold, warmup
from lrlab.core.shapes.transitions import linear
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import Window
from lrlab.errors import LrlabError, worded

STEP, FINE = 10 ** (1 / 20), 10 ** (1 / 200)  # factors of a level for one key press
SMALLEST = 1e-4  # of the greatest level: a step below this gives 0


@dataclass(frozen=True)
class State:
    """A schedule over a run, and the unit for round levels."""

    schedule: Schedule
    horizon: Horizon
    unit: float = 1.0

    @property
    def spine(self) -> Spine:
        """The phases of the schedule."""
        return spine_of(self.schedule, self.horizon)


@dataclass(frozen=True)
class Near:
    """What counts as near in a picture, as ranges of updates and of levels; None: nothing snaps to round values."""

    x: Range | None = None
    y: Range | None = None


FREE = Near()


def move(state: State, name: str, x: float, y: float, near: Near = FREE) -> State:
    """Move a point to this update and level, between its neighbours. Raises `LrlabError` if it cannot go there.

    >>> from lrlab import *
    >>> str(move(State(warmup("5%") >> cosine(), Horizon(updates=1000)), "1", 100, 1).schedule)
    'warmup("10%") >> cosine()'
    """
    spine = state.spine
    point = _point(spine, name)
    at = min(max(snap.place(x, near.x, state.horizon), point.low), point.high)
    levels = [other.value for other in points(spine)]  # its own level is one to snap to
    to = y if y == point.value else snap.level(y, near.y, levels, state.unit)
    phases = _levelled(spine, point, to)
    if at != point.update:
        spine = spine_of(spine.of(phases), state.horizon)
        phases = moved(spine, point.border, at)
    return _with_schedule(state, spine.of(phases))


def nudge(state: State, name: str, steps: int, levels: int, *, fine: bool = False, double: bool = False) -> State:
    """Move a point by steps in time (1 % of the run; fine: updates) and in level (a twentieth of a decade; fine: less).

    With `double`, one step in level doubles or halves it.
    """
    return move(state, name, *nudged(state, name, steps, levels, fine=fine, double=double))


def nudged(state: State, name: str, steps: int, levels: int, *, fine: bool, double: bool) -> tuple[float, float]:
    """The update and the level to which `nudge` moves a point."""
    spine = state.spine
    point = _point(spine, name)
    far = 1 if fine else max(1, round(spine.total / 100))
    ratio = 2.0 if double else FINE if fine else STEP
    smallest = SMALLEST * spine.greatest
    value = point.value
    if levels > 0:
        value = max(value, smallest) * ratio**levels
    elif levels < 0:
        value = value * ratio**levels if value * ratio**levels >= smallest else 0.0
    return point.update + steps * far, value


def lift(state: State, number: int, before: float, after: float, near: Near = FREE, *, log: bool = False) -> State:
    """Move a segment up or down by the difference from `before` to `after`, or by their ratio on a logarithmic axis.

    Phases that were joined to it stay joined; no level goes below 0.
    """
    spine = state.spine
    piece = _piece(spine, number)
    ratio = log and before > 0

    def to(value: float) -> float:
        moved_to = value * after / before if ratio else value + after - before
        return max(0.0, float(f"{moved_to:.6g}"))

    higher = max(piece.begin, piece.end)
    goal = snap.level(
        to(higher), near.y and (near.y[0] + to(higher) - after, near.y[1] + to(higher) - after), (), state.unit
    )
    after = before * goal / higher if ratio and higher > 0 else before + goal - higher
    begin, end = to(piece.begin), to(piece.end)
    phases = spine.phases()
    now = (spine.inner(piece.begin), spine.inner(piece.end))
    phases[number] = lifted(piece.phase, now, spine.inner(begin), spine.inner(end))
    if number > 0 and spine.joined(number):
        phases[number - 1] = _with(spine, number - 1, end=begin)
    if number + 1 < len(phases) and spine.joined(number + 1) and not spine.pieces[number + 1].follows:
        phases[number + 1] = _with(spine, number + 1, begin=end)
    if piece.follows:
        phases[number] = _with(spine, number, end=None if isinstance(piece.phase, hold) else end)
    return _with_schedule(state, spine.of(phases))


def bend(state: State, number: int, x: float, y: float) -> State:
    """Bend a segment to the word with a curve from one end to the other through this update and level.

    >>> from lrlab import *
    >>> str(bend(State(cosine(), Horizon(updates=100)), 0, 50, 0.29).schedule)
    'one_minus_sqrt()'
    """
    spine = state.spine
    piece = _piece(spine, number)
    share = (x - piece.start) / max(1, piece.stop - piece.start)
    phases = spine.phases()
    phases[number] = bent(piece, share, spine.inner(y), _inner(spine, piece))
    return _with_schedule(state, spine.of(phases))


def shape(state: State, number: int, word: str) -> State:
    """Give a segment another word, between the same levels."""
    spine = state.spine
    piece = _piece(spine, number)
    phases = spine.phases()
    phases[number] = as_word(piece, word, _inner(spine, piece))
    return _with_schedule(state, spine.of(phases))


def split(state: State, x: float, near: Near = FREE) -> State:
    """Add a border at this update: one phase becomes two, which meet on the curve.

    A straight line stays straight. Raises `LrlabError` if there is no room, or if the phase does not go between levels.

    >>> from lrlab import *
    >>> str(split(State(linear(), Horizon(updates=100)), 25).schedule)
    'linear("25%", to=0.75) >> linear(start=0.75)'
    """
    spine = state.spine
    at = snap.place(x, near.x, state.horizon)
    number = spine.at(at)
    piece = spine.pieces[number]
    if not isinstance(piece.phase, Transition | constant | hold | warmup) or not piece.start < at < piece.stop:
        raise LrlabError(worded("no border can be made here", at, "within a phase that goes from one level to another"))
    begin, _ = _inner(spine, piece)
    window = Window(spine.clock, piece.start, piece.stop - piece.start, here=lambda: begin)
    middle = float(f"{float(piece.phase._compile(window)(at - piece.start, OPEN_LOOP)):.4g}")
    first, second = _halves(piece.phase, begin, middle)
    phases = spine.phases()
    phases[number : number + 1] = divided(spine, number, at, first, second)
    return _with_schedule(state, spine.of(phases))


def join(state: State, border: int) -> State:
    """Remove a border: the longer of the two phases stays, from the start of the first to the end of the second.

    >>> from lrlab import *
    >>> str(join(State(linear("25%", to=0.5) >> cosine(start=0.5), Horizon(updates=100)), 1).schedule)
    'cosine()'
    """
    spine = state.spine
    if not 0 < border < len(spine.pieces):
        raise LrlabError(worded("there is no border of this number", border, f"1 to {len(spine.pieces) - 1}"))
    before, after = spine.pieces[border - 1], spine.pieces[border]
    longer = before if before.stop - before.start > after.stop - after.start else after
    begin, end = spine.inner(before.begin), spine.inner(after.end)
    kept = longer.phase
    if isinstance(kept, Transition | warmup):
        kept = with_ends(kept, _inner(spine, longer), begin, end)
    return _with_schedule(state, spine.of(united(spine, border, kept)))


def peak(state: State, y: float, near: Near = FREE) -> State:
    """Scale everything so that the greatest value becomes this one; all ratios stay.

    >>> from lrlab import *
    >>> str(peak(State(cosine(), Horizon(updates=100)), 0.5).schedule)
    '0.5 * cosine()'
    """
    now = float(state.schedule.over(state.horizon).some()[1].max())
    if now <= 0:
        raise LrlabError(worded("nothing is above 0: there is no peak to move", now))
    to = snap.level(y, near.y, (1.0,), state.unit)
    if to <= 0:
        raise LrlabError(worded("the peak stays above 0", to))
    factor = float(f"{_factor(state.schedule) * to / now:.6g}") / _factor(state.schedule)
    made = product(factor, state.schedule)
    return dataclasses.replace(state, schedule=made)


def floor(state: State, y: float, near: Near = FREE) -> State:
    """Keep the schedule at or above this level; level 0 removes the floor.

    >>> from lrlab import *
    >>> str(floor(State(cosine(), Horizon(updates=100)), 0.1).schedule)
    'cosine().clip(low=0.1)'
    """
    to = snap.level(y, near.y, (), state.unit)
    given = state.schedule
    inner, high = (given.schedule, given.high) if isinstance(given, Clip) else (given, None)
    low = to if to > 0 else None
    if low is not None and high is not None:
        low = min(low, high)
    made = inner if low is None and high is None else inner.clip(low, high)
    return dataclasses.replace(state, schedule=made)


def horizon(state: State, x: float, near: Near = FREE) -> State:
    """Change the length of the run; shares follow, fixed spans stay. Raises `LrlabError` if they no longer fit."""
    updates = snap.length(x, near.x)
    run = state.horizon
    if run.updates_per_epoch is not None and run.epochs is not None and run.updates is None:
        changed = dataclasses.replace(run, epochs=float(f"{updates / run.updates_per_epoch:.4g}"))
    else:
        changed = dataclasses.replace(run, updates=updates, epochs=None, samples=None, tokens=None)
    state.schedule.over(changed)
    return dataclasses.replace(state, horizon=changed)


# -- parts --------------------------------------------------------------------------------------------------------


def _with_schedule(state: State, schedule: Schedule) -> State:
    """The state with this schedule. Raises `LrlabError` if it does not fit the run."""
    schedule.over(state.horizon)
    return dataclasses.replace(state, schedule=schedule)


def _point(spine: Spine, name: str) -> Point:
    found = {point.name: point for point in points(spine)}
    if name not in found:
        raise LrlabError(worded("there is no such point", name, ", ".join(found)))
    return found[name]


def _piece(spine: Spine, number: int) -> Piece:
    if not 0 <= number < len(spine.pieces):
        raise LrlabError(worded("there is no such phase", number, f"0 to {len(spine.pieces) - 1}"))
    return spine.pieces[number]


def _inner(spine: Spine, piece: Piece) -> tuple[float, float]:
    """The ends of a piece, in its own values."""
    return spine.inner(piece.begin), spine.inner(piece.end)


def _with(spine: Spine, number: int, begin: float | None = None, end: float | None = None) -> Schedule:
    """A phase with other ends, in values of the whole schedule."""
    piece = spine.pieces[number]
    inner = [None if value is None else spine.inner(value) for value in (begin, end)]
    return with_ends(piece.phase, _inner(spine, piece), *inner)


def _levelled(spine: Spine, point: Point, to: float) -> list[Schedule]:
    """The phases with this point at this level; a phase that starts "here" follows by itself."""
    phases = spine.phases()
    if to == point.value:
        return phases
    border = point.border
    if border > 0 and not point.name.endswith("+"):
        phases[border - 1] = _with(spine, border - 1, end=to)
    if border < len(phases) and not point.name.endswith("-"):
        piece = spine.pieces[border]
        if not piece.follows or point.name.endswith("+") or border == 0:
            phases[border] = _with(spine, border, begin=to)
    return phases


def _halves(phase: Schedule, begin: float, middle: float) -> tuple[Schedule, Schedule]:
    """A phase as two phases that meet at this level."""
    match phase:
        case warmup():
            return linear(start=begin, to=middle), warmup(start=middle)
        case Transition() if phase.arrives and not phase.returns and tuple(phase.part) == (0, 1):
            return phase.replace(to=middle), phase.replace(start=middle)
        case constant() | hold():
            return phase, phase
    raise LrlabError(worded("this phase does not go from one level to another, so it cannot be divided", str(phase)))


def _factor(schedule: Schedule) -> float:
    return float(schedule.factor) if isinstance(schedule, Product) else 1.0
