"""From answers to a decision: which strategies are possible, and what speaks for each.

A rule that is about the case (it has conditions, and the answers meet them all) counts 2, one that is for every case 1;
what articles tell counts nothing. A strategy gets the points of the rules that are for it, less those against it. Where
two have the same, the one that stands first in the rules is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lrlab.analysis.advice.questions import Answers
from lrlab.analysis.advice.rules import Rule, Rules, Saying, Strategy

OWN, GENERAL = 2, 1


@dataclass(frozen=True)
class Ranked:
    """A strategy with its points, and the rules that they are from."""

    name: str
    strategy: Strategy
    points: int
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """The possible strategies, best first, and the rules and sayings that are about the case."""

    ranking: tuple[Ranked, ...]
    rules: tuple[Rule, ...]
    sayings: tuple[Saying, ...]
    ground: str


def decide(rules: Rules, answers: Answers) -> Decision:
    """Weigh the rules.

    >>> from lrlab.analysis.advice.rules import rules
    >>> decide(rules(), Answers(length="unknown")).ranking[0].name
    'constant, open end'
    """
    heard = tuple(rule for rule in rules.rule if speaks(rule, answers))
    ranking = [
        _ranked(name, strategy, heard) for name, strategy in rules.strategy.items() if possible(strategy, answers)
    ]
    ranking.sort(key=lambda each: -each.points)
    sayings = tuple(each for each in rules.saying if each.when and answers.fit(each.when))
    ground = next(each.task for each in rules.ground if answers.fit(each.when))
    return Decision(tuple(ranking), heard, sayings, ground)


def possible(strategy: Strategy, answers: Answers) -> bool:
    """Whether a strategy may be advised."""
    return answers.fit(strategy.when) and not _meets_any(strategy.unless, answers)


def speaks(rule: Rule, answers: Answers) -> bool:
    """Whether a rule is about the case."""
    return answers.fit(rule.when) and not _meets_any(rule.unless, answers)


def _meets_any(unless: Mapping[str, tuple[str, ...]], answers: Answers) -> bool:
    return any(answers.fit({name: words}) for name, words in unless.items())


def _ranked(name: str, strategy: Strategy, heard: tuple[Rule, ...]) -> Ranked:
    points, spoken = 0, []
    for rule in heard:
        sign = (name in rule.advises) - (name in rule.against)
        points += sign * (OWN if rule.when else GENERAL)
        if sign:
            spoken.append(rule.name)
    return Ranked(name, strategy, points, tuple(spoken))
