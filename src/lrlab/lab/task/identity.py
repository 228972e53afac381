"""The code of a task: its file and the files beside it that it imports, so that a change in any of them is noticed.

Installed libraries count by their version (see `lrlab.lab.stages.recipe`). What is imported by a computed name is not
seen.
"""

from __future__ import annotations

import ast
import hashlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path

_LIBRARIES = tuple({Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")})


def base_of(source: Path) -> Path:
    """The folder where the names of a file's imports begin: its own, or the one above its outermost package."""
    base = source.parent
    while (base / "__init__.py").is_file():
        base = base.parent
    return base


def identity_of(source: Path, attribute: str, base: Path) -> str:
    """The SHA-256 (hex) of a task's code: `attribute` of the file `source`, with all that it imports from `base`."""
    found = hashlib.sha256(attribute.encode())
    for path in sorted(sources_of(source, base)):
        found.update(b"\0" + path.relative_to(base).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def sources_of(source: Path, base: Path) -> set[Path]:
    """The file and every file below `base` that it imports, itself or by way of another; names begin at `base`, and
    beside the file. Of what is installed only the package counts that the file is part of."""
    found: set[Path] = set()
    own = base / source.relative_to(base).parts[0]
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            imported = _imported(path, base, source.parent)
            waiting += [file for file in imported if file.is_relative_to(own) or not installed(file)]
    return found


def _imported(path: Path, base: Path, beside: Path) -> Iterator[Path]:
    for node in _walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            places = [root.joinpath(*alias.name.split(".")) for root in (base, beside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            starts = (path.parents[node.level - 1],) if node.level else (base, beside)
            homes = [start.joinpath(*(node.module or "").split(".")) for start in starts]
            places = [*homes, *(home / alias.name for home in homes for alias in node.names)]
        else:
            continue
        for place in places:
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file() and file.is_relative_to(base):
                    yield file


def installed(file: Path) -> bool:
    """Whether a file is Python's own, or of an installed library."""
    return any(file.is_relative_to(root) for folder in _LIBRARIES for root in (folder, folder.resolve()))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node of a tree; what is imported for type checkers only is left out."""
    if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)
