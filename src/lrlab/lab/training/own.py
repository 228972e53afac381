"""What lies outside of a training function and may steer it: variables of its modules, and those around it.

They outlive a run, so that the next run of the process begins with them as they are then. A training may read them; one
that changes them is not the same when it is called again. Code of the user's own is followed from name to name, as far
as it can be reached from the function; a list to which that code only appends tells, and is left out.
"""

from __future__ import annotations

import dis
import functools
import inspect
import sys
import sysconfig
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from lrlab.lab.training.frames import APPENDS

_LIBRARIES = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
_LIBRARIES |= {folder.resolve() for folder in _LIBRARIES}
_LRLAB = Path(__file__).parents[2]
PLAIN = (bool, int, float, str, type(None))


def is_own(module: str | None) -> bool:
    """Whether a module is the user's, and no library: not installed, and not part of lrlab beside its tasks.

    >>> is_own("json"), is_own("__main__"), is_own(None)
    (False, True, False)
    """
    file = getattr(sys.modules.get(module or ""), "__file__", None)
    return module == "__main__" or (file is not None and is_own_file(file))


def is_own_code(code: CodeType) -> bool:
    """Whether code is the user's: in a file that is not a library's, or in none, such as a notebook cell."""
    return not code.co_filename.endswith(".py") or is_own_file(code.co_filename)


def outside(function: Any) -> dict[str, tuple[Any, str, Any]]:
    """The variables outside of a function that its code may read, by a name for people: where each is held, its name
    there, and what it is now. Functions, classes and libraries are not.

    >>> def make(width): return lambda run: width
    >>> [(name, value) for name, (_, _, value) in outside(make(64)).items()]
    [('width', 64)]
    """
    found: dict[str, tuple[Any, str, Any]] = {}
    waiting, met = [function], set[int]()

    def take(name: str, where: Any, key: str, value: Any) -> None:
        if isinstance(value, ModuleType) or callable(value):
            waiting.append(value)
        else:
            found.setdefault(name, (where, key, value))
            waiting.append(type(value))

    while waiting:
        each = _unwrapped(waiting.pop())
        if id(each) in met:
            continue
        met.add(id(each))
        if inspect.isclass(each) and is_own(each.__module__):
            for key, value in vars(each).items():
                if not key.startswith("__") or callable(value):
                    take(f"{each.__qualname__}.{key}", each, key, _unwrapped(value))
        elif inspect.isfunction(each) and _is_lrlab(each.__code__):
            waiting += [cell.cell_contents for cell in each.__closure__ or () if callable(cell.cell_contents)]
        elif inspect.isfunction(each):
            _around(each, take)
            if is_own_code(each.__code__):
                _beyond(each, take)
    return found


def _around(function: Any, take: Callable[[str, Any, str, Any], None]) -> None:
    """The variables of the functions around this one, and what it holds itself."""
    read = names_read(function.__code__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if name in read:
            try:
                take(name, cell, "cell_contents", cell.cell_contents)
            except ValueError:  # not assigned yet
                continue
    for held in ("__defaults__", "__kwdefaults__"):
        if value := getattr(function, held):
            take(f"{function.__qualname__}.{held}", function, held, value)


def _beyond(function: Any, take: Callable[[str, Any, str, Any], None]) -> None:
    """The variables of its module, and of own modules that it names."""
    known, read = function.__globals__, names_read(function.__code__)
    for name in sorted(read & known.keys()):
        value = known[name]
        if isinstance(value, ModuleType):
            if is_own(value.__name__):
                for inner in sorted(read & vars(value).keys()):
                    take(f"{name}.{inner}", vars(value), inner, vars(value)[inner])
        else:
            take(name, known, name, value)


def _unwrapped(value: Any) -> Any:
    """The function behind a method, a property, or a decorator of a library."""
    for name in ("__func__", "fget", "__wrapped__", "func"):
        if not inspect.isclass(value) and callable(inner := getattr(value, name, None)):
            return _unwrapped(inner)
    return value


@functools.lru_cache(maxsize=4096)
def names_read(code: CodeType) -> frozenset[str]:
    """The names that a code, or one within it, reads, other than to append to them."""
    found = set[str]()
    for each, after in pairwise([*dis.get_instructions(code)]):
        appends = after.opname in ("LOAD_METHOD", "LOAD_ATTR") and after.argval in APPENDS
        if each.opname.startswith("LOAD") and not appends:
            found.update(each.argval if isinstance(each.argval, tuple) else (each.argval,))
    for item in code.co_consts:
        if isinstance(item, CodeType):
            found |= names_read(item)
    return frozenset(name for name in found if isinstance(name, str))


def _is_lrlab(code: CodeType) -> bool:
    path = Path(code.co_filename)
    return path.is_relative_to(_LRLAB) and not path.is_relative_to(_LRLAB / "lab" / "tasks")


@functools.lru_cache(maxsize=2**14)
def is_own_file(file: str) -> bool:
    """Whether a file is the user's: Python code that is not installed, or a task of lrlab."""
    path = Path(file)
    if path.suffix != ".py":
        return False
    if path.is_relative_to(_LRLAB):
        return path.is_relative_to(_LRLAB / "lab" / "tasks")
    return not {"site-packages", "dist-packages"} & {*path.parts} and not any(map(path.is_relative_to, _LIBRARIES))
