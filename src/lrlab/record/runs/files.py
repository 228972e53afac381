"""What a store needs from the place of its files: the protocol that every such place implements.

A name is a relative path with slashes; it stands for a file or a group of files. Each exists as a whole or not at all,
even if a process is killed in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from lrlab.errors import LrlabError, worded


@dataclass(frozen=True)
class Stat:
    """The size of a file or group in bytes, and when it was written, in seconds since 1970."""

    size: int
    modified: float


class Files(Protocol):
    """Files under names. A failed operation raises `OSError`, a missing file `FileNotFoundError`."""

    @property
    def address(self) -> str:
        """The text with which any process finds the same files."""
        ...

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        """Each name with the content of its file, or the error why it cannot be read."""
        ...

    def write(self, name: str, content: bytes, *, durable: bool = False) -> None:
        """Write or replace a file; if `durable`, it survives a power cut after this call."""
        ...

    def read_group(self, name: str) -> dict[str, bytes]:
        """The files of a group. Raises `ValueError` if it is not whole."""
        ...

    def write_group(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write a group; an existing whole group stays as it is."""
        ...

    def drop(self, name: str) -> None:
        """Delete a file, a group, or a folder with its contents, if it exists."""
        ...

    def names(self, folder: str = "") -> list[str]:
        """The names directly in a folder, sorted; none if there is no such folder."""
        ...

    def stat(self, name: str) -> Stat | None:
        """Size and time of a file or group; None if it does not exist."""
        ...

    def stats(self, folder: str = "", depth: int = 1) -> dict[str, Stat]:
        """Size and time of all files and groups in a folder (depth 1) or its subfolders (2), by their names there."""
        ...


@contextlib.contextmanager
def in_words(what: str, address: str) -> Iterator[None]:
    """Turn an `OSError` into an `LrlabError` that says what could not be done at the address."""
    try:
        yield
    except OSError as error:
        raise LrlabError(
            worded(
                f"{what}: {error.strerror or error}",
                address,
                "a folder or URL that can be reached, read and written, on a disk with room",
            )
        ) from error
