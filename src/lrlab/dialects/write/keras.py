"""A schedule as Keras code: one of its classes; Keras joins phases only in the warmup of CosineDecay."""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import WHOLE
from lrlab.core.shapes.cosines import cosine
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.write.pieces import Piece, instead, pieces
from lrlab.errors import LrlabError, worded


def keras_code(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> str:
    """Code of a Keras `schedule` with absolute values. Raises `LrlabError` if Keras has no class for it."""
    base = 1.0 if base_lr is None else base_lr
    found = pieces(schedule, horizon)
    call = _call(found, base)
    if call is None:
        hint = instead(found, 'to_code(schedule, "python"), in a LearningRateScheduler')
        raise LrlabError(
            worded("Keras has no class for this", str(schedule), "one phase, or a warmup and a cosine", hint)
        )
    return f"from keras.optimizers import schedules\n\nschedule = schedules.{call}\n"


def _call(found: list[Piece], base: float) -> str | None:
    first, last = found[0], found[-1]
    if [piece.word for piece in found] == ["linear", "cosine"] and _plain(first) and _plain(last):
        top = last["start"]
        if first["to"] == top != 0 and last["power"] == 1 and last.length:
            return (
                f"CosineDecay({base * first['start']!r}, {last.length}, alpha={last['to'] / top!r}, "
                f"warmup_target={base * top!r}, warmup_steps={first.length})"
            )
    if len(found) > 1 or not _plain(first) or first.low is not None:
        return None
    return _single(first, base)


def _plain(piece: Piece) -> bool:
    return not piece.given.get("closed") and tuple(piece.given.get("part", WHOLE)) == WHOLE


def _single(piece: Piece, base: float) -> str | None:
    n, given, value = piece.length, piece.given, repr(base * piece.scale)
    every = given.get("every")
    match piece.word:
        case "constant":
            level = base * given["to"]
            return f"PiecewiseConstantDecay([0], [{level!r}, {level!r}])"
        case "cosine" if given["start"] != 0 and given["power"] == 1 and n:
            return f"CosineDecay({base * given['start']!r}, {n}, alpha={given['to'] / given['start']!r})"
        case "linear" | "polynomial" if given.get("k", 1) == 1 and n:
            ends = f"{base * given['start']!r}, {n}, end_learning_rate={base * given['to']!r}"
            return f"PolynomialDecay({ends}, power={given.get('power', 1.0)!r})"
        case "exponential" if given["gamma"] and every is None:
            return f"ExponentialDecay({value}, 1, {given['gamma']!r})"
        case "exponential" if given["decay"] and isinstance(every, int):
            return f"ExponentialDecay({value}, {every}, {given['decay']!r}, staircase={given['staircase']})"
        case "step" if isinstance(every, int):
            return f"ExponentialDecay({value}, {every}, {given['gamma']!r}, staircase=True)"
        case "inverse_time" if isinstance(every, int):
            return f"InverseTimeDecay({value}, {every}, {given['rate']!r}, staircase={given['staircase']})"
        case "multistep" if all(isinstance(b, int) for b in given["milestones"]):
            levels = [given["gamma"] ** k for k in range(len(given["milestones"]) + 1)]
            return _levels(given["milestones"], levels, base * piece.scale)
        case "piecewise_constant" if all(isinstance(b, int) for b in given["boundaries"]):
            return _levels(given["boundaries"], given["values"], base * piece.scale)
        case "repeat" if isinstance(given["cycle"], int) and given["times"] is None:
            return _restarts(piece, base)
    return None


def _levels(boundaries: list[int], values: list[float], base: float) -> str:
    """Constant levels; in Keras, the boundary step still has the value before it."""
    return f"PiecewiseConstantDecay({[b - 1 for b in boundaries]}, {[base * value for value in values]})"


def _restarts(piece: Piece, base: float) -> str | None:
    """Cosines that restart; in Keras their lengths are not rounded to whole updates."""
    given = piece.given
    if not float(given["stretch"]).is_integer():
        return None
    to = given["schedule"].arguments().get("to", 0.0)
    if given["schedule"].replace(span=None) != cosine(to=to) or (to != 0 and given["gain"] != 1):
        return None
    return (
        f"CosineDecayRestarts({base * piece.scale!r}, {given['cycle']}, t_mul={given['stretch']!r}, "
        f"m_mul={given['gain']!r}, alpha={to!r})"
    )
