"""Log files of any format as one stream of rows. A format is a file of this folder; it says itself what is its own.

NAME                 how it is called
FOLDER               whether it is a folder or a file
claims(path) -> int  how many rows it finds in all of the log: the format that finds most reads it
rows(path)           the rows, and what could be none
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

from lrlab.errors import LrlabError, worded
from lrlab.record.logs import formats
from lrlab.record.logs.formats import document, table
from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.rows import Config, Item, Remark, Unreadable, Unusable
from lrlab.record.logs.text import first_line

_KEYS = ("key", "metric", "tag", "variable", "metric_name", "name")  # what names the value in a table of the long form
_PHASES = ("mode", "phase", "split", "stage", "subset", "set", "dataset")  # columns that say which data a row is about
_DEPTH = 3  # of objects within objects


class Format(Protocol):
    """A format of logs: what each file of this folder has."""

    NAME: str
    FOLDER: bool

    def claims(self, path: Path) -> int:
        """How many rows it finds in all of the log."""
        ...

    def rows(self, path: Path) -> Iterator[Item]:
        """The rows, and what could be none."""
        ...


@cache
def every() -> tuple[Format, ...]:
    """The formats there are, by their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    found = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    return tuple(module for module in found if hasattr(module, "claims"))


def of(path: Path) -> Format:
    """The format of a log: the one that finds most rows in it.

    Raises `LrlabError` if the log is missing or no regular file, or of no known format.
    """
    with _in_words(path):
        folder = path.is_dir()
        found = [(each.claims(path), each) for each in every() if each.FOLDER is folder]
        most, best = max(found, key=lambda each: each[0])
        if most:
            return best
        if folder:
            raise LrlabError(
                worded("no logs in this directory", str(path), "event files of TensorBoard, MLflow's metrics")
            )
        return document if first_line(path)[:1] in (b"{", b"[") else table  # which say what is wrong


def rows(path: Path) -> Iterator[Item]:
    """What stands in a log: rows, and what could be none. Raises `LrlabError` as `of`, and where it is broken."""
    return told(path, of(path))


def told(path: Path, format_: Format) -> Iterator[Item]:
    """What stands in a log of this format."""
    with _in_words(path):
        for item in format_.rows(path):
            if isinstance(item, Config | Unreadable | Unusable | Remark):
                yield item
            else:
                yield _phased(_wide(dict(_flat(item))))


def _flat(row: dict[str, object] | object, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """The values of a row, those of objects in it under "object/name"."""
    if isinstance(row, dict):
        for name, value in row.items():
            if isinstance(value, dict) and depth < _DEPTH:
                yield from _flat(value, f"{prefix}{name}/", depth + 1)
            else:
                yield f"{prefix}{name}", value


def _wide(row: dict[str, object]) -> dict[str, object]:
    """A row of the long form, {"key": "loss", "value": 2.5}, as {"loss": 2.5}."""
    values = [name for name in row if name.lower() == "value"]
    keys = [name for word in _KEYS for name in row if name.lower() == word and isinstance(row[name], str) and row[name]]
    if not values or not keys:
        return row
    rest = {name: value for name, value in row.items() if name not in (values[0], keys[0])}
    return {**rest, str(row[keys[0]]): row[values[0]]}


def _phased(row: dict[str, object]) -> dict[str, object]:
    """A row of which a column says that it is of a validation, {"mode": "val", "loss": 2}, with its losses named so."""
    said = [value for name, value in row.items() if name.lower() in _PHASES and isinstance(value, str)]
    if not any(loss(value).validation for value in said):
        return row
    return {
        f"val/{name}" if role(name) is Role.LOSS and not loss(name).validation else name: v for name, v in row.items()
    }


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, LrlabError):
            raise
        allowed = "a CSV, JSON or JSON lines file, lines of text, or TensorBoard events"
        what = "no such log" if isinstance(error, FileNotFoundError) else f"the log cannot be read: {error}"
        raise LrlabError(worded(what, str(path), allowed)) from None
