"""What is advised and why: offers, reasons, and the answers that would change the advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lrlab.analysis.advice.own import Own
from lrlab.analysis.advice.questions import QUESTIONS, Answers
from lrlab.analysis.advice.rules import Rule, Rules, Saying, Verdict, number, source
from lrlab.analysis.advice.weigh import Decision, Ranked, decide
from lrlab.core.expression.node import Schedule

Grade = Literal["measured", "literature", "folklore"]
ARTICLES = "articles on learning rates"
OWN_RUNS = "your own runs"
BESIDES = "another optimizer or other settings of an arm are not stored with a run"


@dataclass(frozen=True)
class Offer:
    """A strategy that may be taken; `beside` is what it needs besides its schedule, `points` are those of the rules.

    `averaging` is the average of its weights, and `optimizer` its own optimizer, as an arm of the lab has them.
    """

    name: str
    schedule: Schedule
    beside: str = ""
    points: int = 0
    averaging: float | str | None = None
    optimizer: str | None = None


@dataclass(frozen=True)
class Reason:
    """What speaks for or against: a rule in words, its grade, and what carries it.

    Folklore has a `verdict` and `because`, and the rules `by` which it was judged.
    """

    rule: str
    says: str
    grade: Grade
    source: str
    number: str
    condition: str = ""
    verdict: Verdict | None = None
    because: str = ""
    by: tuple[str, ...] = ()

    @property
    def contradicted(self) -> bool:
        """Whether what is known speaks against it, or against a part of it."""
        return "contradicted" in (self.verdict or "")


@dataclass(frozen=True)
class Change:
    """Another answer to one question, and what would then be advised."""

    question: str
    answer: str
    offer: Offer


def offers(decision: Decision, runs: Own | None, known: Sequence[Offer] = ()) -> tuple[Offer, ...]:
    """The best of the user's own runs, then the best by the rules; nothing twice, and no name for two.

    A run is stored with its schedule and average alone; of arms that are `known` by these the rest is known, too.
    """
    found = [] if runs is None else [_own(name, schedule, runs, known) for name, schedule in runs.schedules]
    for each in map(_offer, decision.ranking):
        if (each.schedule, each.beside) not in [(other.schedule, other.beside) for other in found]:
            taken = each.name in [other.name for other in found]
            found.append(replace(each, name=f"{each.name}: {each.schedule}") if taken else each)
    return tuple(found)


def reasons(decision: Decision, runs: Own | None, place: str) -> tuple[Reason, ...]:
    """The user's own runs, what is known, and what articles tell about the case."""
    found: tuple[Reason, ...] = ()
    if runs is not None:
        found = (Reason(OWN_RUNS, runs.says, "measured", f"the runs in {place}", runs.number, BESIDES),)
    known = sorted(map(_of_rule, decision.rules), key=lambda each: each.grade != "measured")
    return (*found, *known, *map(of_saying, decision.sayings))


def changes(rules: Rules, answers: Answers, decision: Decision) -> tuple[Change, ...]:
    """Each single answer with which the rules would advise something else."""
    words = {question.name: question.answers for question in QUESTIONS}
    found = []
    for question, word, others in answers.others():
        then = decide(rules, others).ranking[0]
        if then.name != decision.ranking[0].name:
            told = words[question][word] if question in words else f"the optimizer is of the kind {word}"
            found.append(Change(question, told, _offer(then)))
    return tuple(found)


def of_saying(saying: Saying) -> Reason:
    """What articles tell, as a reason of the grade folklore."""
    number = f"judged by: {', '.join(saying.by)}" if saying.by else "none"
    return Reason(saying.name, saying.says, "folklore", ARTICLES, number, "", saying.verdict, saying.because, saying.by)


def _of_rule(rule: Rule) -> Reason:
    return Reason(rule.name, rule.says, rule.grade, source(rule), number(rule), rule.condition)


def _own(name: str, schedule: Schedule, runs: Own, known: Sequence[Offer]) -> Offer:
    bare = Offer(name, schedule, averaging=runs.averaging.get(name))
    alike = (each for each in known if (each.name, each.schedule) == (name, schedule))
    return next((each for each in alike if bare.averaging in (None, each.averaging)), bare)


def _offer(ranked: Ranked) -> Offer:
    of = ranked.strategy
    return Offer(ranked.name, of.schedule, of.beside, ranked.points, of.averaging, of.optimizer)
