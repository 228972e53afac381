"""The user's own runs as evidence: of the runs in a store, those that compare strategies on one task and length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lrlab.core.expression.node import Schedule
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, missing, nearest, worded
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.strategies import told_apart

AGAIN = "lrlab compare TASK"
UNSURE = ("open", "unstable", "diverged")  # neither beside the best nor worse than it


@dataclass(frozen=True)
class Own:
    """What the user's runs say: the strategies that were not told apart from the best, best first, and a sentence.

    `number` is how far the first strategy that was called worse is behind, with its interval. `averaging` has the
    averages of their weights, as arms have them, by the names of those that have one.
    """

    task: str
    updates: int
    schedules: tuple[tuple[str, Schedule], ...]
    says: str
    number: str
    averaging: Mapping[str, float | str]


def own(runs: Iterable[StoredRun], place: str, task: str | None = None) -> Own:
    """Judge the runs of a store as `lrlab compare` does: of one task, at the greatest length that was compared.

    Raises `LrlabError` where there are runs of several tasks and none is named, or of several recipes, or where fewer
    than two strategies have finished on two folds or seeds.
    """
    held = list(runs)
    names = sorted({run.task for run in held})
    if task is not None and task not in names:
        raise LrlabError(worded(f"{place} has no runs of this task", task, ", ".join(names), nearest(task, names)))
    if task is None and len(names) > 1:
        raise LrlabError(
            worded(
                f"{place} has runs of several tasks",
                names,
                "one",
                f'store_task="{names[0]}", or --store-task {names[0]}',
            )
        )
    of_task = [run for run in held if task in (None, run.task)]
    for updates in sorted({run.updates for run in of_task}, reverse=True):
        if kept := _comparable(told_apart(run for run in of_task if run.updates == updates)):
            return _judged(kept)
    said = f"{place} has no two strategies of {task or (names or ['a task'])[0]} on the same two folds or seeds"
    raise LrlabError(worded(said, len(of_task), hint=AGAIN))


def _comparable(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """The runs of strategies that have a run in every unit which most have; none where no two have two units."""
    cells = [(run.arm, run.lr, run.seed, run.fold) for run in runs]
    if len({*cells}) < len(cells):
        said = f"the store has runs of {runs[0].task} from several recipes: its code, settings or libraries changed"
        raise LrlabError(worded(said, hint="lrlab advise --store ANOTHER-PLACE"))
    units: dict[tuple[str, float], set[tuple[int, int]]] = {}
    for run in runs:
        units.setdefault((run.arm, run.lr), set()).add((run.seed, run.fold))
    whole = max(units.values(), key=len, default=set())
    full = {cell for cell, found in units.items() if found == whole}
    if len(whole) < 2 or len({arm for arm, _ in full}) < 2:
        return []
    return [run for run in runs if (run.arm, run.lr) in full]


def _judged(runs: list[StoredRun]) -> Own:
    try:
        from lrlab.analysis.comparison.evidence import evidence_of
    except ModuleNotFoundError as error:
        raise missing(error.name or "scipy", "lab", "lrlab advise --store") from None
    schedules = {run.arm: parse(run.schedule) for run in runs}
    if (way := runs[0].way) is None:
        said = f"is lower or higher {runs[0].metric} better? Its runs were stored by a version that did not keep it"
        raise LrlabError(worded(said, hint=f"{AGAIN} --store ANOTHER-PLACE"))
    found = evidence_of(runs, schedules, way)
    comparison = found.comparison
    if comparison.best is None:
        raise LrlabError(worded(f"every strategy of {found.task} diverged somewhere", hint=AGAIN))
    best = comparison.standings[0]
    count = len({(run.seed, run.fold) for run in runs})
    rest = [arm for arm in comparison.together if arm != best.arm]
    says = (
        f"Your own runs: {best.arm} is best on {found.task} at {runs[0].updates} updates ({found.metric}, "
        f"{found.better} is better, {count} runs each); "
    )
    unsure = [f"{line.arm} ({line.verdict})" for line in comparison.standings if line.verdict in UNSURE]
    others = f"the others are not all worse: {', '.join(unsure)}." if unsure else "all others are worse."
    says += f"{', '.join(rest)} cannot be told from it." if rest else others
    behind = next((line for line in comparison.standings if line.verdict == "worse"), None)
    number = f"{found.metric} {best.mean:.4g}"
    if behind is not None and None not in (behind.difference, behind.low, behind.high):
        number += f"; {behind.arm} is behind by {behind.difference:.2g} [{behind.low:.2g}, {behind.high:.2g}]"
    pairs = tuple((arm, schedules[arm]) for arm in comparison.together)
    averaged = {run.arm: run.averaging for run in runs if run.averaging is not None}
    return Own(found.task, runs[0].updates, pairs, says, number, averaged)
