"""Reading a pacer's state of any version: everything is checked against what a run can produce."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.fields import positive
from lrlab.core.run.curve import LAST
from lrlab.core.run.log import Log
from lrlab.errors import LrlabError, worded

VERSION = 3
_FROM = re.compile(r"from update (\d{1,15}) back to")  # the cause of a roll-back


@dataclass(frozen=True)
class Recorded:
    """The parts of a recorded state; `starts` are those of the stretches of each curve."""

    update: int
    scale: float
    controllers: Mapping[str, Mapping[str, Any]]
    log: Log
    consumed: Mapping[str, Any]
    starts: Sequence[Sequence[tuple[int, int]]]


def checked(state: Mapping[str, Any]) -> Recorded:
    """The parts of a recorded state of any version.

    Raises `LrlabError` if it is not one, or holds what no run can produce: a position before the first update, a scale
    or a factor that is not a number of at least 0.
    """
    try:
        version, update = state["version"], state["update"]
        parts = upgraded(state)
        consumed = dict(parts["consumed"])
        found = Recorded(
            update,
            parts["scale"],
            {str(name): dict(record) for name, record in parts["controllers"].items()},
            Log.read(parts),
            consumed,
            [[(start, spent) for start, spent in starts] for starts in consumed.pop("starts")],
        )
    except LrlabError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        lacks = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        if isinstance(state, Mapping):
            given: object = dict(state)
        else:
            lacks, given = "it is no dictionary", state
        raise LrlabError(
            worded(
                f"this is not a state of a schedule: {lacks}", given, "what a scheduler of lrlab wrote by state_dict()"
            )
        ) from None
    if isinstance(version, bool) or version not in range(1, VERSION + 1):
        raise LrlabError(worded("this state was written in another format", version, f"version 1 to {VERSION}"))
    if type(update) is not int or not 0 <= update <= LAST:
        raise LrlabError(worded("the recorded position is not a number of completed updates", update))
    positive(found.scale, "the recorded scale")
    return found


def upgraded(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A state of the present version.

    Version 1 had neither scale nor changes, and the plateau was its only controller. Version 2 held every decision, and
    what was consumed only if the curve was measured in it.
    """
    if state["version"] == 1:
        records = {name: {**record, "mean": None, "pending": 0} for name, record in state["controllers"].items()}
        state = {**state, "version": 2, "scale": 1.0, "changes": [], "controllers": records}
    if state["version"] != 2:
        return state
    live = state.get("live") or {"update": state["update"], "past": {}, "pending": {}, "starts": []}
    return {
        **{name: value for name, value in state.items() if name != "live"},
        "version": VERSION,
        "forgotten": 0,
        "lost": _lost(state["decisions"]),
        "consumed": {**live, "starts": [live["starts"]]},
    }


def _lost(decisions: Sequence[Mapping[str, Any]]) -> int:
    """How many updates were rolled back, from a log that holds every roll-back: the cause of each says from where."""
    count, together = 0, set[str]()  # together: the controllers that went back in one roll-back
    for decision in decisions:
        if decision["event"] != "rollback":
            together = set()
        elif not together or decision["controller"] in together:
            found = _FROM.match(decision["cause"])
            count += max(int(found[1]) - decision["update"], 0) if found else 0
            together = {decision["controller"]}
        else:
            together.add(decision["controller"])
    return count
