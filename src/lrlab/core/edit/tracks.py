"""The schedules of a plan one by one, as they are shaped by hand: changed, added, taken away.

>>> import lrlab as lr
>>> p = lr.plan(lr=lr.cosine(), momentum=0.9)
>>> changed(p, 1, lr.linear(start=0.95, to=0.85))
plan(lr=cosine(), momentum=linear(start=0.95, to=0.85))
>>> added(p, "head*", "lr")
plan(lr=cosine(), momentum=constant(level=0.9), groups={"head*": {"lr": cosine()}})
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.rules import KINDS, Rule
from lrlab.core.shapes.base import constant
from lrlab.errors import LrlabError, worded

USUAL = {"momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "beta3": 0.9, "eps": 1e-8}  # values to begin with
MOST = 24  # schedules of a plan that is shaped by hand


@dataclass(frozen=True)
class Track:
    """A schedule of a plan: the number of its rule, the pattern of its groups, its hyper-parameter."""

    rule: int
    groups: str
    hyper: str
    schedule: Schedule

    @property
    def multiple(self) -> bool:
        """Whether its values are multiples of the group's own."""
        return KINDS[self.hyper].multiple


def tracks(plan: Plan) -> tuple[Track, ...]:
    """Every schedule of a plan, rule by rule."""
    rules = enumerate(plan.rules)
    return tuple(Track(k, rule.pattern, hyper, schedule) for k, rule in rules for hyper, schedule in rule.schedules)


def changed(plan: Plan, number: int, schedule: Schedule) -> Plan:
    """The plan with another schedule in this place."""
    known = _known(plan, number)
    return _with(plan, [*known[:number], dataclasses.replace(known[number], schedule=schedule), *known[number + 1 :]])


def added(plan: Plan, groups: str, hyper: str) -> Plan:
    """The plan with one schedule more, to begin with: what drives all groups so far, else a usual value.

    Raises `LrlabError` for an unknown hyper-parameter, and where the groups have this one.
    """
    known = list(tracks(plan))
    if hyper not in KINDS:
        raise LrlabError(worded("this hyper-parameter is not known", hyper, ", ".join(KINDS)))
    if any((each.groups, each.hyper) == (groups, hyper) for each in known):
        raise LrlabError(worded("these groups have such a schedule", f"{hyper} of {groups}", "one of each"))
    if len(known) >= MOST:
        raise LrlabError(worded("the plan has many schedules", len(known), f"at most {MOST}"))
    same = next((each.schedule for each in known if each.hyper == hyper), constant(level=USUAL.get(hyper, 1.0)))
    rule = next((each.rule for each in known if each.groups == groups), len(plan.rules))
    return _with(plan, [*known, Track(rule, groups, hyper, same)])


def removed(plan: Plan, number: int) -> Plan:
    """The plan without the schedule in this place. Raises `LrlabError` if it is the only one."""
    known = _known(plan, number)
    if len(known) == 1:
        raise LrlabError(worded("a plan keeps a schedule", str(plan)))
    return _with(plan, known[:number] + known[number + 1 :])


def _known(plan: Plan, number: int) -> list[Track]:
    known = list(tracks(plan))
    if not 0 <= number < len(known):
        raise LrlabError(worded("there is no such schedule in the plan", number, f"0 to {len(known) - 1}"))
    return known


def _with(plan: Plan, known: list[Track]) -> Plan:
    """The plan with these schedules, each in its rule; a rule of nothing is left out."""
    order, rules = list(KINDS), []
    for number in sorted({each.rule for each in known}):
        those = sorted((each for each in known if each.rule == number), key=lambda each: order.index(each.hyper))
        rules.append(Rule(those[0].groups, tuple((each.hyper, each.schedule) for each in those)))
    return dataclasses.replace(plan, rules=tuple(rules))
