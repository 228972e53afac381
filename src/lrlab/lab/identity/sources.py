"""The files of a task: its own, and all user files that it imports, at the top or in a function, directly or
indirectly.

Names begin where the file's package begins, beside the file, and else where Python finds them, as it does packages that
are installed as a link. Of a dotted name all parents count. Only names that are computed are not seen; see `loaded.py`.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lrlab.lab.training.own import is_own_file

BY_NAME = ("import_module", "__import__")


@dataclass(frozen=True)
class Import:
    """One import: the dotted `name`, `level` dots before it, the names taken `of` it, and whether within a function."""

    name: str
    level: int = 0
    of: tuple[str, ...] = ()
    lazy: bool = False


@dataclass(frozen=True)
class Sources:
    """`files` by the name that each counts under, those of them that are imported at the `top`, the `libraries`."""

    files: dict[str, Path] = field(default_factory=dict)
    top: set[Path] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)


def base_of(source: Path) -> Path:
    """The folder where the names of a file's imports begin: its own, or the one above its outermost package."""
    base = source.parent
    while (base / "__init__.py").is_file():
        base = base.parent
    return base


def package_of(source: Path) -> str:
    """The installed package that a file is part of, which counts as own; empty if the file is own anyway."""
    return "" if is_own_file(str(source)) else source.relative_to(base_of(source)).parts[0]


def sources_of(source: Path | None, imports: Iterable[Import] = ()) -> Sources:
    """The own files that a file and some further imports lead to, and the libraries that they name."""
    found = Sources()
    base, beside = (base_of(source), source.parent) if source else (None, None)
    package = package_of(source) if source else ""
    root = base / package if base and package else None
    waiting: list[tuple[Path, bool]] = [(source, True)] if source else []
    places = tuple({place: None for place in (base, beside) if place})
    waiting += [each for one in imports for each in _files(one, None, places, root, found)]
    while waiting:
        path, top = waiting.pop()
        if path in found.top or (path in found.files.values() and not top):
            continue
        if top:
            found.top.add(path)
        found.files[_name(path, base)] = path
        waiting += [(init, top) for init in _parents(path) if _counts(init, root)]
        for one in imports_of(path.read_bytes()):
            waiting += [(file, top and at_top) for file, at_top in _files(one, path, places, root, found)]
    return found


def _parents(path: Path) -> Iterator[Path]:
    """What Python runs before a file of a package: the `__init__.py` of every folder above it."""
    for folder in path.parents:
        if not (folder / "__init__.py").is_file():
            return
        if folder / "__init__.py" != path:
            yield folder / "__init__.py"


def _name(path: Path, base: Path | None) -> str:
    start = base if base and path.is_relative_to(base) else base_of(path)
    return path.relative_to(start).as_posix()


def _files(
    one: Import, by: Path | None, places: tuple[Path, ...], root: Path | None, found: Sources
) -> Iterator[tuple[Path, bool]]:
    """The own files that one import names, and whether at the top; a library is noted."""
    parts = [part for part in one.name.split(".") if part]
    starts = [*places]
    if one.level:
        if by is None or one.level > len(by.parents):
            return
        starts = [by.parents[one.level - 1]]
    here: list[Path] = []
    for start in starts:
        here += _within(start, parts, one.of)
    here = [path for path in here if _counts(path, root)]
    if not here and not one.level and parts:
        top = parts[0]
        where = None if top in sys.stdlib_module_names else _elsewhere(top)
        if where is not None and _counts(where, root):
            start = where.parent.parent if where.name == "__init__.py" else where.parent
            here = _within(start, parts, one.of)
        elif top not in sys.stdlib_module_names and top != "lrlab":
            found.libraries.add(top)
    yield from ((path, not one.lazy) for path in here)


def _counts(path: Path, root: Path | None) -> bool:
    return is_own_file(str(path)) or (root is not None and path.is_relative_to(root))


def _within(start: Path, parts: list[str], names: tuple[str, ...]) -> list[Path]:
    """The files of a dotted name and of its parents below a folder, and those of modules that are taken of it."""
    chains = [parts[: k + 1] for k in range(len(parts))] + [[*parts, name] for name in names if name != "*"]
    found = [] if parts else [os.path.join(start, "__init__.py")]  # from . import x
    for chain in chains:
        place = os.path.join(start, *chain)
        found += [f"{place}.py", os.path.join(place, "__init__.py")]
    return [Path(path) for path in found if os.path.isfile(path)]


def _elsewhere(top: str) -> Path | None:
    """The file of a module, or of a package, that Python finds; None if it finds none, or a folder."""
    module = sys.modules.get(top)
    try:
        spec = getattr(module, "__spec__", None) or importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    where = getattr(spec, "origin", None)
    if where is None:
        folders = [*(getattr(spec, "submodule_search_locations", None) or ())]
        return Path(folders[0]) / "__init__.py" if folders else None
    return Path(where) if where.endswith(".py") else None


def imports_of(content: bytes) -> tuple[Import, ...]:
    """The imports of a source; of those for type checkers, none.

    >>> [one.name for one in imports_of(b"if TYPE_CHECKING: import a" + bytes([10]) + b"else: import b")]
    ['b']
    """
    return _read(content)[0]


def environment_of(content: bytes) -> frozenset[str]:
    """The texts in a source that reads environment variables, their names among them; none where it reads none."""
    return _read(content)[1]


@functools.lru_cache(maxsize=512)
def _read(content: bytes) -> tuple[tuple[Import, ...], frozenset[str]]:
    found: list[Import] = []
    texts: set[str] = set()
    asks = False
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(content), False)]
    while waiting:
        node, lazy = waiting.pop()
        if isinstance(node, ast.Import):
            found += [Import(alias.name, lazy=lazy) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(Import(node.module or "", node.level, tuple(alias.name for alias in node.names), lazy))
        elif isinstance(node, ast.Call) and _called(node) in BY_NAME and node.args:
            name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            if isinstance(name, str):
                found.append(Import(name.lstrip("."), len(name) - len(name.lstrip(".")), (), lazy))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.Attribute | ast.Name):
            asks = asks or (node.attr if isinstance(node, ast.Attribute) else node.id) in ("environ", "getenv")
        elif isinstance(node, ast.alias):
            asks = asks or node.name in ("environ", "getenv")
        inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, lazy or inner) for child in reversed([*_children(node)])]
    return tuple(found), frozenset(texts if asks else ())


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What is in a node; of `if TYPE_CHECKING` only what Python goes through."""
    if isinstance(node, ast.If):
        test, turned = node.test, False
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, turned = test.operand, True
        if "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", "")):
            yield from node.body if turned else node.orelse
            return
    yield from ast.iter_child_nodes(node)
