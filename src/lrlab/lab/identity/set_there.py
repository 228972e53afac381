"""What was set at run time in a library or in Python: `torch.width = 8`, a function of theirs that was replaced."""

from __future__ import annotations

import ast
import functools
import re
import sys
from functools import partial
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from lrlab.lab.identity.own import Own
from lrlab.lab.identity.plain import array_of, digest_of_plain

# The values that Python itself keeps in `sys`, which are others in each process; no fresh one can be made to compare.
_OF_SYS = {
    *("abiflags", "api_version", "base_exec_prefix", "base_prefix", "builtin_module_names", "byteorder", "copyright"),
    *("dllhandle", "dont_write_bytecode", "exec_prefix", "executable", "float_repr_style", "hexversion", "last_exc"),
    *("last_traceback", "last_type", "last_value", "maxsize", "maxunicode", "meta_path", "modules", "orig_argv"),
    *("path", "path_hooks", "path_importer_cache", "platform", "platlibdir", "prefix", "ps1", "ps2", "pycache_prefix"),
    *("stdlib_module_names", "tracebacklimit", "version", "warnoptions", "winver", "argv"),
}
_OF_THE_PROCESS = {
    "sys": (),
    "time": ("time",),
    "gc": ("gc",),
    "posix": ("posix",),
    "nt": ("nt",),
    "os": ("posix", "nt"),
}


def was_set(module: ModuleType, name: str, value: Any, own: Own, everywhere: bool = True) -> bool:
    """Whether a value in a library may have been set by the user: what is one's own, or a plain value or an array.

    Those of a library count whether it has set them or the user, for that cannot be seen. Python's own do where its
    source has no such name; and so do those of a module that is not loaded `everywhere` where the library is, or they
    differ from what is written there.

    >>> import math
    >>> was_set(math, "pi", math.pi, Own()), was_set(math, "sin", math.sin, Own())
    (True, False)
    """
    if name.startswith("_"):
        return False
    if own.put(value) or (isinstance(value, type) and bool(set_in(value, own, plainly=everywhere))):
        return True
    source = _source(getattr(module, "__file__", None) or "")
    if isinstance(value, partial):
        return not re.search(rf"(?m)^\s*{re.escape(name)}\b.*partial\(", source)
    if not _is_content(value):
        return False
    top = module.__name__.partition(".")[0]
    if top not in sys.stdlib_module_names:
        return everywhere or _is_other(source, name, value)
    if top in _OF_THE_PROCESS:
        return name not in _kept_by_python(top) and not _mentions(source, name)
    return not source or not _mentions(source, name)


def loads(module: ModuleType, name: str) -> bool:
    """Whether the source of a package imports a part of it by its name.

    >>> import json
    >>> loads(json, "decoder"), loads(json, "tool")
    (True, False)
    """
    word, source = re.escape(name), _source(getattr(module, "__file__", None) or "")
    alone = rf"\s*{word}(?: +as +\w+)?,? *(?:#.*)?"  # within brackets
    return bool(re.search(rf"(?m)^(?:\s*(?:from|import)\b[^#\n]*\b{word}\b.*|{alone})$", source))


def _mentions(source: str, name: str) -> bool:
    return bool(re.search(rf"\b{re.escape(name)}\b", source))


def _is_other(source: str, name: str, value: Any) -> bool:
    """Whether it cannot be what the source gives this name: another literal, or no such name at all."""
    if name in (literals := _literals(source)):
        return bool(type(literals[name]) is not type(value) or literals[name] != value)
    return not _mentions(source, name)


@functools.lru_cache(maxsize=256)
def _literals(source: str) -> dict[str, Any]:
    """The variables of a source that are given one plain value, once, and where nothing is above it."""
    found: dict[str, Any] = {}
    often: set[str] = set()
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                often |= {target.id} & found.keys()
                try:
                    found[target.id] = ast.literal_eval(getattr(node, "value", None) or ast.Constant(None))
                except ValueError:
                    often.add(target.id)
    return {name: value for name, value in found.items() if name not in often}


@functools.lru_cache(maxsize=16)
def _kept_by_python(top: str) -> frozenset[str]:
    """The names that a module which tells of the process has from the beginning: those of a fresh one."""
    found = {*_OF_SYS} if top == "sys" else set[str]()
    for name in _OF_THE_PROCESS[top]:
        if (spec := BuiltinImporter.find_spec(name)) is not None and spec.loader is not None:
            fresh = module_from_spec(spec)
            spec.loader.exec_module(fresh)
            found |= {*vars(fresh)}
    return frozenset(found)


def set_in(kind: type, own: Own, *, plainly: bool = True) -> list[tuple[str, Any]]:
    """What may have been set in a class of a library: what is one's own, or (`plainly`) a plain value.

    >>> class Mine: pass
    >>> set_in(dict, Own())
    []
    """
    found = []
    library = plainly and kind.__module__.partition(".")[0] not in sys.stdlib_module_names
    for name, held in sorted(vars(kind).items()):
        plain = library and not name.startswith("_") and digest_of_plain(held) is not None
        if plain or (name not in ("__class__", "__base__") and own.put(held)):
            found.append((name, held))
    return found


def _is_content(value: Any) -> bool:
    if type(value) in (list, set, dict):
        items = [*value.items()] if isinstance(value, dict) else [*value]
        return all(digest_of_plain(item) is not None for item in items)
    return digest_of_plain(value) is not None or array_of(value) is not None


@functools.lru_cache(maxsize=256)
def _source(file: str) -> str:
    """The text of a module's file; empty if it has none."""
    if not file.endswith(".py"):
        return ""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
