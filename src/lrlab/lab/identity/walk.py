"""The hash of a graph of objects: all that can be reached from one value, with its places, names and references back.

Objects are numbered as they are met, depth first; one that is met again is a reference to its number. So two lists that
are one differ from two equal ones, and a circle ends. Plain values count by their value alone. Of modules that own code
names, those variables count that own code spells anywhere.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import secrets
import sys
import types
from collections.abc import Iterator
from typing import Any

from lrlab.lab.identity.code import calls, codes_in, makes_sets, runs_files, texts_in
from lrlab.lab.identity.own import HEAP, Own, is_lrlab
from lrlab.lab.identity.parts import OF_MODULES, Held, Opaque, ordered_by_hash, parts_of
from lrlab.lab.identity.plain import digest_of_plain, memory_of
from lrlab.lab.identity.set_there import loads, was_set
from lrlab.lab.training.own import names_read

_BY_COMPUTING = {"getattr", "vars", "dir"}  # with these any variable of a module may be read
_Path = tuple[Any, str] | None  # of names, from the last to the first


class Walk:
    """A walk through what can be reached; `of(value)` gives the digest, and all else is what was met on the way.

    `libraries` are the packages whose things were met, `unseen` what nobody can look into, by words; `codes` all own
    code, `texts` all texts. `put` is what counts of libraries, by name: it may have been set there. `asks` tells that
    environment variables are read, `hashes` that something depends on PYTHONHASHSEED. `lazily(module)` says of an own
    module whether it is loaded while training only, so that it may be there or not.
    """

    def __init__(self, own: Own | None = None, lazily: Any = lambda module: False) -> None:
        self._own, self._lazily = own or Own(), lazily
        self._met: dict[int, tuple[int, Any]] = {}  # held, so that ids stay their own
        self._mine: list[types.ModuleType] = []
        self._kinds: list[type] = []
        self._theirs: dict[str, types.ModuleType] = {}
        self._reads: set[str] = set()
        self.libraries: set[str] = set()
        self.unseen: list[str] = []
        self.codes: dict[types.CodeType, None] = {}
        self.texts: set[str] = set()
        self.put: dict[str, Any] = {}
        self.asks = False
        self.hashes = False
        self._whole = False
        self._memory: dict[Any, int] = {}

    def of(self, value: Any) -> str:
        """The SHA-256 (hex) of all that can be reached from a value.

        >>> shared = [8]
        >>> Walk().of([shared, shared]) == Walk().of([[8], [8]]), Walk().of([[8], 4]) == Walk().of([8, [4]])
        (False, False)
        """
        digest = hashlib.sha256()
        self._walk(digest, value)
        done: set[str] = set()
        while found := self._spelled(done):
            for where, name, value in found:
                done.add(where)
                if where == name:
                    self.put[name] = value
                digest.update(f"\0{where}\0".encode())
                self._walk(digest, value, (None, name))
        return digest.hexdigest()

    def _walk(self, digest: Any, root: Any, path: _Path = None) -> None:
        waiting: list[tuple[Any, _Path]] = [(root, path)]
        while waiting:
            value, path = waiting.pop()
            if (plain := digest_of_plain(value)) is not None:
                digest.update(b"=" + plain)
                if type(value) is str:
                    self.texts.add(value)
                self.hashes = self.hashes or (type(value) is frozenset and ordered_by_hash(value))
                continue
            if id(value) in self._met:
                digest.update(f"@{self._met[id(value)][0]};".encode())
                continue
            self._met[id(value)] = len(self._met), value
            label, held = self._parts(value, path)
            names = "\0".join(name for name, _ in held)
            digest.update(f"({len(label)} {len(held)} {len(names)}:{label}{names}".encode("utf-8", "surrogatepass"))
            waiting += [(each, (path, name) if name else path) for name, each in reversed(held)]

    def _parts(self, value: Any, path: _Path) -> tuple[str, Held]:
        self._note(value)
        if isinstance(value, types.FunctionType) and self._own.function(value) and _runs_files(value.__code__):
            self.unseen.append(f"{_words(path)}the files that {value.__qualname__} reads and runs")
            return secrets.token_hex(16), []
        try:
            label, held = parts_of(value, self._own)
        except Opaque:
            self.unseen.append(f"{_words(path)}a {type(value).__module__}.{type(value).__qualname__}")
            return secrets.token_hex(16), []
        place, number = memory_of(value), len(self._met)
        if place is not None and (first := self._memory.setdefault(place[0], number)) != number:
            label += f" shares {first} {place[1]}"
        if isinstance(value, set | frozenset):
            held = [("", each) for each in sorted((each for _, each in held), key=self._alone)]
        return label, held

    def _alone(self, value: Any) -> bytes:
        """What puts the items of a set in order: the digest of each by itself."""
        plain = digest_of_plain(value)
        return plain if plain is not None else bytes.fromhex(Walk(self._own, self._lazily).of(value))

    def _note(self, value: Any) -> None:
        self.asks = self.asks or value is os.environ or value is os.getenv
        if isinstance(value, types.ModuleType):
            if self._own.module(value.__name__):
                self._mine.append(value)
            else:
                self._theirs[value.__name__] = value
                self._library(value.__name__)
        elif isinstance(value, types.FunctionType):
            self._library(value.__globals__.get("__name__"))
            if self._own.function(value):
                for code in codes_in(value.__code__):
                    self.codes[code] = None
                read = names_read(value.__code__)
                self._reads |= read
                self._whole = self._whole or bool(read & _BY_COMPUTING and calls(value.__code__) & _BY_COMPUTING)
                self.texts |= texts_in(value.__code__)
                if value.__name__ != "__hash__" and not is_lrlab(value.__code__):
                    self.hashes = self.hashes or makes_sets(value.__code__)
        else:
            kind = value if isinstance(value, type) else type(value)
            if isinstance(value, type) and value.__flags__ & HEAP:
                self._kinds.append(value)
            self._library(kind.__module__)
            self.hashes = self.hashes or ordered_by_hash(value)

    def _library(self, module: Any) -> None:
        if isinstance(module, str) and not self._own.module(module):
            self.libraries |= {module.partition(".")[0]} - sys.stdlib_module_names - {"lrlab", "builtins"}

    def _spelled(self, done: set[str]) -> list[tuple[str, str, Any]]:
        """What own code spells and is not done, by its place and its name: variables of its modules; of libraries what
        was set there; subclasses that it asks for."""
        found = [*self._in_own_modules(), *self._in_libraries(), *self._subclasses()]
        return sorted((each for each in found if each[0] not in done), key=lambda each: each[0])

    def _in_own_modules(self) -> Iterator[tuple[str, str, Any]]:
        for number, module in enumerate(self._mine):
            spelled = self._reads & vars(module).keys()
            if self._whole:  # by a name that may be computed
                spelled |= {name for name in vars(module) if not name.startswith("_")}
            for name in sorted(spelled - OF_MODULES):
                value = vars(module)[name]
                within = isinstance(value, types.ModuleType) and sys.modules.get(f"{module.__name__}.{name}") is value
                if not (within and self._lazily(value)):
                    yield f"{number} {name}", f"{module.__name__}.{name}", value

    def _in_libraries(self) -> Iterator[tuple[str, str, Any]]:
        # `everywhere`: it is loaded in every process that comes to it; a submodule may be loaded by somebody else.
        waiting = [(module, True) for module in (builtins, *self._theirs.values())]
        met = set[str]()
        while waiting:
            module, everywhere = waiting.pop(0)
            if module.__name__ in met:
                continue
            met.add(module.__name__)
            # What a module loads when it is asked for first would be there in one process, and not yet in another.
            lazy = "__getattr__" in vars(module)
            for name in sorted(self._reads & ({*dir(module)} if lazy else vars(module).keys())):
                try:
                    value = getattr(module, name) if lazy else vars(module)[name]
                except Exception:  # it belongs to what is not installed
                    continue
                if was_set(module, name, value, self._own, everywhere):
                    yield f"{module.__name__}.{name}", f"{module.__name__}.{name}", value
                elif isinstance(value, types.ModuleType):
                    waiting.append((value, everywhere and loads(module, name)))

    def _subclasses(self) -> Iterator[tuple[str, str, Any]]:
        """The user's own subclasses, if code asks for subclasses: nothing else may name them."""
        if "__subclasses__" not in self._reads:
            return
        for number, kind in enumerate(self._kinds):
            below: list[type] = type.__subclasses__(kind)
            for k, each in enumerate(filter(self._own.kind, below)):
                yield f"{number} subclass {k}", f"{kind.__qualname__}.__subclasses__()", each


def _runs_files(code: types.CodeType) -> bool:
    return runs_files(code) and not is_lrlab(code)


def _words(path: _Path) -> str:
    names = []
    while path is not None:
        path, name = path
        names.append(name)
    return f"{'.'.join(reversed(names[:4]))}, " if names else ""
