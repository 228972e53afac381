"""Files in a folder of this machine; anything else at the place of a file or a group is replaced."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lrlab.record.regular import content as content_of
from lrlab.record.runs.files import Stat

_LARGEST = 2**28  # bytes of a single file: runs and recipes are small; a group may be as large as memory


class Disk:
    """A folder, made with its first file. Everything is written under another name, then renamed in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.address = str(self._folder)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        for name in names:
            try:
                yield name, content_of(self._folder / name, most=_LARGEST)
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
            try:
                os.replace(temporary, path)
            except IsADirectoryError:
                self.drop(name)
                os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if durable and hasattr(os, "O_DIRECTORY"):  # also sync the new name; only POSIX offers that
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def read_group(self, name: str) -> dict[str, bytes]:
        with os.scandir(self._folder / name) as entries:
            return {entry.name: content_of(entry) for entry in entries}

    def write_group(self, name: str, files: Mapping[str, bytes]) -> None:
        """Only the content of the files is synced: if a power cut loses the name, the group is made again."""
        home = self._folder / name
        home.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(home.parent)
        try:
            for inner, content in files.items():
                with open(temporary / inner, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            try:
                os.rename(temporary, home)
            except NotADirectoryError:
                self.drop(name)
                os.rename(temporary, home)
        except OSError:
            if not home.is_dir():  # else the same group was written before, or by another process
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def drop(self, name: str) -> None:
        path = self._folder / name
        with contextlib.suppress(FileNotFoundError):
            gone = _temporary(path.parent)
            with contextlib.suppress(FileNotFoundError):  # renamed first: it exists as a whole or not at all
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
    """A new directory beside the target that it will become, or will hold until it is deleted."""
    folder = parent / f".part-{secrets.token_hex(8)}"
    os.mkdir(folder)
    return folder
