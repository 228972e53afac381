"""A schedule as Optax code: its constructors, joined; values are absolute."""

from __future__ import annotations

import math
from itertools import pairwise

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import WHOLE
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.write.pieces import Piece, instead, pieces
from lrlab.errors import LrlabError, worded


def optax_code(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> str:
    """Code of an Optax `schedule` with absolute values. Raises `LrlabError` if Optax has no constructor for it."""
    base = 1.0 if base_lr is None else base_lr
    found = pieces(schedule, horizon)
    calls = [_call(piece, base) for piece in found]
    if len(calls) == 1:
        return f"import optax\n\nschedule = optax.{calls[0]}\n"
    members = "".join(f"        optax.{call},\n" for call in calls)
    boundaries = [piece.begin for piece in found[1:]]
    return (
        f"import optax\n\nschedule = optax.join_schedules(\n    [\n{members}    ],\n    boundaries={boundaries},\n)\n"
    )


def _call(piece: Piece, base: float) -> str:
    n, given = piece.length, piece.given
    value = repr(base * piece.scale)
    whole = not given.get("closed") and tuple(given.get("part", WHOLE)) == WHOLE
    bound = "" if piece.low is None else f", end_value={base * piece.low!r}"
    if {"start", "to"} <= set(given) and whole and n:
        start, to = base * given["start"], base * given["to"]
        match piece.word:
            case "linear":
                return f"linear_schedule({start!r}, {to!r}, {n})"
            case "polynomial" if given["k"] == 1:
                return f"polynomial_schedule({start!r}, {to!r}, {given['power']!r}, {n})"
            case "cosine" if start != 0:
                power = "" if given["power"] == 1 else f", exponent={given['power']!r}"
                return f"cosine_decay_schedule({start!r}, {n}, alpha={to / start!r}{power})"
    falling = piece.low is None or (given.get("decay") or given.get("gamma") or 2) < 1
    match piece.word:
        case "constant":
            return f"constant_schedule({base * given['to']!r})"
        case "exponential" if given["gamma"] and given["every"] is None and falling:
            return f"exponential_decay({value}, 1, {given['gamma']!r}{bound})"
        case "exponential" if given["decay"] and isinstance(given["every"], int) and falling:
            stairs = ", staircase=True" if given["staircase"] else ""
            return f"exponential_decay({value}, {given['every']}, {given['decay']!r}{stairs}{bound})"
        case "step" if isinstance(given["every"], int) and given["gamma"] and falling:
            return f"exponential_decay({value}, {given['every']}, {given['gamma']!r}, staircase=True{bound})"
        case "multistep" if all(isinstance(b, int) for b in given["milestones"]) and not bound:
            scales = ", ".join(f"{b}: {given['gamma']!r}" for b in given["milestones"])
            return f"piecewise_constant_schedule({value}, {{{scales}}})"
        case "piecewise_constant" if all(isinstance(b, int) for b in given["boundaries"]) and not bound:
            return _levels(given["boundaries"], given["values"], base * piece.scale, piece)
    hint = instead([piece], 'to_code(schedule, "python")')
    raise LrlabError(worded("Optax has no constructor for this", piece.source, hint=hint))


def _levels(boundaries: list[int], values: list[float], base: float, piece: Piece) -> str:
    if 0 in values[:-1] or min(values) < 0:
        raise LrlabError(
            worded("Optax multiplies level by level: it cannot rise from 0, nor go below it", piece.source)
        )
    ratios = [after / before for before, after in pairwise(values)]
    if math.inf in ratios:
        raise LrlabError(worded("Optax multiplies level by level: this rise is too great for a number", piece.source))
    scales = ", ".join(f"{b}: {ratio!r}" for b, ratio in zip(boundaries, ratios, strict=True))
    return f"piecewise_constant_schedule({base * values[0]!r}, {{{scales}}})"
