"""JSON lines: one object per line, as trackers, detectron2 (`metrics.json`) and people's own loops write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lrlab.record.logs.roles import Role, role
from lrlab.record.logs.rows import Config, Item, Unreadable
from lrlab.record.logs.text import lines, sample
from lrlab.record.logs.units import counted

NAME = "JSON lines"
FOLDER = False


def claims(path: Path) -> int:
    """The number of lines that are one object each; an object with lists of losses or counters is a document."""
    return sum(
        isinstance(row := _loaded(text), dict) and not any(map(_is_column, row.items()))
        for _, text, _ in sample(path)
        if text and text.lstrip().startswith("{")
    )


def rows(path: Path) -> Iterator[Item]:
    """The objects; other lines are left out and reported."""
    for number_of_line, text, ended in lines(path):
        where = f"line {number_of_line}"
        if text is None:
            yield Unreadable(where, "it is too long")
        elif text.strip():
            row = _loaded(text)
            if isinstance(row, dict):
                # A column may be called config, too; a configuration has no step beside it.
                alone = isinstance(row.get("config"), dict) and not any(map(counted, row))
                yield Config(row["config"]) if alone else row
            else:
                yield Unreadable(where, "it is not a JSON object" if ended else "it is cut off")


def _is_column(item: tuple[str, Any]) -> bool:
    name, value = item
    return isinstance(value, list) and (role(name) in (Role.LOSS, Role.COUNTER) or name in ("history", "log_history"))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
