"""Live events: the lines of a file as server-sent events, each with the position of the byte after it as its id.

A client that was cut off asks again from its last id and gets every line once. The file is the only state.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from lrlab.desk.jobs import read

EVERY = 0.1  # seconds between two reads of the file
QUIET = 10.0  # seconds after which a comment keeps the connection alive


async def lines(path: Path, offset: int, gone: Callable[[], bool] = lambda: False) -> AsyncIterator[bytes]:
    """The events from a byte position on, until the client is gone."""
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
