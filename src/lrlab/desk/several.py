"""A comparison on several tasks: each judged for itself, and the arms over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

from lrlab.analysis.comparison.across import Across, across
from lrlab.analysis.comparison.target import REFERENCE
from lrlab.desk.result import ComparisonDocument, ComparisonRecord, Result
from lrlab.errors import LrlabError, worded
from lrlab.lab.stages.experiment import Experiment
from lrlab.version import __version__
from lrlab.views import comparison as views
from lrlab.views import several as pictures
from lrlab.views.model import Figure, Report, Table


class AcrossRecord(TypedDict):
    """One arm over all tasks; see `lrlab.analysis.comparison.across.Across`."""

    arm: str
    ratios: dict[str, float | None]
    speedups: dict[str, float | None]
    missed: int
    score: float
    speedup: float | None


class SeveralDocument(TypedDict):
    """What a comparison on several tasks found: each task for itself, and the arms over all, the best score first."""

    version: Literal[1]
    tasks: list[ComparisonRecord]
    across: list[AcrossRecord]
    report: str


CompareDocument = ComparisonDocument | SeveralDocument  # of one task, or of several


def fitting(experiments: Sequence[Experiment]) -> None:
    """Raise `LrlabError` if these cannot be compared: a task twice, or without the arm that sets the target."""
    names = [experiment.task.name for experiment in experiments]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LrlabError(worded("a task is named twice", twice, "each task once"))
    across(
        {name: {arm.name: None for arm in each.arms} for name, each in zip(names, experiments, strict=True)}, REFERENCE
    )


@dataclass(frozen=True)
class Several:
    """The results on several tasks."""

    results: tuple[Result, ...]

    @property
    def across(self) -> tuple[Across, ...]:
        """The arms over all tasks, the best score first."""
        times: dict[str, dict[str, int | None]] = {}
        for result in self.results:
            evidence = result.evidence
            reached = {line.arm: evidence.reached(line) for line in evidence.comparison.standings}
            times[evidence.task] = {arm: found.updates if found else None for arm, found in reached.items()}
        return across(times, REFERENCE)

    def tables(self, *, wide: bool = False) -> list[Table]:
        """The ranking on each task, then the arms over all of them."""
        ranked = [(result.evidence.on, views.ranking(result.evidence, wide=wide)) for result in self.results]
        on_each = [Table(each.columns, each.rows, each.note, f"On {task}") for task, each in ranked]
        return [*on_each, pictures.table(self.across)]

    @property
    def lead(self) -> str:
        """The answer in a sentence."""
        return pictures.lead(self.across)

    def picture(self) -> Figure:
        """The performance profile."""
        return pictures.profile(self.across)

    def record(self, report: str) -> SeveralDocument:
        """All of it as plain JSON values."""
        arms: list[Mapping[str, Any]] = [
            {**vars(each), "ratios": dict(each.ratios), "speedups": dict(each.speedups)} for each in self.across
        ]
        return {
            "version": 1,
            "tasks": [result.record() for result in self.results],
            "across": cast(list[AcrossRecord], arms),
            "report": report,
        }

    def report(self, command: str) -> Report:
        """The page: the arms over all tasks, then each task."""
        *on_each, over_all = self.tables(wide=True)
        sections: list[Figure | Table] = [over_all, self.picture(), *on_each]
        names = [result.evidence.on for result in self.results]
        runs = sum(len(result.evidence.runs) for result in self.results)
        facts = {"Command": command, "Runs": str(runs), "Made with": f"lrlab {__version__}"}
        return Report(f"Learning-rate strategies on {', '.join(names)}", self.lead, tuple(sections), facts)
