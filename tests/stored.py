"""Runs as a store has them, for the tests of what is made of them."""

from __future__ import annotations

from typing import Any

from lrlab.record.runs.run import Series, StoredRun


def stored(arm: str, schedule: object, fold: int = 0, score: float = 1.0, **facts: Any) -> StoredRun:
    """A finished run of 10 updates of the task "toy", judged after 5 and 10; any of its facts may be another."""
    given = {
        "key": f"{arm}-{facts.get('lr', 1.0)}-{facts.get('seed', 0)}-{fold}", "task": "toy", "arm": arm,
        "schedule": str(schedule), "lr": 1.0, "seed": 0, "fold": fold, "updates": 10, "metric": "val_loss",
        "score": score, "outcome": "finished", "seconds": 1.0,
        "loss": Series(tuple(range(10)), tuple(2 + (score - 2) * k / 9 for k in range(10))),
        "evals": {"val_loss": Series((5, 10), (2 * score, score))}, "decisions": (), "versions": {"python": "3.11"},
    }  # fmt: skip
    return StoredRun(**given | facts)
