"""How parameter groups are driven: in shares, each one value for many groups."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch.optim import Optimizer

from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.param_group import is_tensor, kept, put
from lrlab.core.plan.rules import KINDS, Driven, Group
from lrlab.errors import LrlabError, worded


@dataclass(frozen=True)
class Known:
    """A parameter group: its optimizer, its own values, the update before which it joined, and what drives it."""

    group: dict[str, Any]
    place: int  # of the optimizer among those that are driven
    optimizer: str
    name: str
    parameters: tuple[str, ...]
    own: Mapping[str, float]
    joined: int
    driven: Mapping[str, Driven] = field(default_factory=dict)

    def facts(self) -> Group:
        """What a plan needs to know of it."""
        keys = {
            key: value for key, value in self.group.items() if isinstance(value, (str, int)) and key not in self.own
        }
        return Group(self.name, self.parameters, frozenset(self.own), self.joined, keys)


class Share(NamedTuple):
    """One hyper-parameter of all groups that get it from one schedule with one factor: they are written together.

    `joined` is 0 except for groups that joined later and have their own warmup. `plain`: each group holds a number
    under that name, which is replaced.
    """

    hyper: str
    schedule: int  # its number in the plan
    factor: float
    joined: int
    groups: tuple[dict[str, Any], ...]
    plain: bool


class Layout:
    """The groups as they are, and the shares in which they are written. It is rebuilt when anything changes.

    A tensor in several shares is copied: one object cannot hold two values, and PyTorch gives `lr=torch.tensor(...)` to
    every group as one object.
    """

    def __init__(self, pacer: PlanPacer, known: Sequence[Known], absolute: bool) -> None:
        self.known, self.absolute = tuple(known), absolute
        self.number = {schedule: k for k, schedule in enumerate(pacer.plan.schedules)}
        made: dict[tuple[str, int, float, int], list[dict[str, Any]]] = {}
        for one in self.known:
            for hyper, driven in one.driven.items():
                joined = one.joined if hyper == "lr" and pacer.joining is not None else 0
                _refuse_tensor(hyper, kept(one.group, hyper))
                key = hyper, self.number[driven.schedule], self.factor(one, driven), joined
                made.setdefault(key, []).append(one.group)
        self.share_of = {(id(group), key[0]): k for k, (key, alike) in enumerate(made.items()) for group in alike}
        self._part_tensors()
        self.shares = [
            Share(*key, tuple(alike), all(key[0] in group and not is_tensor(group[key[0]]) for group in alike))
            for key, alike in made.items()
        ]
        by_place = itertools.groupby(self.known, key=lambda one: one.place)
        self.places = [[one.group for one in ones] for _, ones in by_place]
        self.several = len(self.places) > 1
        first = self.places[0] if self.places else [{}]
        self.count, self.last = len(first), first[-1]  # of the first optimizer

    def factor(self, known: Known, driven: Driven) -> float:
        """What the value of its schedule is multiplied by."""
        multiple = KINDS[driven.hyper].multiple and not (self.absolute and driven.hyper == "lr")
        return known.own[driven.hyper] * driven.scale if multiple else driven.scale

    def stands(self, optimizers: Sequence[Optimizer]) -> bool:
        """Whether no group has been added, removed, replaced or moved."""
        return all(self.stands_at(place, optimizer) for place, optimizer in enumerate(optimizers))

    def stands_at(self, place: int, optimizer: Optimizer) -> bool:
        """The same of one optimizer."""
        groups, mine = optimizer.param_groups, self.places[place]
        return len(groups) == len(mine) and all(map(operator.is_, groups, mine))

    def _part_tensors(self) -> None:
        owners: dict[int, tuple[int | None, str]] = {}
        for one in self.known:
            for hyper in one.own:
                owner = self.share_of.get((id(one.group), hyper)), hyper
                there = kept(one.group, hyper)
                if is_tensor(there) and owners.setdefault(id(there), owner) != owner:
                    put(one.group, hyper, there.clone())


def _refuse_tensor(hyper: str, there: Any) -> None:
    """Raise `LrlabError` for a tensor that cannot be driven: it keeps no fractions, or is trained itself."""
    if not is_tensor(there) or (there.is_floating_point() and not there.requires_grad):
        return
    trained = there.is_floating_point()
    what = "is a tensor that is trained itself" if trained else "is a tensor of whole numbers, which keeps no fraction"
    hint = f"{hyper}={hyper}.detach() in the optimizer" if trained else f"{hyper}=torch.tensor({float(there)})"
    raise LrlabError(worded(f"the {hyper} of a group {what}, so a schedule cannot set it", str(there.dtype), hint=hint))
