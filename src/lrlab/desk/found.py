"""What a range test found: LRs within a regret of the best, or none and why; and what it tried."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

import numpy as np

from lrlab.analysis.find.answer import Answer, Horizon, Verdict
from lrlab.analysis.find.logarithm import taken
from lrlab.analysis.find.policy import Policy, swept
from lrlab.analysis.find.rules import suggestions
from lrlab.core.plan.param_group import read, write
from lrlab.errors import LrlabError, printable, worded
from lrlab.shown import Shown
from lrlab.views import finding as views
from lrlab.views.model import Figure, Report, Table, Text
from lrlab.views.seen import Columns, Section

VERSION = 1


class TriedRecord(TypedDict):
    """A complete short run; `loss` is the metric at its end, None where it diverged."""

    lr: float
    updates: int
    loss: float | None


class RuleRecord(TypedDict):
    """What a rule of others reads off the same sweep; None where it has too few points."""

    rule: str
    lr: float | None


class RangeRecord(TypedDict):
    """The answer of a range test. LRs are absolute, of the first parameter group; or multiples of the task's own LR,

    where `unit` says so, for it has no optimizer. Any LR from `low` to `high` is within `regret` of the best loss with
    probability `level`, whether or not the task's own LR is believed in. `guess` is `lr`, and there also where there is
    no range, unless nothing was learned: the LR with the least expected regret, `expected`, where that LR is believed
    in, or the nearest to it in the range. Regrets are shares `of` the metric, or of what it is the logarithm of. `cost`
    is in runs, `trained` counts the updates trained now, without what was stored.
    """

    version: Literal[1]
    verdict: Verdict
    low: float | None
    lr: float | None
    high: float | None
    unstable_above: float | None
    why: str
    unit: Literal["lr", "multiple"]
    multiple: float | None
    own: list[float]
    regret: float | None
    level: float
    expected: float | None
    guess: float | None
    horizon: Horizon | None
    task: str
    metric: str
    of: str
    updates: int
    schedule: str
    tried: list[TriedRecord]
    untrained: float | None
    rules: list[RuleRecord]
    stopped: str
    cost: float
    trained: int


@dataclass(frozen=True, repr=False)
class Found(Shown):
    """What a range test found.

    `verdict` is "range" or "none"; `low`, `lr` and `high` are absolute LRs of the first parameter group (None where
    there is no range; multiples where `own` is empty), `multiple` is what every group's own LR is to be multiplied by.
    """

    answer: Answer
    policy: Policy
    scores: tuple[float, ...]
    task: str
    metric: str
    of: str
    schedule: str
    own: tuple[float, ...]
    trained: int

    @property
    def verdict(self) -> Verdict:
        """Whether there is a usable range."""
        return self.answer.verdict

    @property
    def multiple(self) -> float | None:
        """What every group's own LR is to be multiplied by."""
        return self.answer.lr

    @property
    def lr(self) -> float | None:
        """The LR with the least expected regret, inside the range."""
        return self._absolute(self.answer.lr)

    @property
    def guess(self) -> float | None:
        """The LR with the least expected regret, also where there is no range; None where nothing was learned."""
        return self._absolute(self.answer.guess)

    @property
    def low(self) -> float | None:
        """The lowest LR of the range."""
        return self._absolute(self.answer.low)

    @property
    def high(self) -> float | None:
        """The highest LR of the range."""
        return self._absolute(self.answer.high)

    @property
    def unstable_above(self) -> float | None:
        """The lowest LR at which something diverged."""
        return self._absolute(self.answer.unstable_above)

    @property
    def cost(self) -> float:
        """What was asked for, in runs of the whole length."""
        return sum(asked.updates for asked, _ in self.policy.done) / self.policy.updates

    @property
    def rules(self) -> dict[str, float | None]:
        """What the rules of others read off the same sweep."""
        losses = np.array(self.policy.losses)
        multiples = swept(self.policy.lengths.sweep)[: len(losses)]
        return {name: self._absolute(found) for name, found in suggestions(multiples, losses).items()}

    @property
    def tried(self) -> list[TriedRecord]:
        """Every complete run, by length and LR."""
        rows: list[TriedRecord] = [
            {"lr": self._of(asked.multiple), "updates": asked.updates, "loss": _known(score)}
            for (asked, _), score in zip(self.policy.done, self.scores, strict=True)
            if asked.kind == "run"
        ]
        return sorted(rows, key=lambda row: (row["updates"], row["lr"]))

    @property
    def stopped(self) -> str:
        """How far the sweep and the runs came, and why they ended."""
        return views.stopped(self.policy)

    def apply(self, optimizer: Any) -> None:
        """Write the LR into every group of an optimizer: its own LR, which the test began with, times `multiple`.

        Raises `LrlabError` where there is no usable range, or where the LRs of the optimizer are not those of the test.

        >>> import torch, lrlab as lr
        >>> weight, bends = torch.nn.Parameter(torch.ones(3)), torch.tensor([3.0, 1.0, 0.3])
        >>> opt = torch.optim.SGD([weight], lr=0.5)
        >>> test = lr.RangeTest(opt, weight, updates=128)
        >>> for rate in test:
        ...     loss = (weight * bends).square().mean() + 1
        ...     opt.zero_grad(); loss.backward(); opt.step()
        ...     test.report(loss)
        >>> test.result.apply(opt)
        >>> opt.param_groups[0]["lr"] == test.result.lr
        True
        """
        if self.answer.lr is None:
            guess = "" if self.guess is None else f", or the guess, {self.guess:.3g} (result.guess)"
            raise LrlabError(worded(f"there is no usable range: {self.answer.why}", hint=f"an LR of your own{guess}"))
        there = tuple(read(group, "lr") for group in optimizer.param_groups)
        if there != self.own:
            raise LrlabError(
                worded(
                    "the LRs of this optimizer are not those that the test began with",
                    there,
                    ", ".join(map(repr, self.own)) or "no LR: the test found a multiple",
                    "apply it once, to the optimizer as it was made",
                )
            )
        for group, own in zip(optimizer.param_groups, self.own, strict=True):
            write(group, "lr", own * self.answer.lr)

    def record(self) -> RangeRecord:
        """Everything as plain JSON."""
        found = self.answer
        whole = {
            "version": VERSION,
            "verdict": found.verdict,
            "low": self.low,
            "lr": self.lr,
            "high": self.high,
            "unstable_above": self.unstable_above,
            "why": found.why,
            "unit": "lr" if self.own else "multiple",
            "multiple": found.lr,
            "own": list(self.own),
            "regret": found.regret,
            "level": found.level,
            "expected": found.expected,
            "guess": self.guess,
            "horizon": found.horizon and dataclasses.asdict(found.horizon),
            "task": self.task,
            "metric": self.metric,
            "of": self.of,
            "updates": self.policy.updates,
            "schedule": self.schedule,
            "tried": self.tried,
            "untrained": _known(self.scores[0]),
            "rules": [{"rule": name, "lr": lr} for name, lr in self.rules.items()],
            "stopped": self.stopped,
            "cost": round(self.cost, 4),
            "trained": self.trained,
        }
        return cast(RangeRecord, whole)

    def _of(self, multiple: float) -> float:
        return multiple * (self.own[0] if self.own else 1.0)

    def _absolute(self, multiple: float | None) -> float | None:
        return None if multiple is None else self._of(multiple)

    def shown(self) -> tuple[Figure | Table, ...]:
        """Its figure, its runs, and the rules of others."""
        figure = views.drawn(self.policy, self.answer, self.own)
        tables = (
            views.runs(self.tried, self.metric, self.own),
            views.rules(self.rules, self.policy, self.answer, self.own),
        )
        return tables if figure is None else (figure, *tables)

    def report(self) -> Report:
        """The whole page."""
        facts = {"Task": self.task, "Trained with": self.schedule, "Cost": f"{self.cost:.3g} runs"}
        return Report(f"LRs that suit {self.task}", repr(self), self.shown(), facts)

    def _sections(self) -> tuple[Section, ...]:
        """What a notebook shows."""
        figure, *tables = self.shown()
        return (figure, Text(repr(self).replace("\n", "\n\n")), *tables)

    def _columns(self) -> Columns:
        """Its runs, one a row."""
        rows: Sequence[TriedRecord] = self.tried
        return {
            "lr": [row["lr"] for row in rows],
            "updates": [row["updates"] for row in rows],
            "loss": [row["loss"] for row in rows],
        }

    def __repr__(self) -> str:
        """The answer in sentences."""
        said = views.sentences(self.answer, self.policy, self.own, self.of, self.cost)
        return printable("\n".join([*said, *filter(None, [taken(self.metric)])]))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
