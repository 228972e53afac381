"""TensorBoard event files, read without TensorFlow.

A file is a chain of records (length, checksum, bytes, checksum); each holds one `Event` message of protocol buffers,
of which a scalar needs five fields. Files are streamed; a record cut off by a killed writer ends the reading.

    for step, tag, value in scalars(Path("runs/1")): ...
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_EVENT_STEP, _EVENT_SUMMARY = 2, 5
_SUMMARY_VALUE = 1
_VALUE_TAG, _VALUE_SIMPLE, _VALUE_TENSOR = 1, 2, 8
_TENSOR_TYPE, _TENSOR_CONTENT, _TENSOR_FLOATS, _TENSOR_DOUBLES = 1, 4, 5, 6
_DOUBLE = 2  # the number of float64 among TensorFlow's data types; float32 is 1


def event_files(path: Path) -> list[Path]:
    """The event files of a run: `path` itself, or those in the directory, oldest first."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if "tfevents" in file.name)
    return [path]


def scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Every scalar of a run as (step, tag, value), in the order of writing."""
    for file in event_files(path):
        for record in _records(file):
            yield from _event(record)


def _records(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while len(header := stream.read(12)) == 12:
            (length,) = struct.unpack("<Q", header[:8])
            if length > file.stat().st_size:
                return
            record = stream.read(length)
            if len(record) < length or len(stream.read(4)) < 4:
                return
            yield record


def _event(record: bytes) -> Iterator[tuple[int, str, float]]:
    step, summaries = 0, []
    for number, value in _fields(record):
        if number == _EVENT_STEP and isinstance(value, int):
            step = value
        elif number == _EVENT_SUMMARY and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for number, value in _fields(summary):
            if number == _SUMMARY_VALUE and isinstance(value, bytes):
                tag, scalar = _scalar(value)
                if scalar is not None:
                    yield step, tag, scalar


def _scalar(message: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, value in _fields(message):
        if not isinstance(value, bytes):
            continue
        if number == _VALUE_TAG:
            tag = value.decode("utf-8", "replace")
        elif number == _VALUE_SIMPLE:
            (scalar,) = struct.unpack("<f", value)
        elif number == _VALUE_TENSOR:
            scalar = _tensor(value)
    return tag, scalar


def _tensor(message: bytes) -> float | None:
    """The number in a tensor of one float32 or float64; None for any other tensor."""
    kind, content = 0, b""
    for number, value in _fields(message):
        if number == _TENSOR_TYPE and isinstance(value, int):
            kind = value
        elif number in (_TENSOR_CONTENT, _TENSOR_FLOATS, _TENSOR_DOUBLES) and isinstance(value, bytes):
            content = value
    form = "<d" if kind == _DOUBLE else "<f"
    return float(struct.unpack(form, content)[0]) if len(content) == struct.calcsize(form) else None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of one message: (number, integer) or (number, raw bytes); stops at what it cannot read."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            return
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, at
