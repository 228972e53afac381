"""The frames of a TensorBoard event file: length (8 bytes), its checksum, the content, its checksum; little-endian.

The checksum is CRC-32C (Castagnoli), rotated and offset so that the data may itself contain checksums.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO

from lrlab.record.logs.rows import Unreadable

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, bits reversed
LARGEST = 4_000_000  # bytes: a larger frame is skipped, because it holds pictures or sounds, not scalars


def frame(content: bytes) -> bytes:
    """A frame with this content."""
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc(length)) + content + struct.pack("<I", masked_crc(content))


def frames(stream: IO[bytes], name: str) -> Iterator[tuple[bytes, int] | Unreadable]:
    """The content of each frame with its checksum, which is not checked yet: see `fits`.

    After a damaged length nothing more can be found; a killed writer leaves the last frame cut off.
    """
    size = os.fstat(stream.fileno()).st_size
    while header := stream.read(12):
        at = stream.tell() - len(header)
        length = int.from_bytes(header[:8], "little")
        if len(header) == 12 and masked_crc(header[:8]) != int.from_bytes(header[8:], "little"):
            yield Unreadable(f"{name}, byte {at}", "its length is not what was written; what follows cannot be found")
            return
        if len(header) < 12 or at + length + 16 > size:
            yield Unreadable(f"{name}, byte {at}", "it is cut off")
            return
        if length > LARGEST:
            stream.seek(length + 4, os.SEEK_CUR)
            continue
        content = stream.read(length)
        yield content, int.from_bytes(stream.read(4), "little")


def fits(content: bytes, checksum: int) -> bool:
    """Whether the content fits its checksum."""
    return masked_crc(content) == checksum


def masked_crc(content: bytes) -> int:
    """TensorFlow's masked CRC-32C.

    >>> hex(masked_crc(b"123456789"))  # the CRC itself is 0xe3069283
    '0xc78ab0e5'
    """
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()
