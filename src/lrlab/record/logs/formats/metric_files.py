"""MLflow's file store: a folder `metrics` with a file for each metric; its lines are time, value and step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lrlab.record.logs.rows import Item, Unreadable
from lrlab.record.logs.steps import count, number
from lrlab.record.logs.text import lines
from lrlab.record.regular import is_regular

NAME = "MLflow metrics"
FOLDER = True

_MOST = 2000  # files


def claims(path: Path) -> int:
    """The number of files that only have such lines."""
    return sum(_is_metric(file) for file in _files(path))


def rows(path: Path) -> Iterator[Item]:
    """The values of every metric, by step."""
    for file in _files(path):
        if _is_metric(file):
            name = file.relative_to(_root(path)).as_posix()
            for number_of_line, text, ended in lines(file):
                fields = (text or "").split()
                if len(fields) == 3 and ended:
                    yield {"step": fields[2], name: fields[1]}
                elif len(fields) == 3:
                    yield Unreadable(f"{name}, line {number_of_line}", "it is cut off")
                elif fields:
                    yield Unreadable(f"{name}, line {number_of_line}", f"it has {len(fields)} fields, not 3")


def _root(path: Path) -> Path:
    return path / "metrics" if (path / "metrics").is_dir() else path


def _files(path: Path) -> list[Path]:
    found = (file for file in _root(path).rglob("*") if is_regular(file) and not file.is_symlink())
    return sorted(file for _, file in zip(range(_MOST), found, strict=False))


def _is_metric(file: Path) -> bool:
    """Whether the file has lines, all of them a time, a value and a step; the last may be cut off."""
    met = 0
    try:
        for _, text, ended in lines(file):
            fields = (text or "").split()
            if ended and (len(fields) != 3 or number(fields[1]) is None or count(fields[2]) is None):
                return False
            met += ended
    except ValueError:
        return False
    return met > 0
