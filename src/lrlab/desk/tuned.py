"""What a search found: a schedule and its LR, the verdict on it, and its cost."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, TypedDict, cast

from lrlab.analysis.comparison.standing import Edge
from lrlab.analysis.comparison.statistics import Comparison
from lrlab.analysis.comparison.versus import Answer, Versus, versus
from lrlab.analysis.comparison.wording import widening
from lrlab.core.text.parse import parse
from lrlab.errors import printable
from lrlab.lab.arms.arms import Arm
from lrlab.lab.search.space import BASELINE
from lrlab.lab.search.tuning import Rung
from lrlab.shown import Shown
from lrlab.views.model import Table, Text
from lrlab.views.seen import Columns, Section

VERSION = 1


class VerdictRecord(TypedDict):
    """The winner against the baseline, on data that the search has not seen; `difference` in the metric."""

    difference: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    advice: str
    scores: dict[str, list[float | None]]


class TunedRecord(TypedDict):
    """What a search found. LRs are multiples of the task's own. `spent` counts the updates of all stages,

    `naive` those of all runs, each alone; `budget` is what was allowed. `arm` is the schedule with the average of its
    weights (`averaging`; null where they are taken as they are), as `lrlab compare --arm` takes it.
    """

    version: Literal[1]
    task: str
    metric: str
    updates: int
    schedule: str
    averaging: float | str | None
    arm: str
    lr: float
    baseline: str
    baseline_lr: float
    runs: int
    trained: int
    spent: int
    naive: int
    budget: int
    answer: Answer
    saved: float
    evidence: VerdictRecord | None
    lrs: list[float]
    edges: dict[str, Edge]
    rungs: list[Rung]


@dataclass(frozen=True, repr=False)
class Tuned(Shown):
    """What a search found, and whether it holds on data that the search has not seen.

    `answer`: the winner is "better" than the baseline, "undecided" or "worse"; it is "baseline" if the search found
    nothing better than the baseline, so that nothing was left to judge. `averaging` is the average of the winner's
    weights, as in `lrlab.lab.arms.arms.Arm`. `lr` and `baseline_lr` are multiples of the task's own LR. `spent` counts
    the updates of all stages, each once, `naive` those of all runs, each alone; `spent <= budget`. `lrs` are the LRs
    that were searched.
    """

    task: str
    metric: str
    updates: int
    schedule: str
    averaging: float | str | None
    lr: float
    baseline: str
    baseline_lr: float
    comparison: Comparison | None
    rungs: tuple[Rung, ...]
    runs: int
    trained: int
    spent: int
    naive: int
    budget: int
    maximise: bool
    lrs: tuple[float, ...]

    @property
    def arm(self) -> str:
        """The schedule with the average of its weights, as `lrlab compare --arm` takes it."""
        return Arm("winner", parse(self.schedule), self.averaging).text

    @property
    def saved(self) -> float:
        """The share of the updates that sharing saved: runs that agree so far are trained once."""
        return 1 - self.spent / self.naive

    def record(self) -> TunedRecord:
        """Everything as plain JSON."""
        plain = {
            name: value for name, value in vars(self).items() if name not in ("comparison", "rungs", "maximise", "lrs")
        }
        found, against = self.comparison, self.versus
        evidence = found and {
            "difference": against.difference,
            "low": against.low,
            "high": against.high,
            "level": found.level,
            "method": found.method,
            "advice": found.advice,
            "scores": {line.arm: list(line.scores) for line in found.standings},
        }
        whole = {
            "version": VERSION,
            **plain,
            "arm": self.arm,
            "answer": against.answer,
            "saved": round(self.saved, 4),
            "evidence": evidence,
            "lrs": list(self.lrs),
            "edges": self.edges,
            "rungs": [dataclasses.asdict(rung) for rung in self.rungs],
        }
        return cast(TunedRecord, whole)

    @property
    def edges(self) -> dict[str, Edge]:
        """Which of the two was found at the lowest or highest LR of the search, so that a better one may lie beyond."""
        ends: dict[float, Edge] = {min(self.lrs): "lowest", max(self.lrs): "highest"} if len(self.lrs) > 1 else {}
        return {name: ends[lr] for name, lr in (("winner", self.lr), ("baseline", self.baseline_lr)) if lr in ends}

    @property
    def versus(self) -> Versus:
        """The verdict in numbers."""
        return versus(self.comparison, BASELINE.name, maximise=self.maximise)

    @property
    def answer(self) -> Answer:
        """The verdict on the winner."""
        return self.versus.answer

    def table(self) -> Table:
        """The rungs."""
        rows = tuple((r.updates, r.tried, r.kept, r.carried, r.dropped, r.spent, r.naive) for r in self.rungs)
        return Table(("updates", "tried", "go on", "by noise", "no room", "trained", "each alone"), rows)

    def _sections(self) -> tuple[Section, ...]:
        """What a notebook shows."""
        return (Text(repr(self).replace("\n", "\n\n")), self.table())

    def _columns(self) -> Columns:
        """Its rungs, one a row."""
        return {field.name: [getattr(rung, field.name) for rung in self.rungs] for field in dataclasses.fields(Rung)}

    def __repr__(self) -> str:
        """The answer in sentences."""
        lines = [f"{self.arm} at {self.lr:g} times the LR of {self.task}."]
        against = f"{self.baseline} at {self.baseline_lr:g}"
        if self.comparison is None:
            lines.append(f"The search found nothing that ends better than the baseline, {against}: take that.")
        else:
            numbers = (
                f", {self.metric} {self.versus.difference:+.4g}{self._interval()}"
                if self.versus.difference is not None
                else ""
            )
            said = {"better": "Better than", "worse": "Worse than", "undecided": "Undecided against"}[self.answer]
            units = len(self.comparison.standings[0].scores)
            lines.append(f"{said} {against}{numbers}, on {units} folds or seeds that the search has not seen.")
            if self.answer == "undecided":
                lines.append(self.comparison.advice)
        lines += filter(None, [widening(self.edges, sorted(self.lrs))])
        lines.append(
            f"Spent {self.spent / self.updates:.1f} runs' worth of updates of {self.budget / self.updates:.1f}, "
            f"instead of {self.naive / self.updates:.1f} with every run alone ({self.saved:.0%} saved)."
        )
        return printable("\n".join(lines))

    def _interval(self) -> str:
        assert self.comparison is not None
        ends = ["?" if end is None else f"{end:.4g}" for end in (self.versus.low, self.versus.high)]
        return f" ({100 * self.comparison.level:g}% interval {ends[0]} to {ends[1]})"
