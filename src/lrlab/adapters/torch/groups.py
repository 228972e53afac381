"""The parameter groups of a scheduler's optimizers: which they are, and what an earlier scheduler has left in them.

Groups come and go: `load_state_dict()` replaces each by a copy, layers are unfrozen into new ones, a second scheduler
takes over from the first. A group is therefore recognised by itself or by its list of parameters, never by its place.
"""

from __future__ import annotations

import copy
import itertools
import logging
import weakref
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from torch.nn import Module
from torch.optim import Optimizer
from torch.utils.weak import WeakTensorKeyDictionary

from lrlab.adapters.torch.in_calls import Follow
from lrlab.adapters.torch.layout import Known, Layout
from lrlab.adapters.torch.written import Told, Written, as_stored
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.param_group import fields, is_tensor, kept, put, read, write, write_all
from lrlab.core.plan.report import Row
from lrlab.core.plan.rules import KINDS
from lrlab.core.resume.checkpoint import Held
from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)

NAMED = ("lr", "momentum", "weight_decay")  # what a report names also where nothing drives it

# What the latest scheduler of each optimizer has left there, for the next one.
LEFT: WeakKeyDictionary[Optimizer, Groups] = WeakKeyDictionary()
HOLDERS = WeakTensorKeyDictionary()  # the optimizer of each tensor that is written in place


