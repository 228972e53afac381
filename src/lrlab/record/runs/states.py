"""Where training can go on from: states of unfinished and finished trainings, named by their content.

    STORE/states/CELL/recipe.json     what the trainings of this cell have in common
    STORE/states/CELL/AT-DIGEST       a state after AT updates that used the control rows of this digest
    STORE/states/CELL/AT-DIGEST.end   the last state of a training: its record, nothing to go on from

A state is a group of files, there as a whole or not at all (see `lrlab.record.runs.files`): whatever is killed in
between, what is listed is whole. The same state may be written by two at once; one of them stays. The states may be
deleted at any time: what is finished is kept as runs, beside them (see `lrlab.record.runs.store`).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.record.runs.files import Stat, in_words
from lrlab.record.runs.opened import opened

VERSION = 1

_NAME = re.compile(r"(\d+)-([0-9a-f]{32})(\.end)?")
_RECORD, _TENSORS, _RECIPE = "state.json", "tensors.safetensors", "recipe.json"
_ALL = "states"


class Torn(LrlabError):
    """A stored state is not what was written: it counts as none, for it can be made again."""


@dataclass(frozen=True, order=True)
class StateAddress:
    """A point that a training passes: after `at` updates, with control rows of this digest; `end`: it goes no further.

    >>> StateAddress.of("120-" + "0" * 32).at
    120
    """

    at: int
    digest: str
    end: bool = False

    @property
    def name(self) -> str:
        """The name that its state is stored under."""
        return f"{self.at}-{self.digest}{'.end' if self.end else ''}"

    @classmethod
    def of(cls, name: str) -> StateAddress | None:
        """The place of this name, or None where it is no such name."""
        found = _NAME.fullmatch(name)
        return cls(int(found[1]), found[2], found[3] is not None) if found else None


@dataclass(frozen=True)
class StoredState:
    """A stored state: its record as plain JSON, and its tensors in the safetensors format (empty at an end)."""

    record: Mapping[str, Any]
    tensors: bytes


class States:
    """The states in one store: `place` is its path, or a URL such as s3://bucket/runs.

    Everything here raises `LrlabError` where the place cannot be reached.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     states = States(folder)
    ...     states.put("ab", StateAddress(3, "0" * 32), StoredState({"loss": 1.5}, b""))
    ...     states.places("ab"), states.get("ab", StateAddress(3, "0" * 32)).record["loss"]
    ((StateAddress(at=3, digest='00000000000000000000000000000000', end=False),), 1.5)
    """

    def __init__(self, place: str | Path) -> None:
        self._files = opened(place)

    def put(self, cell: str, place: StateAddress, state: StoredState) -> None:
        """Keep a state; one that is there already stays. Raises `LrlabError` where the store cannot be written."""
        record = {"version": VERSION, "size": len(state.tensors), **state.record}
        files = {_RECORD: json.dumps(record, separators=(",", ":")).encode(), _TENSORS: state.tensors}
        with self._in_words("stored"):
            self._files.write_group(_name(cell, place), {name: content for name, content in files.items() if content})

    def get(self, cell: str, place: StateAddress) -> StoredState:
        """A stored state, also of an earlier version. Raises `Torn` where it is not there, or not whole."""
        try:
            files = self._files.read_group(_name(cell, place))
            record, tensors = json.loads(files[_RECORD]), files.get(_TENSORS, b"")
            size, version = record["size"], record["version"]
        except ConnectionError:  # nothing is known of the state
            with self._in_words("read"):
                raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Torn(f"the state {place.name} cannot be read: {error}") from error
        if version > VERSION:
            raise LrlabError(
                worded(f"a state stored in format {version} by a later lrlab", place.name, f"1 to {VERSION}")
            )
        for step in range(version, VERSION):
            record = UPGRADES[step](record)
        if len(tensors) != size:
            raise Torn(f"the state {place.name} is torn: {len(tensors)} of {size} bytes")
        return StoredState(record, tensors)

    def places(self, cell: str) -> tuple[StateAddress, ...]:
        """What is stored of a cell, the furthest first."""
        with self._in_words("listed"):
            return tuple(sorted(filter(None, map(StateAddress.of, self._files.names(f"{_ALL}/{cell}"))), reverse=True))

    def stored(self) -> dict[tuple[str, StateAddress], Stat]:
        """Every state of every cell, with its size and time."""
        with self._in_words("listed"):
            found = self._files.stats(_ALL, depth=2)
        states = {}
        for path, stat in found.items():
            cell, _, name = path.partition("/")
            if place := StateAddress.of(name):
                states[cell, place] = stat
        return states

    def drop(self, cell: str, place: StateAddress) -> None:
        """Forget a state; one that is not there is forgotten already."""
        with self._in_words("forgotten"):
            self._files.drop(_name(cell, place))

    def size(self, cell: str, place: StateAddress) -> int:
        """The bytes that a state takes; 0 where it is not there."""
        with self._in_words("found"):
            stat = self._files.stat(_name(cell, place))
        return stat.size if stat else 0

    def note_recipe(self, cell: str, recipe: Mapping[str, Any]) -> None:
        """Write down once what the trainings of a cell have in common."""
        name = f"{_ALL}/{cell}/{_RECIPE}"
        with self._in_words("stored"):
            if not self._files.stat(name):
                self._files.write(name, json.dumps(recipe, sort_keys=True).encode())

    def recipes(self) -> tuple[dict[str, Any], ...]:
        """What was written down of every cell; a damaged recipe counts as none."""
        recipes = []
        with self._in_words("listed"):
            for _, content in self._files.read(f"{_ALL}/{cell}/{_RECIPE}" for cell in self._files.names(_ALL)):
                with contextlib.suppress(ValueError):
                    found = json.loads(content) if isinstance(content, bytes) else None
                    recipes += [found] if isinstance(found, dict) else []
        return tuple(recipes)

    def sweep(self, budget: int, needed: Collection[tuple[str, StateAddress]] = ()) -> int:
        """Forget states that one could go on from, beside the `needed`, the oldest first, until the rest has at most
        `budget` bytes; ends are small, and stay. Give the bytes that were freed."""
        found = {each: stat for each, stat in self.stored().items() if not each[1].end}
        total, freed = sum(stat.size for stat in found.values()), 0
        for cell, place in sorted(found.keys() - set(needed), key=lambda each: found[each].modified):
            if total - freed <= budget:
                break
            self.drop(cell, place)
            freed += found[cell, place].size
        return freed

    def clear(self) -> None:
        """Forget all states; the finished runs stay."""
        with self._in_words("forgotten"):
            for cell in self._files.names(_ALL):
                self._files.drop(f"{_ALL}/{cell}")

    def _in_words(self, done: str) -> contextlib.AbstractContextManager[None]:
        return in_words(f"states of training cannot be {done}", self._files.address)


def _name(cell: str, place: StateAddress) -> str:
    return f"{_ALL}/{cell}/{place.name}"


# UPGRADES[v] turns the record of format v into that of format v + 1.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
