"""Upgrading checkpoints of earlier versions to the present one, and their digest.

- version 1 had neither document nor digest, scale, changes;
- version 2 had only the LRs of the parameter groups;
- plan version 1, for a plan, had a state for each schedule by its text, and the plan only as a text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lrlab.core.expression.write import document_of
from lrlab.core.run.recorded import upgraded as upgraded_position
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, worded


def upgraded(state: Any) -> Any:
    """A checkpoint of the present version; anything that is not a checkpoint, or was changed, stays as it is."""
    try:
        version = 0 if "plan_version" in state else state["version"]
        had_none = version == 1 and "digest" not in state  # with one, the version is what was changed
        if version not in (0, 1, 2) or not (had_none or state["digest"] == digest(_without_digest(state))):
            return state
        made = _of_plan(_without_digest(state)) if version == 0 else _of_schedule(_without_digest(state))
    except (KeyError, TypeError, AttributeError, IndexError):
        return state
    return {**made, "digest": digest(made)}


def _of_schedule(state: dict[str, Any]) -> dict[str, Any]:
    """Version 1 or 2."""
    groups = [
        _group(str(k), {"lr": base}, {"lr": now})
        for k, (base, now) in enumerate(zip(state["base_lrs"], state["lrs"], strict=True))
    ]
    return {"document": {"lrlab": 0, "text": state["schedule"]}, **upgraded_position(state), "groups": groups}


def _of_plan(state: dict[str, Any]) -> dict[str, Any]:
    """Plan version 1. Its `pacers` stay: only the plan knows which curve is whose."""
    parts = [upgraded_position(part) for part in state["pacers"].values()]
    groups = [_group(one["name"], one["own"], one["now"], one["joined"]) for one in state["groups"]]
    text = next(iter(state["pacers"]))
    alone = state["plan"] == f"plan(lr={text})"
    schedule = parse(text) if alone else None
    return {
        **parts[0],
        "update": state["update"],
        "controllers": {name: record for part in reversed(parts) for name, record in part["controllers"].items()},
        "decisions": [decision for part in parts for decision in part["decisions"]],
        "pacers": state["pacers"],
        "base_lrs": [one["own"]["lr"] for one in groups],
        "lrs": [one["now"]["lr"] for one in groups],
        "groups": groups,
        "schedule": text if alone else state["plan"],
        "document": document_of(schedule) if schedule else {},
        "fingerprint": schedule.fingerprint() if schedule else state["fingerprint"],
        "horizon": state["horizon"],
        "absolute": False,
    }


def _group(name: str, own: Mapping[str, float], now: Mapping[str, float], joined: int = 0) -> dict[str, Any]:
    return {"name": name, "own": own, "now": now, "joined": joined, "driven": {"lr": (0, 1.0)}}


def _without_digest(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in state.items() if name != "digest"}


def digest(record: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) of a record's JSON."""
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise LrlabError(worded(f"this is not a state of a Scheduler: {error}", dict(record))) from None
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
