"""The code of a training that no file holds, such as a notebook cell or a function within a function.

Its file cannot tell what it trains, so everything that it refers to does: its own code, the variables around it, the
functions and classes that it uses, and theirs. Own code counts by its bytecode, data by their content, and libraries by
their names (their versions are in the recipe). An object that cannot be written down counts by its type alone.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import pickle
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.task.identity import identity_of, installed
from lrlab.lab.training.snapshot import digest

_LRLAB = Path(__file__).parents[2]
_BY_PYTHON = ("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__firstlineno__")


def identity_of_closure(training: Any) -> str:
    """The SHA-256 (hex) of a function or class by its code and by all that it refers to.

    Raises `LrlabError` for what is neither.

    >>> def make(width): return lambda run: width
    >>> identity_of_closure(make(8)) == identity_of_closure(make(8)) != identity_of_closure(make(16))
    True
    """
    if not hasattr(training, "__code__") and not isinstance(training, type | functools.partial):
        raise LrlabError(
            worded("a training is a function or a class, by whose code its runs are kept", training, "train(run)")
        )
    found, waiting, seen = hashlib.sha256(), [training], dict[int, Any]()
    while waiting:
        value = waiting.pop(0)
        if id(value) not in seen:
            seen[id(value)] = value  # kept, so that its id stays its own
            text, more = _described(value)
            found.update(text.encode() + b"\0")
            waiting += more
    return found.hexdigest()


def _described(value: Any) -> tuple[str, list[Any]]:
    """A value without what it refers to, and what that is."""
    if isinstance(value, staticmethod | classmethod):
        return _described(value.__func__)
    if isinstance(value, property):
        return "property", [value.fget]
    if isinstance(value, functools.partial):
        return "partial", [value.func, value.args, value.keywords]
    if inspect.ismethod(value):
        return "method", [value.__self__, value.__func__]
    if inspect.isfunction(value) and _own(value.__code__.co_filename):
        return _code(value.__code__), [value.__defaults__, value.__kwdefaults__, *_around(value)]
    if not inspect.isclass(value) and callable(wrapped := getattr(value, "__wrapped__", None)):
        return "decorated", [wrapped]  # by a library: torch.no_grad(), jax.jit, functools.cache
    if isinstance(value, ModuleType) and _own(value.__dict__.get("__file__")):
        file = Path(str(value.__file__))
        return identity_of(file, value.__name__, file.parent), []
    if inspect.isclass(value) and _own(_file_of(value)):
        held = {name: item for name, item in vars(value).items() if name not in _BY_PYTHON}
        return f"class {value.__qualname__} {list(held)}", [*value.__bases__, *held.values()]
    if inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, ModuleType):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}", []
    return _data(value)


def _data(value: Any) -> tuple[str, list[Any]]:
    content = digest(value)
    if content is not None:
        return content, []
    if isinstance(value, Mapping):
        return "mapping", [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return type(value).__name__, [*value]
    if _own(_file_of(type(value))) and hasattr(value, "__dict__"):
        return "object", [type(value), vars(value)]
    try:
        content = hashlib.sha256(pickle.dumps(value)).hexdigest()  # written only, never read
    except Exception:  # whatever its own way of being pickled raises
        content = ""
    return content, [type(value)]


def _code(code: CodeType) -> str:
    constants = [_code(item) if isinstance(item, CodeType) else _constant(item) for item in code.co_consts]
    return repr((code.co_name, code.co_code.hex(), code.co_names, code.co_varnames, constants))


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _around(function: Any) -> Iterator[Any]:
    """The values of the variables around a function that it, or a function within it, names."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    known = function.__globals__
    for name in sorted({*_names(function.__code__)}):
        if name in known:
            yield known[name]


def _names(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _names(item)


def _file_of(made: type) -> str | None:
    codes = (getattr(inspect.unwrap(item), "__code__", None) for item in vars(made).values() if callable(item))
    return next((code.co_filename for code in codes if code is not None), None)


def _own(file: str | None) -> bool:
    """Whether code of this file is the user's, in Python: that of libraries is named by their versions."""
    if not file or file.endswith((".so", ".pyd")):
        return False
    return not installed(Path(file)) and not Path(file).is_relative_to(_LRLAB)
