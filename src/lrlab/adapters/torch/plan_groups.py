"""The parameter groups of the optimizers under a plan: what each brought, what drives it, and writing it.

Groups come and go: `load_state_dict()` replaces every one by a copy, layers are unfrozen into new ones. A group is
known again by its list of parameters, never by its place.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from lrlab.adapters.torch.groups import LEFT, Before, as_stored, taken_over
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.param_group import fields, read, write
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.report import Row
from lrlab.core.plan.rules import KINDS, Driven, Group
from lrlab.errors import LrlabError, worded

NAMED = ("lr", "momentum", "weight_decay")  # what a report names also where nothing drives it


@dataclass
class Known:
    """A parameter group: its own values, before which update it joined, what drives it, and what was written last."""

    group: dict[str, Any]
    optimizer: str
    name: str
    parameters: tuple[str, ...]
    own: dict[str, float]
    joined: int
    driven: dict[str, Driven] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)

    def facts(self) -> Group:
        """What a plan needs to know of it."""
        return Group(self.name, self.parameters, frozenset(self.own), self.joined)

    def multiples(self) -> list[str]:
        """The hyper-parameters whose schedules are multiples of its own value."""
        return [hyper for hyper in self.own if KINDS[hyper].multiple]


class PlanGroups:
    """The groups of several optimizers, in their order, as a plan sees them.

    It does not keep the optimizers alive. `model` names the parameters that they do not name; a rule may mean one of
    its parameters that is in no group yet.
    """

    def __init__(self, optimizers: Sequence[Optimizer], plan: Plan, model: Module | None) -> None:
        if plan.layer_decay is not None and not plan.layers and len(optimizers) > 1:
            raise LrlabError(worded("the layers of several optimizers have no order", str(plan), hint="layers=[...]"))
        self.plan = plan
        self.retired = False  # a later scheduler has taken over
        self._optimizers = [weakref.ref(optimizer) for optimizer in optimizers]
        self.known: list[Known] = []
        self.lrs: list[float] = []  # as written last
        self._names = {} if model is None else {id(p): name for name, p in model.named_parameters() if p.requires_grad}
        self._later = frozenset(self._names.values())
        before = [LEFT.get(optimizer) for optimizer in optimizers]
        self.adopt(0, before)
        for optimizer, earlier in zip(optimizers, before, strict=True):
            LEFT[optimizer] = self
            if earlier is not None:
                earlier.retire()

    def changed(self) -> bool:
        """Whether groups were added, removed or replaced since they were taken in."""
        present = [group for optimizer in self._present() for group in optimizer.param_groups]
        return len(present) != len(self.known) or any(
            group is not known.group for group, known in zip(present, self.known, strict=True)
        )

    def _present(self) -> list[Optimizer]:
        return [optimizer for reference in self._optimizers if (optimizer := reference()) is not None]

    def adopt(self, update: int, left: Sequence[Before | None] = ()) -> None:
        """Take in the groups as they are now; one that is not known joins before this update.

        `left` is what an earlier scheduler has left in each optimizer.
        """
        before = {id(known.group["params"]): known for known in self.known}
        tensors = {id(known.group["lr"]): known.own["lr"] for known in self.known}
        made: list[Known] = []
        for optimizer, earlier in itertools.zip_longest(self._present(), left):
            for group in optimizer.param_groups:
                known = before.get(id(group["params"]))  # load_state_dict() keeps the list in the copy of the group
                kind = type(optimizer).__name__
                if known is not None:
                    made.append(replace(known, group=group))
                    continue
                named = group.get("param_names") or [self._names.get(id(p), "") for p in group["params"]]
                own = {hyper: read(group, hyper) for hyper in fields(group)}
                if earlier is not None:
                    own |= {hyper: earlier.left_in(group, hyper) for hyper in own if KINDS[hyper].multiple}
                own["lr"] = _own_lr(group, own.get("lr"), tensors)
                name = str(group.get("name", len(made)))
                made.append(Known(group, kind, name, tuple(filter(None, named)), own, update))
        self.known = made
        self.assign()

    def assign(self) -> None:
        """Find what drives each group."""
        facts = [known.facts() for known in self.known]
        for known, driven in zip(self.known, self.plan.assign(facts, self._later), strict=True):
            known.driven = {one.hyper: one for one in driven}
        place = {schedule: k for k, schedule in enumerate(self.plan.schedules)}
        self._writes = [
            (known, hyper, known.own[hyper] * one.scale if KINDS[hyper].multiple else 1.0, place[one.schedule])
            for known in self.known
            for hyper, one in known.driven.items()
        ]
        self._later |= {word for group in facts for word in (group.name, *group.parameters)}

    def write(self, pacer: PlanPacer) -> None:
        """Write what the next update uses into every group."""
        if self.retired:
            raise taken_over()
        if self.changed():
            self.adopt(pacer.update)
        values = pacer.values
        for known, hyper, factor, k in self._writes:
            value = factor * values[k]
            if known.joined and hyper == "lr":
                value *= pacer.joined(known.joined)
            write(known.group, hyper, value)
            known.written[hyper] = value
        self.lrs = [known.written.get("lr", known.own["lr"]) for known in self.known]

    def set_aside(self, optimizer: Optimizer) -> bool:
        """Whether something else has put every LR of an optimizer at 0.

        `torch.distributed.checkpoint` does so to fill the optimizer's state by a step() that is no update.
        """
        mine = {id(group) for group in optimizer.param_groups}
        written = [lr for known, lr in zip(self.known, self.lrs, strict=True) if id(known.group) in mine]
        return any(written) and not any(group["lr"] for group in optimizer.param_groups)

    def left_in(self, group: dict[str, Any], hyper: str = "lr") -> float:
        """A group's own value of a hyper-parameter, for the scheduler that takes over."""
        now = read(group, hyper)
        known = next((known for known in self.known if known.group["params"] is group["params"]), None)
        if known is None or hyper not in known.written:
            return now
        return known.own[hyper] if now == as_stored(known.written[hyper], group[hyper]) else now

    def retire(self) -> None:
        """A later scheduler takes over: the next write() raises."""
        self.retired = True

    # -- the record ---------------------------------------------------------------------------------------------

    def record(self) -> list[dict[str, Any]]:
        """What each group brought, what it has now, and when it joined: plain JSON values."""
        return [
            {
                "name": known.name,
                "joined": known.joined,
                "own": {hyper: known.own[hyper] for hyper in known.multiples()},
                "now": {hyper: read(known.group, hyper) for hyper in known.multiples()},
            }
            for known in self.known
        ]

    def differences(self, recorded: Sequence[Mapping[str, Any]]) -> list[tuple[str, object, object]]:
        """Where the groups in the code are others than the recorded ones: what, in the record, in the code."""
        theirs, mine = [one["name"] for one in recorded], [known.name for known in self.known]
        if theirs != mine:
            return [("groups", theirs, mine)]
        return [
            (f"{hyper} of group {known.name}", one["own"].get(hyper), known.own[hyper])
            for known, one in zip(self.known, recorded, strict=True)
            for hyper in known.multiples()
            # A group that was loaded before the scheduler was built brought the value that was realised then.
            if known.own[hyper] not in (one["own"].get(hyper), one["now"].get(hyper))
        ]

    def take(self, recorded: Sequence[Mapping[str, Any]]) -> None:
        """Let each group have brought what is recorded, and have joined when it did."""
        for known, one in zip(self.known, recorded, strict=True):
            known.own |= one["own"]
            known.joined = one["joined"]
        self.assign()

    # -- the report ---------------------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        """A row for each hyper-parameter of each group that is driven, and for the usual ones that are not."""
        rows = []
        for known in self.known:
            for hyper in (hyper for hyper in KINDS if hyper in known.own and (hyper in known.driven or hyper in NAMED)):
                one = known.driven.get(hyper)
                said = (one.scale, one.rule, str(one.schedule)) if one else ()
                facts = len(known.group["params"]), hyper, read(known.group, hyper), known.own[hyper]
                rows.append(Row(known.optimizer, known.name, *facts, *said))
        return tuple(rows)

    def left_out(self) -> tuple[str, ...]:
        """The trainable parameters of the model that are in no group."""
        have = {id(p) for known in self.known for p in known.group["params"]}
        return tuple(name for key, name in self._names.items() if key not in have)


def _own_lr(group: dict[str, Any], own: float | None, tensors: dict[int, float]) -> float:
    """The LR that a group brought (`own`); a tensor that another group has too is made the group's own.

    `lr=torch.tensor(...)` is given to every group as one object, which cannot hold an LR for each.
    """
    lr = group.get("lr")
    if own is None:
        raise LrlabError(worded("a parameter group has no LR to multiply", lr, hint="lr=1e-3 in the optimizer"))
    if not isinstance(lr, Tensor):
        return own
    if id(lr) in tensors:
        group["lr"] = lr.clone()
        return tensors[id(lr)]
    tensors[id(lr)] = own
    return own
