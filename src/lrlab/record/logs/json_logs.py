"""JSON as logs have it: one object a line, or one document with a history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.rows import Config, Item, Remark, Unreadable, Unusable
from lrlab.record.logs.steps import STEP
from lrlab.record.logs.text import lines
from lrlab.record.regular import content

_WHOLE = 200_000_000  # bytes: JSON that is one document has to be held in memory


def is_line(head: bytes) -> bool:
    """Whether one line alone is a JSON object with plain values, as in JSON lines."""
    row = _loaded(head)
    return isinstance(row, dict) and not isinstance(row.get("history"), dict | list)


def json_lines(path: Path) -> Iterator[Item]:
    """The objects of a file with one in each line; other lines are left out, and said."""
    for number_of_line, text, ended in lines(path):
        where = f"line {number_of_line}"
        if text is None:
            yield Unreadable(where, "it is too long")
        elif text.strip():
            row = _loaded(text)
            if isinstance(row, dict):
                # A column may be called config, too; a configuration has no step beside it.
                alone = isinstance(row.get("config"), dict) and not any(name in row for name in STEP)
                yield Config(row["config"]) if alone else row
            else:
                yield Unreadable(where, "it is not a JSON object" if ended else "it is cut off")


def document(path: Path) -> Iterator[Item]:
    """The rows of one document: a list of rows, or columns, or groups of columns, maybe under "history"."""
    try:
        found = json.loads(content(path, most=_WHOLE).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise LrlabError(worded(f"{path.name} is not JSON: {error}", allowed="one document, or one per line")) from None
    if isinstance(found, list):
        found = {"history": found}
    if not isinstance(found, dict):
        raise LrlabError(worded(f"{path.name} holds no history", found, "a list of rows, or columns by name"))
    if isinstance(found.get("config"), dict):
        yield Config(found["config"])
    history = found.get("history", found)
    if isinstance(history, list):
        rows = [row for row in history if isinstance(row, dict)]
        if len(rows) < len(history):
            yield Remark(f"{len(history) - len(rows)} entries of the history are no rows, and were left out")
        yield from rows
    elif isinstance(history, dict):
        yield from _columns(history)


def _columns(history: Mapping[str, Any]) -> Iterator[Item]:
    """Columns side by side, or groups of columns that each have their own steps, as rows."""
    groups: list[Mapping[str, Any]] = [group for group in history.values() if isinstance(group, dict)]
    for group in groups or [history]:
        step = next((name for name in STEP if isinstance(group.get(name), list)), None)
        if step is None:
            continue
        for name, column in group.items():
            if name != step and isinstance(column, list):
                if len(column) == len(group[step]):
                    yield from ({step: at, name: value} for at, value in zip(group[step], column, strict=True))
                elif column:
                    yield Unusable(name, f"{len(column)} entries for {len(group[step])} steps")


def _loaded(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
