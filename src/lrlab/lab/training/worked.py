"""Checks that the optimizers make the updates of the run: a run with a forgotten `opt.step()` must not be judged.

A hook of the PyTorch optimizer counts its steps. If no hook runs (some wrappers step by another method), a change of
the weights counts as a step: each weight keeps the number of its changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lrlab.errors import LrlabError, worded

# The first check comes after this many updates, the second at the end.
FIRST = 10
# This share of the updates may be left out (a loss that is not finite, an overflow of half precision) or made twice.
TOLERATED = 0.2

ONE = "one opt.step() for each item of run.steps"


class Worked:
    """Counts the steps of the optimizers over the updates of a run.

    >>> import torch
    >>> opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.4)
    >>> worked = Worked([opt])
    >>> for update in range(4): worked.close()
    >>> worked.check()
    Traceback (most recent call last):
    lrlab.errors.LrlabError: no optimizer has made a step
      given:   '4 items of run.steps'
      allowed: one opt.step() for each item of run.steps
    """

    def __init__(self, tracked: Iterable[Any]) -> None:
        things = [*tracked]
        # Half precision skips updates until its scale fits.
        self._scaled = any(hasattr(each, "get_scale") or getattr(each, "scaler", None) is not None for each in things)
        self._inner = [inner for inner in map(_inner, things) if inner is not None]
        self._steps = [0] * len(self._inner)
        self._idle = self._updates = 0
        for k, optimizer in enumerate(self._inner):
            optimizer.register_step_post_hook(lambda *_, k=k: self._count(k))
        self._began = [*map(self._written, range(len(self._inner)))]
        self._before = self._done()

    def close(self) -> None:
        """Note the end of one more update. Raises `LrlabError` at the first check; see `check`."""
        if not self._inner:
            return
        self._updates += 1
        now = self._done()
        self._idle += now == self._before
        self._before = now
        if self._updates == FIRST:
            self.check()

    def record(self) -> list[Any]:
        """The counts as plain JSON."""
        return [self._updates, self._idle, self._steps]

    def go_on(self, record: list[Any]) -> None:
        """Continue counting from the result of `record`."""
        self._updates, self._idle, self._steps = record[0], record[1], list(record[2])
        self._before = self._done()

    def check_all(self) -> None:
        """At the end of a run: `check`, and raise `LrlabError` if one of several optimizers never made a step."""
        self.check()
        idle = [k for k, steps in enumerate(self._steps) if not steps and self._written(k) == self._began[k]]
        if idle and any(self._steps):
            kinds = ", ".join(type(self._inner[k]).__name__ for k in idle)
            raise LrlabError(
                worded(
                    f"{len(idle)} of {len(self._inner)} optimizers made no step: {kinds}",
                    f"{self._updates} items of run.steps",
                    "steps of each optimizer in run.track",
                    "leave out of run.track what is not to be trained",
                )
            )

    def check(self) -> None:
        """Raise `LrlabError` if fewer or more updates were made than `run.steps` gave."""
        if not self._inner or not self._updates:
            return
        asked = f"{self._updates} items of run.steps"
        if self._idle == self._updates:
            raise LrlabError(worded("no optimizer has made a step", asked, ONE))
        if self._idle > max(2, TOLERATED * self._updates) and not self._scaled:
            raise LrlabError(
                worded(
                    f"{self._idle} of {self._updates} updates were not made",
                    f"{asked}, without a step in these",
                    ONE,
                    "to accumulate gradients, let the loader give all that one update takes",
                )
            )
        most = (1 + TOLERATED) * self._updates
        if min(self._steps) > most:
            raise LrlabError(
                worded(
                    "more updates are made than the schedule counts",
                    f"{min(self._steps)} steps in {asked}",
                    ONE,
                    "let every opt.step() have an item of its own: for update, batch in run.steps(minibatches())",
                )
            )

    def _count(self, k: int) -> None:
        self._steps[k] += 1

    def _done(self) -> int:
        """A number that grows with each step: the steps if they are counted, else the changes of the weights."""
        return sum(self._steps) or sum(map(self._written, range(len(self._inner))))

    def _written(self, k: int) -> int:
        """How often the weights of an optimizer were written."""
        return sum(
            weight._version
            for group in self._inner[k].param_groups
            for weight in group["params"]
            if not weight.is_inference()
        )


def _inner(optimizer: Any) -> Any:
    """The PyTorch optimizer inside the wrappers of other libraries; None if there is none."""
    for _ in range(9):
        if hasattr(optimizer, "register_step_post_hook"):
            return optimizer
        optimizer = getattr(optimizer, "optimizer", None)
    return None
