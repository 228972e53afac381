"""Tables with a header, such as CSV files: separated by commas, semicolons, tabs, bars or spaces.

A table that is drawn, with bars around its rows and lines between them, is read as the same one without. A bar behind
a backslash is part of its field, as in Markdown.

Commas within numbers are decimal points (0,001) if any of the first thousand rows says so, else they separate
thousands (12,000). Where they are decimal points, points separate thousands (12.000) in a column that counts, or that
has both (1.234,5); in another, which may be of another hand, they are decimal points too.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.rows import Item, Remark, Unreadable, Unusable
from lrlab.record.logs.steps import number
from lrlab.record.logs.text import UNENDED, lines, sample
from lrlab.record.logs.units import counted

NAME = "table"
FOLDER = False

_SEPARATORS = ",;\t"
_SCALARS = ["Wall time", "Step", "Value"]  # TensorBoard's download of one tag; the tag is in the file's name
_INDEX = ("", "Unnamed: 0")  # the column of row numbers that pandas writes first
_SAID = re.compile(r'"?sep=.?"?\s*|[-\s|+:=\u2500-\u257f]+')  # a separator line for spreadsheets; one that is drawn
_BARS = str.maketrans("│┃║", "|||")
_INNER = "\ue000"  # stands for \\| until the fields are told apart
_DECIMAL = re.compile(r"[-+]?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+),\d+(?:[eE][-+]?\d+)?")  # 2,5 and 1.234,5
_DOTTED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")  # 12.000 where commas are decimal points
_BOTH = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+,\d+")  # 1.234,5
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")  # 12,000 and 12,000.5
_LOOKED = 1000  # rows that say what a comma is
_RETURN = re.compile("\r(?!\n)")  # the line end of old Macs


def claims(path: Path) -> int:
    """The number of lines with as many fields as the header, at least one of them a number."""
    separator, fields = "", 0
    found, drawn = 0, False
    for _, text, _ in sample(path):
        if text is None or not text.strip() or _SAID.fullmatch(text):
            continue
        if not fields and _is_comment(text):
            continue
        drawn = drawn or (not fields and _is_drawn(text))
        text = _undrawn(text, drawn)
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


def _is_drawn(head: str) -> bool:
    """Whether a bar stands before a header, and so before every row."""
    return head.lstrip()[:1].translate(_BARS) == "|"


def _undrawn(line: str, drawn: bool) -> str:
    """A row without the bars that are drawn around it; where they are `drawn`, it may lack the last one.

    >>> _undrawn("| 10 | 2.5 |", False), _undrawn("│ 10 │ 2.5 │", True), _undrawn("| 10 | 2.5", True)
    (' 10 | 2.5 ', ' 10 | 2.5 ', ' 10 | 2.5')
    >>> _undrawn("10|2.5|", False), _undrawn("|2.5", False)
    ('10|2.5|', '|2.5')
    """
    line = line if line.isascii() else line.translate(_BARS)
    if "\\|" in line:
        line = line.replace("\\|", _INNER)
    bare = line.strip()
    if drawn:
        return bare.removeprefix("|").removesuffix("|")
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == "|" else line


def _is_comment(line: str) -> bool:
    """Whether a line before the header is a remark: it begins with # and names nothing that counts.

    >>> _is_comment("# seed 1"), _is_comment("# step loss lr"), _is_comment("step,loss")
    (True, False, False)
    """
    return line.startswith("#") and not any(map(counted, _parts(line, _separator(line))))


def _separator(head: str) -> str:
    """The separator of the names in a header: a bar, or else spaces, if there is no other."""
    best = max(_SEPARATORS, key=head.count)
    return best if best in head else "|" if "|" in head else " "


def _parts(text: str, separator: str) -> list[str]:
    return text.split() if separator == " " else text.rstrip("\r\n").split(separator)


def rows(path: Path) -> Iterator[Item]:
    """The rows of a table, {column: text}.

    A line with more or fewer fields than the header is left out and reported: its values may be in the wrong columns.
    Raises `LrlabError` for a quote that is never closed, because it swallows the rows after it, and for a later header
    of other columns, whose rows would be taken for those of the first.
    """
    source = _Lines(path)
    rest: Iterator[str] = iter(source)
    head = next((line for line in rest if not _is_comment(line)), "")
    separator = _separator(head)
    if separator == " ":
        rest = (" ".join(line.split()) + "\n" for line in rest)
        head = " ".join(head.removeprefix("#").split())
    try:
        names = [_whole(name.strip(), separator) for name in next(csv.reader([head], delimiter=separator), [])]
    except csv.Error as error:
        raise LrlabError(worded(f"{path}: the header of the table cannot be read: {error}", head)) from None
    header = names
    if names == _SCALARS:
        names = [names[0], names[1], path.stem.rpartition("-tag-")[2]]
    if names and names[0] in _INDEX and not any(map(counted, names)):
        yield Remark("nothing but the number of its row counts in this table: the rows are taken for epochs")
        names = ["epoch", *names[1:]]
    counters = [place for place, name in enumerate(names) if counted(name)]
    doubled = {name for name, count in Counter(names).items() if count > 1 and name}
    yield from (Unusable(name, "two columns have this name") for name in sorted(doubled))
    plain, said = _commas(path, separator, names, source.drawn or False)
    yield from said
    reader = csv.reader(rest, delimiter=separator, strict=True)
    while True:
        source.begin = 0
        try:
            fields = next(reader, None)
        except csv.Error as error:
            if source.number > source.begin or not source.ended:
                raise _unclosed(path, source.begin, source.number) from None
            yield Unreadable(f"line {source.begin}", str(error))
            continue
        if fields is None:
            break
        while len(fields) > len(names) and not fields[-1].strip():
            fields.pop()
        if len(fields) == len(names):
            fields = [field.strip() for field in fields]
            if source.inner:
                fields = [_whole(field, separator) for field in fields]
            if fields != header and any(fields[place][:1].isalpha() and counted(fields[place]) for place in counters):
                raise LrlabError(
                    worded(
                        f"{path}: on line {source.number} a table of other columns begins",
                        fields,
                        f"one table in a file, of the columns {', '.join(names)}",
                        "a file for each table",
                    )
                )
            entries = zip(names, fields, plain, strict=True)
            yield {name: number_of(field) for name, field, number_of in entries if name not in doubled}
        elif any(field.strip() for field in fields):
            yield Unreadable(f"line {source.begin}", f"it has {len(fields)} fields, the header {len(names)}")
    yield from (Unreadable(f"line {at}", "it is too long") for at in source.too_long)
    if not source.ended:
        yield UNENDED


def _commas(
    path: Path, separator: str, names: list[str], drawn: bool
) -> tuple[list[Callable[[str], str]], list[Remark]]:
    """What makes the numbers of each column plain, and what is said of it; from the first rows.

    Where every comma could separate thousands (3,576), and is none between fields, it is a decimal point if no other
    number has one and no column that counts has a comma.
    """
    texts = (_undrawn(text, drawn) for _, text, _ in islice(lines(path), _LOOKED) if text and "," in text)
    rows = [_cells(text, separator) for text in texts]
    found = [{row[k] for row in rows if k < len(row)} for k in range(len(names))]
    cells = set().union(*found)
    decimal = any(_DECIMAL.fullmatch(cell) and not _THOUSANDS.fullmatch(cell) for cell in cells)
    if not decimal and separator != "," and not any("." in cell or cell.count(",") > 1 for cell in cells):
        counts = [cell for name, column in zip(names, found, strict=True) if counted(name) for cell in column]
        decimal = any(map(_THOUSANDS.fullmatch, cells)) and not any("," in cell for cell in counts)
    if decimal:
        both = {name for name, column in zip(names, found, strict=True) if any(map(_BOTH.fullmatch, column))}
        plain: list[Callable[[str], str]] = [_pointed if name in both or counted(name) else _decimal for name in names]
        return plain, [Remark("commas within numbers are taken for decimal points")]
    if any(map(_THOUSANDS.fullmatch, cells)):
        return [_joined] * len(names), [Remark("commas within numbers are taken for separators of thousands")]
    return [str] * len(names), []


def _whole(field: str, separator: str) -> str:
    """A field with the bars that are part of it."""
    return field.replace(_INNER, "|" if separator == "|" else "\\|")


def _cells(text: str, separator: str) -> list[str]:
    """The fields of a line.

    >>> _cells('1;"2,5"', ";"), _cells('1,"2,5"', ","), _cells("1  2,5", " ")
    (['1', '2,5'], ['1', '2,5'], ['1', '2,5'])
    """
    if separator == " ":
        return text.split()
    try:
        return [field.strip() for field in next(csv.reader([text], delimiter=separator), [])]
    except csv.Error:  # told when the rows are read
        return []


def _decimal(field: str) -> str:
    """A number with a decimal comma as one with a point.

    >>> _decimal("0,001"), _decimal("1.234,5"), _decimal("1.876"), _decimal("a,b")
    ('0.001', '1234.5', '1.876', 'a,b')
    """
    return field.replace(".", "").replace(",", ".") if _DECIMAL.fullmatch(field.strip()) else field


def _pointed(field: str) -> str:
    """The same where points separate thousands.

    >>> _pointed("1.234,5"), _pointed("12.000"), _pointed("1.5e-3")
    ('1234.5', '12000', '1.5e-3')
    """
    return field.replace(".", "") if _DOTTED.fullmatch(field.strip()) else _decimal(field)


def _joined(field: str) -> str:
    """A number without the commas between its thousands.

    >>> _joined("12,000"), _joined("12,000.5"), _joined("1,2")
    ('12000', '12000.5', '1,2')
    """
    return field.replace(",", "") if _THOUSANDS.fullmatch(field.strip()) else field


def _unclosed(path: Path, begin: int, end: int) -> LrlabError:
    return LrlabError(
        worded(
            f"{path}: a quote that is opened on line {begin} is not closed properly",
            f"{end - begin + 1} lines are in it",
            "quotes around whole fields, or none",
        )
    )


class _Lines:
    """The lines for the table reader, without blank lines and lines that are too long.

    `begin` is the number of the first line since it was put to 0, `drawn` whether bars stand around the rows, `inner`
    whether a bar was part of a field.
    """

    def __init__(self, path: Path) -> None:
        self.number, self.begin, self.ended = 0, 0, True
        self.drawn: bool | None = None  # as soon as the header is known
        self.inner = False
        self.too_long: list[int] = []
        self._lines = lines(path)

    def __iter__(self) -> Iterator[str]:
        for at, text, ended in self._lines:
            self.number, self.ended = at, ended
            if text is None:
                self.too_long.append(at)
            elif text.strip() and not _SAID.fullmatch(text):
                if self.drawn is None and not _is_comment(text):
                    self.drawn = _is_drawn(text)
                for part in filter(str.strip, _RETURN.split(text.rstrip("\r\n"))):
                    row = _undrawn(part, self.drawn or False)
                    self.begin, self.inner = self.begin or at, self.inner or _INNER in row
                    yield f"{row}\n"
