"""How far a training function goes in one call, and how it is ended there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lrlab.lab.arms.controls import ControlSpec
from lrlab.record.runs.states import StoredState


class Diverged(BaseException):
    """Ends the training function early. No error, so that `except Exception` in it does not catch it."""


class Forked(BaseException):
    """Ends the training function where the stage ends and others begin."""


@dataclass(frozen=True)
class StageBounds:
    """The part of a run that is trained in one go: from `start` (None: the beginning) to `stop` at the latest.

    `keep` is called with the run now and then, where training may be taken up again.

    `function` is the training function: what it can see is looked at where training forks. `cell` names what determines
    how a run begins.

    `others` is what the arms set that are along, beside the one that trains: the stage ends before the first update
    that one of them would set differently. It ends at multiples of `every` only.
    """

    stop: int
    start: StoredState | None = None
    others: tuple[ControlSpec, ...] = ()
    every: int = 1
    keep: Callable[[Any], object] = lambda run: None
    function: Any = None
    cell: str = ""
