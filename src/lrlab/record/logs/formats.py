"""Log files of several formats as one stream of rows: {column: value}, read line by line.

CSV, JSON lines, TensorBoard event files, a tracker's CSV export and history JSON. Three keys mark rows of another
kind: "config" (what the file says of its configuration), "unreadable" (the number of a broken line) and "uneven"
(columns that have not one entry per step, and so cannot be placed).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.tensorboard import event_files, scalars

Row = Mapping[str, Any]

_WHOLE = 500_000_000  # bytes: JSON that is one document has to be held in memory
_LINE = 1_000_000  # bytes: a row longer than this is not a row
STEP = (
    "iter",
    "iteration",
    "global_step",
    "trainer/global_step",
    "update",
    "updates",
    "step",
    "Step",
    "_step",
)


def rows(path: Path) -> Iterator[Row]:
    """The rows of a log file, or of a directory with TensorBoard event files.

    Raises `LrlabError` where the file is missing, of no known format, or JSON that is broken.
    """
    if not path.exists():
        raise LrlabError(worded("no such log", str(path), "a CSV, JSON or JSON lines file, or TensorBoard events"))
    if path.is_dir() and not event_files(path):
        raise LrlabError(worded("no event files in this directory", str(path), "*tfevents*"))
    if path.is_dir() or "tfevents" in path.name:
        return ({"step": step, tag: value} for step, tag, value in scalars(path))
    with path.open("rb") as stream:
        head = stream.readline(_LINE).lstrip() or stream.readline(_LINE).lstrip()
    if b"\0" in head:
        raise LrlabError(worded("not a text log", str(path), "CSV, JSON lines, JSON, or *tfevents*"))
    if head[:1] not in (b"{", b"["):
        return _table(path)
    return _lines(path) if _is_document(head) else _document(path)


def _is_document(line: bytes) -> bool:
    """Whether one line alone is a JSON object with plain values, as in JSON lines."""
    try:
        row = json.loads(line)
    except ValueError:
        return False
    return isinstance(row, dict) and not isinstance(row.get("history"), dict | list)


def _table(path: Path) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        reader = csv.reader(stream)
        names = [name.strip() for name in next(reader, [])]
        for line in reader:
            yield dict(zip(names, line, strict=False))


def _lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                yield {"unreadable": number}
                continue
            yield row if isinstance(row, dict) else {"unreadable": number}


def _document(path: Path) -> Iterator[Row]:
    if path.stat().st_size > _WHOLE:
        raise LrlabError(
            worded(
                "one JSON document too large to hold",
                f"{path.stat().st_size} bytes",
                "JSON lines of any size",
            )
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LrlabError(worded(f"{path.name} is not JSON: {error}", allowed="one document, or one per line")) from None
    if isinstance(document, list):
        document = {"history": document}
    yield {"config": document.get("config") or {}}
    history = document.get("history", document)
    if isinstance(history, list):
        yield from (row for row in history if isinstance(row, dict))
    elif isinstance(history, dict):
        yield from _columns(history)


def _columns(history: Mapping[str, Any]) -> Iterator[Row]:
    """Columns side by side, or groups of columns that each have their own steps, as rows."""
    if not any(isinstance(group, dict) for group in history.values()):
        history = {"": history}
    for group in history.values():
        if not isinstance(group, dict):
            continue
        step = next((name for name in STEP if isinstance(group.get(name), list)), None)
        if step is None:
            continue
        for name, column in group.items():
            if name != step and isinstance(column, list):
                if len(column) != len(group[step]):
                    if column:
                        yield {"uneven": {name: f"{len(column)} entries for {len(group[step])} steps"}}
                    continue
                yield from ({step: at, name: value} for at, value in zip(group[step], column, strict=True))
