"""One finished training as columns, its JSON form with an upgrade chain, and its key.

The name of a run is the hash of everything that determines it, so a repeated run is recognised.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lrlab.core.feedback.direction import Way, told
from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError, worded
from lrlab.record.sealed import Torn, sealed, unsealed
from lrlab.record.shape import shaped

VERSION = 3
CONTENT = 2  # version of a run's content; part of every key, because a run with less content must be made again


@dataclass(frozen=True)
class Series:
    """Values over a run: `values[k]` belongs to `updates[k]`, which rise. Raises `LrlabError` for different lengths."""

    updates: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.updates) != len(self.values):
            raise LrlabError(f"{len(self.updates)} updates, {len(self.values)} values")


@dataclass(frozen=True)
class StoredRun:
    """One finished training.

    `lr` is a multiple of the task's own LR, `score` the last value of `metric` (an infinity, the worst value,
    if the run diverged). `loss` holds the training loss by the update in which it was computed; `evals` and
    `decisions` count completed updates: an evaluation after the last update is at `updates`.
    `fingerprint` is the hash of what was trained, weights and optimizer; None if it is not known. `logged` holds what
    else was logged by update: "grad_norm", the norm of the gradient. `averaging` is the average of the weights by which
    it was judged, as an arm has it; None too where a run was stored before this was. `mode` says which way the metric
    is better; None where a run was stored before this was.
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
    logged: Mapping[str, Series] = field(default_factory=dict)
    averaging: float | str | None = None
    mode: Way | None = None

    @property
    def way(self) -> Way | None:
        """Which way its metric is better; without a `mode` as the name says, and None where that does not say it."""
        return self.mode or told(self.metric)


def content_key(recipe: Mapping[str, object]) -> str:
    """The SHA-256 (hex) of a recipe, which determines a run; the order of its names does not matter.

    Raises `LrlabError` if something in the recipe is not plain JSON.

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
    """The run as one line of strict JSON with a digest; infinities and NaN become "inf", "-inf" and "nan"."""
    found = {"version": VERSION, **dataclasses.asdict(run)}
    if not run.logged:  # written as ever
        del found["logged"]
    for name in ("averaging", "mode"):
        if found[name] is None:
            del found[name]
    return sealed(plain(found))


def from_json(text: str | bytes) -> StoredRun:
    """The run that `to_json` wrote, also by an earlier version.

    Raises `Torn` if the text is not what was written, and `LrlabError` if a later version wrote it.
    """
    data = unsealed(text, "a stored run", VERSION, since=3)
    try:
        for step in range(data["version"], VERSION):
            data = UPGRADES[step](data)
        return shaped(StoredRun, {name: value for name, value in data.items() if name != "version"})
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Torn(f"not a stored run: {error}") from None


def plain(value: Any) -> Any:
    """A value for strict JSON, which has no infinities and no NaN; `float` reads their texts back."""
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
        "loss": series(data["loss"]),
        "evals": {data["metric"]: series(data["evals"])},
        "decisions": [],
    }


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1 had no fingerprint."""
    return {**data, "fingerprint": None}


def _from_2(data: dict[str, Any]) -> dict[str, Any]:
    """Format 2 had no digest."""
    return data


# UPGRADES[v] converts the JSON of format v to format v + 1.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _from_0, 1: _from_1, 2: _from_2}
