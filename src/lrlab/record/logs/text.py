"""The lines of a text file, with a bounded length for any file."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.rows import Remark
from lrlab.record.regular import descriptor

Line = tuple[int, str | None, bool]  # its number, its text (None if it is too long), and whether it has a line end

LONGEST = 1_000_000  # bytes: a longer line is not a row
_ENDLESS = 100  # times as long: then the file is not text
UNENDED = Remark("the last line has no end: it may be cut off, and its last number with it")
_PIECES, _PIECE = 8, 250_000  # bytes: of a longer file these stand for all where its format is sought
_BOM = b"\xef\xbb\xbf"
_WIDE, _WIDEST = (b"\xff\xfe", b"\xfe\xff"), b"\xff\xfe\0\0"  # UTF-16, UTF-32


def lines(path: Path) -> Iterator[Line]:
    """Each line of a file."""
    with _opened(path) as stream:
        number = 0
        while line := stream.readline(LONGEST):
            number += 1
            line = line.removeprefix(_BOM) if number == 1 else line
            whole = line.endswith(b"\n")
            if len(line) < LONGEST or whole:
                yield number, line.decode("utf-8", "replace"), whole
            else:
                yield number, None, _skipped(stream, path)


def sample(path: Path) -> Iterator[Line]:
    """The lines that tell the format of a file: all, or of a long one those of pieces from its beginning to its end.

    They are numbered as they come.
    """
    with _opened(path) as stream:
        size = 0 if isinstance(stream, codecs.StreamRecoder) else stream.seek(0, os.SEEK_END)
        number, apart = 0, (size - _PIECE) // (_PIECES - 1)
        for begin in range(0, size - _PIECE + 1, apart) if size > _PIECES * _PIECE else ():
            stream.seek(begin)
            if begin:
                stream.readline(LONGEST)  # the rest of a line
            while stream.tell() < begin + _PIECE and (line := stream.readline(LONGEST)):
                number += 1
                line = line.removeprefix(_BOM) if number == 1 else line
                yield number, line.decode("utf-8", "replace") if len(line) < LONGEST else None, line.endswith(b"\n")
    if not number:
        yield from lines(path)


def first_line(path: Path) -> bytes:
    """The beginning of the first line that is not blank. Raises `LrlabError` if the file is not text."""
    with _opened(path) as stream:
        head = stream.readline(LONGEST).removeprefix(_BOM)
        for _ in range(1000):
            if head.strip() or not head:
                break
            head = stream.readline(LONGEST)
    if b"\0" in head or head.startswith(b"\x1f\x8b"):
        raise LrlabError(worded("not a text log", str(path), "CSV, JSON lines, JSON, or *tfevents*"))
    return head.lstrip()


def unended(path: Path) -> list[Remark]:
    """A remark if the last line of a file has no line end."""
    with open(descriptor(path), "rb") as stream:
        if not (size := stream.seek(0, os.SEEK_END)):
            return []
        stream.seek(-min(size, 2), os.SEEK_END)
        return [] if stream.read().strip(b"\0").endswith((b"\n", b"\r")) else [UNENDED]


def _opened(path: Path) -> IO[bytes]:
    """The bytes of a file, as UTF-8 where it is text in UTF-16 with a byte order mark, as Windows writes it."""
    stream = open(descriptor(path), "rb")  # noqa: SIM115  # who asks for it closes it
    if stream.peek(2)[:2] not in _WIDE or stream.peek(4)[:4] == _WIDEST:
        return stream
    return codecs.EncodedFile(stream, "utf-8", "utf-16", errors="replace")


def _skipped(stream: IO[bytes], path: Path) -> bool:
    """Skip to the end of a line; return whether it has one. Raises `LrlabError` if the line is extremely long."""
    for _ in range(_ENDLESS):
        part = stream.readline(LONGEST)
        if not part or part.endswith(b"\n"):
            return bool(part)
    raise LrlabError(
        worded("not a text log: a line of it has no end", str(path), f"{_ENDLESS * LONGEST:,} bytes at most")
    )
