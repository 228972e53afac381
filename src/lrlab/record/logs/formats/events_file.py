"""TensorBoard: one event file, by its name or by its first frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lrlab.record.logs.formats.events import within
from lrlab.record.logs.frames import masked_crc
from lrlab.record.logs.rows import Item
from lrlab.record.regular import descriptor

NAME = "TensorBoard events"
FOLDER = False


def claims(path: Path) -> int:
    """The size of the file in bytes, if it begins with a frame or has the name of an event file; else 0."""
    with open(descriptor(path), "rb") as stream:
        head = stream.read(12)
    framed = len(head) == 12 and masked_crc(head[:8]) == int.from_bytes(head[8:], "little")
    return path.stat().st_size if framed or "tfevents" in path.name else 0


def rows(path: Path) -> Iterator[Item]:
    """Every scalar."""
    return within(path)
