"""The output of Keras' fit: "Epoch 3/10", and at the end of it "391/391 - 2s - loss: 2.1 - val_loss: 2.3"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lrlab.record.logs.rows import Config, Item
from lrlab.record.logs.text import Line, lines, sample, unended

NAME = "Keras, as printed"
FOLDER = False

_EPOCH = re.compile(r"\s*Epoch (\d+)(?:/\d+)?\s*$")
_END = re.compile(r"\s*(\d+)/\1 .*- [a-z_]*loss: ")
_BAR = re.compile(r"\s*\d+/\d+ .*- [a-z_]*loss: ")
_PAIR = re.compile(r"- (\w+): ([-+\w.]+)")
_PARTS = re.compile("[\r\x08]+")  # a progress bar overwrites itself
_LONGEST = 20_000  # characters of a line that are searched


def claims(path: Path) -> int:
    """How many times a loss was printed, although only the last one of an epoch is a row."""
    if not any(True for _ in _rows(sample(path))):
        return 0
    return sum(
        _BAR.match(part) is not None for _, text, _ in sample(path) for part in _PARTS.split((text or "")[-_LONGEST:])
    )


def rows(path: Path) -> Iterator[Item]:
    """The last line of each epoch; its number of batches is the number of updates."""
    for row in _rows(lines(path)):
        yield {name: value for name, value in row.items() if name != "of"}
        yield Config({"updates_per_epoch": row["of"]})
    yield from unended(path)


def _rows(source: Iterable[Line]) -> Iterator[dict[str, object]]:
    epoch: int | None = None
    for _, text, _ in source:
        for part in _PARTS.split((text or "")[-_LONGEST:]):
            if found := _EPOCH.match(part):
                epoch = int(found[1][:15])
            elif (end := _END.match(part)) and epoch is not None:
                yield {"epoch": epoch, "of": int(end[1][:15]), **dict(_PAIR.findall(part))}
