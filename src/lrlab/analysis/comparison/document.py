"""What a comparison found, as plain JSON values."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, cast

from lrlab.analysis.comparison.columns import COLUMNS, ArmRecord
from lrlab.analysis.comparison.evidence import Evidence

VERSION: Literal[1] = 1


class FlipRecord(TypedDict):
    """Two arms: `one` is ahead of the `other` at the LR `here`, by so much, and behind at the LR `there`."""

    one: str
    other: str
    here: float
    by: float
    there: float
    back: float


class EvidenceRecord(TypedDict):
    """What a comparison found: the arms, best first, and how certain that is.

    `config` is what the task was given to find in `run.config`, beside its defaults and what an arm has of its own.
    `lrs` are the multiples of the task's own LR that some arm was tried at, `flips` the pairs of arms whose order
    depends on it; `together` are the arms that cannot be told from the best, itself included; `level` is that of all
    intervals together; differences up to `margin` do not matter. `target` is the median of the tuned warmup + linear,
    None where it is not among the arms.
    """

    version: Literal[1]
    task: str
    config: dict[str, Any]
    metric: str
    mode: Literal["min", "max"]
    updates: int
    seeds: int
    folds: int
    lrs: list[float]
    runs: int
    arms: list[ArmRecord]
    best: str | None
    together: list[str]
    level: float
    margin: float | None
    target: float | None
    method: str
    advice: str
    settled: bool
    flips: list[FlipRecord]


def document(evidence: Evidence) -> EvidenceRecord:
    """All of it as plain JSON values, best arm first."""
    comparison, (updates,) = evidence.comparison, {run.updates for run in evidence.runs}
    return {
        "version": VERSION,
        "task": evidence.task,
        "config": dict(evidence.config),
        "metric": evidence.metric,
        "mode": evidence.mode,
        "updates": updates,
        "seeds": len({run.seed for run in evidence.runs}),
        "folds": len({run.fold for run in evidence.runs}),
        "lrs": sorted({run.lr for run in evidence.runs}),
        "runs": len(evidence.runs),
        "arms": [{column.key: column.value(evidence, line) for column in COLUMNS} for line in comparison.standings],
        "best": comparison.best,
        "together": list(comparison.together),
        "level": comparison.level,
        "margin": comparison.margin,
        "target": evidence.target,
        "method": comparison.method,
        "advice": evidence.advice,
        "settled": comparison.settled,
        "flips": [cast(FlipRecord, vars(flip)) for flip in comparison.flips],
    }
