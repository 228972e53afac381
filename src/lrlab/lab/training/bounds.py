"""How far a training function goes in one call, and how it is ended there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lrlab.lab.arms.controls import ControlSpec
from lrlab.record.runs.states import StoredState


class Diverged(BaseException):
    """Ends the training function early; it is not an `Exception`, so `except Exception` does not catch it."""


class Forked(BaseException):
    """Ends the training function at the end of its stage, where other stages begin."""


@dataclass(frozen=True)
class StageBounds:
    """The part of a run that is trained in one call: from `start` (None: the beginning) to `stop` at the latest.

    `keep` is called with the run from time to time, at updates where training may be resumed.

    `function` is the training function: what it can see is examined where training forks. `cell` names everything that
    determines how a run begins.

    `others` are the settings of the other arms that share this stage. The stage ends before the first update for which
    one of them would set another value. It ends only at multiples of `every`.
    """

    stop: int
    start: StoredState | None = None
    others: tuple[ControlSpec, ...] = ()
    every: int = 1
    keep: Callable[[Any], object] = lambda run: None
    function: Any = None
    cell: str = ""
