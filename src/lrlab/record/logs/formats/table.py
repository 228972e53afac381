"""Tables with a header, such as CSV files: separated by commas, semicolons, tabs or spaces."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.rows import Item, Remark, Unreadable, Unusable
from lrlab.record.logs.steps import number
from lrlab.record.logs.text import UNENDED, lines
from lrlab.record.logs.units import counted

NAME = "table"
FOLDER = False

_SEPARATORS = ",;\t"
_SCALARS = ["Wall time", "Step", "Value"]  # TensorBoard's download of one tag; the tag is in the file's name
_INDEX = ("", "Unnamed: 0")  # the column of row numbers that pandas writes first
_SAID = re.compile(r'"?sep=.?"?\s*')  # a separator line for spreadsheets
_RETURN = re.compile("\r(?!\n)")  # the line end of old Macs


def claims(path: Path) -> int:
    """The number of lines with as many fields as the header, at least one of them a number."""
    separator, fields = "", 0
    found = 0
    for _, text, _ in lines(path):
        if text is None or not text.strip() or _SAID.fullmatch(text):
            continue
        if not fields:
            separator = _separator(text)
            names = _parts(text, separator)
            fields = len(names)
            if fields < 2 or (separator == " " and not any(map(counted, names))):
                return 0
        else:
            parts = _parts(text, separator)
            found += len(parts) == fields and any(number(part.strip('\r\n"')) is not None for part in parts)
    return found


def _separator(head: str) -> str:
    """The separator of the names in a header: spaces if there is no other."""
    best = max(_SEPARATORS, key=head.count)
    return best if best in head else " "


def _parts(text: str, separator: str) -> list[str]:
    return text.split() if separator == " " else text.rstrip("\r\n").split(separator)


def rows(path: Path) -> Iterator[Item]:
    """The rows of a table, {column: text}.

    A line with more or fewer fields than the header is left out and reported: its values may be in the wrong columns.
    Raises `LrlabError` for a quote that is never closed, because it swallows the rows after it.
    """
    source = _Lines(path)
    rest: Iterator[str] = iter(source)
    head = next(rest, "")
    separator = _separator(head)
    if separator == " ":
        rest = (" ".join(line.split()) + "\n" for line in rest)
        head = " ".join(head.removeprefix("#").split())
    try:
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
    except csv.Error as error:
        raise LrlabError(worded(f"{path}: the header of the table cannot be read: {error}", head)) from None
    if names == _SCALARS:
        names = [names[0], names[1], path.stem.rpartition("-tag-")[2]]
    if names and names[0] in _INDEX and not any(map(counted, names)):
        yield Remark("nothing but the number of its row counts in this table: the rows are taken for epochs")
        names[0] = "epoch"
    doubled = {name for name, count in Counter(names).items() if count > 1 and name}
    yield from (Unusable(name, "two columns have this name") for name in sorted(doubled))
    reader = csv.reader(rest, delimiter=separator, strict=True)
    while True:
        begin = source.number + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            if source.number > begin or not source.ended:
                raise _unclosed(path, begin, source.number) from None
            yield Unreadable(f"line {begin}", str(error))
            continue
        if fields is None:
            break
        while len(fields) > len(names) and not fields[-1].strip():
            fields.pop()
        if len(fields) == len(names):
            yield {name: field for name, field in zip(names, fields, strict=True) if name not in doubled}
        elif any(field.strip() for field in fields):
            yield Unreadable(f"line {begin}", f"it has {len(fields)} fields, the header {len(names)}")
    yield from (Unreadable(f"line {at}", "it is too long") for at in source.too_long)
    if not source.ended:
        yield UNENDED


def _unclosed(path: Path, begin: int, end: int) -> LrlabError:
    return LrlabError(
        worded(
            f"{path}: a quote that is opened on line {begin} is not closed properly",
            f"{end - begin + 1} lines are in it",
            "quotes around whole fields, or none",
        )
    )


class _Lines:
    """The lines for the table reader, without blank lines and lines that are too long."""

    def __init__(self, path: Path) -> None:
        self.number, self.ended = 0, True
        self.too_long: list[int] = []
        self._lines = lines(path)

    def __iter__(self) -> Iterator[str]:
        for at, text, ended in self._lines:
            self.number, self.ended = at, ended
            if text is None:
                self.too_long.append(at)
            elif text.strip() and not _SAID.fullmatch(text):
                yield from (f"{part}\n" for part in _RETURN.split(text.rstrip("\r\n")) if part.strip())
