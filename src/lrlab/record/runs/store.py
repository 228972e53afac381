"""A store of finished runs that only grows, one JSON file each: in a folder, or at a URL that fsspec knows.

The name of a file is its run's key. It exists as a whole or not at all (see `lrlab.record.runs.files`): even if a
process was killed, a name that ends in .json is a whole run.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lrlab.errors import LrlabError
from lrlab.record.runs.files import Stat, in_words
from lrlab.record.runs.opened import opened
from lrlab.record.runs.run import StoredRun, from_json, to_json

DEFAULT_FOLDER = "lrlab-runs"


@dataclass(frozen=True)
class Listing:
    """All runs of a store, and a sentence for each file that is not a run."""

    runs: tuple[StoredRun, ...]
    skipped: tuple[str, ...]


class Store:
    """The runs in one folder, made with the first run. `place` is its path, or a URL such as s3://bucket/runs.

    Every method raises `LrlabError` if the place cannot be reached.

    >>> Store("memory://runs").listing()
    Listing(runs=(), skipped=())
    """

    def __init__(self, place: str | Path = DEFAULT_FOLDER) -> None:
        self._files = opened(place)

    @property
    def address(self) -> str:
        """The text with which any process finds this store."""
        return self._files.address

    def get(self, key: str) -> StoredRun | None:
        """The run with this key, or None; also None for a damaged file, because its run can be made again."""
        return self.find([key]).get(key)

    def find(self, keys: Iterable[str]) -> dict[str, StoredRun]:
        """The runs with these keys that exist, by key."""
        found = {}
        with in_words("the store cannot be read", self.address):
            for name, content in self._files.read(f"{key}.json" for key in keys):
                try:
                    run = _run(name, content)
                except (FileNotFoundError, LrlabError):
                    continue
                found[run.key] = run
        return found

    def put(self, run: StoredRun) -> None:
        """Store a run. Raises `LrlabError` if the folder cannot be written."""
        with in_words("a finished run cannot be stored", self.address):
            self._files.write(f"{run.key}.json", f"{to_json(run)}\n".encode(), durable=True)

    def files(self) -> dict[str, Stat]:
        """The files of the runs, by name, with their sizes and times."""
        with in_words("the store cannot be read", self.address):
            return {name: stat for name, stat in self._files.stats().items() if _is_run(name)}

    def forget(self, file: str) -> None:
        """Delete one of `files`."""
        with in_words("a run cannot be forgotten", self.address):
            self._files.drop(file)

    def listing(self) -> Listing:
        """All runs, sorted by key; `skipped` names files that are torn or not runs."""
        runs, skipped = [], []
        with in_words("the store cannot be read", self.address):
            for name, content in self._files.read(filter(_is_run, self._files.names())):
                try:
                    runs.append(_run(name, content))
                except (OSError, LrlabError) as error:
                    skipped.append(f"{name}: {error}")
        return Listing(tuple(runs), tuple(skipped))

    def probe(self) -> None:
        """Write a file and delete it again, to find out before training whether results can be stored."""
        name = f".probe-{secrets.token_hex(8)}"
        with in_words("nothing can be stored", self.address):
            self._files.write(name, b"")
            self._files.drop(name)


def _is_run(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".")


def _run(name: str, content: bytes | OSError) -> StoredRun:
    if isinstance(content, OSError):
        raise content
    run = from_json(content)
    if f"{run.key}.json" != name:
        raise LrlabError(f"the name of the file is not that of its run, {run.key}")
    return run
