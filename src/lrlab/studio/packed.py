"""A document followed by columns of numbers: its length, the document itself, and each column in float32.

    bytes 0-3   the length of the document in bytes, little-endian
    then        the document in JSON, padded with spaces to a multiple of four
    then        the columns one after another; "columns" in the document has their lengths

As JSON, a hundred thousand numbers take two megabytes to parse; packed, they are 400 kB that can be used at once.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def packed(document: Mapping[str, Any], *columns: NDArray[np.float64]) -> bytes:
    """The bytes of a document and its columns.

    >>> packed({}, np.array([1.0, 2.0]))[-8:]
    b'\\x00\\x00\\x80?\\x00\\x00\\x00@'
    """
    text = json.dumps({**document, "columns": [len(column) for column in columns]}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    with np.errstate(over="ignore"):
        numbers = b"".join(column.astype("<f4").tobytes() for column in columns)
    return struct.pack("<I", len(text)) + text + numbers


def unpacked(body: bytes) -> tuple[dict[str, Any], list[NDArray[np.float32]]]:
    """The document and the columns of `packed` bytes."""
    (size,) = struct.unpack_from("<I", body)
    document = json.loads(body[4 : 4 + size])
    numbers = np.frombuffer(body, "<f4", offset=4 + size)
    ends = np.cumsum(document["columns"])
    return document, [numbers[end - n : end] for end, n in zip(ends, document["columns"], strict=True)]
