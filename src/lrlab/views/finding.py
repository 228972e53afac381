"""A range test as a figure, tables and sentences: pure records for every drawer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lrlab.analysis.find.answer import Answer
from lrlab.analysis.find.policy import Policy
from lrlab.views.model import Cell, Figure, Line, Table

_POINTS = 61  # of the profile
_FARTHEST = 100.0  # % of regret: what is above is not drawn


def sentences(found: Answer, policy: Policy, own: Sequence[float], of: str, cost: float) -> list[str]:
    """The answer, how sure it is, what it rests on and what it cost."""
    unit = _unit(own)
    sign = "LR" if own else "times the task's own LR,"
    lines = []
    if found.verdict == "none" or found.lr is None or found.low is None or found.high is None:
        lines.append(f"No usable range: {found.why}.")
        if found.guess is not None:
            known = found.expected is not None
            costs = f"expected to cost {found.expected:.0%}" if known else "that of the best short run"
            lines.append(f"A guess: {sign} {found.guess * unit:.3g}, {costs}.")
    else:
        lines.append(
            f"{sign} {found.lr * unit:.3g}. Any from {found.low * unit:.3g} to {found.high * unit:.3g} is within "
            f"{found.regret:.0%} of the best {of}, {100 * found.level:g}% sure; {found.lr * unit:.3g} is expected to "
            f"cost {found.expected:.1%}."
        )
        if len(set(own)) > 1:
            groups = ", ".join(f"{each * found.lr:.3g}" for each in own)
            lines.append(f"The parameter groups keep their ratios: {groups}.")
    if found.expected is not None:
        given = f"the LR that was given, {unit:.3g}" if own else "the LR that the training has"
        apart = "" if found.low is None else "; the range does not"
        lines.append(f"It leans on {given}{apart}. Where that was a mere guess, test again from this one.")
    if found.unstable_above is not None:
        lines.append(f"Unstable above {found.unstable_above * unit:.3g}.")
    if found.horizon is not None:
        h, whole, run = found.horizon, policy.updates, policy.lengths.run
        shift = [(whole / run) ** power for power in (h.power, h.low, h.high)]
        if whole != run:
            lines.append(
                f"Over {whole} updates the best LR is taken for {shift[0]:.2g} times that of {run} ({shift[1]:.2g} to "
                f"{shift[2]:.2g}): that is believed, not measured."
            )
        if h.measured is not None:
            half, times = policy.lengths.half, (run / policy.lengths.half) ** h.measured
            lines.append(
                f"Over {run} updates it was {times:.2g} times that of {half}: that says little of longer runs."
            )
    lines += [f"{stopped(policy)} Cost: {cost:.2f} of a run."]
    return lines


def stopped(policy: Policy) -> str:
    """What was asked for, how far it came, and why it ended."""
    wanted, reached = policy.lengths.sweep, len(policy.losses)
    ended = "its end" if reached == wanted else "a loss that diverged"
    runs = [(asked, told) for asked, told in policy.done if asked.kind == "run"]
    gone = sum(not math.isfinite(told.score) for _, told in runs)
    broken = sum(policy.broke(probe) for probe in policy.probes) - gone
    counts = {
        length: sum(asked.updates == length for asked, _ in runs)
        for length in (policy.lengths.run, policy.lengths.half)
    }
    parts = [f"{count} complete runs of {length} updates" for length, count in counts.items() if count]
    trained = " and ".join(parts) or "no run: all were skipped"
    said = [f"{gone} diverged"] * bool(gone) + [f"{broken} ended at twice the untrained loss or more"] * bool(broken)
    of = f", of which {' and '.join(said)}" if said else ""
    return f"Sweep of {reached} of {wanted} updates, to {ended}; {trained}{of}."


def runs(tried: Sequence[Mapping[str, Any]], metric: str, own: Sequence[float]) -> Table:
    """Every complete run."""
    rows = tuple(
        (row["updates"], f"{row['lr']:.3g}", "diverged" if row["loss"] is None else row["loss"]) for row in tried
    )
    return Table(("updates", _label(own), metric), rows, title="Complete short runs")


def rules(found: Mapping[str, float | None], policy: Policy, answer: Answer, own: Sequence[float]) -> Table:
    """Ours above the rules of others, each with what it is expected to cost by our profile."""
    unit = _unit(own)
    profile = None if answer.expected is None else policy.profile()

    def row(name: str, lr: float | None) -> tuple[Cell, ...]:
        cost = 100 * profile.expected(math.log(lr / unit)) if profile and lr else None
        return (
            name,
            None if lr is None else f"{lr:.3g}",
            None if cost is None else f"{cost:.0f}" if cost < 99.5 else "99+",
        )

    ours = row("short complete runs", None if answer.guess is None else answer.guess * unit)
    note = "The rules of others read the one sweep; the cost is what our runs make of their LR."
    columns = ("rule", _label(own), "expected regret, %")
    return Table(columns, (ours, *(row(*each) for each in found.items())), note, "By other rules")


def drawn(policy: Policy, answer: Answer, own: Sequence[float]) -> Figure | None:
    """The median of the regret over the LR, and what it is above and what below, as sure as the range; the range too.

    By the belief that doubts the task's own LR; None where there is no answer.
    """
    if answer.guess is None or answer.expected is None:
        return None
    profile, unit = policy.doubting(), _unit(own)
    low, high = math.log(answer.low or answer.guess) - 1.5, math.log(answer.high or answer.guess) + 1.5
    xs = np.linspace(low, high, _POINTS)
    regrets = np.array([profile.regret(float(x)) for x in xs])
    lows, middles, highs = 100 * np.quantile(regrets, (1 - answer.level, 0.5, answer.level), axis=1)
    highs = np.minimum(highs, _FARTHEST)
    line = Line(
        "regret",
        (unit * np.exp(xs)).tolist(),
        np.minimum(middles, highs).tolist(),
        np.minimum(lows, highs).tolist(),
        highs.tolist(),
    )
    lines = [line]
    if answer.low is not None and answer.high is not None and answer.regret is not None:
        lines.append(Line("range", [unit * answer.low, unit * answer.high], [100 * answer.regret] * 2))
    return Figure(f"Regret over {policy.updates} updates", _label(own), "regret, %", tuple(lines), log_x=True)


def _unit(own: Sequence[float]) -> float:
    """What a multiple of 1 is: the LR of the first group; 1 where there is none."""
    return own[0] if own else 1.0


def _label(own: Sequence[float]) -> str:
    return "LR" if own else "LR multiple"
