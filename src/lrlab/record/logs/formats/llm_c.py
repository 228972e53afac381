"""The `main.log` of llm.c: "s:250 tel:3.41", "s:251 trl:3.62 lr:0.0006 norm:0.4"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lrlab.record.logs.rows import Item
from lrlab.record.logs.text import Line, lines, sample, unended

NAME = "llm.c main.log"
FOLDER = False

_LINE = re.compile(r"s:(\d{1,15}) (?=(?:tel|trl|eval):)(.*)$")
_NAMES = {"tel": "val_loss", "trl": "train_loss", "eval": "eval_accuracy"}


def claims(path: Path) -> int:
    """The number of lines in this format."""
    return sum(1 for _ in _rows(sample(path)))


def rows(path: Path) -> Iterator[Item]:
    """Each line, with plain names."""
    yield from _rows(lines(path))
    yield from unended(path)


def _rows(source: Iterable[Line]) -> Iterator[dict[str, str]]:
    for _, text, _ in source:
        if found := _LINE.match((text or "")[:500].strip()):
            pairs = (pair.partition(":") for pair in found[2].split())
            yield {"step": found[1], **{_NAMES.get(name, name): value for name, _, value in pairs if name}}
