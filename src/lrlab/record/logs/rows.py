"""The contents of a log in any format: rows of values by column, and what could not be read as a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Config:
    """The configuration that the file contains."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Unreadable:
    """A place in the file that was left out, and why."""

    where: str
    why: str


@dataclass(frozen=True)
class Unusable:
    """A column that was left out, and why."""

    column: str
    why: str


@dataclass(frozen=True)
class Remark:
    """A sentence about the whole file."""

    sentence: str


Item = Row | Config | Unreadable | Unusable | Remark
