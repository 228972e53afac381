"""Files of JSON lines in the folder of a run: appended to by several processes, cut off by kills, shared with others.

Every line carries a digest; in a chain it is over the digest of the line before as well, so that a line that is
missing, doubled or somewhere else shows itself. Nothing is remembered outside of the file: an interrupt or a kill
leaves a whole line or half of one, and the next line stands on its own. Only a regular file is written to or read, and
no link is followed: the folder may be shared.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrlab.record.regular import descriptor
from lrlab.record.sealed import Torn, digest, parsed

_END = 4096  # bytes that are looked at first for the last digest
_DIGEST_AT_END = re.compile(rb'"digest": "([0-9a-f]{64})"\}\s*$')


def append(path: Path, row: Mapping[str, Any], *, chained: bool = False) -> str:
    """Append one line, written at once; after a torn one it begins on a line of its own. Gives its digest.

    Raises `OSError` where the file is not regular or cannot be written, and `ValueError` for a number that strict
    JSON does not have.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "lines.jsonl"
    ...     path.write_text('{"torn": tr')
    ...     append(path, {"whole": True})[:8]
    ...     path.read_text().replace(digest({"whole": True}), "3ad898b9...").splitlines()
    11
    '3ad898b9'
    ['{"torn": tr', '{"whole": true, "digest": "3ad898b9..."}']
    """
    body = json.dumps(row, allow_nan=False)[:-1]
    with open(descriptor(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, links=False), "rb+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        torn = file.read() not in (b"", b"\n")
        found = _linked(row, _last_digest(file, size) if chained else None)
        text = b"\n" * torn + f'{body}, "digest": "{found}"}}\n'.encode()
        if file.write(text) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))
    return found


def row_of(line: bytes, before: str | None = None) -> tuple[dict[str, Any], str | None]:
    """The row of a line, and its digest: None where it has none, as earlier versions wrote it.

    Raises `Torn` where it is not a JSON object, or not what was written, or in a chain does not follow the line before.
    """
    record = parsed(line, "a line as it was written")
    if "digest" not in record:
        return record, None
    found = record.pop("digest")
    try:
        fits = found == _linked(record, before)
    except (ValueError, RecursionError):
        fits = False
    if not fits:
        raise Torn("it is not what was written, or does not follow the line before")
    return record, found


def _linked(row: Mapping[str, Any], before: str | None) -> str:
    """The digest of a row; in a chain `before` is that of the line before it."""
    return digest(row if before is None else {**row, "after": before})


def _last_digest(file: Any, size: int) -> str:
    """The digest of the last whole line; empty if it has none."""
    length = _END
    while True:
        file.seek(max(0, size - length))
        whole, _, _ = file.read(length).rpartition(b"\n")
        _, end, line = whole.rpartition(b"\n")
        if end or length >= size:
            break
        length *= 16
    found = _DIGEST_AT_END.search(line)
    return found[1].decode() if found else ""
