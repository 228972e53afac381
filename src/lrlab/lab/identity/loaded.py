"""Modules in memory against their files: one that was changed since it was loaded, one that came while training."""

from __future__ import annotations

import ast
import importlib.machinery
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.identity.code import codes_in, digest_of_code
from lrlab.lab.identity.own import Own


def refuse_stale(files: Iterable[Path], own: Own, modules: Mapping[str, ModuleType]) -> None:
    """Raise `LrlabError` if one of these modules was loaded from another text than its file has now, or was changed
    since.

    For modules that are imported while training: what lies in memory is not looked at before.
    """
    loaded = {_number(module.__file__): module for module in _own(own, modules)}
    loaded.pop(None, None)  # without a file
    for path in files:
        module = loaded.get(_number(path))
        if module is None or type(vars(module).get("__loader__")) is not importlib.machinery.SourceFileLoader:
            continue
        if name := next(_differing(path.read_bytes(), module), ""):
            raise LrlabError(
                worded(
                    f"{path.name} in memory differs from its file",
                    f"{module.__name__}.{name}",
                    "what another process would load",
                    f"importlib.reload({module.__name__}), or start Python anew; what is set at run time "
                    "belongs in run.config",
                )
            )


def _own(own: Own, modules: Mapping[str, ModuleType]) -> Iterator[ModuleType]:
    for name, module in modules.items():
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and "site-packages" not in file and own.module(name):
            yield module


def _number(file: Any) -> tuple[int, int] | None:
    """What a file is known by, whatever links lead to it; of hundreds it is told sooner than where they end."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _differing(source: bytes, module: ModuleType) -> Iterator[str]:
    """The names of functions, and of constants that are written down once, that are others in memory."""
    held = vars(module)
    codes: dict[str, set[bytes]] = {}
    for code in codes_in(compile(source, str(module.__file__), "exec", dont_inherit=True)):
        codes.setdefault(code.co_name, set()).add(digest_of_code(code))
    for name, value in held.items():
        for function in _functions(value):
            code, of_it = function.__code__, function.__module__ == module.__name__
            if not of_it or code.co_filename != module.__file__:
                continue
            if digest_of_code(code) not in codes.get(code.co_name, set()):
                yield name
    for name, value in _constants(source).items():
        if name in held and _literal(held[name]) and held[name] != value:
            yield name


def _functions(value: Any) -> Iterator[FunctionType]:
    inner = vars(value).values() if isinstance(value, type) else (value,)
    yield from (each for each in inner if isinstance(each, FunctionType) and isinstance(each.__code__, CodeType))


def _constants(source: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    again: set[str] = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            again |= {node.id} & found.keys()
            found.setdefault(node.id, None)
    values: dict[str, Any] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            target = node.target
        if isinstance(target, ast.Name) and target.id not in again:
            try:
                values[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]  # both have one
            except ValueError:
                continue
    return values


def _literal(value: Any) -> bool:
    return isinstance(value, bool | int | float | str | bytes | tuple | list | dict | None)


def refuse_unknown(before: Mapping[str, ModuleType], own: Own, known: Iterable[Path]) -> None:
    """Raise `LrlabError` if training has loaded an own module whose file does not count: its name was computed.

    `before` is what `sys.modules` held: of the thousands that a process has loaded, only those that came are asked.
    """
    if sys.modules == before:
        return
    came = {name: module for name, module in sys.modules.copy().items() if before.get(name) is not module}
    new = _paths(own, came) - {*known}
    if new and (new := new - _paths(own, before)):
        path = min(new)
        raise LrlabError(
            worded(
                "training imports a file by a name that is computed, so that nobody can see that its runs depend on it",
                str(path),
                "imports that name what they import",
                f"import {path.stem}, at the top of the file",
            )
        )


def _paths(own: Own, modules: Mapping[str, ModuleType]) -> set[Path]:
    return {Path(str(module.__file__)).resolve() for module in _own(own, modules)}
