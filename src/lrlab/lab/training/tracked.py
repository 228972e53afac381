"""The objects that a training function tracks: optimizers, whose LR the lab sets, and others with a state."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Iterator, Mapping, MappingView
from typing import Any

from lrlab.core.plan.param_group import kept, read, write
from lrlab.core.plan.rules import KINDS
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.training.held import can_be_tracked, declared, give_back, hold
from lrlab.lab.training.values import Memo, Unholdable, is_random

# An arm schedules these as multiples of the group's own value; it sets the others to the value itself.
MULTIPLES = tuple(name for name, kind in KINDS.items() if kind.multiple)

_HELD = "models, optimizers, tensors, arrays, lists, dictionaries, random generators, objects of these"

# The objects that the runs of this process have tracked, by id, for as long as they live.
_BEFORE: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


class Tracked:
    """Named objects with their state; for optimizers (objects with `param_groups`) also the base LR of every group.

    >>> import torch
    >>> opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.4)
    >>> tracked = Tracked(); tracked.add("opt", opt); tracked.set({"lr": 0.5})
    >>> opt.param_groups[0]["lr"], sorted(tracked.state())
    (0.2, ['opt'])
    """

    def __init__(self, sets: Iterable[str] = ("lr",)) -> None:
        self._objects: dict[str, Any] = {}
        self._bases: dict[str, list[dict[str, float]]] = {}
        self._stands: dict[tuple[int, int, str], float] = {}  # the value last set in a group
        self._set = tuple("betas" if name.startswith("beta") else name for name in sets)  # the keys of a group

    def __getitem__(self, name: str) -> Any:
        return self._objects[name]

    def __contains__(self, name: str) -> bool:
        return name in self._objects

    @property
    def names(self) -> list[str]:
        """The names of what is tracked, in alphabetical order."""
        return sorted(self._objects)

    @property
    def sets_lr(self) -> bool:
        """Whether any tracked optimizer has a group, so that an LR can be set."""
        return any(self._bases.values())

    @property
    def own_lrs(self) -> tuple[float, ...]:
        """The LR of each group of each tracked optimizer, as it was when it was tracked."""
        return tuple(base["lr"] for bases in self._bases.values() for base in bases)

    def name_for(self, value: Any) -> str:
        """A name for an object without one: its kind, with a number from the second object on."""
        if hasattr(value, "param_groups"):
            kind = "opt"
        else:
            kind = "model" if hasattr(value, "parameters") else type(value).__name__.lower()
        number = 1 + sum(name.rstrip("0123456789") == kind for name in self._objects)
        return kind if number == 1 else f"{kind}{number}"

    def add(self, name: str, value: Any) -> None:
        """Track one more object; the present LR of each group of an optimizer is its base.

        Raises `LrlabError` if the object has no state that could be stored, a group has no LR, the name is taken, or
        an earlier run has tracked the same object, which is then no longer in its initial state.
        """
        if name in self._objects:
            raise LrlabError(worded(f"run.track: something else is called {name} already", self.names))
        if isinstance(value, Iterator | MappingView) and type(value).__module__ == "builtins":
            raise LrlabTypeError(
                worded(
                    f"run.track: a {type(value).__name__} can be gone through only once, and holds no state",
                    allowed=_HELD,
                    hint="run.track(model, opt), the model itself; or run.track(list(model.parameters()), opt)",
                )
            )
        if not can_be_tracked(value):
            raise LrlabTypeError(
                worded(
                    f"run.track: {name} holds no state that could be given back to it",
                    type(value).__name__,
                    _HELD,
                    f"{name} = {{'{name}': ...}}; run.track({name}={name}): what is put into it later is held, too",
                )
            )
        if _BEFORE.get(id(value)) is value and not any(value is mine for mine in self._objects.values()):
            raise LrlabError(
                worded(
                    f"run.track: {name} was trained by another run before, which this one would begin with",
                    type(value).__name__,
                    "what is made anew in every call of the training function",
                    f"make {name} within train(run), or copy.deepcopy({name}) there; what is not trained, leave out",
                )
            )
        if hasattr(value, "param_groups"):
            for k, group in enumerate(value.param_groups):
                if group.get("lr") is None:
                    raise LrlabError(worded(f"group {k} of the optimizer {name} has no lr", sorted(group)))
            self._bases[name] = [
                {hyper: read(group, hyper) for hyper in MULTIPLES if hyper in group} for group in value.param_groups
            ]
        self._objects[name] = value
        with contextlib.suppress(TypeError):  # an object that allows no weak reference is not watched
            _BEFORE[id(value)] = value

    def set(self, values: Mapping[str, float]) -> None:
        """Set an update's values in every group: `lr` and `weight_decay` as multiples of their base, others as given.

        A group that was added later keeps its values. Raises `LrlabError` if an optimizer has no such hyper-parameter,
        or something else has changed it since it was set.
        """
        for name, bases in self._bases.items():
            optimizer = self._objects[name]
            # Read the groups each time: loading a state gives a PyTorch optimizer new groups.
            for k, (group, base) in enumerate(zip(optimizer.param_groups, bases, strict=False)):
                for hyper, value in values.items():
                    here = (id(optimizer), k, hyper)  # by id: one optimizer may have two names
                    stands, now = self._stands.get(here), kept(group, hyper)
                    if now is None:
                        has = sorted(set(group) - {"params"})
                        raise LrlabError(worded(f"the optimizer {name} has no {hyper} to set", has))
                    # Not a tensor: reading one may be slow.
                    if stands is not None and isinstance(now, int | float) and stands != now:
                        raise LrlabError(
                            worded(
                                f"something other than the lab has set {hyper} of the optimizer {name}, from {stands}",
                                now,
                                "only what the arm sets",
                                "leave out your own scheduler: here the arm is the schedule",
                            )
                        )
                    put = base[hyper] * value if hyper in base else value
                    write(group, hyper, put)
                    self._stands[here] = put

    def orphans(self) -> list[str]:
        """The optimizers with weights that no tracked object holds; empty if an object does not list its weights."""
        others = [thing for name, thing in self._objects.items() if name not in self._bases]
        if not all(hasattr(thing, "parameters") or is_random(type(thing)) for thing in others):
            return []
        held = {id(weight) for thing in others if hasattr(thing, "parameters") for weight in thing.parameters()}
        held |= {id(weight) for thing in others if hasattr(thing, "buffers") for weight in thing.buffers()}
        return [
            name
            for name in self._bases
            if any(id(weight) not in held for g in self._objects[name].param_groups for weight in g.get("params", ()))
        ]

    def refuse_hidden(self) -> None:
        """Raise `LrlabError` if an optimizer is inside another tracked object: its LR would not be set."""
        seen = {id(self._objects[name]) for name in self._bases}
        for name, thing in self._objects.items():
            for where, optimizer in _optimizers(thing, name) if name not in self._bases else ():
                if id(optimizer) not in seen:
                    raise LrlabError(
                        worded(
                            f"run.track: {where} is an optimizer within {name}, and its LR would not be set",
                            type(optimizer).__name__,
                            "each optimizer by itself",
                            "run.track(opt=..., opt2=...); what is not to be trained, leave out",
                        )
                    )

    @property
    def beside(self) -> dict[int, tuple[str, ...]]:
        """The keys that the lab itself sets in the groups of the optimizers, by the id of the group."""
        groups = [group for name in self._bases for group in self._objects[name].param_groups]
        return {id(group): self._set for group in groups}

    def state(self) -> dict[str, Any]:
        """The state of each object by name, sharing memory with it. Raises `Unholdable` if a state cannot be stored."""
        memo: Memo = {id(value): value for value in self._objects.values()}
        found = {}
        for name in self.names:  # a tracked object inside another one is stored under its own name only
            memo.pop(id(self._objects[name]), None)
            found[name] = hold(self._objects[name], name, memo)
        return found

    def declared(self) -> dict[str, Any]:
        """The result of the training by name: the state that each object declares, or its kind if it has none."""
        found = {}
        for name, value in self._objects.items():
            try:
                found[name] = declared(value, name)
            except Unholdable:  # then the run was trained alone
                found[name] = f"a {type(value).__name__}"
        return found

    def load(self, state: Mapping[str, Any]) -> None:
        """Give every object its state back. Raises `Unholdable` if one no longer fits its state."""
        if sorted(state) != self.names:
            raise LrlabError(
                worded(
                    "run.track names other things than at the beginning of the run",
                    self.names,
                    ", ".join(sorted(state)),
                )
            )
        self._stands.clear()
        for name in self.names:
            try:
                give_back(self._objects[name], state[name])
            except (ValueError, RuntimeError, TypeError, KeyError, AttributeError) as error:  # depends on the library
                raise Unholdable(f"{name} does not take back its own state ({error})".partition("\n")[0]) from error


def _optimizers(thing: Any, path: str, depth: int = 3) -> Iterator[tuple[str, Any]]:
    """The optimizers inside a container or an object, each with its path."""
    if hasattr(thing, "param_groups"):
        yield path, thing
    elif depth:
        parts: Iterable[tuple[str, Any]] = ()
        if isinstance(thing, Mapping):
            parts = ((f"[{key!r}]", part) for key, part in thing.items())
        elif isinstance(thing, list | tuple):
            parts = ((f"[{k}]", part) for k, part in enumerate(thing))
        elif hasattr(thing, "__dict__") and not hasattr(thing, "parameters"):
            parts = ((f".{name}", part) for name, part in vars(thing).items())
        for where, part in parts:
            yield from _optimizers(part, f"{path}{where}", depth - 1)
