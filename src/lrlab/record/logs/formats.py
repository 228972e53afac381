"""Log files of several formats as one stream: CSV, JSON lines, TensorBoard event files, a tracker's export, JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.json_logs import document, is_line, json_lines
from lrlab.record.logs.rows import Item
from lrlab.record.logs.tables import table
from lrlab.record.logs.tensorboard import event_files, events
from lrlab.record.logs.text import first_line


def rows(path: Path) -> Iterator[Item]:
    """What stands in a log file, or in a directory with TensorBoard event files: rows, and what could be none.

    Raises `LrlabError` where the file is missing or no regular file, of no known format, or JSON that is broken.
    """
    with _in_words(path):
        found = _format(path)
    return _told(path, found)


def _told(path: Path, found: Iterator[Item]) -> Iterator[Item]:
    with _in_words(path):
        yield from found


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, LrlabError):
            raise
        allowed = "a CSV, JSON or JSON lines file, or TensorBoard events"
        what = "no such log" if isinstance(error, FileNotFoundError) else f"the log cannot be read: {error}"
        raise LrlabError(worded(what, str(path), allowed)) from None


def _format(path: Path) -> Iterator[Item]:
    if path.is_dir() and not event_files(path):
        raise LrlabError(worded("no event files in this directory", str(path), "*tfevents*"))
    if path.is_dir() or "tfevents" in path.name:
        return events(path)
    head = first_line(path)
    if head[:1] not in (b"{", b"["):
        return table(path)
    return json_lines(path) if is_line(head) else document(path)
