"""The journal of a running process: observations and decisions as JSON lines, from which the run can be replayed.

    runs/x/journal.jsonl
        {"begin": "start", "checkpoint": {...}, "digest": "5e0a..."}
        {"update": 1200, "metrics": {"": 2.31, "acc": 0.9}, "decisions": [...], "lrs": [0.05], "digest": "91bc..."}

There is a line with the checkpoint wherever the run is started, resumed, rolled back or changed, and a line for each
observation, with the decisions it led to and the LRs after it. Nothing is written per update. The lines form a chain
(see `lrlab.record.process.lines`); in earlier versions they had no digest.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError, printable, worded
from lrlab.record.process.lines import append, row_of
from lrlab.record.regular import descriptor
from lrlab.record.runs.files import in_words
from lrlab.record.runs.run import plain
from lrlab.record.sealed import Torn
from lrlab.record.shape import Misshapen, shaped

FILE = "journal.jsonl"
_LONGEST = 64 * 2**20  # bytes of a line
log = logging.getLogger(__name__)


class Began(TypedDict):
    """A line that says where a run begins or continues."""

    begin: str
    checkpoint: dict[str, Any]


class Observed(TypedDict):
    """A line with an observation."""

    update: int
    metrics: dict[str, float]
    decisions: list[Decision]
    lrs: list[float]


class Journal:
    """Writes the journal of one run into its folder, or continues it there. Raises `LrlabError` if it cannot.

    Later, a line that cannot be written only gives a warning: a full disk must not end a training.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     journal = Journal(folder)
    ...     journal.observed(1200, 2.31, {"acc": 0.9}, (), [0.1])
    ...     next(rows(folder))["metrics"]
    {'': 2.31, 'acc': 0.9}
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path, self._said = Path(folder) / FILE, ""
        with in_words("the journal of the run cannot be written", str(folder)):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(descriptor(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, links=False))

    def began(self, how: str, checkpoint: Mapping[str, Any]) -> None:
        """Note that the run begins ("start") or continues from another state ("resumed", "rollback", "changed")."""
        self._write({"begin": how, "checkpoint": dict(checkpoint)})

    def observed(
        self,
        update: int,
        value: float | None,
        metrics: Mapping[str, float],
        decisions: Sequence[Decision],
        lrs: Sequence[float],
    ) -> None:
        """Note an observation after `update` completed updates, the decisions that it led to, and the LRs after it."""
        given = {**({} if value is None else {"": value}), **metrics}
        self._write(
            {
                "update": update,
                "metrics": {name: float(metric) for name, metric in given.items()},
                "decisions": [asdict(decision) for decision in decisions],
                "lrs": [float(lr) for lr in lrs],
            }
        )

    def _write(self, row: dict[str, Any]) -> None:
        try:
            append(self._path, plain(row), chained=True)
        except OSError as error:
            if str(error) != self._said:  # only once, not at every observation
                self._said = str(error)
                log.warning(
                    "%s lacks a line, and cannot be replayed from there on: %s", printable(str(self._path)), error
                )


def rows(journal: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The lines of a journal (its file or its folder) without their digests; a line that a kill cut off is left out.

    Only the last line can be cut off, or one after which the run begins again. Raises `LrlabError` for any other line
    that is broken or was changed, and if there is no journal.
    """
    path = Path(journal)
    try:
        path = path / FILE if path.is_dir() else path
        file = open(descriptor(path), "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        allowed = f"{FILE}, or the folder of a run with one"
        raise LrlabError(worded(f"there is no journal here: {error}", str(journal), allowed)) from None
    refused, number, before, whole = None, 0, "", True
    with file:
        while line := file.readline(_LONGEST):
            number, whole = number + 1, line.endswith(b"\n")
            try:
                row, before = _row(line, before)
            except LrlabError as error:
                if refused:
                    raise refused from None
                said = worded(f"line {number} of {path.name} is not a line of a journal: {error}", line)
                refused = LrlabError(said)
                continue
            if refused and "begin" not in row:
                raise refused
            refused = None
            yield row
    if refused and whole:
        raise refused


def _row(line: bytes, before: str) -> tuple[dict[str, Any], str]:
    """The row of a line and its digest; `before` is the digest of the line before. Raises `LrlabError` if broken."""
    if not line.endswith(b"\n"):
        raise Torn("it does not end with a newline")
    row, found = row_of(line, before)
    if found is None and before:
        raise Torn("it has no digest")
    shaped(Began if "begin" in row else Observed, row)
    if row.get("update", 0) < 0:
        raise Misshapen("is below 0", "update")
    return row, found or ""
