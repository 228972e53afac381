"""Files of JSON lines in the folder of a run; several processes may append, and kills may cut lines off.

Every line has a digest. In a chain the digest also covers that of the line before, so a missing, doubled or moved line
is found. There is no state outside the file: an interrupt or a kill leaves a whole line or a part of one, and the next
line begins on its own. Only regular files are read and written, and no links are followed, because the folder may be
shared.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lrlab.record.regular import descriptor
from lrlab.record.sealed import Torn, digest, parsed

_END = 4096  # bytes that are searched first for the last digest
_DIGEST_AT_END = re.compile(rb'"digest": "([0-9a-f]{64})"\}\s*$')


def append(path: Path, row: Mapping[str, Any], *, chained: bool = False) -> str:
    """Append one line in a single write, on a new line after a torn one; return its digest.

    Raises `OSError` if the file is not regular or cannot be written, and `ValueError` for a number that strict JSON
    does not have.

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
    """The row of a line, and its digest (None if it has none, as in earlier versions).

    Raises `Torn` if it is not a JSON object, was changed, or in a chain does not follow the line before.
    """
    record = parsed(line, "a line as it was written")
    if "digest" not in record:
        return record, None
    found = record.pop("digest")
    with suppress(ValueError, RecursionError):  # nested deeper than a line that was read
        if found == _linked(record, before):
            return record, found
    raise Torn("it is not what was written, or does not follow the line before")


def _linked(row: Mapping[str, Any], before: str | None) -> str:
    """The digest of a row; in a chain `before` is the digest of the line before."""
    return digest(row if before is None else {**row, "after": before})


def _last_digest(file: Any, size: int) -> str:
    """The digest of the last whole line; an empty text if it has none."""
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
