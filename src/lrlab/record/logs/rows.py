"""What stands in a log, whatever its format: rows of values by column, and what could not be a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Config:
    """What the file says of its configuration."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Unreadable:
    """A place that was left out: where it is, and why."""

    where: str
    why: str


@dataclass(frozen=True)
class Unusable:
    """A column that was left out, and why."""

    column: str
    why: str


@dataclass(frozen=True)
class Remark:
    """Something about the whole file, in a sentence."""

    sentence: str


Item = Row | Config | Unreadable | Unusable | Remark
