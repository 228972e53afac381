"""The handles of a schedule: its points, its segments, its peak, its floor and its length."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from lrlab.core.edit.borders import room
from lrlab.core.edit.spine import SAME, Spine
from lrlab.core.shapes.base import Transition, constant, hold, warmup


@dataclass(frozen=True)
class Point:
    """A point of the curve: the end of a phase, or of two phases that meet there.

    `name` is unique: "2" is border 2, where the phases before and after it meet; if the curve jumps there, "2-" and
    "2+" are its two sides. The point can be moved in time from `low` to `high`.
    """

    name: str
    update: int
    value: float
    low: int
    high: int
    sentence: str

    @property
    def border(self) -> int:
        """The number of phases before it."""
        return int(self.name.rstrip("+-"))


@dataclass(frozen=True)
class Segment:
    """A numbered phase between its borders; `bends` tells whether its shape can be changed."""

    number: int
    word: str
    text: str
    start: int
    stop: int
    bends: bool
    sentence: str


def points(spine: Spine) -> tuple[Point, ...]:
    """The points of a schedule, in order of time.

    >>> from lrlab import *
    >>> from lrlab.core.edit.spine import spine_of
    >>> found = points(spine_of(linear("20%", start=0, to=1) >> cosine(), 50))
    >>> [(point.name, point.update, point.value, point.low, point.high) for point in found]
    [('0', 0, 0.0, 0, 0), ('1', 10, 1.0, 1, 49), ('2', 50, 0.0, 50, 50)]
    """
    return tuple(dataclasses.replace(point, value=spine.shown(point.value)) for point in _points(spine))


def segments(spine: Spine) -> tuple[Segment, ...]:
    """The phases of a schedule."""
    found = []
    for number, piece in enumerate(spine.pieces):
        shape = isinstance(piece.phase, Transition | constant | hold | warmup)
        flat = abs(piece.begin - piece.end) <= SAME * spine.greatest
        word = piece.phase.kind if shape else ""
        said = f"{piece.phase.words()}, updates {piece.start:,} to {max(piece.stop - 1, piece.start):,}"
        found.append(Segment(number, word, str(piece.phase), piece.start, piece.stop, shape and not flat, said))
    return tuple(found)


def _points(spine: Spine) -> Iterator[Point]:
    pieces = spine.pieces
    yield Point("0", 0, pieces[0].begin, 0, 0, "the beginning")
    for border in range(1, len(pieces)):
        before, after = pieces[border - 1], pieces[border]
        low, high = room(spine, border)
        meets = f"between {_called(before.phase.kind)} and {_called(after.phase.kind)}"
        if spine.joined(border):
            yield Point(str(border), before.stop, before.end, low, high, meets)
        else:
            yield Point(f"{border}-", before.stop, before.end, low, high, f"end of {_called(before.phase.kind)}")
            yield Point(f"{border}+", after.start, after.begin, low, high, f"start of {_called(after.phase.kind)}")
    last = pieces[-1]
    fixed = all(piece.phase._length(spine.clock) is not None for piece in pieces)  # else a phase fills the run
    low, high = room(spine, len(pieces)) if fixed else (last.stop, last.stop)
    yield Point(str(len(pieces)), last.stop, last.end, low, high, "the end")


def _called(kind: str) -> str:
    return kind.replace("_", " ")
