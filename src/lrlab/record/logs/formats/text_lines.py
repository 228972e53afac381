"""Lines of text as training loops print them: "iter 100: loss 3.21, time 12ms", "step:20/200 val_loss:4.1".

A line is searched for names with a number. A line with a loss is a row; if it has no counter, it gets the last counter
before it. If the word "val", "eval" or "test" stands alone in a line, its losses are validation losses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.rows import Config, Item
from lrlab.record.logs.text import Line, lines, sample, unended
from lrlab.record.logs.units import counted, words

NAME = "lines of text"
FOLDER = False

_LONGEST = 2000  # characters of a line that are searched
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+(?![,\d])|\d++\.?\d*+(?:[eE][-+]?\d++)?|\.\d++|nan|inf|NaN|Infinity)"
# A repeat with ++, *+ or ?+ does not backtrack: the time to search a line grows linearly with its length.
_PAIR = re.compile(
    r"(?<![\w/.])(?P<name>[A-Za-z_][\w/\-@]*+(?:\.\w++)*+(?:\.? [A-Za-z][\w/\-]*+){0,3}?)['\"]?+"
    r"(?:\s*+\([^()\d]{0,20}\))?+(?:\s*+[:=]\s*+|\s++)['\"\[(]?+\s*+"
    rf"(?P<value>{_NUMBER})(?P<unit>[A-Za-z%]*+)(?![\w.]|,\d)(?:\s*+/\s*+(?P<of>\d++)\b)?+"
)
_WITHIN = re.compile(  # "Epoch: [0][10/391]", "Epoch [1/5], Step [100/600]", "Train Epoch: 1 [640/60000 (1%)]"
    r"(?i)\bepoch\s*+:?\s*+[\[(]?\s*+(?P<epoch>\d++)\s*+(?:/\s*+\d++)?\s*+[\])]?[\s,|;:-]*+"
    r"(?:(?:step|iter|iteration|batch)\s*+:?)?\s*+[\[(]\s*+(?P<at>\d++)\s*+/\s*+(?P<of>\d++)\s*+"
    r"(?P<share>\(\s*+\d++%\))?"
)
_BAR = re.compile(r"\d{1,3}%\|[^|]{0,300}\|\s?(?P<at>\d{1,15})/(?P<of>\d{1,15})\s?\[")  # tqdm
_BAR_EPOCH = re.compile(r"(?i)\bepoch\s?[\[(]?(\d{1,9})")
_COMMANDS = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")  # escape sequences of a terminal
_THOUSANDS = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9}
_ALONE = re.compile(r"(?i)(?<![\w/])(?:val|valid|validation|eval|evaluation|test|testing|dev)(?![\w/])")


def claims(path: Path) -> int:
    """The number of lines with a loss."""
    return sum(any(role(name) is Role.LOSS for name in row) for row, _ in _rows(sample(path)))


def rows(path: Path) -> Iterator[Item]:
    """The lines with a loss or an LR."""
    for row, of in _rows(lines(path)):
        yield row
        if of:
            yield Config({"steps_of": of})
    yield from unended(path)


def _rows(source: Iterable[Line]) -> Iterator[tuple[dict[str, object], int]]:
    counters: dict[str, object] = {}
    for _, text, _ in source:
        for part in (text or "").rstrip().split("\r"):  # a progress bar overwrites itself
            if not part or part.lstrip().startswith(('{"', '"')):
                continue
            values, of = _read(_COMMANDS.sub("", part[:_LONGEST]))
            found = {name: value for name, value in values.items() if counted(name)}
            told = {name: value for name, value in values.items() if name not in found}
            if any(role(name) in (Role.LOSS, Role.RATE) for name in told):
                counters = found or counters
                yield {**counters, **told}, of
            else:  # a line with only a counter comes before the lines that it counts
                counters = counters | found


def _read(text: str) -> tuple[dict[str, object], int]:
    """The named numbers of a line, and the number of steps per epoch, if the line tells it.

    >>> _read("step 250: train loss 3.1402, val loss 3.1877")[0]
    {'step': '250', 'train loss': '3.1402', 'val loss': '3.1877'}
    >>> _read("Epoch: [0][ 10/391] Time 0.1 (0.2) Loss 6.91 (7.01)")
    ({'epoch': 0, 'batch': 10, 'Time': '0.1', 'Loss': '6.91'}, 391)
    """
    row: dict[str, object] = {}
    of = 0
    if (found := _WITHIN.search(text)) and (many := int(found["of"][:15])) > 0:
        epoch, at = (int(found[name][:15]) for name in ("epoch", "at"))
        if found["share"]:  # a share of the data, so of an epoch; the first epoch is 1
            row["epoch"] = epoch - 1 + at / many
        else:
            row |= {"epoch": epoch, "batch": at}
            of = many
        text = text[: found.start()] + "\t" + text[found.end() :]
    elif (found := _BAR.search(text)) and int(found["of"]) > 0:
        at, of, epoch_of = int(found["at"]), int(found["of"]), _BAR_EPOCH.search(text[: found.start()])
        row = {"epoch": int(epoch_of[1]), "batch": at} if epoch_of else {"step": at}
        text = text[found.end() :]
    rest, end = "", 0
    for pair in _PAIR.finditer(text):
        rest, end = rest + text[end : pair.start()] + " ", pair.end()
        name = _named(pair["name"])
        rest += pair["name"].removesuffix(name) + " "
        value = pair["value"].replace(",", "")
        if not pair["unit"]:
            row.setdefault(name, value)
        elif pair["unit"] in _THOUSANDS and counted(name):
            row.setdefault(name, float(value) * _THOUSANDS[pair["unit"]])
    rest += text[end:]
    if _ALONE.search(rest) and not any(role(name) is Role.LOSS and loss(name).validation for name in row):
        row = {f"val {name}" if _unnamed(name) else name: value for name, value in row.items()}
    return row, of


def _unnamed(name: str) -> bool:
    """Whether it is a loss with a name that does not tell the data it was measured on."""
    return role(name) is Role.LOSS and not {"train", "training"} & set(words(name))


@lru_cache(4096)
def _named(text: str) -> str:
    """The name in the words before a number: the longest ending with a known meaning.

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
