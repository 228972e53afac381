"""The journal of a running process: what was observed and decided, as lines of JSON from which it can be replayed.

    runs/x/journal.jsonl
        {"begin": "start", "checkpoint": {...}}
        {"update": 1200, "metrics": {"": 2.31, "acc": 0.9}, "decisions": [...], "lrs": [0.05]}

A run begins where it is started, resumed, rolled back or changed, with its checkpoint; every observation has its
line, with what was decided on it and the LRs that hold after it. Nothing is written per update.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError, worded
from lrlab.record.process.lines import append

FILE = "journal.jsonl"


class Journal:
    """Writes the journal of one run into its folder; an existing one goes on.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     journal = Journal(folder)
    ...     journal.observed(1200, 2.31, {"acc": 0.9}, (), [0.1])
    ...     next(rows(folder))["metrics"]
    {'': 2.31, 'acc': 0.9}
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = Path(folder) / FILE
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def began(self, how: str, checkpoint: Mapping[str, Any]) -> None:
        """The run begins ("start"), or goes on from another state ("resumed", "rollback", "changed")."""
        self._write({"begin": how, "checkpoint": dict(checkpoint)})

    def observed(
        self,
        update: int,
        value: float | None,
        metrics: Mapping[str, float],
        decisions: Sequence[Decision],
        lrs: Sequence[float],
    ) -> None:
        """An observation after so many updates, the decisions that it led to, and the LRs after it."""
        given = {**({} if value is None else {"": value}), **metrics}
        self._write(
            {
                "update": update,
                "metrics": {name: _plain(float(metric)) for name, metric in given.items()},
                "decisions": [asdict(decision) for decision in decisions],
                "lrs": [float(lr) for lr in lrs],
            }
        )

    def _write(self, row: dict[str, Any]) -> None:
        append(self._path, row)


def rows(journal: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The lines of a journal (its file, or its folder); one that a kill has cut off is left out.

    That is the last one, or one after which the run begins again. Raises `LrlabError` for any other line that is
    none, and where there is no journal.
    """
    path = Path(journal)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise LrlabError(worded("there is no journal here", str(journal), f"{FILE}, or the folder of a run with one"))
    torn = ""
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            row = _row(line) if line.endswith("\n") else None
            if torn and not (row and "begin" in row):
                raise LrlabError(worded(f"line {number - 1} of {path.name} is no line of a journal", torn))
            torn = "" if row else line
            if row:
                yield row
    if torn.endswith("\n"):
        raise LrlabError(worded(f"line {number} of {path.name} is no line of a journal", torn))


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        return dict(row) if row.keys() == {"begin", "checkpoint"} or _observed(row) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _observed(row: Mapping[str, Any]) -> bool:
    """Whether this is an observation as a journal has it; where a part is none, maybe by an error of Python."""
    decisions = [Decision(**decision) for decision in row["decisions"]]
    factors = [factor for decision in decisions for factor in (decision.old, decision.new)]
    numbers = [float(number) for number in (*row["metrics"].values(), *row["lrs"], *factors)]
    return len(row) == 4 and type(row["update"]) is int and row["update"] >= 0 and bool(numbers)


def _plain(metric: float) -> float | str:
    """A number as strict JSON has it: one that is not finite as its name."""
    return metric if math.isfinite(metric) else str(metric)
