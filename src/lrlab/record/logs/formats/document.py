"""One JSON document: a list of rows, columns or groups of columns, possibly under "history"; or a tracker's export.

Keras' `history.history` has columns without a counter: each entry is an epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.roles import Role, role
from lrlab.record.logs.rows import Config, Item, Remark, Unusable
from lrlab.record.logs.text import first_line, lines
from lrlab.record.logs.units import Unit, best, counted
from lrlab.record.regular import content

NAME = "JSON document"
FOLDER = False

_WHOLE = 200_000_000  # bytes: a JSON document has to be held in memory
_LOOKED = 1000  # lines, of which most may be blank
_UNITS: tuple[Unit, ...] = ("updates", "tokens", "samples", "epochs")
_SCALARS = 3  # wall time, step, value: TensorBoard's download of one tag


def claims(path: Path) -> int:
    """The number of rows, if the whole file is one document."""
    try:
        return sum(isinstance(item, dict) for item in rows(path))
    except (LrlabError, OSError):
        return 0


def loaded(path: Path) -> Any:
    """The whole document. Raises `LrlabError` if the file is not one."""
    if first_line(path)[:1] not in (b"{", b"["):
        raise LrlabError(worded(f"{path.name} is not JSON", allowed="one document, or one per line"))
    if _of_many(path):
        raise LrlabError(worded(f"{path.name} is more than one document", allowed="one document, or one per line"))
    try:
        return json.loads(content(path, most=_WHOLE))
    except (ValueError, RecursionError) as error:
        raise LrlabError(worded(f"{path.name} is not JSON: {error}", allowed="one document, or one per line")) from None


def _of_many(path: Path) -> bool:
    """Whether the first line is a document by itself, and not the only one: then the file need not be held."""
    written = (text for _, text, _ in islice(lines(path), _LOOKED) if text is None or text.strip())
    try:
        json.loads(next(written, None) or "")
    except (ValueError, RecursionError):
        return False
    return next(written, "") != ""


def rows(path: Path) -> Iterator[Item]:
    """The rows. Raises `LrlabError` if the file is not a document, or holds no history."""
    found = loaded(path)
    if isinstance(found, list):
        found = {"history": found}
    if not isinstance(found, dict):
        raise LrlabError(worded(f"{path.name} holds no history", found, "a list of rows, or columns by name"))
    if isinstance(found.get("config"), dict):
        yield Config(found["config"])
    history = found.get("history", found)
    if isinstance(history, list):
        kept = [row for row in history if isinstance(row, dict)]
        if not kept and all(isinstance(row, list) and len(row) == _SCALARS for row in history):
            tag = path.stem.rpartition("-tag-")[2]
            kept = [{"step": step, tag: value} for _, step, value in history]
        elif len(kept) < len(history):
            yield Remark(f"{len(history) - len(kept)} entries of the history are no rows, and were left out")
        yield from kept
    elif isinstance(history, dict):
        yield from _columns(history)


def _columns(history: Mapping[str, Any]) -> Iterator[Item]:
    """The rows of columns, or of groups of columns with their own steps."""
    groups: list[Mapping[str, Any]] = [group for group in history.values() if isinstance(group, dict)]
    for group in groups or [history]:
        lists = {name: column for name, column in group.items() if isinstance(column, list)}
        counters = [name for unit in _UNITS for name in best(list(lists), unit)]
        steps = counters[0] if counters else None
        if steps is None:
            yield from _epochs(lists)
            continue
        for name, column in lists.items():
            if name != steps:
                if len(column) == len(lists[steps]):
                    yield from ({steps: at, name: value} for at, value in zip(lists[steps], column, strict=True))
                elif column:
                    yield Unusable(name, f"{len(column)} entries for {len(lists[steps])} steps")


def _epochs(lists: Mapping[str, list[Any]]) -> Iterator[Item]:
    """The rows of columns without a counter, one entry per epoch."""
    kept = {name: column for name, column in lists.items() if role(name) in (Role.LOSS, Role.RATE)}
    length = max(map(len, kept.values()), default=0)
    if not length or any(map(counted, lists)):
        return
    yield Remark("nothing counts the entries of this history: they are taken for epochs")
    for name, column in kept.items():
        if len(column) == length:
            yield from ({"epoch": at, name: value} for at, value in enumerate(column))
        elif column:
            yield Unusable(name, f"{len(column)} entries for {length} epochs")
