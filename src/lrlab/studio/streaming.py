"""What happens, as it happens: server-sent events of the lines of a file, each with the byte after it as its id.

Whoever was cut off asks again from the last id, and gets every line once. Nothing is remembered here: the file is all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from lrlab.desk.jobs import read

EVERY = 0.1  # seconds between two looks at the file
QUIET = 10.0  # seconds after which a comment keeps the connection alive


async def lines(path: Path, offset: int, gone: Callable[[], bool] = lambda: False) -> AsyncIterator[bytes]:
    """Events from a byte on, for ever."""
    yield b"retry: 1000\n\n"
    silent = 0.0
    while not gone():
        found = read(path, offset)
        for at, row in found:
            yield f"id: {at}\ndata: {json.dumps(row, allow_nan=False)}\n\n".encode()
            offset, silent = at, 0.0
        if found:
            continue
        await asyncio.sleep(EVERY)
        silent += EVERY
        if silent >= QUIET:
            yield b": still here\n\n"
            silent = 0.0
