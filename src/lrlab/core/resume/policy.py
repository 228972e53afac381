"""Resume with a policy: what becomes of a run whose checkpoint and code disagree.

State comes from the checkpoint, configuration from the code. Where the two agree there is nothing to decide; where
they do not, loading stops and shows each difference, or `on_change` says which way to go on:

- "keep": with the checkpoint's schedule, horizon and base LRs;
- "take": with the code's, from the recorded position on;
- "splice": from the present LR to the end of the code's plan, without a jump (`core/resume/change.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

from lrlab.core.expression.algebra import product
from lrlab.core.resume.change import spliced
from lrlab.core.resume.checkpoint import Checkpoint, Difference, functions_of
from lrlab.core.run.curve import Curve
from lrlab.core.run.pacer import Pacer, configuration
from lrlab.errors import LrlabError, worded

OnChange = Literal["stop", "keep", "take", "splice"]


class Resumed(NamedTuple):
    """A pacer at the recorded position, the base LR of each group, and whether the values are the LR itself."""

    pacer: Pacer
    base_lrs: tuple[float, ...]
    absolute: bool


def known(on_change: object) -> OnChange:
    """A policy. Raises `LrlabError` naming the known ones."""
    if on_change not in get_args(OnChange):
        raise LrlabError(worded("on_change is not known", on_change, ", ".join(map(repr, get_args(OnChange)))))
    return on_change  # type: ignore[return-value]


def resumed(
    there: Checkpoint,
    curve: Curve,
    base_lrs: Sequence[float],
    on_change: OnChange = "stop",
    *,
    absolute: bool = False,
    stored: Callable[[int, float], float] = lambda group, lr: lr,
    ways: Sequence[OnChange] = ("keep", "take", "splice"),
) -> Resumed:
    """The run of a checkpoint under the code's curve and base LRs.

    A base LR that is the LR which the checkpoint's optimizer had counts as loaded: `stored(k, lr)` is an LR as group
    k keeps it. Raises `LrlabError` with each difference and the ways on, where there is one under "stop"; `ways` are
    those that the caller has.

    >>> import lrlab as lr
    >>> pacer = lr.Pacer(lr.linear().over(100))
    >>> pacer.advance(50)
    >>> there = Checkpoint.of(pacer, [0.1])
    >>> resumed(there, lr.linear().over(200), [0.1], "take").pacer.value
    0.75
    >>> resumed(there, lr.linear().over(200), [0.1], "splice").pacer.value
    0.5
    """
    known(on_change)
    differing = there.differences(curve, absolute=absolute)
    own = _own(there, curve, differing, on_change)
    code = _code(there, own, base_lrs, stored)
    rows = differing + _of_groups(there, code, absolute)
    if not rows and own is not None:
        return Resumed(own, there.base_lrs, absolute)
    if on_change == "take":
        pacer = there.taken(curve) if own is None or differing else own
        return Resumed(_noted(pacer, there, code), code, absolute)
    if own is None or len(code) != len(there.base_lrs):
        raise LrlabError(_said(there, rows, ("take",)))
    if on_change == "stop":
        raise LrlabError(_said(there, rows, ways))
    if on_change == "keep" or (rows == differing and _on_its_way(there, curve)):
        return Resumed(own, there.base_lrs, there.absolute)
    if there.absolute != absolute:
        raise LrlabError(worded("splice: the checkpoint and the code do not agree on absolute=", hint='"keep", "take"'))
    ratio = 1.0 if absolute else _ratio(there.base_lrs, code)
    old = own.curve if ratio == 1 else Curve(product(ratio, own.curve.schedule), own.curve.horizon)
    own.go_on(spliced(old, curve, own.update, factors=own.factor_of), "splice", toward=curve)
    return Resumed(_noted(own, there, code), code, absolute)


def _own(there: Checkpoint, curve: Curve, differing: list[Difference], on_change: OnChange) -> Pacer | None:
    """The run as it was; None where it is not needed and cannot be had, for want of a user function."""
    try:
        return there.pacer(there.curve(functions_of(curve.schedule)) if differing else curve)
    except LrlabError:
        if differing and on_change in ("stop", "take"):
            return None
        raise


def _code(
    there: Checkpoint, own: Pacer | None, base_lrs: Sequence[float], stored: Callable[[int, float], float]
) -> tuple[float, ...]:
    """The base LRs that the code means: one that only shows what was loaded into the optimizer is the recorded one."""
    if len(base_lrs) != len(there.base_lrs):
        return tuple(base_lrs)
    meant = []
    for k, (mine, recorded, realised) in enumerate(zip(base_lrs, there.base_lrs, there.lrs, strict=True)):
        value = None if own is None else own.value if there.absolute else recorded * own.value
        loaded = mine in (realised, None if value is None else stored(k, value))
        meant.append(recorded if loaded else float(mine))
    return tuple(meant)


def _of_groups(there: Checkpoint, code: tuple[float, ...], absolute: bool) -> list[Difference]:
    if len(code) != len(there.base_lrs):
        return [Difference("parameter groups", len(there.base_lrs), len(code))]
    if absolute:
        return []
    pairs = enumerate(zip(there.base_lrs, code, strict=True))
    return [Difference(f"base LR of group {k}", old, new) for k, (old, new) in pairs if old != new]


def _ratio(recorded: Sequence[float], code: Sequence[float]) -> float:
    """What the recorded base LRs are of the code's; one number for all groups."""
    pairs = [(old, new) for old, new in zip(recorded, code, strict=True) if old or new]
    ratios = [old / new if new else math.inf for old, new in pairs] or [1.0]
    if not math.isfinite(ratios[0]) or any(not math.isclose(r, ratios[0], rel_tol=1e-12) for r in ratios):
        raise LrlabError(
            worded(
                "splice needs base LRs that differ by one factor", [*recorded], f"{[*code]} times a number", '"take"'
            )
        )
    return ratios[0]


def _noted(pacer: Pacer, there: Checkpoint, code: tuple[float, ...]) -> Pacer:
    """With a note where the base LRs are others from now on."""
    if code != there.base_lrs:
        pacer.note("base_lrs", {"base_lrs": list(there.base_lrs)}, {"base_lrs": list(code)})
    return pacer


def _on_its_way(there: Checkpoint, curve: Curve) -> bool:
    """Whether the run was spliced to this very plan before."""
    splices = [change["after"] for change in there.position["changes"] if change["how"] == "splice"]
    return bool(splices) and splices[-1] == configuration(curve)


def _said(there: Checkpoint, rows: list[Difference], ways: Sequence[OnChange]) -> str:
    """The error: each difference, what was changed on purpose, and the ways on."""
    lines = ["the checkpoint and the code disagree, and nothing was loaded", *(f"  {row}" for row in rows)]
    changes = [change for change in there.position["changes"] if "horizon" in change["after"]]
    if changes:
        horizons = " -> ".join(str(c) for c in (changes[-1]["before"]["horizon"], changes[-1]["after"]["horizon"]))
        lines.append(f"  the run was changed after update {changes[-1]['update']}: {changes[-1]['how']}, {horizons}")
    at, goes_on = there.position["update"], ": the changed run goes on" if changes else ""
    said = {
        "keep": f"the checkpoint's schedule, horizon and base LRs{goes_on}",
        "take": f"the code's, from update {at} on",
        "splice": f"from the LR of update {at} to the end of the code's plan, without a jump",
    }
    hint = "  try:     on_change=..., for the scheduler or for load_state_dict(), with"
    return "\n".join([*lines, hint, *("           " + f'"{way}"'.ljust(10) + said[way] for way in ways)])
