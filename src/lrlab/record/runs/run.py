"""What happened: one finished training as columns, its JSON form with an upgrade chain, and its key.

A run is named by the hash of everything that determines it, so that to repeat it is to recognise it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError, worded

VERSION = 2


@dataclass(frozen=True)
class Series:
    """Values over a run: `values[k]` belongs to `updates[k]`, rising."""

    updates: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class StoredRun:
    """One finished training.

    `lr` is the multiple of the task's own LR, `score` the last value of `metric` (an infinity, the worst
    value, where the run diverged). `loss` holds the training loss by the update that it was computed in;
    `evals` and `decisions` count completed updates: an evaluation after the last one stands at `updates`.
    `fingerprint` is the hash of what was trained, weights and optimizer; None where it is not known.
    """

    key: str
    task: str
    arm: str
    schedule: str
    lr: float
    seed: int
    fold: int
    updates: int
    metric: str
    score: float
    outcome: Literal["finished", "diverged"]
    seconds: float
    loss: Series
    evals: Mapping[str, Series]
    decisions: tuple[Decision, ...]
    versions: Mapping[str, str]
    fingerprint: str | None = None


def content_key(recipe: Mapping[str, object]) -> str:
    """The SHA-256 (hex) of what determines a run, whatever the order in which it is written down.

    Raises `LrlabError` where something in it is not plain JSON.

    >>> content_key({"seed": 0, "lr": 1.0}) == content_key({"lr": 1.0, "seed": 0})
    True
    """
    try:
        text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LrlabError(
            worded(
                f"a run cannot be named by its content: {error}",
                dict(recipe),
                "text, finite numbers, true, false, null, lists and mappings of these (also in run.config)",
            )
        ) from error
    return hashlib.sha256(text.encode()).hexdigest()


def to_json(run: StoredRun) -> str:
    """The run as one line of strict JSON; infinities and NaN stand as the texts "inf", "-inf" and "nan"."""
    return json.dumps(plain({"version": VERSION, **dataclasses.asdict(run)}), allow_nan=False)


def from_json(text: str | bytes) -> StoredRun:
    """The run that `to_json` wrote, also by an earlier version.

    Raises `LrlabError` where the text is torn, foreign, or from a later version.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LrlabError(f"not a stored run: torn, or not JSON ({error})") from error
    version = data.get("version") if isinstance(data, dict) else None
    if type(version) is not int or version < 0:
        raise LrlabError("not a stored run: JSON of something else, without a version")
    if version > VERSION:
        raise LrlabError(
            worded(
                f"stored in format {version} by a later lrlab",
                allowed=f"0 to {VERSION}",
                hint="pip install -U lrlab",
            )
        )
    try:
        for step in range(version, VERSION):
            data = UPGRADES[step](data)
        return _run(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LrlabError(f"not a stored run: {type(error).__name__} {error}") from error


def _run(data: dict[str, Any]) -> StoredRun:
    outcome = data["outcome"]
    if outcome not in ("finished", "diverged"):
        raise ValueError(f"outcome {outcome!r}")
    return StoredRun(
        key=str(data["key"]),
        task=str(data["task"]),
        arm=str(data["arm"]),
        schedule=str(data["schedule"]),
        lr=float(data["lr"]),
        seed=int(data["seed"]),
        fold=int(data["fold"]),
        updates=int(data["updates"]),
        metric=str(data["metric"]),
        score=float(data["score"]),
        outcome=outcome,
        seconds=float(data["seconds"]),
        loss=_series(data["loss"]),
        evals={str(name): _series(series) for name, series in data["evals"].items()},
        decisions=tuple(_decision(decision) for decision in data["decisions"]),
        versions={str(name): str(version) for name, version in data["versions"].items()},
        fingerprint=None if data["fingerprint"] is None else str(data["fingerprint"]),
    )


def _decision(data: dict[str, Any]) -> Decision:
    return Decision(**{**data, "old": float(data["old"]), "new": float(data["new"])})


def _series(data: dict[str, Any]) -> Series:
    updates, values = tuple(map(int, data["updates"])), tuple(map(float, data["values"]))
    if len(updates) != len(values):
        raise ValueError(f"{len(updates)} updates, {len(values)} values")
    return Series(updates, values)


def plain(value: Any) -> Any:
    """A value as strict JSON can hold it. Strict JSON has no infinity and no NaN; `float` reads their texts back."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _from_0(data: dict[str, Any]) -> dict[str, Any]:
    """Format 0 kept series as lists of [update, value] pairs, had one metric, and no decisions."""

    def series(pairs: list[list[float]]) -> dict[str, Any]:
        return {"updates": [pair[0] for pair in pairs], "values": [pair[1] for pair in pairs]}

    return {
        **data,
        "version": 1,
        "loss": series(data["loss"]),
        "evals": {data["metric"]: series(data["evals"])},
        "decisions": [],
    }


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1 had no fingerprint."""
    return {**data, "version": 2, "fingerprint": None}


# UPGRADES[v] turns the JSON of format v into that of format v + 1.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _from_0, 1: _from_1}
