"""What a store needs of the place where it keeps its files: the protocol that every such place has.

A name is a relative path with slashes; what lies under it is a file, or a group of files. Either is there as a whole
or not at all, whatever is killed in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from lrlab.errors import LrlabError, worded


@dataclass(frozen=True)
class Stat:
    """The bytes that a file or group takes, and when it was written, in seconds since 1970."""

    size: int
    modified: float


class Files(Protocol):
    """Files under names. What cannot be done raises `OSError`; what is not there, `FileNotFoundError`."""

    @property
    def address(self) -> str:
        """The text by which any process finds the same files."""
        ...

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        """Each name with what the file holds, or why it cannot be read."""
        ...

    def write(self, name: str, content: bytes, *, durable: bool = False) -> None:
        """Write or replace a file. `durable`: no power cut can take it back any more."""
        ...

    def read_group(self, name: str) -> dict[str, bytes]:
        """The files of a group. Raises `ValueError` if it is not whole."""
        ...

    def write_group(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write a group; one that is there already, and whole, stays as it is."""
        ...

    def drop(self, name: str) -> None:
        """Forget a file, a group, or a folder with all that is in it, where it is there."""
        ...

    def names(self, folder: str = "") -> list[str]:
        """What lies directly in a folder, sorted; nothing if there is no such folder."""
        ...

    def stat(self, name: str) -> Stat | None:
        """Of a file or group; None if it is not there."""
        ...

    def stats(self, folder: str = "", depth: int = 1) -> dict[str, Stat]:
        """Of all files and groups that lie in a folder (depth 1), or in the folders in it (2), by their names there."""
        ...


@contextlib.contextmanager
def in_words(what: str, address: str) -> Iterator[None]:
    """Turn an `OSError` into an `LrlabError` that says what cannot be done there."""
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
