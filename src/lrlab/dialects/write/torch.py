"""A schedule as PyTorch code: torch's own classes if they match for every parameter group, else a LambdaLR."""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.plateau import plateau
from lrlab.core.shapes.base import WHOLE
from lrlab.core.shapes.cosines import cosine, cosine_cycle
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.write.pieces import Piece, pieces
from lrlab.dialects.write.python import function_source
from lrlab.errors import LrlabError, worded

FOREVER = 2**31 - 1  # updates: for a class that needs an end


def torch_code(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> str:
    """Code of a scheduler for the optimizer named `optimizer`."""
    if isinstance(schedule, plateau):
        return _written(["ReduceLROnPlateau"], _plateau(schedule, base_lr))
    try:
        calls = _calls(pieces(schedule, horizon))
    except LrlabError:
        calls = None
    if calls is None:
        function = function_source(schedule, horizon).rstrip()
        head, _, body = function.partition("\n\n\n") if function.startswith("import") else ("", "", function)
        lines = [*([head, ""] if head else []), "from torch.optim.lr_scheduler import LambdaLR", "", "", body]
        return "\n".join([*lines, "", "", "scheduler = LambdaLR(optimizer, lr_multiplier)"]) + "\n"
    names = [call.partition("(")[0] for call, _ in calls]
    if len(calls) == 1:
        return _written(names, calls[0][0])
    members = "".join(f"        {call},\n" for call, _ in calls)
    starts = [start for _, start in calls[1:]]
    text = f"SequentialLR(\n    optimizer,\n    [\n{members}    ],\n    milestones={starts},\n)"
    return _written([*names, "SequentialLR"], text)


def _written(names: list[str], call: str) -> str:
    return f"from torch.optim.lr_scheduler import {', '.join(sorted(set(names)))}\n\nscheduler = {call}\n"


def _calls(found: list[Piece]) -> list[tuple[str, int]] | None:
    """The constructor calls and where each begins; None if torch has no class for one of them."""
    calls = []
    for piece in found:
        call = _call(piece, last=piece is found[-1])
        if call is None:
            return None
        calls.append((call, piece.begin))
    end = found[-1]
    if end.word == "cosine" and end.stop is not None:  # torch's cosine would climb again
        calls.append((f"ConstantLR(optimizer, factor=0.0, total_iters={FOREVER})", end.stop))
    return calls


def _call(piece: Piece, last: bool) -> str | None:
    n, given = piece.length, piece.given
    if (
        piece.scale != 1
        or piece.low is not None
        or given.get("closed")
        or given.get("part", WHOLE) not in (WHOLE, [*WHOLE])
    ):
        return None
    match piece.word:
        case "constant" if 0 <= given["to"] < 1 and (given["to"] > 0 or not last or piece.begin):
            return f"ConstantLR(optimizer, factor={given['to']!r}, total_iters={FOREVER if last else n + 1})"
        case "constant" if given["to"] == 1:
            return "ConstantLR(optimizer, factor=1.0, total_iters=1)"
        case "linear" if 0 < given["start"] <= 1 and 0 <= given["to"] <= 1 and n:
            return f"LinearLR(optimizer, start_factor={given['start']!r}, end_factor={given['to']!r}, total_iters={n})"
        case "polynomial" if given["start"] == 1 and given["to"] == 0 and given["k"] == 1 and n:
            return f"PolynomialLR(optimizer, total_iters={n}, power={given['power']!r})"
        case "cosine" if given["start"] == 1 and given["to"] == 0 and given["power"] == 1 and n:
            return f"CosineAnnealingLR(optimizer, T_max={n})"
        case "step" if isinstance(given["every"], int):
            return f"StepLR(optimizer, step_size={given['every']}, gamma={given['gamma']!r})"
        case "multistep" if all(isinstance(b, int) for b in given["milestones"]):
            return f"MultiStepLR(optimizer, milestones={given['milestones']}, gamma={given['gamma']!r})"
        case "exponential" if given["gamma"] and given["every"] is None:
            return f"ExponentialLR(optimizer, gamma={given['gamma']!r})"
        case "exponential" if given["decay"] and given["staircase"] and isinstance(given["every"], int):
            return f"StepLR(optimizer, step_size={given['every']}, gamma={given['decay']!r})"
        case "repeat":
            return _repeat(piece)
    return None


def _repeat(piece: Piece) -> str | None:
    inner, given = piece["schedule"], piece.given
    cycle = given["cycle"]
    if given["gain"] != 1 or given["times"] is not None or not isinstance(cycle, int) or getattr(inner, "to", 1.0) != 0:
        return None
    if inner.replace(span=None) == cosine_cycle() and cycle % 2 == 0 and given["stretch"] == 1:
        return f"CosineAnnealingLR(optimizer, T_max={cycle // 2})"
    if inner.replace(span=None) == cosine() and given["stretch"] == int(given["stretch"]):
        return f"CosineAnnealingWarmRestarts(optimizer, T_0={cycle}, T_mult={int(given['stretch'])})"
    return None


def _plateau(s: plateau, base_lr: float | None) -> str:
    """The same class, for finite metrics of at least 0: there "rel" and "signed" are the same."""
    if s.margin or s.restart or s.average > 1:
        raise LrlabError(worded("torch: its plateau has no margin, restart and average", s))
    if (s.min or s.eps) and base_lr is None:
        raise LrlabError(worded("torch: min_lr and eps are absolute LRs: they need the base LR", s, hint="base_lr=0.1"))
    base = base_lr or 1.0
    mode = "abs" if s.threshold_mode == "abs" else "rel"
    return (
        f"ReduceLROnPlateau(optimizer, mode={s.mode or 'min'!r}, factor={s.cut!r}, patience={s.patience - 1}, "
        f"threshold={s.threshold!r}, threshold_mode={mode!r}, cooldown={s.cooldown}, min_lr={s.min * base!r}, "
        f"eps={s.eps * base!r})"
    )
