"""Files at a URL, through fsspec: an object store, the memory of this process, another machine's disk.

An object store writes an object as a whole or not at all, and cannot rename. So a group of files is also one object: a
zip archive without compression. Where a write can be cut short (file://, sftp://), the end of the archive is missing,
and the archive does not count.
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

# The names under which file systems give the time of writing; "created" if there is no other.
_TIMES = ("LastModified", "mtime", "last_modified", "updated", "modified", "created")

_AT_ONCE = 100  # files that are requested at the same time


class Remote:
    """The files below a URL; see `lrlab.record.runs.files.Files`. An unreachable place raises `ConnectionError`."""

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
        del durable  # durability is up to the other side
        path = self._path(name)
        with _told():
            try:
                self._system.pipe_file(path, content)
            except FileNotFoundError:
                # A file system with folders needs them first; a bucket must be made by its owner.
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
        except (ValueError, IsADirectoryError):  # torn or foreign: it would block every later group
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
            if depth > 1:  # an object store lists everything below at once
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
    except Exception as error:  # an unknown kind of URL, or no server: some connect at once
        raise LrlabError(
            worded(f"no store can be found there: {error}", url, "a folder, s3://bucket/runs, gs://bucket/runs, ...")
        ) from error
    # A cached listing would permanently hide a state that another process is writing at this moment.
    system.dircache.use_listings_cache = False
    system.dircache.clear()
    return system, root.rstrip("/")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the errors of the object store libraries, which are of many types, into `OSError`."""
    try:
        yield
    except Exception as error:
        told = _os_error(error)
        raise told from (None if told is error else error)


def _os_error(error: Exception) -> OSError:
    """The error itself if it says that there is no such file; else a `ConnectionError`: the place was not reached."""
    if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return error
    return ConnectionError(f"{type(error).__name__}: {error}")


def _stat(info: Mapping[str, Any]) -> Stat:
    """Size and time; a file without a time counts as new, so that it is never deleted for its age by mistake."""
    time = next((info[name] for name in _TIMES if info.get(name)), float("inf"))
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    return Stat(info["size"] or 0, time.timestamp() if isinstance(time, datetime) else float(time))