class Groups:
    """The groups of the optimizers of one scheduler, its pacer, and what was written last.

    It does not keep the optimizers alive: they are passed in. `model` names the parameters that they do not name; a
    rule may refer to a parameter that is in no group yet. If an earlier scheduler drove an optimizer, a group that
    still has what that one wrote goes on with its own values; anything else in a group is its own value. `held` is what
    is known of groups that were copied with their scheduler.
    """

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        pacer: PlanPacer,
        absolute: bool,
        model: Module | None = None,
        held: Sequence[Held] | None = None,
    ) -> None:
        plan = pacer.plan
        if plan.layer_decay is not None and not plan.layers and len(optimizers) > 1:
            raise LrlabError(worded("the layers of several optimizers have no order", str(plan), hint="layers=[...]"))
        self._names = {} if model is None else {id(p): name for name, p in model.named_parameters() if p.requires_grad}
        self._later = frozenset(self._names.values())  # names that a rule may wait for
        self._told = Told()
        self.retired = False  # a later scheduler has taken over
        before = [LEFT.get(optimizer) for optimizer in optimizers]
        known = self._found(optimizers, pacer.update, (), before, copied=held is not None)
        self.run = pacer, self._laid_out(pacer, known, absolute)  # replaced as a whole
        self.written = Written(*self.run)
        self._lrs: list[Any] = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
        self.lr = self._lrs[0]  # what the first group was given
        for optimizer, earlier in zip(optimizers, before, strict=True):
            LEFT[optimizer] = self
            if earlier is not None:
                earlier.retire()
        if held is not None:
            self.go_on(pacer, held)

    def retire(self) -> None:
        """A later scheduler takes over: the next write() finds nothing as it was left, and raises."""
        self.retired, self.lr = True, None

    # -- who is there ---------------------------------------------------------------------------------------------

    def adopt(self, optimizers: Sequence[Optimizer]) -> None:
        """Take in the groups as they are now; a new one joins before the next update."""
        pacer, layout = self.run
        self._take(pacer, self._found(optimizers, pacer.update, layout.known), layout.absolute)

    def _found(
        self,
        optimizers: Sequence[Optimizer],
        update: int,
        known: Sequence[Known],
        left: Sequence[Groups | None] = (),
        *,
        copied: bool = False,
    ) -> list[Known]:
        """The present groups; `left` is what an earlier scheduler has left in each optimizer, also before it was
        `copied`."""
        before = _by_sign(known)
        # Groups that take a default of the optimizer share its tensor, which holds what was written.
        tensors = {(id(kept(one.group, hyper)), hyper): own for one in known for hyper, own in one.own.items()}
        made: list[Known] = []
        for place, (optimizer, earlier) in enumerate(itertools.zip_longest(optimizers, left)):
            if not optimizer.param_groups:
                raise LrlabError(worded("the optimizer has no parameter groups", hint="add_param_group()"))
            for group in optimizer.param_groups:
                one = next((before[id(sign)] for sign in _signs(group) if id(sign) in before), None)
                if one is not None:
                    made.append(replace(one, group=group))
                    continue
                own = _own(group, earlier)
                if earlier is None and not copied and own["lr"] != (now := read(group, "lr")):
                    log.warning("The base LR is the group's initial_lr %g, not its present LR %g.", own["lr"], now)
                for hyper in own:
                    if is_tensor(there := kept(group, hyper)):
                        there = _parted(optimizer, group, hyper, there)
                        own[hyper] = tensors.setdefault((id(there), hyper), own[hyper])
                name = str(group.get("name", len(made)))
                parameters = group.get("param_names") or [self._names.get(id(p), "") for p in group["params"]]
                kind = type(optimizer).__name__
                group["initial_lr"] = own["lr"]  # for others who read it
                made.append(Known(group, place, kind, name, tuple(filter(None, parameters)), own, update))
        return made

    def go_on(self, pacer: PlanPacer, held: Sequence[Held] | None = None, absolute: bool | None = None) -> None:
        """Go on with another pacer, and with what a checkpoint says of each group."""
        _, layout = self.run
        known = [
            replace(one, own={**one.own, **theirs.own}, joined=theirs.joined)
            for one, theirs in zip(layout.known, self.held() if held is None else held, strict=True)
        ]
        self._take(pacer, known, layout.absolute if absolute is None else absolute)

    def _take(self, pacer: PlanPacer, known: Sequence[Known], absolute: bool) -> None:
        run = pacer, self._laid_out(pacer, known, absolute)
        self.written = self.written.ended()
        self.run = run  # by one assignment: no interrupt finds a part of it

    def rebase(self, base_lrs: Sequence[float]) -> None:
        """Use other base LRs from the next write on, and record it in the changes of the run."""
        pacer, layout = self.run
        before = [one.own["lr"] for one in layout.known]
        pacer = copy.copy(pacer)
        pacer.note("base_lrs", {"base_lrs": before}, {"base_lrs": [float(base) for base in base_lrs]})
        pairs = list(zip(self.held(), base_lrs, strict=True))
        self.go_on(pacer, [replace(held, own={**held.own, "lr": float(base)}) for held, base in pairs])
        for one in self.run[1].known:
            one.group["initial_lr"] = one.own["lr"]
            if "lr" not in one.driven:  # nobody else writes it
                write(one.group, "lr", one.own["lr"])

    def _laid_out(self, pacer: PlanPacer, known: Sequence[Known], absolute: bool) -> Layout:
        facts = [one.facts() for one in known]
        driven = pacer.plan.assign(facts, self._later)
        self._later |= {word for group in facts for word in (group.name, *group.parameters)}
        assigned = [replace(one, driven={d.hyper: d for d in by}) for one, by in zip(known, driven, strict=True)]
        return Layout(pacer, assigned, absolute)

    # -- writing --------------------------------------------------------------------------------------------------

    def write(self, optimizers: Sequence[Optimizer], pacer: PlanPacer, update: int) -> None:
        """Write what the next update of the pacer uses into every group, as numbers and into tensors.

        Raises `LrlabError` if a later scheduler has taken over.
        """
        groups, written = optimizers[0].param_groups, self.written
        alone = len(optimizers) == 1 and len(groups) == written.count and groups[written.end] is written.last
        if not alone or groups[0]["lr"] is not self.lr:
            self.look(optimizers)
            written = self.written
        offset = update - written.start
        if written.now is not pacer.now or not 0 <= offset < written.length:
            written = self.written = Written(*self.run)
            offset = update - written.start
        written.offset = -1  # until all of it is written
        written.writes += 1
        for hyper, alike, values, factor in written.rows:
            write_all(alike, hyper, factor * values[offset])
        if len(optimizers) > 1:
            self._lrs = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
        self.lr, written.offset = groups[0]["lr"], offset

    def look(self, optimizers: Sequence[Optimizer]) -> None:
        """Look at every group: whether others are there now, and whether something else has written into one."""
        if self.retired:
            raise LrlabError(
                worded(
                    "another Scheduler has been attached to this optimizer since",
                    allowed="one at a time",
                    hint="one schedule: first >> second, or first * second",
                )
            )
        untouched = self.written.untouched()
        if not untouched:
            for found in self._told.new(self.written.foreign(), self.run[0].update):
                log.warning("%s", found)
        if not (untouched and self.run[1].stands(optimizers)):
            self.adopt(optimizers)

    def stale(self, place: int, optimizer: Optimizer) -> bool:
        """Whether the values in an optimizer's groups do not belong to the present run and groups."""
        (pacer, layout), written = self.run, self.written
        return (
            written.now is not pacer.now
            or written.offset < 0
            or not written.length
            or not layout.stands_at(place, optimizer)
        )

    def set_aside(self, place: int, optimizer: Optimizer) -> bool:
        """Whether something else has put every LR of an optimizer at 0.

        `torch.distributed.checkpoint` does so to fill the optimizer's state by a step() that is not an update.
        """
        groups = optimizer.param_groups
        if not groups:
            return False
        mine = self.lr if len(self._lrs) == 1 else self._lrs[place]
        return groups[0]["lr"] is not mine and not any(group["lr"] for group in groups)

    def refuse_capture(self, follow: Follow) -> None:
        """Raise `LrlabError` where a step() that is captured in a CUDA graph would keep an LR, or not be counted."""
        driven = [kept(one.group, hyper) for one in self.run[1].known for hyper in one.driven]
        if follow == "updates" or not all(map(is_tensor, driven)):
            raise LrlabError(
                worded(
                    "optimizer.step() is captured in a CUDA graph: its replays are not seen, and keep a float LR",
                    hint='a tensor LR in the optimizer, and Scheduler(..., follow="calls")',
                )
            )

    # -- what was written -----------------------------------------------------------------------------------------

    @property
    def lrs(self) -> list[float]:
        """The LR that was written last to each group."""
        return [self.written.value(one, "lr") for one in self.written.layout.known]

    def used(self, stop: int) -> bool:
        """Whether all updates until `stop` used what the plan gives them, although nothing was written in between."""
        return self.written.used(self.run[0], stop)

    def left_in(self, group: dict[str, Any], hyper: str) -> float:
        """A group's own value of a hyper-parameter, for the scheduler that takes over."""
        signs, now = _by_sign(self.written.layout.known), read(group, hyper)
        known = next((signs[id(sign)] for sign in _signs(group) if id(sign) in signs), None)
        if known is None or hyper not in known.driven:
            return now
        written = as_stored(self.written.value(known, hyper), kept(group, hyper))
        return known.own[hyper] if now == written else now

    # -- the record and the report ----------------------------------------------------------------------------------

    def held(self) -> tuple[Held, ...]:
        """Each group's own value of what is driven, its present value, and when it joined."""
        _, layout = self.run

        def of(known: Known) -> Held:
            hypers = ["lr", *(hyper for hyper in known.driven if KINDS[hyper].multiple and hyper != "lr")]
            driven = {hyper: (layout.number[one.schedule], one.scale) for hyper, one in known.driven.items()}
            own = {hyper: known.own[hyper] for hyper in hypers}
            return Held(known.name, own, {h: read(known.group, h) for h in hypers}, known.joined, driven)

        return tuple(of(known) for known in layout.known)

    def rows(self) -> tuple[Row, ...]:
        """A row for each driven hyper-parameter of each group, and for the usual ones that are not driven."""
        rows = []
        for known in self.run[1].known:
            for hyper in (hyper for hyper in KINDS if hyper in known.own and (hyper in known.driven or hyper in NAMED)):
                one = known.driven.get(hyper)
                said = (one.scale, one.rule, str(one.schedule)) if one else ()
                facts = len(known.group["params"]), hyper, read(known.group, hyper), known.own[hyper]
                rows.append(Row(known.optimizer, known.name, *facts, *said))
        return tuple(rows)

    def left_out(self) -> tuple[str, ...]:
        """The trainable parameters of the model that are in no group."""
        have = {id(p) for known in self.run[1].known for p in known.group["params"]}
        return tuple(name for key, name in self._names.items() if key not in have)


