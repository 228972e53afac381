"""The live factor of a running process: orders in a file of its folder, which it looks at before each update.

    runs/x/live.jsonl
        {"lrlab": 1, "live": "orders"}
        {"factor": 0.5, "at": "2026-11-21T11:50:00+00:00"}       somebody's order: the first
        {"taken": 1, "update": 1200}                             the run's answer: it held from update 1200 on

The file only grows, by whole lines; a line without its end is not read yet. The answer makes an order part of the
run's history: a run that is resumed from before update 1200 takes it at update 1200 again.
"""

from __future__ import annotations

import json
import logging
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.process.lines import append

FILE = "live.jsonl"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FactorOrder:
    """The `number`-th order, counted from 1: a factor, when it was given, and from which update on it held, if yet."""

    number: int
    factor: float
    at: str
    taken: int | None


class ManualOrders:
    """What a run reads of its orders; it begins to listen when this is made.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     live = ManualOrders(folder)
    ...     number = give(folder, 0.5).number
    ...     live.due(1200), live.due(1201), orders(folder)[0].taken
    (0.5, None, 1200)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = Path(folder) / FILE
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            append(self._path, {"lrlab": 1, "live": "orders"})
        self._reader = _Reader(self._path)
        self._done: int | None = None  # the last order that the state of the run has in it

    def resumed(self) -> None:
        """The run goes on from another position: which orders its state has in it is found anew."""
        self._done = None

    def due(self, update: int) -> float | None:
        """The factor to set before this update, or None. Of several the last counts."""
        fresh = self._reader.read()
        found, taken = self._reader.factors, self._reader.taken
        if self._done is None:
            self._done = max((number for number, at in taken.items() if at < update), default=0)
        elif not fresh and self._done == len(found):
            return None
        last = max(taken, default=0)  # one before it without an answer was overtaken, and never held
        held = {n: taken.get(n, update) for n in range(self._done + 1, len(found) + 1) if n in taken or n > last}
        due = [n for n, at in held.items() if at <= update]
        if not due:
            return None
        self._done = due[-1]
        if self._done not in taken:
            append(self._path, {"taken": self._done, "update": update})
        return found[self._done - 1][0]


def give(folder: str | os.PathLike[str], factor: float) -> FactorOrder:
    """Order a factor for the run that listens in this folder.

    Raises `LrlabError` where none has ever listened there, and for a factor below 0 or not finite.
    """
    if isinstance(factor, bool) or not isinstance(factor, (int, float)):
        raise LrlabTypeError(worded("a live factor is a number", factor, hint="0.5"))
    if not (math.isfinite(factor) and factor >= 0):
        raise LrlabError(worded("a live factor is finite, and not below 0", factor, "0.5 halves the LR, 1 undoes it"))
    path = _listening(folder)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    append(path, {"factor": float(factor), "at": at})
    return orders(folder)[-1]


def orders(folder: str | os.PathLike[str]) -> tuple[FactorOrder, ...]:
    """Every order for a run, in order. Raises `LrlabError` where no run has ever listened in this folder."""
    reader = _Reader(_listening(folder))
    reader.read()
    return tuple(FactorOrder(n, *given, reader.taken.get(n)) for n, given in enumerate(reader.factors, 1))


def _listening(folder: str | os.PathLike[str]) -> Path:
    path = Path(folder) / FILE
    if not path.exists():
        hint = f'Scheduler(..., live="{Path(folder)}") in the script of the run'
        raise LrlabError(worded("no run listens in this folder", str(folder), f"a folder with {FILE} in it", hint))
    return path


class _Reader:
    """Reads whole lines as the file grows, each once."""

    def __init__(self, path: Path) -> None:
        self._path, self._size, self._offset = path, -1, 0
        self.factors: list[tuple[float, str]] = []
        self.taken: dict[int, int] = {}

    def read(self) -> bool:
        """Take in what is new; whether there was anything. Where the file has not grown this is one stat()."""
        try:
            size = os.stat(self._path).st_size
        except FileNotFoundError:
            return False
        if size == self._size:
            return False
        self._size = size
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            whole, end, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(end)
        for line in whole.splitlines():
            self._take(line)
        return bool(end)

    def _take(self, line: bytes) -> None:
        try:
            row: dict[str, Any] = json.loads(line) if line.strip() else {}
            if "factor" in row:
                self.factors.append((float(row["factor"]), str(row.get("at", ""))))
            elif "taken" in row:
                self.taken.setdefault(int(row["taken"]), int(row["update"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("%s: a line that is no order is passed over: %.80r", self._path, line)
