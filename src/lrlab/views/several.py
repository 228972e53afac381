"""A comparison on several tasks as a table, a picture and a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from lrlab.analysis.comparison.across import FARTHEST, Across
from lrlab.analysis.comparison.target import REFERENCE
from lrlab.views.model import Cell, Figure, Line, Table


def table(arms: Sequence[Across]) -> Table:
    """Score, geometric mean of speed-ups, misses, and the speed-up on each task."""
    tasks = list(arms[0].speedups)
    rows: list[tuple[Cell, ...]] = []
    for each in arms:
        told = ("missed" if value is None else f"{value:.2f}x" for value in each.speedups.values())
        mean = "" if each.speedup is None else f"{each.speedup:.2f}x"
        rows.append((each.arm, each.score, mean, each.missed, *told))
    note = (
        f"By the updates to the target of each task: what {REFERENCE}, tuned, ends at. Speed-ups are those over it. A "
        f"score is the area under the performance profile up to {FARTHEST:g} times the quickest, of 1 at most. These "
        "have no intervals: a verdict is that on each task."
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
    """The answer in a sentence."""
    first, tasks = arms[0], len(arms[0].ratios)
    said = f"{first.arm} has the best score over {tasks} task{'s' if tasks > 1 else ''}, {first.score:.2f}"
    if first.speedup is None or first.arm == REFERENCE:
        return f"{said}."
    return f"{said}, {first.speedup:.2f} times as quick as {REFERENCE} in the geometric mean."
