"""Files at a URL, by way of fsspec: an object store, the memory of this process, another machine's disk.

There one object is put as a whole or not at all, and nothing can be renamed. So a group of files is one object, too: a
zip archive without compression. Where even a put can be cut short (file://, sftp://), the end of the archive is
missing, and it does not count.
"""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from lrlab.errors import LrlabError, MissingExtra, missing, worded
from lrlab.record.runs.files import Stat

# Under which names the file systems tell when something was written; "created" where they know nothing else.
_TIMES = ("LastModified", "mtime", "last_modified", "updated", "modified", "created")

_AT_ONCE = 100  # files that are asked for beside each other


class Remote:
    """The files below a URL; see `lrlab.record.runs.files.Files`. What cannot be reached raises `ConnectionError`."""

    def __init__(self, url: str) -> None:
        self.address = url if url.endswith("://") else url.rstrip("/")
        self._system, self._root = _found(url)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        rest = iter(names)
        while some := list(islice(rest, _AT_ONCE)):
            with _told():
                found = self._system.cat([self._path(name) for name in some], on_error="return")
            for name in some:
                content = found.get(self._path(name), FileNotFoundError(name))
                yield name, _os_error(content) if isinstance(content, Exception) else content

    def write(self, name: str, content: bytes, *, durable: bool = False) -> None:
        del durable  # what has been put is in other hands
        path = self._path(name)
        with _told():
            try:
                self._system.pipe_file(path, content)
            except FileNotFoundError:
                # A file system with folders wants them made first; a bucket is its owner's to make.
                if not self._system.exists(path.partition("/")[0] or "/"):
                    raise
                self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._system.pipe_file(path, content)

    def read_group(self, name: str) -> dict[str, bytes]:
        ((_, content),) = self.read([name])
        if isinstance(content, OSError):
            raise content
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                    raise ValueError("it is compressed, as nothing is written here")
                return {inner: archive.read(inner) for inner in archive.namelist()}
        except (zipfile.BadZipFile, RuntimeError, EOFError, KeyError, OverflowError, struct.error) as error:
            raise ValueError(f"not a whole archive: {error}") from error

    def write_group(self, name: str, files: Mapping[str, bytes]) -> None:
        try:
            self.read_group(name)
            return
        except FileNotFoundError:
            pass
        except (ValueError, IsADirectoryError):  # torn, or not ours: it would stand in the way of every later one
            self.drop(name)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
        self.write(name, packed.getvalue())

    def drop(self, name: str) -> None:
        with _told(), contextlib.suppress(FileNotFoundError):
            self._system.rm(self._path(name), recursive=True)

    def names(self, folder: str = "") -> list[str]:
        return sorted(self.stats(folder))

    def stat(self, name: str) -> Stat | None:
        with _told(), contextlib.suppress(FileNotFoundError):
            return _stat(self._system.info(self._path(name)))
        return None

    def stats(self, folder: str = "", depth: int = 1) -> dict[str, Stat]:
        path = self._path(folder) if folder else self._root
        found: dict[str, Any] = {}
        with _told(), contextlib.suppress(FileNotFoundError):
            if depth > 1:  # an object store tells all that is below at once
                found = self._system.find(path, detail=True)
            else:
                found = {info["name"]: info for info in self._system.ls(path, detail=True)}
        stats = {name.removeprefix(path).strip("/"): _stat(info) for name, info in found.items()}
        return {name: stat for name, stat in stats.items() if name and name.count("/") == depth - 1}

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _found(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError:
        raise missing("fsspec", "remote", f'store="{url}"') from None
    try:
        system, root = url_to_fs(url)
    except ImportError as error:
        raise MissingExtra(worded("the library of this store is not installed", url, hint=str(error))) from None
    except Exception as error:  # an unknown kind of URL, or no server there: some connect at once
        raise LrlabError(
            worded(f"no store can be found there: {error}", url, "a folder, s3://bucket/runs, gs://bucket/runs, ...")
        ) from error
    # A cached listing would hide for good a state that another process writes at this moment.
    system.dircache.use_listings_cache = False
    system.dircache.clear()
    return system, root.rstrip("/")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the libraries of the object stores raise is of many families."""
    try:
        yield
    except Exception as error:
        told = _os_error(error)
        raise told from (None if told is error else error)


def _os_error(error: Exception) -> OSError:
    """That there is nothing of this kind there, or else that nothing is known, for the place was not reached."""
    if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return error
    return ConnectionError(f"{type(error).__name__}: {error}")


def _stat(info: Mapping[str, Any]) -> Stat:
    """Where the time is not told, it is taken for young: nothing is forgotten for its age by mistake."""
    time = next((info[name] for name in _TIMES if info.get(name)), float("inf"))
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    return Stat(info["size"] or 0, time.timestamp() if isinstance(time, datetime) else float(time))
