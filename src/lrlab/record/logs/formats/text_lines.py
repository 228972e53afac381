"""Lines of text as training loops print them: "iter 100: loss 3.21, time 12ms", "step:20/200 val_loss:4.1".

A line is searched for names with a number. One that has a loss is a row; where it counts nothing itself it has what was
counted last. Where "val", "eval" or "test" stands alone in a line, its losses are those of a validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.rows import Config, Item
from lrlab.record.logs.text import lines
from lrlab.record.logs.units import counted

NAME = "lines of text"
FOLDER = False

_LONGEST = 2000  # characters of a line that are searched
_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|nan|inf|NaN|Infinity)"
_PAIR = re.compile(
    r"(?<![\w/.])(?P<name>[A-Za-z_][\w/\-@]*(?:\.\w+)*(?: [A-Za-z][\w/\-]*){0,3}?)['\"]?\s*(?:\([^()\d]{0,20}\))?"
    rf"(?:\s*[:=]\s*|\s+)['\"\[(]?\s*(?P<value>{_NUMBER})(?P<unit>[A-Za-z%]*)(?![\w.])(?:\s*/\s*(?P<of>\d+)\b)?"
)
_WITHIN = re.compile(  # "Epoch: [0][10/391]", "Epoch [1/5], Step [100/600]", "Train Epoch: 1 [640/60000 (1%)]"
    r"(?i)\bepoch\s*:?\s*[\[(]?\s*(?P<epoch>\d+)\s*(?:/\s*\d+)?\s*[\])]?[\s,|;:-]*"
    r"(?:(?:step|iter|iteration|batch)\s*:?)?\s*[\[(]\s*(?P<at>\d+)\s*/\s*(?P<of>\d+)\s*(?P<share>\(\s*\d+%\))?"
)
_ALONE = re.compile(r"(?i)(?<![\w/])(?:val|valid|validation|eval|evaluation|test|testing|dev)(?![\w/])")


def claims(path: Path) -> int:
    """The number of lines with a loss."""
    return sum(any(role(name) is Role.LOSS for name in row) for row, _ in _rows(path))


def rows(path: Path) -> Iterator[Item]:
    """The lines with a loss or an LR."""
    for row, of in _rows(path):
        yield row
        if of:
            yield Config({"steps_of": of})


def _rows(path: Path) -> Iterator[tuple[dict[str, object], int]]:
    counters: dict[str, object] = {}
    for _, text, _ in lines(path):
        if not text or text.lstrip().startswith(('{"', '"')):
            continue
        values, of = _read(text[:_LONGEST])
        found = {name: value for name, value in values.items() if counted(name)}
        counters = found or counters
        told = {name: value for name, value in values.items() if name not in found}
        if any(role(name) in (Role.LOSS, Role.RATE) for name in told):
            yield {**counters, **told}, of


def _read(text: str) -> tuple[dict[str, object], int]:
    """The named numbers of a line, and of how many steps in an epoch it is one, where it says so.

    >>> _read("step 250: train loss 3.1402, val loss 3.1877")[0]
    {'step': '250', 'train loss': '3.1402', 'val loss': '3.1877'}
    >>> _read("Epoch: [0][ 10/391] Time 0.1 (0.2) Loss 6.91 (7.01)")
    ({'epoch': 0, 'batch': 10, 'Time': '0.1', 'Loss': '6.91'}, 391)
    """
    row: dict[str, object] = {}
    of = 0
    if (found := _WITHIN.search(text)) and int(found["of"][:15]) > 0:
        epoch, at, many = (int(found[name][:15]) for name in ("epoch", "at", "of"))
        if found["share"]:  # a share of the data, and so of an epoch; the first is 1
            row["epoch"] = epoch - 1 + at / many
        else:
            row |= {"epoch": epoch, "batch": at}
            of = many
        text = text[: found.start()] + " " * (found.end() - found.start()) + text[found.end() :]
    rest, end = "", 0
    for pair in _PAIR.finditer(text):
        rest, end = rest + text[end : pair.start()] + " ", pair.end()
        name = _named(pair["name"])
        rest += pair["name"].removesuffix(name) + " "
        if not pair["unit"]:
            row.setdefault(name, pair["value"])
    rest += text[end:]
    if _ALONE.search(rest) and not any(role(name) is Role.LOSS and loss(name).validation for name in row):
        row = {f"val {name}" if role(name) is Role.LOSS else name: value for name, value in row.items()}
    return row, of


@lru_cache(4096)
def _named(text: str) -> str:
    """The name in the words before a number: the longest end that says what it is.

    >>> _named("INFO step"), _named("rank val loss"), _named("number of skipped iterations")
    ('step', 'val loss', 'number of skipped iterations')
    """
    parts = text.split()
    for first in range(len(parts)):
        end = " ".join(parts[first:])
        if (kind := role(end)) is Role.LOSS and not loss(end).part:
            return end
        if kind is Role.RATE or (counted(end) and "skipped" not in text):
            return end
    return text
