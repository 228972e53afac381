"""Columns as a data frame of pandas or polars: of the one that is in use, or else the one there is."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from lrlab.errors import LrlabError, MissingExtra, worded
from lrlab.views.seen import columns

LIBRARIES = ("pandas", "polars")


def frame(value: Any, library: str | None) -> Any:
    """The columns of a value. Raises `LrlabError` for another library, `MissingExtra` if it is not installed.

    >>> import lrlab as lr
    >>> frame(lr.linear().over(4), "pandas")["multiplier"].tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    if library not in (*LIBRARIES, None):
        raise LrlabError(worded("data frames are of pandas or polars", library, ", ".join(LIBRARIES)))
    made: Any = _library(library).DataFrame
    return made({name: list(column) for name, column in columns(value).items()})


def _library(name: str | None) -> Any:
    wanted = (name,) if name else sorted(LIBRARIES, key=lambda each: each not in sys.modules)
    for each in wanted:
        try:
            return import_module(each)
        except ModuleNotFoundError:
            continue
    said = f"a data frame needs {name or 'pandas or polars'}, which is not installed"
    raise MissingExtra(worded(said, hint=f"pip install {name or LIBRARIES[0]}"))
