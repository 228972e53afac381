"""A schedule as a call of `transformers.get_scheduler`: proposed from its phases, kept if the curve is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lrlab.core.expression.node import Schedule, flat
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase
from lrlab.core.time.span import Span, rounded
from lrlab.dialects.parts.phases import fixed
from lrlab.dialects.read.transformers import from_transformers
from lrlab.dialects.write.pieces import Piece, pieces
from lrlab.errors import LrlabError, worded

Proposal = tuple[str, int, int | None, dict[str, Any]]  # name, warmup steps, training steps, further arguments


def transformers_code(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> str:
    """The call that makes the scheduler of the optimizer named `optimizer`. Raises `LrlabError` if there is none."""
    found = pieces(schedule, horizon)
    for name, warmup, total, given in _proposals(found, horizon.total or fixed(schedule)):
        if _same(schedule, horizon, (name, warmup, total, given)):
            words = {"lr_end": "* optimizer.defaults['lr']"}
            texts = [f'"{key}": {value!r}{" " + words[key] if key in words else ""}' for key, value in given.items()]
            lines = [f'    "{name}",', "    optimizer,", f"    num_warmup_steps={warmup},"]
            lines += [f"    num_training_steps={total},"] if total is not None else []
            lines += [f"    scheduler_specific_kwargs={{{', '.join(texts)}}},"] if texts else []
            body = "\n".join(lines)
            return f"from transformers import get_scheduler\n\nscheduler = get_scheduler(\n{body}\n)\n"
    allowed = "a linear warmup from LR 0 and one of its decays, with its own rule after the end"
    hint = 'to_code(schedule, "torch"): Trainer takes it as optimizers=(optimizer, scheduler)'
    raise LrlabError(worded("Transformers has no scheduler with this curve", str(schedule), allowed, hint))


def _same(schedule: Schedule, horizon: Horizon, proposal: Proposal) -> bool:
    name, warmup, total, given = proposal
    try:
        theirs = from_transformers(name, warmup, total, given, learning_rate=1.0)
        end = max(horizon.total or 1, fixed(theirs.schedule), _reach(schedule, horizon))
        ours = schedule.over(horizon if horizon.total else end).between(0, 2 * end)
        return bool(np.allclose(ours, theirs.schedule.over(end).between(0, 2 * end), rtol=1e-12, atol=1e-13))
    except LrlabError:
        return False


def _reach(schedule: Schedule, horizon: Horizon) -> int:
    """A number of updates that shows everything a schedule does: all its durations, one after the other."""
    clock = TimeBase(horizon, horizon.total)
    given = [value for part in schedule.walk() for value in flat(part.arguments().values())]
    return 1 + sum(rounded(clock.updates(span)) for span in given if isinstance(span, Span))


def _proposals(found: list[Piece], n: int) -> Iterator[Proposal]:
    """Possible calls, from the first phases and the last one."""
    first = found[0]
    rises = len(found) > 1 and first.word in ("linear", "cosine", "polynomial") and first.given.get("to") == 1
    warmup = first.length if rises else 0
    rest = found[1:] if rises else found
    if not rest:
        return
    head, last = rest[0], rest[-1]
    end = head.begin + head.length
    yield "constant", 0, None, {}
    yield "constant_with_warmup", warmup, None, {}
    match head.word:
        case "linear":
            yield "linear", warmup, end, {}
        case "polynomial":
            yield "polynomial", warmup, end, {"lr_end": head["to"], "power": head["power"]}
        case "inverse_sqrt":
            yield "inverse_sqrt", warmup, None, {"timescale": head["timescale"]}
        case "cosine_wave":
            yield from _waves(warmup, head["every"], head["waves"], head["to"])
        case "repeat" if type(head["schedule"]).__name__ == "cosine_cycle":
            yield from _waves(warmup, head["cycle"] // 2, 0.5, head["schedule"].to)
    if last.word == "constant" and len(rest) > 1:
        cycles = rest[:-1]
        yield "cosine_with_restarts", warmup, last.begin, {"num_cycles": len(cycles)}
    yield from _stable(first if rises else None, warmup, rest)


def _waves(warmup: int, every: int, waves: float, to: float) -> Iterator[Proposal]:
    total = warmup + every
    cycles = {} if waves == 0.5 else {"num_cycles": waves}
    yield "cosine", warmup, total, dict(cycles)
    yield "cosine_with_min_lr", warmup, total, {**cycles, "min_lr_rate": to}
    yield "cosine_warmup_with_min_lr", warmup + 1, total + 1, {**cycles, "min_lr_rate": to}


def _stable(first: Piece | None, warmup: int, rest: list[Piece]) -> Iterator[Proposal]:
    kinds = {"linear": "linear", "cosine": "cosine", "one_minus_sqrt": "1-sqrt"}
    stable = rest[0].length if rest[0].word == "constant" and len(rest) > 1 else 0
    falls = [piece for piece in rest if piece.word in kinds]
    if falls:
        rises = {"linear": "linear", "cosine": "cosine", "polynomial": "1-sqrt"}
        given = {
            "num_decay_steps": falls[0].length,
            "num_stable_steps": stable,
            "warmup_type": rises[first.word] if first else "linear",
            "decay_type": kinds[falls[0].word],
            "min_lr_ratio": falls[0]["to"],
        }
        yield "warmup_stable_decay", warmup, None, given
