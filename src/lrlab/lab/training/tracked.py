"""What a training function names in `run.track`: optimizers, whose LR the lab sets, and all else that holds state."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Mapping
from typing import Any

from lrlab.core.plan.rules import KINDS
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.training.snapshot import load_into

# What an arm schedules as a multiple of what a group has; the rest is set as it is.
MULTIPLES = tuple(name for name, kind in KINDS.items() if kind.multiple)

# What the runs of this process have tracked, by its id, for as long as it lives.
_BEFORE: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


class Tracked:
    """Named objects with their state; of the optimizers among them (`param_groups`) also the LR of every group.

    >>> import torch
    >>> opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.4)
    >>> tracked = Tracked(); tracked.add("opt", opt); tracked.set({"lr": 0.5})
    >>> opt.param_groups[0]["lr"], sorted(tracked.state())
    (0.2, ['opt'])
    """

    def __init__(self) -> None:
        self._objects: dict[str, Any] = {}
        self._bases: dict[str, list[dict[str, float]]] = {}
        self._stands: dict[tuple[int, int, str], float] = {}  # what was put into a group last

    def __getitem__(self, name: str) -> Any:
        return self._objects[name]

    def __contains__(self, name: str) -> bool:
        return name in self._objects

    @property
    def names(self) -> list[str]:
        """What is tracked, in the order of the alphabet."""
        return sorted(self._objects)

    @property
    def sets_lr(self) -> bool:
        """Whether there is a group whose LR can be set."""
        return any(self._bases.values())

    def add(self, name: str, value: Any) -> None:
        """One more; the LR that each group of an optimizer has now is its base.

        Raises `LrlabError` where something holds no state that could be stored, a group has no LR, a name is taken, or
        a run before this one has tracked the same object: it is not as it was made.
        """
        if name in self._objects:
            raise LrlabError(worded(f"run.track: something else is called {name} already", self.names))
        stateful = hasattr(value, "state_dict") and hasattr(value, "load_state_dict")
        if not stateful and not (hasattr(value, "get_state") and hasattr(value, "set_state")):
            raise LrlabTypeError(
                worded(
                    f"run.track: {name} holds no state",
                    type(value).__name__,
                    "anything with state_dict and load_state_dict, such as models and optimizers, or a torch.Generator",
                    "run.track(model=model, opt=opt)",
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
                {hyper: float(group[hyper]) for hyper in MULTIPLES if hyper in group} for group in value.param_groups
            ]
        self._objects[name] = value
        with contextlib.suppress(TypeError):  # what cannot be referred to weakly is not watched
            _BEFORE[id(value)] = value

    def set(self, values: Mapping[str, float]) -> None:
        """Put what an update uses into every group: of `lr` and `weight_decay` a multiple of its base, else the value.

        A group that came later keeps what it has. Raises `LrlabError` where an optimizer has no such hyper-parameter,
        or something else has changed it since it was put there.
        """
        for name, bases in self._bases.items():
            optimizer = self._objects[name]
            # Asked anew each time: loading a state gives an optimizer of PyTorch's new groups.
            for k, (group, base) in enumerate(zip(optimizer.param_groups, bases, strict=False)):
                for hyper, value in values.items():
                    here = (id(optimizer), k, hyper)  # it may have two names
                    stands, now = self._stands.get(here), _value(group, hyper)
                    if stands != now and None not in (stands, now):
                        raise LrlabError(
                            worded(
                                f"something beside the lab has set {hyper} of the optimizer {name}, from {stands}",
                                now,
                                "what the arm sets, alone",
                                "leave out your own scheduler: here the arm is the schedule",
                            )
                        )
                    put = base[hyper] * value if hyper in base else value
                    _put(group, hyper, put, name)
                    self._stands[here] = put

    def orphans(self) -> list[str]:
        """The optimizers with weights that nothing tracked holds; none where something does not tell what it holds."""
        others = [thing for name, thing in self._objects.items() if name not in self._bases]
        holders = [thing for thing in others if hasattr(thing, "state_dict")]
        if not all(hasattr(thing, "parameters") and hasattr(thing, "buffers") for thing in holders):
            return []
        held = {id(weight) for thing in holders for weight in (*thing.parameters(), *thing.buffers())}
        return [
            name
            for name in self._bases
            if any(id(weight) not in held for g in self._objects[name].param_groups for weight in g.get("params", ()))
        ]

    def state(self) -> dict[str, Any]:
        """The state of each, by name; what it holds is shared with the objects."""
        return {
            name: value.state_dict() if hasattr(value, "state_dict") else value.get_state()
            for name, value in self._objects.items()
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Give every object its state back. Raises `LrlabError` where one has another form than it had then."""
        if sorted(state) != self.names:
            raise LrlabError(
                worded(
                    "run.track names other things than at the beginning of the run",
                    self.names,
                    ", ".join(sorted(state)),
                )
            )
        self._stands.clear()
        for name, value in self._objects.items():
            try:
                if hasattr(value, "load_state_dict"):
                    load_into(value, state[name])
                else:
                    value.set_state(state[name])
            except (ValueError, RuntimeError) as error:  # as PyTorch and Keras say it
                raise LrlabError(
                    worded(
                        f"run.track: {name} does not take back its own state: {error}",
                        type(value).__name__,
                        "what has the same form in every update, such as all parameter groups from the beginning",
                        "fork_every=0: no forks",
                    )
                ) from error


def _value(group: Mapping[str, Any], hyper: str) -> float | None:
    """The hyper-parameter of a group, where it is there and a plain number: to look into a tensor may take long."""
    if hyper.startswith("beta"):
        betas = group.get("betas")
        return betas and betas[int(hyper.removeprefix("beta")) - 1]
    value = group.get(hyper)
    return value if isinstance(value, int | float) else None


def _put(group: dict[str, Any], hyper: str, value: float, name: str) -> None:
    """Set one hyper-parameter of one group."""
    key = "betas" if hyper.startswith("beta") else hyper
    if key not in group:
        raise LrlabError(worded(f"the optimizer {name} has no {hyper} to set", sorted(set(group) - {"params"})))
    if key == "betas":
        betas = list(group["betas"])
        betas[int(hyper.removeprefix("beta")) - 1] = value
        group["betas"] = tuple(betas)
    elif hasattr(group[key], "fill_"):  # a tensor stays the same object: no recompilation
        group[key].fill_(value)
    else:
        group[key] = value
