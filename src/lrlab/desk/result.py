"""A finished comparison: what its runs show, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, cast

from lrlab.analysis.comparison.document import EvidenceRecord, document
from lrlab.analysis.comparison.evidence import Evidence
from lrlab.analysis.comparison.looks import Looks
from lrlab.errors import printable
from lrlab.lab.stages.audit import Audit, AuditRecord
from lrlab.lab.stages.progress import Effort
from lrlab.shown import Shown
from lrlab.version import __version__
from lrlab.views import comparison as views
from lrlab.views.model import Report, Table, Text
from lrlab.views.seen import Columns, Section
from lrlab.views.terminal import table


class EffortRecord(TypedDict):
    """The updates of the runs that were not stored: each run alone (`naive`), as `trained`, and the share `saved`.

    `alone` gives the reasons for which training could not be shared.
    """

    naive: int
    trained: int
    stages: int
    alone: list[str]
    saved: float


class ComparisonRecord(EvidenceRecord):
    """What a comparison found, and what it cost: `reused` runs were stored before."""

    reused: int
    seconds: float
    store: str
    effort: EffortRecord
    audit: AuditRecord | None
    looks: Looks | None


class ComparisonDocument(ComparisonRecord):
    """What a comparison found, what it cost, and the file of its report."""

    report: str


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """The evidence of a comparison; how many runs were stored before, the time, the store, and what was trained."""

    evidence: Evidence
    reused: int
    seconds: float
    store: str
    effort: Effort
    audit: Audit | None = None
    looks: Looks | None = None

    def record(self) -> ComparisonRecord:
        """All of it as plain JSON values."""
        took = {
            **document(self.evidence),
            "reused": self.reused,
            "seconds": round(self.seconds, 2),
            "store": self.store,
            "effort": {**vars(self.effort), "saved": round(self.effort.saved, 4)},
            "audit": self.audit and self.audit.record(),
            "looks": self.looks and vars(self.looks),
        }
        return cast(ComparisonRecord, took)

    def table(self, *, wide: bool) -> Table:
        """The strategies, best first."""
        return views.ranking(self.evidence, wide=wide)

    def profiles(self) -> Table | None:
        """The strategies at each LR; None where there was one alone."""
        return views.grid(self.evidence) if len({run.lr for run in self.evidence.runs}) > 1 else None

    @property
    def looked(self) -> str:
        """How often it was looked at, and where it stopped; empty if only once, at the end."""
        if self.looks is None:
            return ""
        taken = len({getattr(run, self.looks.unit) for run in self.evidence.runs})
        return self.looks.told(taken, settled=self.evidence.comparison.settled)

    def sentences(self, page: str) -> tuple[str, ...]:
        """The sentences below the table; `page` is the file of the report."""
        return views.sentences(self.evidence, self._told, page)

    def report(self, command: str) -> Report:
        """The page."""
        facts = views.facts(self.evidence, self._told, __version__)
        own = {"Audit": str(self.audit or "not asked for"), "Store": self.store}
        return views.report(self.evidence, {"Command": command, **facts, **own})

    @property
    def _told(self) -> views.Told:
        return views.Told(self.reused, self.seconds, str(self.effort), self.looked, str(self.audit or ""))

    @property
    def lines(self) -> tuple[str, ...]:
        """The answer, how sure it is, and what sharing saved."""
        said = (views.lead(self.evidence), views.to_use(self.evidence), self.evidence.advice, str(self.effort))
        return tuple(printable(line) for line in said if line)

    def __repr__(self) -> str:
        """The tables with the answer."""
        shown = [table(each, 100, colour=False) for each in (self.table(wide=False), self.profiles()) if each]
        return "\n".join(["\n\n".join(shown), "", *self.lines])

    def _sections(self) -> tuple[Section, ...]:
        """What a notebook shows."""
        said = Text("\n\n".join(self.lines))
        figures = views.figures(self.evidence)
        at_each = [found] if (found := self.profiles()) else []
        return (self.table(wide=True), said, *figures, *at_each)

    def _columns(self) -> Columns:
        """Its runs, one a row."""
        names = ("task", "arm", "schedule", "lr", "seed", "fold", "updates", "metric", "score", "outcome", "seconds")
        return {name: [getattr(run, name) for run in self.evidence.runs] for name in names}
