"""Rules of a plan: what each hyper-parameter's values mean, what a parameter group is, and which groups are meant.

    Group("0", ("head.weight", "head.bias")).matches("head.*")                                   True
    Group("0", keys={"kind": "muon"}).matches("kind=muon")                                       True
    depths([Group("embed"), Group("blocks.0"), Group("blocks.1")], ("embed", "blocks.{}"))     [2, 1, 0]

A pattern is one of `fnmatch`, case-sensitive on every machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase, translate
from typing import NamedTuple

from lrlab.core.expression.node import Schedule
from lrlab.errors import LrlabError, nearest, worded

EVERY = "*"  # the pattern of the rule for every group


class Kind(NamedTuple):
    """What the values of a hyper-parameter are: multiples of the group's own or not, and their upper bound."""

    multiple: bool
    below: float = math.inf


KINDS = {
    "lr": Kind(multiple=True),
    "weight_decay": Kind(multiple=True),
    "momentum": Kind(multiple=False, below=1.0),
    "beta1": Kind(multiple=False, below=1.0),
    "beta2": Kind(multiple=False, below=1.0),
    "beta3": Kind(multiple=False, below=1.0),
    "eps": Kind(multiple=False),
}


@dataclass(frozen=True)
class Rule:
    """The schedules of some hyper-parameters, for the groups that a pattern matches."""

    pattern: str
    schedules: tuple[tuple[str, Schedule], ...]


@dataclass(frozen=True)
class Group:
    """What a plan needs to know about a parameter group: its name, its parameters' names and its hyper-parameters.

    `joined` is the update before which it was added: 0 for groups that were there from the start. `keys` are its other
    texts, flags and whole numbers (`kind="muon"`, `use_muon=True`).
    """

    name: str
    parameters: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset({"lr"})
    joined: int = 0
    keys: Mapping[str, str | int] = field(default_factory=dict)

    def matches(self, pattern: str) -> bool:
        """Whether its name, or the name of each of its parameters, fits a pattern such as "head*".

        It may also be a key of the group: "kind=muon". Raises `LrlabError` if only some of its parameters match.
        """
        key, equals, value = pattern.partition("=")
        own = equals and key in self.keys and fnmatchcase(str(self.keys[key]), value)
        if own or fnmatchcase(self.name, pattern):
            return True
        fitting = [parameter for parameter in self.parameters if fnmatchcase(parameter, pattern)]
        if fitting and len(fitting) < len(self.parameters):
            other = next(parameter for parameter in self.parameters if parameter not in fitting)
            raise LrlabError(
                worded(
                    f'"{pattern}" means {len(fitting)} of the {len(self.parameters)} parameters of group {self.name}',
                    f"{fitting[0]} is meant, {other} is not",
                    "all parameters of a group, or none",
                    "one parameter group for each rule",
                )
            )
        return bool(fitting)


@dataclass(frozen=True)
class Driven:
    """One hyper-parameter of one group: the schedule that drives it, its scale, and the rule that it comes from."""

    hyper: str
    schedule: Schedule
    scale: float = 1.0
    rule: str = EVERY


def depths(groups: Sequence[Group], layers: tuple[str, ...]) -> list[int | None]:
    """How many layers are above each group; None for a group in none of `layers`.

    Without `layers` each group is a layer, the last one on top; a group that joined later is not a layer, but on top.

    >>> depths([Group("embed"), Group("blocks.0"), Group("blocks.1"), Group("head")], ("embed", "blocks.{}"))
    [2, 1, 0, None]
    """
    if not layers:
        first = [k for k, group in enumerate(groups) if group.joined == 0]
        return [len(first) - 1 - first.index(k) if k in first else 0 for k in range(len(groups))]
    places = [_place(group, layers) for group in groups]
    for k, pattern in enumerate(layers):
        if not any(place is not None and place[0] == k for place in places):
            raise unmatched(f"the layer {pattern!r}", pattern.replace("{}", "*"), groups)
    order = sorted({place for place in places if place is not None})
    return [None if place is None else len(order) - 1 - order.index(place) for place in places]


def _place(group: Group, layers: tuple[str, ...]) -> tuple[int, int] | None:
    """The layer of a group, as (which of `layers`, the number in its name); its parameters must agree."""
    for known in ((group.name,), group.parameters):
        found = {_layer(word, layers) for word in known}
        if len(found) > 1:
            raise LrlabError(
                worded(
                    f"the parameters of group {group.name} belong to several layers",
                    list(group.parameters)[:4],
                    "one layer in a group",
                    "one parameter group for each layer",
                )
            )
        if found != {None} and found:
            return found.pop()
    return None


def _layer(word: str, layers: tuple[str, ...]) -> tuple[int, int] | None:
    """The layer that a name belongs to: which pattern, and the number that "{}" stands for in it."""
    for k, pattern in enumerate(layers):
        match = re.fullmatch(translate(pattern).replace(r"\{\}", r"(\d+)"), word)
        if match:
            return k, int(match[1]) if match.re.groups else 0
    return None


def unmatched(what: str, pattern: str, groups: Sequence[Group]) -> LrlabError:
    """The error for a pattern that matches no group: it names the groups."""
    names = [group.name for group in groups] + [parameter for group in groups for parameter in group.parameters]
    told = dict.fromkeys(f"{key}={value}" for group in groups for key, value in group.keys.items())
    names += [one for one in told if any(f"{(key := one.partition('=')[0])}={g.keys.get(key)}" != one for g in groups)]
    shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return LrlabError(worded(f"{what} matches no parameter group", pattern, shown, nearest(pattern, names)))
