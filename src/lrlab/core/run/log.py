"""The log of a run, as a value: what its controllers decided, and what was changed during the run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from lrlab.errors import LrlabError, worded

KEPT = 256  # decisions, and changes, that a checkpoint holds: the latest


@dataclass(frozen=True)
class Decision:
    """What a controller did after `update` completed updates: `event` ("cut", "nan"), from factor `old` to `new`."""

    update: int
    controller: str
    event: str
    old: float
    new: float
    cause: str


@dataclass(frozen=True)
class Change:
    """What was changed after `update` completed updates: `how` ("scale", "splice", "rescale-rest" ...).

    `before` was in force until then, and `after` is from then on: {"schedule": text, "horizon":
    facts}, {"scale": number} or {"base_lrs": list}.
    """

    update: int
    how: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Log(NamedTuple):
    """Decisions and changes, each in their order.

    Before the update `forgotten` it has gaps. `lost` counts the updates that were made and then rolled back.

    >>> log = Log().plus([Decision(9, "plateau1", "cut", 1.0, 0.5, "")]).noted(Change(9, "scale", {"scale": 1}, {"scale": 2}))
    >>> len(log.decisions), log.changes[0].how, log.forgotten
    (1, 'scale', 0)
    """  # noqa: E501

    decisions: tuple[Decision, ...] = ()
    changes: tuple[Change, ...] = ()
    forgotten: int = 0
    lost: int = 0

    def plus(self, decisions: Iterable[Decision]) -> Log:
        """The log with more decisions."""
        return self._replace(decisions=(*self.decisions, *decisions))

    def noted(self, change: Change) -> Log:
        """The log with one more change."""
        return self._replace(changes=(*self.changes, change))

    def record(self) -> dict[str, Any]:
        """The latest entries as plain JSON, of bounded size however long the run is."""
        gone = [one.update for one in self.decisions[:-KEPT]] + [one.update for one in self.changes[:-KEPT]]
        return {
            "decisions": [asdict(decision) for decision in self.decisions[-KEPT:]],
            "changes": [asdict(change) for change in self.changes[-KEPT:]],
            "forgotten": max([self.forgotten, *gone]),
            "lost": self.lost,
        }

    @staticmethod
    def read(record: Mapping[str, Any]) -> Log:
        """The log in a record. Raises `LrlabError` if it holds what no run can decide, or one of Python's own
        errors."""
        found = Log(
            tuple(Decision(**decision) for decision in record["decisions"]),
            tuple(Change(**change) for change in record["changes"]),
            record["forgotten"],
            record["lost"],
        )
        if not (
            all(map(_is_decision, found.decisions))
            and all(map(_is_change, found.changes))
            and _is_count(found.forgotten)
            and _is_count(found.lost)
        ):
            raise LrlabError(
                worded("the recorded log holds what no run decides", allowed="counts and factors from 0 on")
            )
        return found


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_factor(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


def _is_decision(decision: Decision) -> bool:
    texts = decision.controller, decision.event, decision.cause
    told = all(isinstance(text, str) for text in texts)
    return told and _is_count(decision.update) and _is_factor(decision.old) and _is_factor(decision.new)


def _is_change(change: Change) -> bool:
    scales = [part["scale"] for part in (change.before, change.after) if "scale" in part]
    return isinstance(change.how, str) and _is_count(change.update) and all(map(_is_factor, scales))
