"""Files of JSON lines that several processes append to, and that a kill may leave with half a line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append(path: Path, row: Mapping[str, Any]) -> None:
    """Append one line, written at once; after a torn one it begins on a line of its own.

    Raises `ValueError` for a number that strict JSON does not have.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "lines.jsonl"
    ...     path.write_text('{"torn": tr')
    ...     append(path, {"whole": True})
    ...     path.read_text().splitlines()
    11
    ['{"torn": tr', '{"whole": true}']
    """
    text = json.dumps(row, allow_nan=False) + "\n"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    with open(descriptor, "rb+", buffering=0) as file:
        torn = file.seek(0, os.SEEK_END) > 0 and _last(file) != b"\n"
        file.write((("\n" if torn else "") + text).encode())


def _last(file: Any) -> bytes:
    """The last byte."""
    file.seek(-1, os.SEEK_END)
    last: bytes = file.read(1)
    return last
