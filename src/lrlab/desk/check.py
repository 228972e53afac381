"""Checking the file of a study before anything is trained: what it says, and what looks unintended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from lrlab.core.expression.node import Schedule
from lrlab.desk import VERSION
from lrlab.desk.plans import lr_schedules
from lrlab.desk.study_file import CompareTable, TuneTable, read_file, read_plan
from lrlab.views.model import Table


class CheckedComparison(TypedDict):
    """A comparison as it would be run: strategies by name, the number of runs, and their length."""

    task: str
    strategies: dict[str, str]
    runs: int
    updates: int


class CheckedSearch(TypedDict):
    """A search as it would be run: strategies with slots by name, and how many schedules and LRs they allow."""

    task: str
    strategies: dict[str, str]
    candidates: int
    updates: int
    budget: float | str


class CheckedPlan(TypedDict):
    """A plan in its text form and in words."""

    plan: str
    words: str


class Doubt(TypedDict):
    """What looks unintended, and in which strategy."""

    where: str
    message: str


class CheckDocument(TypedDict):
    """The contents of a file, by its tables (None: it has no such table), and what looks unintended."""

    version: Literal[1]
    file: str
    compare: CheckedComparison | None
    tune: CheckedSearch | None
    plan: CheckedPlan | None
    findings: list[Doubt]


@dataclass(frozen=True)
class Checked:
    """The result of a check: the document, and the same for people."""

    record: CheckDocument

    def tables(self) -> Iterator[Table]:
        """The strategies of each table."""
        for name, unit in (("compare", "runs"), ("tune", "candidates")):
            found = cast("dict[str, Any] | None", cast("dict[str, Any]", self.record)[name])
            if found is not None:
                rows = tuple(found["strategies"].items())
                note = f"{found[unit]} {unit} of {found['updates']} updates on {found['task']}"
                yield Table(("strategy", "schedule"), rows, note, f"[{name}]")

    def sentences(self) -> Iterator[str]:
        """The plan in words, what looks unintended, and whether the rest can be run."""
        if self.record["plan"] is not None:
            yield f"[plan] {self.record['plan']['plan']}\n{self.record['plan']['words']}\n"
        for found in self.record["findings"]:
            yield f"  ! {found['where']}: {found['message']}"
        yield f"{self.record['file']} can be run."


def check(path: str | Path) -> Checked:
    """Read a file and set up all that is in it; nothing is trained.

    Raises `LrlabError` if something in it cannot be intended. Your own task is loaded for this.
    """
    file = read_file(path)
    doubts: list[Doubt] = []
    compare = None if file.compare is None else _comparison(file.compare, doubts)
    search = None if file.tune is None else _search(file.tune)
    plan: CheckedPlan | None = None
    if file.plan is not None:
        found = read_plan(path)
        plan = {"plan": str(found), "words": found.describe()}
        doubts += (doubt for schedule in lr_schedules(found) for doubt in _doubts(f"[plan] {schedule}", schedule, None))
    return Checked(
        {
            "version": VERSION,
            "file": str(path),
            "compare": compare,
            "tune": search,
            "plan": plan,
            "findings": doubts,
        }
    )


def _comparison(table: CompareTable, doubts: list[Doubt]) -> CheckedComparison:
    from lrlab.desk.experiment import Resources, set_up
    from lrlab.desk.several import fitting

    changes = {"updates": table.updates, "folds": table.folds, "seeds": table.seeds, "lrs": table.lrs or None}
    experiments = [
        set_up(
            task,
            quick=table.quick,
            schedules=table.arm,
            arms=table.arms,
            config=table.config,
            first_seed=table.first_seed or 0,
            variant=table.variant,
            **changes,
        )
        for task in (table.task, *table.more)
    ]
    for each in experiments:
        each.jobs(Resources())
    if table.more:
        fitting(experiments)
    experiment = experiments[0]
    updates = experiment.settings.updates
    for arm in experiment.arms:
        doubts += _doubts(arm.name, arm.schedule, updates)
    return {
        "task": ", ".join(each.task.name for each in experiments),
        "strategies": {arm.name: arm.text for arm in experiment.arms},
        "runs": sum(each.runs for each in experiments),
        "updates": updates,
    }


def _search(table: TuneTable) -> CheckedSearch:
    from lrlab.lab.search.rungs import lengths_of
    from lrlab.lab.search.space import LRS, STRATEGIES, strategies_of
    from lrlab.lab.task.config import refuse_unknown
    from lrlab.lab.task.declaration import load_task

    task = load_task(table.task)
    refuse_unknown(task.name, task.config, table.config)
    updates, lrs = table.updates or task.settings.updates, table.lrs or LRS
    found = strategies_of(dict(table.arm or STRATEGIES), lengths_of(updates), lrs)
    return {
        "task": task.name,
        "strategies": {strategy.name: strategy.text for strategy in found},
        "candidates": sum(strategy.size for strategy in found) * len(lrs),
        "updates": updates,
        "budget": table.budget,
    }


def _doubts(where: str, schedule: Schedule, updates: int | None) -> list[Doubt]:
    return [{"where": where, "message": str(finding)} for finding in schedule.lint(updates)]
