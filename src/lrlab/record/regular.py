"""Opens only regular files, so that a pipe, a device, a folder or a link with a file's name never blocks."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

# Windows has neither pipes nor links under a file's name, and opens files as text unless told otherwise.
_NEVER_WAIT, _NO_LINK = getattr(os, "O_NONBLOCK", 0), getattr(os, "O_NOFOLLOW", 0)
_ALWAYS = _NEVER_WAIT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def descriptor(path: str | os.PathLike[str], flags: int = os.O_RDONLY, *, links: bool = True) -> int:
    """Open a regular file and return its descriptor; `links` allows a link to one. Raises `OSError` for anything else.

    >>> descriptor("/")
    Traceback (most recent call last):
    OSError: [Errno 22] not a regular file: '/'
    """
    found = os.open(path, flags | _ALWAYS | (0 if links else _NO_LINK), 0o644)
    if stat.S_ISREG(os.fstat(found).st_mode):
        return found
    os.close(found)
    raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))


def content(path: str | os.PathLike[str], most: int | None = None, *, links: bool = True) -> bytes:
    """The content of a regular file. Raises `OSError` for anything else, and for more than `most` bytes.

    >>> content(__file__, most=10)
    Traceback (most recent call last):
    OSError: [Errno 27] larger than 10 bytes: ...
    """
    with open(descriptor(path, links=links), "rb") as file:
        if most is not None and os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, f"larger than {most} bytes", os.fspath(path))
        try:
            return file.read()
        except MemoryError:
            raise OSError(errno.ENOMEM, "larger than the memory", os.fspath(path)) from None


def is_regular(path: Path) -> bool:
    """Whether the path is a regular file, or a link to one."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
