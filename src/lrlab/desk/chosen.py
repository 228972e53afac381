"""What `lr.auto` chose: one schedule with its LR and code, what it gains over a constant LR, and what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypedDict

from lrlab.analysis.comparison.statistics import Comparison
from lrlab.analysis.comparison.versus import Answer, Versus, versus
from lrlab.core.text.parse import parse
from lrlab.desk import VERSION
from lrlab.desk.coded import code
from lrlab.desk.found import Found, RangeRecord
from lrlab.errors import printable
from lrlab.lab.arms.average import average_of
from lrlab.shown import Shown
from lrlab.views.model import Cell, Code, Figure, Interval, Line, Mark, Report, Table, Text, Tone
from lrlab.views.seen import Columns, Section

Edge = Literal["lowest", "highest"]
CONSTANT = "constant"  # the strategy that the gain is told against


class ScreenedRecord(TypedDict):
    """A schedule at one LR as complete runs of so many updates; `score` is None where it diverged."""

    name: str
    schedule: str
    averaging: float | str | None
    lr: float
    updates: int
    score: float | None


class BestRecord(TypedDict):
    """The best schedule that was tried; `lr` and `averaging` as those of the choice."""

    name: str
    schedule: str
    averaging: float | str | None
    lr: float


class AutoRecord(TypedDict):
    """The choice. `lr` is absolute, of the first parameter group, or a multiple where the task has no optimizer.

    `averaging` is how the weights are averaged beside the schedule, as an arm of a comparison has it: the memory of a
    moving average as a share of the run (0.1); null where they are taken as they are.

    `gain` is by how much the metric is better with the best schedule that was tried than with a constant LR at its own
    best: low, expected, high, in the metric (null where that is unbounded or not known); `answer` what the comparison
    makes of it: where it is "worse", the constant LR is the choice, and `best` is not. `cost` is in runs.
    `edge` is "lowest" or "highest" where `lr` is that of the LRs that were tried of the schedule, so that a better one
    may lie beyond; `constant_edge` the same of `constant_lr`; `farther` a budget that has room to go there.
    """

    version: Literal[1]
    schedule: str
    averaging: float | str | None
    lr: float
    gain: list[float | None]
    code: str
    cost: float
    answer: Answer
    best: BestRecord
    name: str
    multiple: float
    constant_lr: float
    edge: Edge | None
    constant_edge: Edge | None
    farther: int
    level: float
    method: str
    task: str
    metric: str
    updates: int
    budget: float
    trained: int
    screened: list[ScreenedRecord]
    range: RangeRecord


@dataclass(frozen=True)
class Screened:
    """A schedule at one multiple of the LR, and its mean score after so many updates (lower is better)."""

    name: str
    schedule: str
    averaging: float | str | None
    multiple: float
    updates: int
    score: float


@dataclass(frozen=True)
class Best:
    """The best schedule that was tried, at its best multiple of the task's own LR.

    `averaging` is the average of the weights beside it, as in `lrlab.lab.arms.arms.Arm`.
    """

    name: str
    schedule: str
    averaging: float | str | None
    multiple: float

    @property
    def whole(self) -> str:
        """The schedule as a text, and what is beside it."""
        beside = "" if self.averaging is None else f" with {average_of(self.averaging)}"
        return f"{self.schedule}{beside}"


@dataclass(frozen=True, repr=False)
class Chosen(Shown):
    """A schedule (`schedule`, as a text) and its LR (`lr`), with code for a framework (`code`).

    Where it is a schedule with averaged weights, `averaging` says how, as in `lrlab.lab.arms.arms.Arm`; else None.

    The best schedule that was tried (`best`) is "better" than a constant LR, "undecided" or "worse" (`answer`), by so
    much in the metric (`gain`: low, expected, high). Where it is worse, the constant LR is what is chosen. `found` is
    the range test. `spent` and `budget` are in updates, `farther` is a budget in runs that has room for LRs beyond
    those that were tried.
    """

    task: str
    metric: str
    updates: int
    framework: str
    best: Best
    fixed: float
    own: tuple[float, ...]
    found: Found
    screened: tuple[Screened, ...]
    comparison: Comparison
    maximise: bool
    spent: int
    budget: int
    farther: int
    trained: int

    @property
    def name(self) -> str:
        """The strategy that is chosen: the best of those tried, or "constant" where that is worse."""
        return CONSTANT if self.answer == "worse" else self.best.name

    @property
    def schedule(self) -> str:
        """Its text."""
        return "constant()" if self.answer == "worse" else self.best.schedule

    @property
    def averaging(self) -> float | str | None:
        """How the weights are averaged beside it; None where they are taken as they are."""
        return None if self.answer == "worse" else self.best.averaging

    @property
    def multiple(self) -> float:
        """Its multiple of the task's own LR."""
        return self.fixed if self.answer == "worse" else self.best.multiple

    @property
    def lr(self) -> float:
        """The peak LR: absolute, of the first parameter group; a multiple where the task has no optimizer."""
        return self._absolute(self.multiple)

    @property
    def edge(self) -> Edge | None:
        """Which end of the LRs that were tried of the schedule its own is; None inside: a better one may lie beyond."""
        return self._end(self.name, self.multiple)

    @property
    def constant_edge(self) -> Edge | None:
        """The same of the constant LR."""
        return self._end(CONSTANT, self.fixed)

    def _end(self, name: str, multiple: float) -> Edge | None:
        tried = [each.multiple for each in self.screened if (each.name, each.updates) == (name, self._longest)]
        return "lowest" if multiple == min(tried) else "highest" if multiple == max(tried) else None

    @property
    def _longest(self) -> int:
        """The updates of the runs that chose."""
        return max(each.updates for each in self.screened)

    @property
    def versus(self) -> Versus:
        """The verdict in numbers, as the difference to the constant LR."""
        return versus(self.comparison, CONSTANT, maximise=self.maximise)

    @property
    def answer(self) -> Answer:
        """The verdict on the best schedule that was tried."""
        return self.versus.answer

    @property
    def gain(self) -> tuple[float | None, float | None, float | None]:
        """By how much the metric is better with it than with a constant LR: low, expected, high."""
        found = self.versus
        ends = (found.low, found.difference, found.high)
        if self.maximise:
            return ends
        low, middle, high = (None if each is None else -each for each in reversed(ends))
        return low, middle, high

    @property
    def code(self) -> str:
        """The schedule in the framework, with the average of the weights where it has one.

        It needs lrlab only where the framework has no schedule with exactly this curve.
        """
        schedule, run = parse(self.schedule), self.updates
        return code(schedule, self.framework, horizon=run, base_lr=self.lr, averaging=self.averaging)

    @property
    def cost(self) -> float:
        """What was spent, in runs; what several runs share counts once."""
        return self.spent / self.updates

    def record(self) -> AutoRecord:
        """Everything as plain JSON."""
        return {
            "version": VERSION,
            "schedule": self.schedule,
            "averaging": self.averaging,
            "lr": self.lr,
            "gain": list(self.gain),
            "code": self.code,
            "cost": round(self.cost, 4),
            "answer": self.answer,
            "best": {
                "name": self.best.name,
                "schedule": self.best.schedule,
                "averaging": self.best.averaging,
                "lr": self._absolute(self.best.multiple),
            },
            "name": self.name,
            "multiple": self.multiple,
            "constant_lr": self._absolute(self.fixed),
            "edge": self.edge,
            "constant_edge": self.constant_edge,
            "farther": self.farther,
            "level": self.comparison.level,
            "method": self.comparison.method,
            "task": self.task,
            "metric": self.metric,
            "updates": self.updates,
            "budget": round(self.budget / self.updates, 4),
            "trained": self.trained,
            "screened": [
                {
                    "name": each.name,
                    "schedule": each.schedule,
                    "averaging": each.averaging,
                    "lr": self._absolute(each.multiple),
                    "updates": each.updates,
                    "score": self._score(each),
                }
                for each in self.screened
            ],
            "range": self.found.record(),
        }

    def table(self) -> Table:
        """What was tried: each schedule at its LRs, as shorter runs and, where the budget had room, as whole ones."""
        rows = tuple((e.name, f"{self._absolute(e.multiple):.3g}", e.updates, self._score(e)) for e in self.screened)
        return Table(("schedule", "LR", "updates", self.metric), rows, title="Complete runs, on what was searched")

    def _score(self, each: Screened) -> float | None:
        if not math.isfinite(each.score):
            return None
        return -each.score if self.maximise else each.score

    def _absolute(self, multiple: float) -> float:
        return multiple * (self.own[0] if self.own else 1.0)

    def _sections(self) -> tuple[Section, ...]:
        """What a notebook shows."""
        return (Text(repr(self).replace("\n", "\n\n")), self.table())

    def _columns(self) -> Columns:
        """The screening, one schedule at one LR a row."""
        return {
            "name": [each.name for each in self.screened],
            "lr": [self._absolute(each.multiple) for each in self.screened],
            "updates": [each.updates for each in self.screened],
            "score": [self._score(each) for each in self.screened],
        }

    def report(self) -> Report:
        """The whole page: the answer, the code, the verdict in numbers, and what led to it."""
        found = self.found.shown()
        sections = (
            self._verdict(),
            Code(self.code, f"Use this, with an LR of {self.lr:.3g}"),
            self._curves(),
            self.table(),
            *found,
        )
        facts = {
            "Task": self.task,
            "Each run": f"{self.updates} updates",
            "Cost": f"{self.cost:.1f} of the {self.budget / self.updates:.4g} runs of the budget",
            "Method": self.comparison.method,
        }
        return Report(f"A schedule for {self.task}", self._said(), sections, facts)

    def _verdict(self) -> Table:
        """The schedule and the constant LR on what nothing before has seen, with the gain."""
        means = {line.arm: line.mean for line in self.comparison.standings}
        low, middle, high = self.gain
        gain: Cell = None
        if low is not None and middle is not None and high is not None:
            gain = Interval(low, middle, high, self._gains())
        tones: dict[str, Tone] = {"better": "good", "worse": "bad"}
        words = {"undecided": "not distinguishable"}
        mark = Mark(words.get(self.answer, self.answer), tones.get(self.answer, "quiet"))
        rows = (
            (self.best.whole, f"{self._absolute(self.best.multiple):.3g}", means.get(self.best.name), gain, mark),
            ("constant()", f"{self._absolute(self.fixed):.3g}", means.get(CONSTANT), None, Mark("baseline")),
        )
        units = len(self.comparison.standings[0].scores)
        note = (
            f"Mean over {units} folds or seeds that nothing before has seen; a dot is one of them. "
            f"Interval: {100 * self.comparison.level:g}%, paired; above 0 the schedule is better."
        )
        return Table(("schedule", "LR", self.metric, "better by", "verdict"), rows, note)

    def _gains(self) -> tuple[float, ...]:
        """By how much the metric is better on each unit."""
        scores = {line.arm: line.scores for line in self.comparison.standings}
        sign = 1.0 if self.maximise else -1.0
        pairs = zip(scores[self.best.name], scores[CONSTANT], strict=True)
        return tuple(sign * (own - other) for own, other in pairs if own is not None and other is not None)

    def _curves(self) -> Figure:
        """The LR of every update, and the constant one."""
        curve = parse(self.best.schedule).over(self.updates)
        at, values = curve.some()
        own = Line(self.best.name, at.tolist(), (self._absolute(self.best.multiple) * values).tolist())
        flat = self._absolute(self.fixed)
        constant = Line(CONSTANT, [0, max(1, self.updates - 1)], [flat, flat])
        return Figure("Learning rate", "update", "learning rate", (own, constant))

    def __repr__(self) -> str:
        """The answer in sentences, and the code."""
        return printable(f"{self._said()}\n\n{self.code.rstrip()}")

    def _said(self) -> str:
        sign = "LR" if self.own else "times the task's own LR,"
        units = len(self.comparison.standings[0].scores)
        worse = self.answer == "worse"
        gain = [None if each is None else -each for each in reversed(self.gain)] if worse else self.gain
        low, middle, high = ("?" if each is None else f"{each:.4g}" if worse else f"{each:+.4g}" for each in gain)
        said = {"better": "better than", "worse": "worse than", "undecided": "not distinguishable from"}[self.answer]
        best = f"The best schedule that was tried, {self.best.whole} at {self._absolute(self.best.multiple):.3g},"
        chosen = self.schedule if worse else self.best.whole
        bare = "" if self.best.averaging is None else " without averaged weights"
        lines = [
            f"{chosen} at {sign} {self.lr:.3g}.",
            f"{best if worse else 'It'} is {said} a constant LR of {self._absolute(self.fixed):.3g}{bare}: "
            f"{self.metric} {'worse' if worse else 'better'} by {middle} "
            f"({100 * self.comparison.level:g}% interval {low} to {high}), on "
            f"{units} folds or seeds that nothing before has seen.",
            *self._edges(),
            f"Cost: {self.cost:.1f} of the {self.budget / self.updates:.4g} runs of the budget.",
        ]
        return "\n".join(lines)

    def _edges(self) -> list[str]:
        """A sentence for each of the two LRs that is the lowest or the highest that was tried, and the way out."""
        among = "the whole runs" if self._longest == self.updates else f"the runs of {self._longest} updates"
        own = {} if self.answer == "worse" else {"Its LR": self.edge}
        ends = {**own, "The constant LR": self.constant_edge}
        beyond = {"lowest": "below", "highest": "above"}
        return [
            f"{whose} is the {end} of {among}: a better one may lie {beyond[end]}, for which the budget had no room. "
            f"--budget {self.farther} (budget={self.farther}) has."
            for whose, end in ends.items()
            if end
        ]
