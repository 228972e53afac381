"""A comparison on several tasks as a table, a picture and a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from lrlab.analysis.comparison.across import FARTHEST, Across
from lrlab.analysis.comparison.target import REFERENCE
from lrlab.views.model import Cell, Figure, Line, Table

NO_BASELINE = "no baseline"


def table(arms: Sequence[Across]) -> Table:
    """Score, geometric mean of speed-ups, misses, and the speed-up on each task."""
    tasks = list(arms[0].speedups)
    rows: list[tuple[Cell, ...]] = []
    for each in arms:
        told = (_cell(each, task) for task in tasks)
        mean = "" if each.speedup is None else f"{each.speedup:.2f}x"
        rows.append((each.arm, each.score, mean, each.missed, *told))
    note = (
        f"By the updates to the target of each task: what {REFERENCE}, tuned, ends at. Speed-ups are those over it, "
        f"where it is there in at least half of its runs: or else there is {NO_BASELINE}. A score is the area under "
        f"the performance profile up to {FARTHEST:g} times the quickest, of 1 at most. These have no intervals: a "
        "verdict is that on each task."
    )
    return Table(("strategy", "score", "speed-up", "missed", *tasks), tuple(rows), note, "Over all tasks")


def profile(arms: Sequence[Across]) -> Figure:
    """The share of the tasks on which each arm is at the target within r times the quickest arm's updates."""
    lines = []
    for each in arms:
        x: list[float] = []
        y: list[float] = []
        for step, share in each.profile():
            if y and share != y[-1]:  # a stair: the share jumps where the step is
                x.append(step - 1e-6)
                y.append(y[-1])
            x.append(step)
            y.append(share)
        lines.append(Line(each.arm, x, y))
    note = f"After Dolan and More, 2002. A strategy that never is at a target does not come to 1, up to {FARTHEST:g}."
    title, across = "Performance profile", "updates to the target, times those of the quickest"
    return Figure(title, across, "share of the tasks", tuple(lines), note=note)


def lead(arms: Sequence[Across]) -> str:
    """The answer in a sentence: who has the best score, alone or with others, unless nobody was at any target."""
    first, over = arms[0], f"{len(arms[0].ratios)} task{'s' if len(arms[0].ratios) > 1 else ''}"
    if first.score == 0:
        return f"No strategy has a score above 0 over {over}: none was at a target. There is no best."
    ahead = [each.arm for each in arms if each.score == first.score]
    if len(ahead) > 1:
        return f"{', '.join(ahead)} share the best score over {over}, {first.score:.2f}."
    said = f"{first.arm} has the best score over {over}, {first.score:.2f}"
    if first.speedup is None or first.arm == REFERENCE:
        return f"{said}."
    return f"{said}, {first.speedup:.2f} times as quick as {REFERENCE} in the geometric mean."


def _cell(arm: Across, task: str) -> str:
    """The speed-up on a task; or whose time there is none: its own, or that of the baseline."""
    speedup = arm.speedups[task]
    if speedup is not None:
        return f"{speedup:.2f}x"
    return "missed" if arm.ratios[task] is None else NO_BASELINE
