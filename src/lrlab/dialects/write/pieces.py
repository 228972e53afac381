"""A schedule over a run as a list of plain phases, which the exporters match with the classes of other libraries."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.cosines import cosine, cosine_cycle
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase, Window
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

HERE = "here"


@dataclass(frozen=True)
class Piece:
    """One phase: the word of its shape, where it starts and stops (None: no end), and its arguments as plain numbers.

    `start` and `to` of a leg, and the level of a constant (also as `to`), are multiples of the base LR. `scale`
    multiplies a phase that is not a leg; `low` bounds it from below; a `cut` phase stops without an end of its own.
    """

    word: str
    begin: int
    stop: int | None
    given: dict[str, Any]
    source: str
    scale: float = 1.0
    low: float | None = None
    cut: bool = False

    @property
    def length(self) -> int:
        """The number of updates (0 if it has no end)."""
        return 0 if self.stop is None else self.stop - self.begin

    def __getitem__(self, name: str) -> Any:
        return self.given[name]


def pieces(schedule: Schedule, horizon: Horizon) -> list[Piece]:
    """The phases of a schedule over a run, in order; only the last may be empty: it says what comes after the end.

    Raises `LrlabError` naming the part that is not a plain phase.
    """
    curve = schedule.over(horizon)
    total = curve.updates
    found = _laid_out(schedule, Window(TimeBase(horizon, total), 0, total).fit(schedule))
    last = found[-1]
    if last.stop is None or not last.cut:
        return found
    return [*found, Piece("constant", last.stop, None, {"to": float(curve(last.stop))}, f"the end of {last.source}")]


def _laid_out(s: Schedule, window: Window) -> list[Piece]:
    unfolded = s._unfolded(window)
    if unfolded is None:
        return [_leaf(s, window)]
    found: list[Piece] = []
    for part in unfolded:
        inside = _laid_out(part.schedule, part.window)
        if part.low is not None:
            if len(inside) > 1:
                raise _refused(s)
            inside = [dataclasses.replace(inside[0], low=part.low, source=str(s))]
        if part.scale is not None:
            inside = [_scaled(piece, part.scale, part.offset) for piece in inside]
        found += _continued(inside, found)
    return found


def instead(found: list[Piece], otherwise: str) -> str:
    """What to try if a target has no class for these phases."""
    for piece in found:
        if isinstance(piece.given.get("schedule"), cosine_cycle) and isinstance(piece.given.get("cycle"), int):
            half = piece["schedule"].replace(span=None)
            falls = cosine(piece["cycle"] // 2, start=half.start, to=half.to)
            return f"{falls}: the same up to where this cosine climbs again, if the run ends there"
    return otherwise


def _leaf(s: Schedule, window: Window) -> Piece:
    word, arguments = s._plainly(window)
    counted = window.length is not None and arguments.get("times") is not None and arguments["stretch"] == 1
    if counted or (s.parts() and word != "repeat"):
        raise _refused(s)
    given = {name: _plain(value, window.clock) for name, value in arguments.items()}
    stop = None if window.length is None else window.start + window.length
    return Piece(word, window.start, stop, given, str(s), cut=s._breaks_off())


def _continued(found: list[Piece], before: list[Piece]) -> list[Piece]:
    """The same phases; if the first one starts "here", it gets the level at which the one before ends."""
    first = found[0]
    name = next((name for name in ("start", "to") if first.given.get(name) == HERE), None)
    if name is None:
        return found
    if not before or not isinstance(before[-1].given.get("to"), float) or before[-1].word == "repeat":
        raise LrlabError(worded(f"no level is known for {first.source} to start from", first.source))
    return [dataclasses.replace(first, given={**first.given, name: before[-1]["to"]}), *found[1:]]


def _scaled(piece: Piece, factor: float, offset: float) -> Piece:
    if {"start", "to"} & set(piece.given) and piece.word not in ("repeat", "cosine_wave") and piece.low is None:
        if HERE in (piece.given.get("start"), piece["to"]):
            raise LrlabError(worded(f"no level is known for {piece.source} to start from", piece.source))
        levels = {k: factor * v + offset if k in ("start", "to") else v for k, v in piece.given.items()}
        return dataclasses.replace(piece, given=levels)
    if offset or factor < 0:
        raise LrlabError(worded(f"{piece.source} raised by {offset:g} is not a plain phase", piece.source))
    low = None if piece.low is None else factor * piece.low
    return dataclasses.replace(piece, scale=factor * piece.scale, low=low)


def _plain(value: Any, clock: TimeBase) -> Any:
    if isinstance(value, Span):
        exact = clock.updates(value)
        return int(exact) if exact.denominator == 1 else float(exact)
    if isinstance(value, tuple):
        return [_plain(item, clock) for item in value]
    return value


def _refused(s: Schedule) -> LrlabError:
    return LrlabError(worded("this part is not a plain phase that another library has a name for", str(s)))
