"""`lr.advise`: a schedule to begin with, from what is known of the training, with graded reasons."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from lrlab.analysis.advice.advised import Change, Grade, Offer, Reason, changes, of_saying, offers, reasons
from lrlab.analysis.advice.own import Own, own
from lrlab.analysis.advice.questions import Answers
from lrlab.analysis.advice.rules import Verdict, rules
from lrlab.analysis.advice.weigh import Decision, decide
from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.desk import VERSION
from lrlab.desk.typed import typed
from lrlab.errors import LrlabError, worded
from lrlab.shown import Shown
from lrlab.views import advice as views
from lrlab.views.model import Table, Text

if TYPE_CHECKING:
    from lrlab.lab.arms.arms import Arm

OFFERED = 3  # strategies: one, and two runners-up


class ReasonRecord(TypedDict):
    """What speaks for or against the advice: the rule, what it says, its grade, and what carries it.

    Folklore has a `verdict`, and names the rules `by` which it was judged; it is `contradicted` where they speak
    against it or a part of it.
    """

    rule: str
    says: str
    grade: Grade
    contradicted: bool
    source: str
    number: str
    condition: str
    verdict: Verdict | None
    because: str
    by: list[str]


class OfferRecord(TypedDict):
    """A strategy: its schedule, what it needs besides, and the points that the rules give it.

    `arm` is all that a comparison trains of it, as `lrlab compare --arm` takes it: the schedule, and behind an @ what
    it has besides. `averaging` is the average of its weights; null where they are taken as they are.
    """

    name: str
    schedule: str
    arm: str
    beside: str
    averaging: float | str | None
    points: int


class ChangeRecord(TypedDict):
    """Another answer to one question, the schedule that would then be advised, and what it needs besides."""

    question: str
    answer: str
    schedule: str
    beside: str


class AdviceDocument(TypedDict):
    """A schedule to begin with, two runners-up, the reasons, and the command of a comparison that would settle it.

    `shortlist` has all three with their names, `changes` the single answers that would change the advice; `code` is the
    schedule for a framework, where one was asked for.
    """

    version: Literal[1]
    asked: dict[str, str]
    schedule: str
    alternatives: list[str]
    shortlist: list[OfferRecord]
    reasons: list[ReasonRecord]
    changes: list[ChangeRecord]
    settle: str
    code: str | None


class TableDocument(TypedDict):
    """What articles tell, each with its verdict."""

    version: Literal[1]
    table: list[ReasonRecord]


Document = AdviceDocument | TableDocument


@dataclass(frozen=True, repr=False)
class Advice(Shown):
    """A schedule to begin with.

    `ranking` has all strategies that were weighed, best first, `reasons` what speaks for and against them, `changes`
    what would change the advice, `settle` the command of a comparison that would settle it.
    """

    answers: Answers
    ranking: tuple[Offer, ...]
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    settle: str

    @property
    def schedule(self) -> Schedule:
        """The schedule that is advised."""
        return self.ranking[0].schedule

    @property
    def alternatives(self) -> tuple[Schedule, ...]:
        """The two runners-up."""
        return tuple(offer.schedule for offer in self.ranking[1:OFFERED])

    @property
    def shortlist(self) -> Mapping[str, Arm]:
        """What is advised and the runners-up, by name: arms for `lr.compare`."""
        return {offer.name: _arm(offer) for offer in self.ranking[:OFFERED]}

    def code(
        self, framework: str = "torch", *, horizon: int | Horizon | None = None, base_lr: float | None = None
    ) -> str:
        """The schedule, and the average of the weights beside it, as code for torch, keras, optax or transformers.

        It needs lrlab only where the framework has no schedule with exactly this curve. Raises `LrlabError` where the
        length of the run or the base LR is needed and not given.
        """
        from lrlab.desk.coded import code

        averaging = self.ranking[0].averaging
        return code(self.schedule, framework, horizon=horizon, base_lr=base_lr, averaging=averaging)

    def record(self, code: str | None = None) -> AdviceDocument:
        """All of it as plain JSON values."""
        return {
            "version": VERSION,
            "asked": self.answers.given(),
            "schedule": str(self.schedule),
            "alternatives": [str(schedule) for schedule in self.alternatives],
            "shortlist": [
                {
                    "name": each.name,
                    "schedule": str(each.schedule),
                    "arm": _arm(each).text,
                    "beside": each.beside,
                    "averaging": each.averaging,
                    "points": each.points,
                }
                for each in self.ranking[:OFFERED]
            ],
            "reasons": [_reason(each) for each in self.reasons],
            "changes": [
                {
                    "question": each.question,
                    "answer": each.answer,
                    "schedule": str(each.offer.schedule),
                    "beside": each.offer.beside,
                }
                for each in self.changes
            ],
            "settle": self.settle,
            "code": code,
        }

    @property
    def tables(self) -> tuple[Table, ...]:
        """The strategies, the reasons, and what would change the advice."""
        found = (views.offered(self.ranking[:OFFERED]), views.why(self.reasons))
        return (*found, views.changing(self.changes)) if self.changes else found

    @property
    def lines(self) -> tuple[str, ...]:
        """How to go on."""
        return views.sentences(self.settle)

    def __repr__(self) -> str:
        """The advice in tables."""
        from lrlab.views.terminal import table

        return "\n\n".join([*(table(each, 100, colour=False) for each in self.tables), *self.lines])

    def _sections(self) -> tuple[Table | Text, ...]:
        """What a notebook shows."""
        return (*self.tables, Text("\n\n".join(self.lines)))

    def _columns(self) -> dict[str, Iterable[object]]:
        """Its reasons, one a row."""
        names = ("rule", "says", "grade", "contradicted", "source", "number", "condition")
        return {name: [getattr(each, name) for each in self.reasons] for name in names}


def advise(
    *,
    data: str | None = None,
    model: str | None = None,
    task: str | None = None,
    sensitivity: str | None = None,
    validation: str | None = None,
    afterwards: str | None = None,
    length: str | None = None,
    checkpoints: str | None = None,
    batch: str | None = None,
    tuning: str | None = None,
    optimizer: str | None = None,
    store: str | Path | None = None,
    store_task: str | None = None,
) -> Advice:
    """Advise a schedule from what is known of the training; what is not known is left out.

    A rule that is about the case counts 2 points, one for every case 1, what articles tell 0. Runs of a store come
    before every rule: where they compare strategies, their best is advised.

    Args:
        data: "small", "medium" or "large": the amount of data and the length of the training.
        model: "simple", "deep", "pretrained" (to be fine-tuned) or "lora".
        task: "classification", "regression", "series" or "language".
        sensitivity: "sensitive" or "insensitive" to the LR.
        validation: its loss is "fluctuating" or "smooth".
        afterwards: "finetune" if the model will be fine-tuned, else "final".
        length: "known", or "unknown" if the number of updates is not known beforehand.
        checkpoints: "kept" on the way, or only the "last".
        batch: the "same" that the LR was tuned for, or "changed".
        tuning: runs that can be spent on it: "none", "few" (up to ten) or "many".
        optimizer: its name, such as "adamw".
        store: a place with runs of `lr.compare` or `lrlab compare`.
        store_task: the task whose runs are meant, where the store has several.

    Raises `LrlabError` for an answer that is not known, or a store without a comparison.

    Source: the rules of `lrlab.analysis.advice`, each with its own.

    >>> import lrlab as lr
    >>> advice = lr.advise(task="classification", data="small")
    >>> advice.schedule
    warmup("5%") >> linear()
    >>> sorted({reason.grade for reason in advice.reasons})
    ['folklore', 'literature', 'measured']
    """
    answers = Answers.of(
        data=data,
        model=model,
        task=task,
        sensitivity=sensitivity,
        validation=validation,
        afterwards=afterwards,
        length=length,
        checkpoints=checkpoints,
        batch=batch,
        tuning=tuning,
        optimizer=optimizer,
    )
    runs = _own(store, store_task)
    known = rules()
    decision = decide(known, answers)
    ranking = offers(decision, runs, () if runs is None else (*_arms(), *_averaged(runs)))
    return Advice(
        answers,
        ranking,
        reasons(decision, runs, str(store)),
        changes(known, answers, decision),
        _settle(decision, runs, ranking),
    )


def table() -> tuple[TableDocument, Table]:
    """What articles tell, row by row, with its verdict: as a document and as a table."""
    found = [of_saying(saying) for saying in rules().saying]
    return {"version": VERSION, "table": [_reason(each) for each in found]}, views.verdicts(found)


def _own(store: str | Path | None, task: str | None) -> Own | None:
    if store is None:
        if task is not None:
            raise LrlabError(
                worded("store_task names runs of a store", task, hint='store="lrlab-runs", or --store lrlab-runs')
            )
        return None
    from lrlab.record.runs.store import Store

    return own(Store(store).listing().runs, str(store), task)


def _arms() -> tuple[Offer, ...]:
    """The arms that come with lrlab and have something besides their schedule."""
    from lrlab.lab.arms.arms import ARM_SETS, arms_named

    arms = [arm for name in ARM_SETS for arm in arms_named(name) if arm.beside]
    return tuple(
        Offer(arm.name, arm.schedule, arm.beside, 0, arm.averaging, arm.config.get("optimizer")) for arm in arms
    )


def _averaged(runs: Own) -> Iterator[Offer]:
    """The user's own strategies that average the weights."""
    from lrlab.lab.arms.average import average_of

    for name, schedule in runs.schedules:
        if name in runs.averaging:
            averaging = runs.averaging[name]
            yield Offer(name, schedule, str(average_of(averaging)), 0, averaging)


def _settle(decision: Decision, runs: Own | None, ranking: tuple[Offer, ...]) -> str:
    """The command that compares what is advised with the runners-up, on the built-in task that is most alike."""
    from lrlab.lab.task.declaration import built_in_tasks

    ground = runs.task if runs is not None and runs.task in built_in_tasks() else decision.ground
    arms = [part for each in ranking[:OFFERED] for part in ("--arm", typed(each.name, _arm(each).text))]
    return shlex.join(["lrlab", "compare", ground, *arms, "--lrs", "auto"])


def _arm(offer: Offer) -> Arm:
    from lrlab.lab.arms.arms import Arm

    config = {} if offer.optimizer is None else {"optimizer": offer.optimizer}
    return Arm(offer.name, offer.schedule, offer.averaging, config)


def _reason(reason: Reason) -> ReasonRecord:
    return {
        "rule": reason.rule,
        "says": reason.says,
        "grade": reason.grade,
        "contradicted": reason.contradicted,
        "source": reason.source,
        "number": reason.number,
        "condition": reason.condition,
        "verdict": reason.verdict,
        "because": reason.because,
        "by": list(reason.by),
    }
