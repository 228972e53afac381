"""Reads the file of live orders while it grows: the orders, and the answers to them.

Anybody who can write into the folder can write anything into the file. A line that is neither an order nor an answer is
skipped and reported once in the log; so is a file that is not regular. A read has a size limit and never waits.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lrlab.core.time.span import MOST
from lrlab.errors import printable
from lrlab.record.process.lines import row_of
from lrlab.record.regular import descriptor
from lrlab.record.sealed import Torn, digest

FILE = "live.jsonl"
_AT_ONCE = 2**16  # bytes per read
_LOOKS = 1024  # reads at the beginning, when the whole file is read; of a larger file only the end is read
_LONGEST = 2**14  # bytes of a line
_MOST_ORDERS = 100_000
MOST_OF_A_FACTOR = 1_000_000  # larger numbers are not factors of an LR
_SAID = 3  # skipped lines per read that are reported one by one
_WORDS = (b'"factor"', b'"taken"', b'"lrlab"')
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Given:
    """An order: its factor, when it was given, and its name (the digest of its line)."""

    factor: float
    at: str
    name: str


@dataclass(frozen=True)
class Seen:
    """What was read so far: the file and its size, the byte reached, the orders; `taken`: the update each holds from.

    `sealed`: a line had a digest, so every later line must have one.
    """

    file: tuple[int, int] = (-1, -1)
    offset: int = 0
    orders: tuple[Given, ...] = ()
    taken: Mapping[str, int] = field(default_factory=dict)
    sealed: bool = False


def read(path: Path, seen: Seen) -> Seen:
    """The state after one read of the file; the same object if the file has not grown, at the cost of one stat()."""
    try:
        found = os.stat(path, follow_symlinks=False)
        file = found.st_ino, found.st_size
        if file == seen.file:
            return seen
        with open(descriptor(path, links=False), "rb") as stream:
            if found.st_ino != seen.file[0] or found.st_size < seen.offset:
                if seen.orders:
                    log.warning("%s is cut off, or another file: it is read anew", _named(path))
                seen = Seen()
            start = seen.offset
            if found.st_size - start > _LOOKS * _AT_ONCE:
                log.warning("%s is too large: only its end is read", _named(path))
                start = found.st_size - _AT_ONCE
            stream.seek(start)
            block = stream.read(_AT_ONCE)
    except (FileNotFoundError, NotADirectoryError):
        return seen
    except OSError as error:
        log.warning("%s: no orders are heard: %s", _named(path), error)
        return replace(seen, file=file)
    whole, _, rest = block.rpartition(b"\n")
    if len(rest) > _LONGEST:  # too long, whatever follows
        whole, rest = block, b""
    more = _Reading(path, seen)
    for line in whole.splitlines():
        more.take(line)
    size = found.st_size if len(block) < _AT_ONCE else -1  # there is more to read
    more.say()
    offset = start + len(block) - len(rest)
    return Seen((found.st_ino, size), offset, tuple(more.orders), more.taken, more.sealed)


def read_all(path: Path, seen: Seen) -> Seen:
    """The state after as many reads as the file needs, up to a limit."""
    for _ in range(_LOOKS):
        before, seen = seen, read(path, seen)
        if seen is before:
            break
    return seen


def _named(path: Path) -> str:
    """A path that is safe to print: others may have named the folder."""
    return printable(str(path), lines=False)


class _Reading:
    """Adds lines to the orders and answers."""

    def __init__(self, path: Path, seen: Seen) -> None:
        self._path, self.orders, self.taken, self.sealed = path, list(seen.orders), dict(seen.taken), seen.sealed
        self._names = {order.name for order in seen.orders}
        self._passed = 0

    def take(self, line: bytes) -> None:
        """Read one more line of any content."""
        if not line.strip():
            return
        try:
            if len(line) > _LONGEST:
                raise Torn("it is too long")
            if not any(word in line for word in _WORDS):  # quickly rejects lines written here by mistake
                raise Torn("it is neither an order nor an answer to one")
            row, name = row_of(line)
            if self.sealed and name is None:
                raise Torn("it has no digest: orders are given by lrlab live")
            if not (self._order(row, name) or self._answer(row) or row.keys() == {"lrlab", "live"}):
                raise Torn("it is neither an order nor an answer to one")
            self.sealed |= name is not None
        except Torn as error:
            self._passed += 1
            if self._passed <= _SAID:
                log.warning("%s: a line is skipped: %s: %.80r", _named(self._path), error, line)

    def say(self) -> None:
        """Report how many more lines were skipped."""
        if self._passed > _SAID:
            log.warning("%s: %d more lines are skipped", _named(self._path), self._passed - _SAID)

    def _order(self, row: Mapping[str, Any], name: str | None) -> bool:
        at = row.get("at", "")
        if row.keys() - {"at"} != {"factor"} or not is_factor(row["factor"]) or type(at) is not str:
            return False
        name = name or digest({**row, "number": len(self.orders) + 1})  # lines of earlier versions have no digest
        if name not in self._names and len(self.orders) < _MOST_ORDERS:
            self._names.add(name)
            self.orders.append(Given(float(row["factor"]), at, name))
        return True

    def _answer(self, row: Mapping[str, Any]) -> bool:
        number, update = row.get("taken"), row.get("update")
        if row.keys() - {"order"} != {"taken", "update"} or not (type(number) is type(update) is int):
            return False
        if not (0 <= update <= MOST and number >= 1):
            return False
        if "order" in row:
            name = row["order"]
        else:  # an answer of an earlier version
            name = self.orders[number - 1].name if number <= len(self.orders) else None
        if type(name) is not str or name not in self._names:
            return False
        self.taken[name] = update
        return True


def is_factor(given: object) -> bool:
    """Whether an LR can be multiplied by this."""
    try:
        return type(given) in (int, float) and 0 <= float(given) <= MOST_OF_A_FACTOR  # type: ignore[arg-type]
    except OverflowError:
        return False