def _parted(optimizer: Optimizer, group: dict[str, Any], hyper: str, there: Any) -> Any:
    """The tensor of a group; a copy if another optimizer already has it, which would get our values too."""
    holder = HOLDERS.get(there, lambda: None)()
    if holder is not None and holder is not optimizer:
        put(group, hyper, there.clone())
        there = kept(group, hyper)
    HOLDERS[there] = weakref.ref(optimizer)
    return there


def _by_sign(known: Sequence[Known]) -> dict[int, Known]:
    return {id(sign): one for one in known for sign in _signs(one.group)}


def _signs(group: dict[str, Any]) -> tuple[object, ...]:
    """What identifies a group: itself, its list of parameters, and the first of them, which is in no other group."""
    return (group, group["params"], *group["params"][:1])


def _own(group: dict[str, Any], earlier: Groups | None) -> dict[str, float]:
    """A group's own value of each of its hyper-parameters: of the LR, as PyTorch's own schedulers take it, what it was
    before one of them changed it."""
    own = {hyper: read(group, hyper) for hyper in fields(group)}
    if "lr" not in own:
        hint = "lr=1e-3 in the optimizer"
        raise LrlabError(worded("a parameter group has no LR to multiply", group.get("lr"), hint=hint))
    if earlier is None:
        return {**own, "lr": float(group.get("initial_lr", own["lr"]))}
    return {hyper: earlier.left_in(group, hyper) if KINDS[hyper].multiple else now for hyper, now in own.items()}
