"""Log files of any format as one stream of rows; each format is a file in this folder and declares itself.

NAME                 its name
FOLDER               whether it is a folder or a file
claims(path) -> int  how many rows it finds in a sample of the log: the format that finds most reads it
rows(path)           the rows, and the places that could not be read as one
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol

from lrlab.errors import LrlabError, worded
from lrlab.record.logs import formats
from lrlab.record.logs.formats import document, table
from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.rows import Config, Item, Remark, Unreadable, Unusable
from lrlab.record.logs.text import first_line

_KEYS = ("key", "metric", "tag", "variable", "metric_name", "name")  # the column that names the value in a long table
_PHASES = (  # columns that tell which data a row is about
    "mode", "phase", "split", "stage", "subset", "set", "dataset", "data", "partition", "part", "type", "kind",
)  # fmt: skip
_DEPTH = 3  # of objects within objects


class Format(Protocol):
    """A log format: what each file in this folder defines."""

    NAME: str
    FOLDER: bool

    def claims(self, path: Path) -> int:
        """How many rows it finds in a sample of the log, or in all of it."""
        ...

    def rows(self, path: Path) -> Iterator[Item]:
        """The rows, and the places that could not be read as one."""
        ...


@cache
def every() -> tuple[Format, ...]:
    """All formats, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    found = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    return tuple(module for module in found if hasattr(module, "claims"))


def of(path: Path) -> Format:
    """The format of a log: the one that finds most rows in it.

    Raises `LrlabError` if the log is missing, is not a regular file, or has no known format.
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
        return document if first_line(path)[:1] in (b"{", b"[") else table  # their errors say what is wrong


def rows(path: Path) -> Iterator[Item]:
    """The rows of a log, and the places that are not rows. Raises `LrlabError` as `of` does, and for a broken log."""
    return told(path, of(path))


def told(path: Path, format_: Format) -> Iterator[Item]:
    """The contents of a log of this format."""
    with _in_words(path):
        for item in format_.rows(path):
            if isinstance(item, Config | Unreadable | Unusable | Remark):
                yield item
            else:
                yield _phased(_wide(dict(_flat(item))))


def _flat(row: dict[str, object] | object, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """The values of a row; those inside an object are named "object/name"."""
    if isinstance(row, dict):
        for name, value in row.items():
            if isinstance(value, dict) and depth < _DEPTH:
                yield from _flat(value, f"{prefix}{name}/", depth + 1)
            else:
                yield f"{prefix}{name}", value


def _wide(row: dict[str, object]) -> dict[str, object]:
    """A row of the long form, {"key": "loss", "value": 2.5}, as {"loss": 2.5}."""
    values = [name for name in row if _lower(name) == "value"]
    if not values:
        return row
    keys = [name for word in _KEYS for name in row if _lower(name) == word and isinstance(row[name], str) and row[name]]
    if not keys:
        return row
    rest = {name: value for name, value in row.items() if name not in (values[0], keys[0])}
    return {**rest, str(row[keys[0]]): row[values[0]]}


def _phased(row: dict[str, object]) -> dict[str, object]:
    """A row that a column marks as validation, {"mode": "val", "loss": 2}, with its losses renamed to say so."""
    said = [value for name, value in row.items() if _lower(name) in _PHASES and isinstance(value, str)]
    if not any(loss(value).validation for value in said):
        return row
    return {
        f"val/{name}" if role(name) is Role.LOSS and not loss(name).validation else name: v for name, v in row.items()
    }


@lru_cache(4096)
def _lower(name: str) -> str:
    return name.lower()


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
