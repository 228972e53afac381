"""The rules of advice: read from `rules.toml` and checked. No rule is without a grade and a source.

A rule speaks `when` the answers fit, and is `for` or `against` strategies. Its grade says what carries it: "measured"
(stored comparisons, in which `worse` strategies are behind `better` ones) or "literature" (source, number, condition).
A saying is what articles tell; its grade is "folklore", and its verdict names the rules that it rests on.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import filter as filter_names
from importlib.resources import files
from typing import Any, Literal

from lrlab.analysis.advice.questions import OPTIMIZERS, QUESTIONS
from lrlab.analysis.advice.studies import Paired, paired, studies
from lrlab.core.expression.node import Schedule
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, nearest, worded
from lrlab.record.shape import Misshapen, shaped

Verdict = Literal["supported", "partly contradicted", "contradicted", "not shown"]
When = Mapping[str, tuple[str, ...]]
_TOLD = 4  # studies up to which the difference in each is told


@dataclass(frozen=True)
class Strategy:
    """A schedule that may be advised: its text form, when it may be (`when`; always if empty), and when it may not.

    `beside` is what it needs besides the schedule, in words; `averaging` is the average of the weights, and `optimizer`
    the optimizer of built-in tasks, as an arm of the lab has them.
    """

    text: str
    when: When = field(default_factory=dict)
    unless: When = field(default_factory=dict)
    beside: str = ""
    averaging: float | str | None = None
    optimizer: str | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule."""
        return parse(self.text)


@dataclass(frozen=True)
class Rule:
    """What is known: in words, its grade, what carries it, and which strategies it speaks for and against.

    A measured rule has studies, by name or by a pattern such as "*-all" (all, where none are named), the strategies
    `better` and `worse`, and in how many of the studies each of the worse is behind at least (`holds`); it may be ahead
    in none.
    """

    name: str
    says: str
    zh: str
    grade: Literal["measured", "literature"]
    when: When = field(default_factory=dict)
    unless: When = field(default_factory=dict)
    advises: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    source: str = ""
    number: str = ""
    condition: str = ""
    better: str = ""
    worse: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()
    holds: int = 0


@dataclass(frozen=True)
class Saying:
    """What articles tell: under which heading, in their words, what they advise, the verdict, and the rules behind it.

    `zh` and `because_zh` say the same in Chinese.
    """

    heading: str
    subject: str
    says: str
    zh: str
    verdict: Verdict
    because: str
    because_zh: str
    by: tuple[str, ...]
    when: When = field(default_factory=dict)
    advises: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is about."""
        return f"{self.heading}: {self.subject}"

    @property
    def contradicted(self) -> bool:
        """Whether what is known speaks against it, or against a part of it."""
        return "contradicted" in self.verdict


@dataclass(frozen=True)
class Ground:
    """A built-in task on which a question of this kind can be settled."""

    task: str
    when: When = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """Everything that advice rests on."""

    strategy: Mapping[str, Strategy]
    rule: tuple[Rule, ...]
    saying: tuple[Saying, ...]
    ground: tuple[Ground, ...]

    def named(self, name: str) -> Rule:
        """The rule of this name."""
        return next(rule for rule in self.rule if rule.name == name)


@functools.cache
def rules() -> Rules:
    """The rules of `rules.toml`."""
    return read(tomllib.loads(files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> Rules:
    """Rules from their document. Raises `LrlabError` that names the rule in which something is missing or unknown."""
    try:
        found = shaped(Rules, document)
    except Misshapen as error:
        raise LrlabError(worded(f"rules of advice: {error}")) from None
    for strategy in found.strategy.values():
        _ = strategy.schedule
    names = [rule.name for rule in found.rule]
    _known("a rule", [name for name in names if names.count(name) > 1], (), "names that differ")
    for place, when in _conditions(found):
        for question, words in when.items():
            _known(place, (question,), _WORDS)
            _known(place, words, _WORDS[question])
    for rule in found.rule:
        _known(rule.name, (*rule.advises, *rule.against), found.strategy)
        lacks = [name for name in _NEEDED[rule.grade] if not getattr(rule, name)]
        _known(rule.name, lacks, (), f"{', '.join(_NEEDED[rule.grade])}: a {rule.grade} rule has them all")
        _known(rule.name, [each for each in rule.studies if not filter_names(studies(), each)], studies())
    for saying in found.saying:
        _known(saying.name, saying.advises, found.strategy)
        _known(saying.name, saying.by, names)
        if not saying.by and saying.verdict != "not shown":
            raise LrlabError(worded(f"rules of advice: {saying.name}: a verdict needs rules", saying.verdict))
    if not found.ground or found.ground[-1].when:
        raise LrlabError(worded("rules of advice: the last ground is for every case"))
    return found


def studies_of(rule: Rule) -> tuple[str, ...]:
    """The names of the stored studies that a measured rule rests on."""
    return tuple(dict.fromkeys(name for each in rule.studies or ("*",) for name in filter_names(studies(), each)))


def pairs(rule: Rule) -> dict[str, tuple[Paired, ...]]:
    """Of a measured rule: each strategy that it calls worse, and how far that is behind in each study.

    All intervals of a rule hold together with 95 %.
    """
    known, names = studies(), studies_of(rule)
    count = len(names) * len(rule.worse)
    return {arm: tuple(paired(name, known[name], rule.better, arm, count) for name in names) for arm in rule.worse}


def number(rule: Rule) -> str:
    """The number that carries a rule; of a measured one it is computed from the studies."""
    if rule.grade != "measured":
        return rule.number
    found = pairs(rule)
    if len(studies_of(rule)) == 1:
        return f"behind {rule.better} by " + ", ".join(f"{each} ({arm})" for arm, (each,) in found.items())
    return "; ".join(_counted(arm, rule.better, those) for arm, those in found.items())


def _counted(arm: str, other: str, found: tuple[Paired, ...]) -> str:
    """In how many studies a strategy is behind the other, by how much in these if they are few, and in how many it is
    ahead."""
    behind = [f"{each} on {each.study}" for each in found if each.sign > 0]
    told = f" ({', '.join(behind)})" if len(behind) <= _TOLD else ""
    ahead = sum(each.sign < 0 for each in found)
    return f"{arm} behind {other} in {len(behind)} of {len(found)}{told}, ahead in {ahead}"


def source(rule: Rule) -> str:
    """Where a rule is from."""
    if rule.grade != "measured":
        return rule.source
    return f"{len(studies_of(rule))} stored comparisons: {', '.join(rule.studies) or 'all'}"


_WORDS: Mapping[str, tuple[str, ...]] = {
    **{question.name: tuple(question.answers) for question in QUESTIONS},
    "optimizer": tuple(OPTIMIZERS),
}
_NEEDED = {"measured": ("better", "worse", "holds", "condition"), "literature": ("source", "number", "condition")}


def _conditions(found: Rules) -> Iterator[tuple[str, When]]:
    for name, strategy in found.strategy.items():
        yield from ((name, strategy.when), (name, strategy.unless))
    for rule in found.rule:
        yield from ((rule.name, rule.when), (rule.name, rule.unless))
    for saying in found.saying:
        yield saying.name, saying.when
    for ground in found.ground:
        yield ground.task, ground.when


def _known(place: str, words: Any, known: Any, allowed: str = "") -> None:
    for word in words:
        if word not in known:
            said = f"rules of advice: {place}"
            raise LrlabError(worded(said, word, allowed or ", ".join(known), nearest(word, known)))
