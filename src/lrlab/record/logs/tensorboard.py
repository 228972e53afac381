"""TensorBoard event files, read without TensorFlow.

A file is a chain of frames (see `frames.py`); each holds one protocol buffer message `Event`; a scalar needs five of
its fields. Files are streamed; a frame with a wrong checksum or a malformed message is left out.

    for step, tag, value in scalars(Path("runs/1")): ...
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from lrlab.record.logs.frames import fits, frames
from lrlab.record.logs.rows import Item, Unreadable
from lrlab.record.regular import descriptor, is_regular

_EVENT_STEP, _EVENT_SUMMARY = 2, 5
_SUMMARY_VALUE = 1
_VALUE_TAG, _VALUE_SIMPLE, _VALUE_TENSOR = 1, 2, 8
_TENSOR_TYPE, _TENSOR_CONTENT, _TENSOR_FLOATS, _TENSOR_DOUBLES = 1, 4, 5, 6
_DOUBLE = 2  # the number of float64 among TensorFlow's data types; float32 is 1
_SMALL = 65_536  # bytes: the checksum of a larger frame without a scalar is not computed

Scalar = tuple[int, str, float]


class _Malformed(ValueError):
    """A message that cannot be read."""


def event_files(path: Path) -> list[Path]:
    """The event files of a run: `path` itself, or those in the directory, oldest first."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if "tfevents" in file.name and is_regular(file))
    return [path]


def scalars(path: Path) -> Iterator[Scalar]:
    """Every scalar of a run as (step, tag, value), in the order of writing."""
    return (found for found in _found(path) if not isinstance(found, Unreadable))


def events(path: Path) -> Iterator[Item]:
    """Every scalar of a run as a row, and what could not be read."""
    for found in _found(path):
        yield found if isinstance(found, Unreadable) else {"step": found[0], found[1]: found[2]}


def _found(path: Path) -> Iterator[Scalar | Unreadable]:
    for file in event_files(path):
        with open(descriptor(file), "rb") as stream:
            for each in frames(stream, file.name):
                if isinstance(each, Unreadable):
                    yield each
                else:
                    yield from _told(*each, f"{file.name}, byte {stream.tell() - len(each[0]) - 16}")


def _told(content: bytes, checksum: int, where: str) -> Iterator[Scalar | Unreadable]:
    """The scalars in the content of a frame, after a check of its checksum."""
    try:
        found, problem = list(_event(content)), ""
    except _Malformed as error:
        found, problem = [], str(error)
    if len(content) > _SMALL and not found and not problem:  # a picture, a sound
        return
    if not fits(content, checksum):
        yield Unreadable(where, "its checksum does not fit")
    elif problem:
        yield Unreadable(where, problem)
    else:
        yield from found


def _event(content: bytes) -> Iterator[Scalar]:
    step, summaries = 0, []
    for number, value in _fields(content):
        if number == _EVENT_STEP and isinstance(value, int):
            step = value - 2**64 if value >= 2**63 else value
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
            if len(value) != 4:
                raise _Malformed(f"a value of {len(value)} bytes, not 4")
            (scalar,) = struct.unpack("<f", value)
        elif number == _VALUE_TENSOR:
            scalar = _tensor(value)
    return tag, scalar


def _tensor(message: bytes) -> float | None:
    """The number in a tensor with a single float32 or float64; None for any other tensor."""
    double, content = False, b""
    for number, value in _fields(message):
        if number == _TENSOR_TYPE and isinstance(value, int):
            double = value == _DOUBLE
        elif number in (_TENSOR_CONTENT, _TENSOR_FLOATS, _TENSOR_DOUBLES) and isinstance(value, bytes):
            content = value
    form = "<d" if double else "<f"
    return float(struct.unpack(form, content)[0]) if len(content) == struct.calcsize(form) else None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of one message: (number, integer) or (number, raw bytes). Raises `_Malformed` for anything else."""
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
            raise _Malformed(f"a field of kind {kind}")
        if at + length > len(message):
            raise _Malformed("a field that ends behind its message")
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """An integer of at most ten bytes."""
    value = 0
    for shift, byte in enumerate(message[at : at + 10]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            if value >= 2**64:
                break
            return value, at + shift + 1
    raise _Malformed("an integer without end")
