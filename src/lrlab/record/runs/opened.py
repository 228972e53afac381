"""Opens the place of a store: a folder of this machine, or a URL for fsspec (s3://bucket/runs, gs://...).

A text with "://" is a URL.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from lrlab.errors import LrlabTypeError, worded
from lrlab.record.runs.disk import Disk
from lrlab.record.runs.files import Files


def opened(place: str | Path) -> Files:
    """The files at a path or URL. Raises `LrlabError` for a URL that fsspec does not know, `MissingExtra` without it.

    >>> opened("runs:old").address == str(Path.cwd() / "runs:old")
    True
    """
    if not isinstance(place, str | Path):
        raise LrlabTypeError(worded("a store is a folder or a URL", place, "text, or a Path", 'store="runs"'))
    if "://" in str(place):
        from lrlab.record.runs.remote import Remote

        return Remote(str(place))
    return Disk(Path(place))


@contextlib.contextmanager
def aside(address: str) -> Iterator[str]:
    """The address of a new temporary place below another one; it is deleted afterwards."""
    name = f".aside-{secrets.token_hex(8)}"
    try:
        yield f"{address}/{name}"
    finally:
        opened(address).drop(name)
