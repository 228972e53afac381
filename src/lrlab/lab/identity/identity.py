"""The identity of a training: the hash of everything that decides what it computes, besides its arm and its job.

    identity = its files and those that they import + what it refers to in memory (code, values, classes, objects)
             + environment variables that the code reads + switches of libraries that were set in this process

What is in memory counts, not only the files: a variable that was set at run time makes another training. What nobody
can look into is keyed by a random number, so that its runs are never taken for others, and is named in `unseen`.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.identity.environment import switches, variables
from lrlab.lab.identity.loaded import refuse_stale
from lrlab.lab.identity.own import Own
from lrlab.lab.identity.parts import OF_MODULES
from lrlab.lab.identity.sources import BY_NAME, Import, Sources, environment_of, package_of, sources_of
from lrlab.lab.identity.walk import Walk
from lrlab.lab.training.own import PLAIN, outside


@dataclass(frozen=True)
class Identity:
    """What decides a training: `digest` names it.

    `parts` tells short digests by name, so that it can be said what differs; `files` are the own files that count.
    `libraries` are the packages whose versions count, `unseen` what nobody can look into. `hashes`: something depends
    on the order of sets, and so on PYTHONHASHSEED. `plain` are those parts that are variables with plain values: when
    they change, somebody has set them. `filled` are those that held nothing when this process first asked, and hold
    something now, as a cache does: a new process has another key.
    """

    digest: str
    parts: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    libraries: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    hashes: bool = False
    plain: frozenset[str] = frozenset()
    filled: tuple[str, ...] = ()
    own: Own = field(default_factory=Own, repr=False)
    again: Callable[[], Identity] | None = field(default=None, repr=False, compare=False)


def identity_of(training: Any, source: Path | None = None, attribute: str = "") -> Identity:
    """The identity of a function, a class or a partial; `attribute` of the file `source`, where one holds it.

    Raises `LrlabError` for anything else, and if a module in memory differs from its file.

    >>> def make(width): return lambda run: width
    >>> identity_of(make(8)).digest == identity_of(make(8)).digest != identity_of(make(16)).digest
    True
    """
    if not callable(training):
        raise LrlabError(
            worded("a training is a function or a class, by whose code its runs are kept", training, "train(run)")
        )
    own = Own(package_of(source) if source else "")
    loaded = sys.modules.copy()
    sources = sources_of(source)
    walk = Walk(own, _lazily(sources))
    memory = walk.of(training)
    if source is None and (imports := [*_imports(walk.codes)]):
        sources = sources_of(None, imports)
        walk = Walk(own, _lazily(sources))
        memory = walk.of(training)
    refuse_stale(sorted({*sources.files.values()} - sources.top), own, loaded)
    files = sources.files
    parts = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(files.items())}
    texts = {text for path in files.values() for text in environment_of(path.read_bytes())}
    if walk.asks or any({"environ", "getenv"} & {*code.co_names} for code in walk.codes):
        texts |= walk.texts
    parts |= {f"the environment variable {name}": value for name, value in variables(texts).items()}
    parts |= {f"the switch {name}": value for name, value in switches().items()}
    whole = hashlib.sha256(f"{attribute}\0{memory}".encode())
    for name, content in parts.items():
        whole.update(f"\0{name}\0{content}".encode("utf-8", "surrogatepass"))
    values = {name: value for name, (_, key, value) in outside(training).items() if key not in OF_MODULES}
    parts |= {name: Walk(own).of(value) for name, value in {**walk.put, **values}.items()}
    code = getattr(getattr(training, "func", training), "__code__", training if isinstance(training, type) else None)
    empty = _EMPTY.setdefault((attribute, source, code), set())
    filled = sorted(name for name in empty & values.keys() if not isinstance(values[name], PLAIN))
    empty |= {name for name, value in values.items() if value is None}
    return Identity(
        whole.hexdigest(),
        {
            name: hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            for name, content in parts.items()
        },
        tuple(sorted(files.values())),
        tuple(sorted(walk.libraries | sources.libraries)),
        tuple(dict.fromkeys(walk.unseen)),
        walk.hashes,
        frozenset(name for name, value in values.items() if isinstance(value, PLAIN)),
        tuple(filled),
        own,
        functools.partial(identity_of, training, source, attribute),
    )


_EMPTY: dict[Any, set[str]] = {}  # the variables that were None when an identity was taken, by training


def _lazily(sources: Sources) -> Callable[[ModuleType], bool]:
    lazy = {*sources.files.values()} - sources.top
    return lambda module: (file := getattr(module, "__file__", None)) is None or Path(file).resolve() in lazy


def _imports(codes: Iterable[CodeType]) -> Iterator[Import]:
    """What functions import where they run: of those in files, their files tell the same."""
    for code in codes:
        if dis.opmap["IMPORT_NAME"] not in code.co_code[::2] and not {*BY_NAME} & {*code.co_names}:
            continue
        steps = [*dis.get_instructions(code)]
        for k, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                names = steps[k - 1].argval
                yield Import(str(step.argval), 0, tuple(names) if isinstance(names, tuple) else (), True)
            elif step.argval in BY_NAME:
                loaded = [each.argval for each in steps[k + 1 : k + 4] if each.opname == "LOAD_CONST"]
                texts = [text for text in loaded if isinstance(text, str)]
                yield from (Import(text, 0, (), True) for text in texts if text.replace(".", "a").isidentifier())


def changed_since(identity: Identity) -> list[str]:
    """What has been changed in this process, or in files, since an identity was taken: by whoever wants another run.

    Objects are left out: a training may fill them once, as it does a cache.
    """
    if identity.again is None:
        return []
    now = identity.again()
    set_by_hand = identity.plain & now.plain
    return [name for name in differing(identity.parts, now.parts) if name in set_by_hand or _is_no_value(name)]


def _is_no_value(name: str) -> bool:
    return name.endswith(".py") or name.startswith(("the environment variable ", "the switch "))


def differing(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The names of the parts in which two identities of a task differ.

    >>> differing({"mine.py": "a", "WIDTH": "b"}, {"mine.py": "a", "WIDTH": "c"})
    ['WIDTH']
    """
    return sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
