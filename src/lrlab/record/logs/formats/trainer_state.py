"""Hugging Face Trainer: `trainer_state.json`, a document with a `log_history`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lrlab.errors import LrlabError
from lrlab.record.logs.formats.document import loaded
from lrlab.record.logs.rows import Item, Remark

NAME = "Hugging Face trainer_state.json"
FOLDER = False


def claims(path: Path) -> int:
    """The number of entries of its `log_history`."""
    try:
        found = loaded(path)
    except (LrlabError, OSError):
        return 0
    history = found.get("log_history") if isinstance(found, dict) else None
    return len(history) if isinstance(history, list) else 0


def rows(path: Path) -> Iterator[Item]:
    """The entries without the last one: it is a summary, and its mean loss over the whole training is not a point of
    the curve."""
    history = loaded(path)["log_history"]
    kept = [row for row in history if isinstance(row, dict)]
    if len(kept) < len(history):
        yield Remark(f"{len(history) - len(kept)} entries of the history are no rows, and were left out")
    for row in kept:
        yield {name: value for name, value in row.items() if name != "train_loss" or "train_runtime" not in row}
