"""Where a store keeps its files: a folder of this machine, or what fsspec finds at a URL (s3://bucket/runs, gs://...).

A name is a relative path with slashes; what lies under it is a file, or a group of files. Either is there as a whole
or not at all, whatever is killed in between. "://" is what makes a text a URL.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lrlab.errors import LrlabError, LrlabTypeError, worded


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
        """The files of a group. Raises `ValueError` where it is not whole."""
        ...

    def write_group(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write a group; one that is there already, and whole, stays as it is."""
        ...

    def drop(self, name: str) -> None:
        """Forget a file, a group, or a folder with all that is in it, where it is there."""
        ...

    def names(self, folder: str = "") -> list[str]:
        """What lies directly in a folder, sorted; nothing where there is no such folder."""
        ...

    def stat(self, name: str) -> Stat | None:
        """Of a file or group; None where it is not there."""
        ...

    def stats(self, folder: str = "", depth: int = 1) -> dict[str, Stat]:
        """Of all files and groups that lie in a folder (depth 1), or in the folders in it (2), by their names there."""
        ...


def opened(place: str | Path) -> Files:
    """The files at a path or URL. Raises `LrlabError` for a URL that fsspec does not know, `MissingExtra` without it.

    >>> opened("runs:old").address == str(Path.cwd() / "runs:old")
    True
    """
    if not isinstance(place, str | Path):
        raise LrlabTypeError(worded("a store is a folder or a URL", place, "text, or a Path", 'store="runs"'))
    if "://" in str(place):
        from lrlab.record.runs.remote import Remote

        return Remote(str(place))
    return Disk(Path(place))


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


@contextlib.contextmanager
def aside(address: str) -> Iterator[str]:
    """The address of a place of its own below another one, which is gone afterwards."""
    name = f".aside-{secrets.token_hex(8)}"
    try:
        yield f"{address}/{name}"
    finally:
        opened(address).drop(name)


class Disk:
    """A folder, made with the first file in it. Whatever is written lies under another name until one rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.address = str(self._folder)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        for name in names:
            try:
                yield name, (self._folder / name).read_bytes()
            except OSError as error:
                yield name, error

    def write(self, name: str, content: bytes, *, durable: bool = False) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with open(temporary, "xb") as file:
                file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if durable and hasattr(os, "O_DIRECTORY"):  # the new name, too; only POSIX can be asked for that
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def read_group(self, name: str) -> dict[str, bytes]:
        with os.scandir(self._folder / name) as entries:
            return {entry.name: Path(entry).read_bytes() for entry in entries}

    def write_group(self, name: str, files: Mapping[str, bytes]) -> None:
        """Only the files' content is waited for: should a power cut take the name back, the group is made again."""
        home = self._folder / name
        home.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(home.parent)
        try:
            for inner, content in files.items():
                with open(temporary / inner, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            os.rename(temporary, home)
        except OSError:
            if not home.is_dir():  # else the same group was written before, or by another
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def drop(self, name: str) -> None:
        path = self._folder / name
        with contextlib.suppress(FileNotFoundError):
            gone = _temporary(path.parent)
            with contextlib.suppress(FileNotFoundError):  # renamed first: it is there as a whole or not at all
                os.rename(path, gone / path.name)
            shutil.rmtree(gone, ignore_errors=True)

    def names(self, folder: str = "") -> list[str]:
        try:
            return sorted(os.listdir(self._folder / folder))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def stat(self, name: str) -> Stat | None:
        return _stat(self._folder / name)

    def stats(self, folder: str = "", depth: int = 1) -> dict[str, Stat]:
        found: dict[str, Stat] = {}
        for name in self.names(folder):
            inside = f"{folder}/{name}" if folder else name
            if depth > 1:
                found |= {f"{name}/{inner}": stat for inner, stat in self.stats(inside, depth - 1).items()}
            elif stat := self.stat(inside):
                found[name] = stat
        return found


def _stat(path: Path) -> Stat | None:
    with contextlib.suppress(OSError):
        info = path.stat()
        size = sum(each.stat().st_size for each in path.iterdir()) if path.is_dir() else info.st_size
        return Stat(size, info.st_mtime)
    return None


def _temporary(parent: Path) -> Path:
    """A new directory beside what it will become, or take with it."""
    folder = parent / f".part-{secrets.token_hex(8)}"
    os.mkdir(folder)
    return folder
