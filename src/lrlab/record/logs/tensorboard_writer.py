"""TensorBoard event files, written without TensorFlow: the counterpart of `tensorboard.py`.

A file is a chain of frames (see `frames.py`), each with an event: a protocol buffer message with wall time, step and a
summary of scalars, here tensors with one float64.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

from lrlab.record.logs.frames import frame

_WALL_TIME, _STEP, _VERSION, _SUMMARY = 1, 2, 3, 5
_VALUE, _TAG, _TENSOR, _METADATA = 1, 1, 8, 9
_TYPE, _SHAPE, _CONTENT = 1, 2, 4
_PLUGIN, _PLUGIN_NAME = 1, 1
_FORMAT = b"brain.Event:2"
_DOUBLE = 2  # the number of float64 among TensorFlow's data types

_VARINT, _FIXED64, _BYTES = 0, 1, 2  # wire types of protocol buffers

_numbers = count()


def new_file(directory: Path) -> Path:
    """A new event file in `directory`, which is made if needed; it begins with the version event."""
    directory.mkdir(parents=True, exist_ok=True)
    now = time.time()
    file = directory / f"events.out.tfevents.{int(now):010d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
    file.write_bytes(frame(_wall_time(now) + _field(_VERSION, _FORMAT)))
    return file


def append(file: Path, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
    """Append the scalars of each row (step, {tag: value})."""
    with file.open("ab") as stream:
        for step, values in rows:
            stream.write(frame(event(time.time(), step, values)))


def event(wall_time: float, step: int, values: Mapping[str, float]) -> bytes:
    """The message that holds the scalars of one step; `wall_time` in seconds since 1970."""
    summary = b"".join(_field(_VALUE, _scalar(tag, value)) for tag, value in values.items())
    return _wall_time(wall_time) + _key(_STEP, _VARINT) + _varint(step) + _field(_SUMMARY, summary)


def _scalar(tag: str, value: float) -> bytes:
    """A value of a summary: its tag, a scalar tensor, and the plugin that draws it."""
    tensor = _key(_TYPE, _VARINT) + _varint(_DOUBLE) + _field(_SHAPE, b"") + _field(_CONTENT, struct.pack("<d", value))
    metadata = _field(_PLUGIN, _field(_PLUGIN_NAME, b"scalars"))
    return _field(_TAG, tag.encode()) + _field(_TENSOR, tensor) + _field(_METADATA, metadata)


def _wall_time(seconds: float) -> bytes:
    return _key(_WALL_TIME, _FIXED64) + struct.pack("<d", seconds)


def _field(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    """An unsigned integer with seven bits per byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
