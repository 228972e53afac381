"""States of unfinished and finished trainings from which training can continue, named by their content.

    STORE/states/CELL/recipe.json     what the trainings of this cell have in common
    STORE/states/CELL/AT-DIGEST       a state after AT updates that used the control rows of this digest
    STORE/states/CELL/AT-DIGEST.end   the last state of a training: its record only, nothing to continue from

A state is a group of files that exists as a whole or not at all (see `lrlab.record.runs.files`): every listed state was
written completely, even if a process was killed. Its record has a digest, names its cell and place, and has the
fingerprint of the state including the tensors: a state that was damaged later, or belongs to another place, does not
count. Two processes may write the same state at once; one copy stays. The states may be deleted at any time: finished
trainings are kept beside them as runs (see `lrlab.record.runs.store`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

from lrlab.errors import LrlabError
from lrlab.record.runs.files import Stat, in_words
from lrlab.record.runs.opened import opened
from lrlab.record.sealed import Torn, parsed, sealed, unsealed
from lrlab.record.shape import Misshapen, shaped

VERSION = 2

_NAME = re.compile(r"(\d+)-([0-9a-f]{32})(\.end)?")
_RECORD, _TENSORS, _RECIPE = "state.json", "tensors.safetensors", "recipe.json"
_ALL = "states"
_ENVELOPE = ("version", "cell", "place")  # fields of a record that are not facts about the state


@dataclass(frozen=True, order=True)
class StateAddress:
    """A point of a training: after `at` updates, with control rows of this digest; `end`: the training ends here.

    >>> StateAddress.of("120-" + "0" * 32).at
    120
    """

    at: int
    digest: str
    end: bool = False

    @property
    def name(self) -> str:
        """The name under which its state is stored."""
        return f"{self.at}-{self.digest}{'.end' if self.end else ''}"

    @classmethod
    def of(cls, name: str) -> StateAddress | None:
        """The point with this name; None if it is not the name of a state."""
        found = _NAME.fullmatch(name)
        return cls(int(found[1]), found[2], found[3] is not None) if found else None


class LogRecord(TypedDict):
    """What a training has logged: see `lrlab.lab.training.log`."""

    loss: list[tuple[int, float, int]]
    first: list[float]
    reports: list[tuple[int, dict[str, float]]]
    seconds: float
    logged: NotRequired[dict[str, list[tuple[int, float, int]]]]


class StateRecord(TypedDict):
    """Everything known about a state except its tensors.

    `stages` is the number of successive stages in which it was trained. If training can continue from it, there are
    `plain`, its content, and `seen`, which a fork must match (`next` in earlier versions); then `fingerprint` is that
    of `plain` and the tensors.
    """

    at: int
    outcome: Literal["finished", "diverged"] | None
    every: int
    fingerprint: str | None
    ledger: LogRecord
    plain: NotRequired[Any]
    next: NotRequired[str | None]
    seen: NotRequired[dict[str, str]]
    stages: NotRequired[int]


@dataclass(frozen=True)
class StoredState:
    """A stored state: its record as plain JSON, and its tensors in the safetensors format (empty at an end)."""

    record: StateRecord
    tensors: bytes


class States:
    """The states in one store: `place` is its path, or a URL such as s3://bucket/runs.

    Every method raises `LrlabError` if the place cannot be reached.

    >>> from tempfile import TemporaryDirectory
    >>> told = LogRecord(loss=[(0, 1.5, 1)], first=[1.5], reports=[], seconds=0.1)
    >>> state = StoredState({"at": 3, "outcome": "diverged", "every": 1, "fingerprint": None, "ledger": told}, b"")
    >>> with TemporaryDirectory() as folder:
    ...     states = States(folder)
    ...     states.put("ab", StateAddress(3, "0" * 32, end=True), state)
    ...     states.places("ab"), states.get("ab", StateAddress(3, "0" * 32, end=True)) == state
    ((StateAddress(at=3, digest='00000000000000000000000000000000', end=True),), True)
    """

    def __init__(self, place: str | Path) -> None:
        self._files = opened(place)

    def put(self, cell: str, place: StateAddress, state: StoredState) -> None:
        """Store a state; an existing one stays. Raises `LrlabError` if the store cannot be written."""
        envelope = {"version": VERSION, "cell": cell, "place": place.name}
        files = {_RECORD: sealed({**envelope, **state.record}).encode(), _TENSORS: state.tensors}
        with self._in_words("stored"):
            self._files.write_group(_name(cell, place), {name: content for name, content in files.items() if content})

    def get(self, cell: str, place: StateAddress) -> StoredState:
        """A stored state, also of an earlier version. Raises `Torn` if it is missing or not what was written."""
        try:
            files = self._files.read_group(_name(cell, place))
            record = unsealed(files[_RECORD], f"the state {place.name}", VERSION, since=2)
            tensors = files.get(_TENSORS, b"")
            return StoredState(_checked(record, tensors, cell, place), tensors)
        except ConnectionError:  # nothing is known about the state
            with self._in_words("read"):
                raise
        except (OSError, KeyError, Misshapen, ValueError) as error:
            if isinstance(error, LrlabError) and not isinstance(error, Torn | Misshapen):
                raise  # of a later version: it must not be replaced
            raise Torn(f"the state {place.name} cannot be read: {error}") from None

    def places(self, cell: str) -> tuple[StateAddress, ...]:
        """The stored states of a cell, the furthest first."""
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
        """Delete a state, if it exists."""
        with self._in_words("forgotten"):
            self._files.drop(_name(cell, place))

    def size(self, cell: str, place: StateAddress) -> int:
        """The size of a state in bytes; 0 if it does not exist."""
        with self._in_words("found"):
            stat = self._files.stat(_name(cell, place))
        return stat.size if stat else 0

    def note_recipe(self, cell: str, recipe: Mapping[str, Any]) -> None:
        """Write once what the trainings of a cell have in common; write it again if it is damaged."""
        name = f"{_ALL}/{cell}/{_RECIPE}"
        with self._in_words("stored"):
            ((_, content),) = self._files.read([name])
            if _recipe(content) is None:
                self._files.write(name, sealed({"version": VERSION, "cell": cell, "recipe": dict(recipe)}).encode())

    def recipes(self) -> tuple[dict[str, Any], ...]:
        """The recipes of all cells; damaged ones are left out."""
        with self._in_words("listed"):
            names = [f"{_ALL}/{cell}/{_RECIPE}" for cell in self._files.names(_ALL)]
            return tuple(filter(None, (_recipe(content) for _, content in self._files.read(names))))

    def sweep(self, budget: int, needed: Collection[tuple[str, StateAddress]] = ()) -> int:
        """Delete states to continue from, the oldest first but not the `needed` ones, until the rest has at most
        `budget` bytes; ends are small and stay. Return the number of bytes freed."""
        found = {each: stat for each, stat in self.stored().items() if not each[1].end}
        total, freed = sum(stat.size for stat in found.values()), 0
        for cell, place in sorted(found.keys() - set(needed), key=lambda each: found[each].modified):
            if total - freed <= budget:
                break
            self.drop(cell, place)
            freed += found[cell, place].size
        return freed

    def clear(self) -> None:
        """Delete all states; the finished runs stay."""
        with self._in_words("forgotten"):
            for cell in self._files.names(_ALL):
                self._files.drop(f"{_ALL}/{cell}")

    def _in_words(self, done: str) -> contextlib.AbstractContextManager[None]:
        return in_words(f"states of training cannot be {done}", self._files.address)


def _name(cell: str, place: StateAddress) -> str:
    return f"{_ALL}/{cell}/{place.name}"


def fingerprint(plain: object, tensors: bytes) -> str:
    """The SHA-256 (hex) of a state to continue from: plain JSON, and tensors in the safetensors format."""
    found = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode() + b"\0")
    found.update(tensors)
    return found.hexdigest()


def _checked(record: dict[str, Any], tensors: bytes, cell: str, place: StateAddress) -> StateRecord:
    """The record of a state, after a check that it belongs to this place and to these tensors."""
    if record["version"] == 1:  # had no digest and did not name its place
        size = record.pop("size")
        record |= {"cell": cell, "place": place.name}
        if size != len(tensors):
            raise Torn(f"its tensors have {len(tensors)} bytes")
    belongs = record["cell"], record["place"]
    known = shaped(StateRecord, {name: value for name, value in record.items() if name not in _ENVELOPE})
    end = known["outcome"] is not None
    if belongs != (cell, place.name) or known["at"] != place.at or end != place.end or end == ("plain" in known):
        raise Torn("it is the record of another state")
    if bool(tensors) if end else fingerprint(known["plain"], tensors) != known["fingerprint"]:
        raise Torn("its tensors are not those that were written")
    return known


def _recipe(content: bytes | OSError) -> dict[str, Any] | None:
    """The recipe of a cell, in any version; None if it is damaged or missing."""
    if isinstance(content, OSError):
        return None
    try:
        record = parsed(content, "a recipe")
        if not {"version", "digest"} & record.keys():  # version 1 had neither
            return record
        recipe = unsealed(content, "a recipe", VERSION, since=2)["recipe"]
    except (LrlabError, KeyError):
        return None
    return recipe if isinstance(recipe, dict) else None
