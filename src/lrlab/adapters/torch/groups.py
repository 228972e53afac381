"""The parameter groups of a PyTorch optimizer: the base LR of each, and writing a multiple of it into them.

Groups come and go: `load_state_dict()` replaces every one by a copy, layers are unfrozen into new ones, a second
scheduler takes over from the first. A group is therefore known again by itself or by its list of parameters, never
by its place.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from torch import Tensor
from torch.optim import Optimizer

from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)
Group = dict[str, Any]


class Before(Protocol):
    """What an earlier scheduler has left in the groups of an optimizer, for the one that takes over."""

    def left_in(self, group: Group, hyper: str = "lr") -> float:
        """The group's own value of a hyper-parameter, where it still has what was written."""
        ...

    def retire(self) -> None:
        """A later scheduler takes over: what this one would write next raises."""
        ...


# What the latest scheduler of each optimizer has left there, for the next one.
LEFT: WeakKeyDictionary[Optimizer, Before] = WeakKeyDictionary()


def taken_over() -> LrlabError:
    """The error of a scheduler that goes on although a later one has taken over."""
    return LrlabError(
        worded(
            "another Scheduler has been attached to this optimizer since",
            allowed="one at a time",
            hint="one schedule: first >> second, or first * second",
        )
    )


class Groups:
    """The groups of one optimizer, which it does not keep alive, their base LRs and the value that was written last.

    `before` are those of an earlier scheduler on the same optimizer: where a group still has the LR that this one
    wrote, its base LR goes on; any other LR in a group is a new base LR.
    """

    def __init__(self, groups: list[Group], absolute: bool, before: Before | None = None) -> None:
        self.absolute = absolute
        self.retired = False  # a later scheduler has taken over
        self.value = 1.0
        self._reported = False
        self._bases: dict[int, tuple[object, float]] = {}
        self.take(groups, [_own(group) if before is None else before.left_in(group) for group in groups])

    def take(self, groups: list[Group], base_lrs: Sequence[float]) -> None:
        """Set the base LR of each group; those of one base LR are written together."""
        if not groups:
            raise LrlabError(worded("the optimizer has no parameter groups", hint="add_param_group()"))
        self.base_lrs = [float(base) for base in base_lrs]
        self._order = list(groups)
        self._many, self._last, self._kept = len(groups), groups[-1], groups[0]["lr"]
        self._tensors = any(isinstance(group["lr"], Tensor) for group in groups)
        self._bases = {
            id(sign): (sign, base)  # the sign is held, for an id is good as long as its object lives
            for group, base in zip(groups, self.base_lrs, strict=True)
            for sign in _signs(group)
        }
        shares: dict[float, list[Group]] = {}
        for base, group in zip(self.base_lrs, groups, strict=True):
            shares.setdefault(base, []).append(group)
        self._shares = list(shares.items())

    def retire(self) -> None:
        """A later scheduler takes over: the next write() finds nothing as it was left, and raises."""
        self.retired, self._many = True, 0

    def adopt(self, groups: list[Group]) -> None:
        """Take in the groups as they are now: a known one keeps its base LR, a new one brings its own."""
        found = [self._base(group) for group in groups]
        self.take(groups, [_own(group) if base is None else base for group, base in zip(groups, found, strict=True)])

    def changed(self, groups: list[Group]) -> bool:
        """Whether groups were added, removed or replaced since they were taken in."""
        return len(groups) != self._many or groups[-1] is not self._last or id(groups[0]) not in self._bases

    def moved(self, groups: list[Group]) -> bool:
        """As `changed`, or in another order, also in the middle: it looks at every group."""
        return self.changed(groups) or any(map(operator.is_not, groups, self._order))

    def write(self, groups: list[Group], value: float) -> None:
        """Write the LR at this value of the schedule into every group; a tensor is filled in place.

        Raises `LrlabError` where a later scheduler has taken over.
        """
        if len(groups) != self._many or groups[-1] is not self._last or groups[0]["lr"] is not self._kept:
            self._look(groups)
        self.value = value
        for base, alike in self._shares:
            lr = value if self.absolute else base * value
            if self._tensors:
                for group in alike:
                    if isinstance(group["lr"], Tensor):
                        group["lr"].fill_(lr)
                    else:
                        group["lr"] = lr
            else:
                for group in alike:
                    group["lr"] = lr
        self._kept = groups[0]["lr"]

    def lr(self, base_lr: float, value: float) -> float:
        """The LR at this value of the schedule."""
        return value if self.absolute else base_lr * value

    def used(self, values: NDArray[np.float64]) -> bool:
        """Whether every update of these values had its LR, although nothing was written in between."""
        return bool((values == self.value).all())

    def set_aside(self, groups: list[Group]) -> bool:
        """Whether something else has put every LR at 0.

        `torch.distributed.checkpoint` does so to fill the optimizer's state by a step() that is no update.
        """
        return groups[0]["lr"] is not self._kept and not any(group["lr"] for group in groups)

    def _look(self, groups: list[Group]) -> None:
        """Something is not as it was left: other groups, or another LR in the first, which is said once."""
        if self.retired:
            raise taken_over()
        if not self.changed(groups) and not self._reported:
            lr, mine = groups[0]["lr"], self.lr(self.base_lrs[0], self.value)
            if float(lr) != as_stored(mine, lr):
                self._reported = True
                log.warning(
                    "Something else has set the LR of group 0 to %g; the schedule goes on from %g. "
                    "scheduler.base_lrs = [...] changes it for good.",
                    lr,
                    mine,
                )
        self.adopt(groups)

    def _base(self, group: Group) -> float | None:
        return next((self._bases[id(sign)][1] for sign in _signs(group) if id(sign) in self._bases), None)

    def left_in(self, group: Group, hyper: str = "lr") -> float:
        """The base LR of a group for the scheduler that takes over; other hyper-parameters were not written."""
        if hyper != "lr":
            return float(group[hyper])
        base, own = self._base(group), _own(group)
        return own if base is None or own != as_stored(self.lr(base, self.value), group["lr"]) else base


def as_stored(lr: float, kept: float | Tensor) -> float:
    """An LR as its group keeps it: a tensor rounds it to its own precision."""
    return float(kept.new_tensor(lr)) if isinstance(kept, Tensor) else lr


def _signs(group: Group) -> tuple[object, ...]:
    """The objects by which a group is known again.

    Its LR tensor is one of them: groups that take the optimizer's default share it, and it holds what was written.
    """
    lr = group.get("lr")
    return (group, group["params"], lr) if isinstance(lr, Tensor) else (group, group["params"])


def _own(group: Group) -> float:
    try:
        return float(group["lr"])
    except (KeyError, TypeError):
        raise LrlabError(
            worded("a parameter group has no LR to multiply", group.get("lr"), hint="lr=1e-3 in the optimizer")
        ) from None
