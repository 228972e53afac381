"""The variables outside a training function that may affect it: those of its modules and of the functions around it.

They outlive a run, so the next run of the process begins with their present values. A training may read them. If it
changes them, its next call does not begin in the same way. The search follows the user's own code from name to name, as
far as it can be reached from the function. A list to which this code only appends is left out.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.lab.training.frames import APPENDED, appends, only_grows

_LIBRARIES = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
_LIBRARIES |= {folder.resolve() for folder in _LIBRARIES}
_LRLAB = Path(__file__).parents[2]
PLAIN = (bool, int, float, str, type(None))
BY_COMPUTING = {"globals", "eval", "exec"}  # code that uses these may read any variable of its module
_VALUES = (*PLAIN, list, dict, set, tuple)


def is_own(module: str | None, package: str = "") -> bool:
    """Whether a module is the user's own: not installed, and not part of lrlab except for its tasks.

    An installed module in `package` counts as the user's own, too.

    >>> is_own("json"), is_own("__main__"), is_own(None), is_own("json.decoder", "json")
    (False, True, False, True)
    """
    if not module or module == "__main__":
        return module == "__main__"
    top = module.partition(".")[0]
    if package and top == package:
        return True
    held = sys.modules.get(module)
    if held is None:  # made by exec, such as the cells of a notebook
        return top not in sys.modules
    file = getattr(held, "__file__", None)
    if file is None:
        where = [*getattr(held, "__path__", ())]  # a package without __init__.py
        return bool(where) and is_own_file(f"{where[0]}/__init__.py")
    if not os.path.isabs(file):  # the invented file of a module that its library has created
        return "." not in module or is_own(module.rpartition(".")[0], package)
    return is_own_file(file)


def is_own_code(code: CodeType) -> bool:
    """Whether code is the user's own: not in a file of a library, or in no file, such as a notebook cell."""
    return not code.co_filename.endswith(".py") or is_own_file(code.co_filename)


def outside(function: Any) -> dict[str, tuple[Any, str, Any]]:
    """The variables outside a function that its code may read: readable name -> (where it is held, its name there, its
    value now). Functions, classes and libraries are left out.

    >>> def make(width): return lambda run: width
    >>> [(name, value) for name, (_, _, value) in outside(make(64)).items()]
    [('width', 64)]
    """
    return _walked(function)[0]


def reached(function: Any) -> list[Any]:
    """A function, and the functions and classes of the user's own code that it may reach by name."""
    return _walked(function)[1]


def import_later_ones(function: Any) -> None:
    """Import now, before seeding and looking, the user's modules that a function would import when it is called.

    Otherwise only the first run of a process would do what such a module does at import.
    """
    done = set[str]()
    while new := {name for each in reached(function) for name in _imports_of(each)} - done:
        done |= new
        for name in sorted(new - sys.modules.keys()):
            with contextlib.suppress(Exception):  # the function itself will raise it again
                found = importlib.util.find_spec(name.partition(".")[0])
                if found is not None and found.origin and is_own_file(found.origin):
                    importlib.import_module(name)


def _imports_of(function: Any) -> frozenset[str]:
    code = getattr(function, "__code__", None)
    return _imports(code) if code is not None and is_own_code(code) else frozenset()


def _walked(function: Any) -> tuple[dict[str, tuple[Any, str, Any]], list[Any]]:
    found: dict[str, tuple[Any, str, Any]] = {}
    waiting, met, functions = [function], set[int](), []

    def take(name: str, where: Any, key: str, value: Any) -> None:
        if isinstance(value, ModuleType) or (callable(value) and not isinstance(value, Schedule)):
            waiting.append(value)
        else:
            found.setdefault(name, (where, key, value))
            waiting.append(type(value))

    while waiting:
        given = waiting.pop()
        each = _unwrapped(given)
        if id(each) in met:
            continue
        met.add(id(each))
        if inspect.isclass(each) and is_own(each.__module__):
            for key, value in vars(each).items():
                if not key.startswith("__") or callable(value):
                    take(f"{each.__qualname__}.{key}", each, key, _unwrapped(value))
        elif inspect.isfunction(each) and _is_of_lrlab(each.__code__.co_filename):
            waiting += [cell.cell_contents for cell in each.__closure__ or () if callable(cell.cell_contents)]
        elif inspect.isfunction(each):
            functions += [each, given] if given is not each else [each]
            _around(each, take)
            if is_own_code(each.__code__):
                _beyond(each, take)
    return found, functions


def _around(function: Any, take: Callable[[str, Any, str, Any], None]) -> None:
    """The variables of the functions around this one, and its own defaults and attributes."""
    reads = names_read(function.__code__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
        if _is_read(name, value, reads):
            take(name, cell, "cell_contents", value)
    for held in ("__defaults__", "__kwdefaults__"):
        if value := getattr(function, held):
            take(f"{function.__qualname__}.{held}", function, held, value)
    if is_own_code(function.__code__):
        for key, value in vars(function).items():
            if not key.startswith(("__", "lrlab_")):
                take(f"{function.__qualname__}.{key}", vars(function), key, value)


def _beyond(function: Any, take: Callable[[str, Any, str, Any], None]) -> None:
    """The variables of its module, of the user's modules that it names or imports, and of the environment; of
    libraries, only those that it sets itself. Code with `globals`, `eval` or `exec` may read all its module."""
    known, reads = function.__globals__, names_read(function.__code__)
    whole = bool(BY_COMPUTING & reads)
    named = {
        name: value
        for name, value in known.items()
        if _is_read(name, value, reads) or (whole and type(value) in _VALUES and not name.startswith("_"))
    }
    imported = {name: sys.modules[name] for name in _imports(function.__code__) if name in sys.modules}
    for name, value in sorted((imported | named).items()):
        if not isinstance(value, ModuleType):
            take(name, known, name, value)
        elif is_own(value.__name__):
            for inner, held in sorted(vars(value).items()):
                if _is_read(inner, held, reads):
                    take(f"{name}.{inner}", vars(value), inner, held)
        else:
            for path, module, inner in _set_by(function.__code__, value):
                take(f"{name}.{path}", vars(module), inner, vars(module)[inner])
    for name in _texts(function.__code__) & os.environ.keys() if "environ" in reads else ():
        take(f"os.environ[{name!r}]", os.environ, name, os.environ[name])


def _set_by(code: CodeType, library: ModuleType) -> list[tuple[str, ModuleType, str]]:
    """The values of a library, and of those of its modules that the code names, if the code sets their name."""
    found: list[tuple[str, ModuleType, str]] = []
    sets, waiting = _sets(code), [("", library)]
    while sets and waiting:
        path, module = waiting.pop()
        for name in sorted(vars(module).keys() & (sets | names_read(code))):
            held = vars(module)[name]
            if isinstance(held, ModuleType) and held.__name__.startswith(f"{module.__name__}."):
                waiting.append((f"{path}{name}.", held))
            elif name in sets and type(held) in _VALUES:
                found.append((f"{path}{name}", module, name))
    return found


@functools.lru_cache(maxsize=512)
def _sets(code: CodeType) -> frozenset[str]:
    """The names of the attributes that a code object, or one inside it, sets."""
    found = {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_ATTR"}
    texts = _texts(code) if "setattr" in code.co_names else frozenset()
    return frozenset(found).union(texts, *map(_sets, _codes(code)))


def _is_read(name: str, value: Any, reads: frozenset[str]) -> bool:
    """Whether code that reads these names reads this variable; appending to a list does not count."""
    return name in reads or (APPENDED + name in reads and not only_grows(value))


def _unwrapped(value: Any) -> Any:
    """The function behind a method, a property, or a decorator of a library."""
    for name in ("__func__", "fget", "__wrapped__", "func"):
        if not inspect.isclass(value) and callable(inner := getattr(value, name, None)):
            return _unwrapped(inner)
    return value


@functools.lru_cache(maxsize=4096)
def names_read(code: CodeType) -> frozenset[str]:
    """The names that a code object, or one inside it, reads; a name that it only appends to is marked."""
    found = set[str]()
    for each, after in pairwise([*dis.get_instructions(code)]):
        names = each.argval if isinstance(each.argval, tuple) else (each.argval,)
        texts = [name for name in names if isinstance(name, str)]
        if each.opname.startswith("LOAD") and texts:
            found.update((*texts[:-1], APPENDED + texts[-1]) if appends(each, after) else texts)
    return frozenset(found).union(*map(names_read, _codes(code)))


@functools.lru_cache(maxsize=512)
def _imports(code: CodeType) -> frozenset[str]:
    """The modules that a code object, or one inside it, imports when it runs."""
    found = {each.argval for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME" and each.argval}
    return frozenset(found).union(*map(_imports, _codes(code)))


def names_in(code: CodeType) -> frozenset[str]:
    """All names and texts in a code object and in those inside it.

    >>> sorted(names_in(compile("a.b = 'c'", "a cell", "exec")))
    ['a', 'b', 'c']
    """
    return frozenset(code.co_names).union(_texts(code), *map(names_in, _codes(code)))


@functools.lru_cache(maxsize=512)
def _texts(code: CodeType) -> frozenset[str]:
    return frozenset(each for each in code.co_consts if isinstance(each, str)).union(*map(_texts, _codes(code)))


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (each for each in code.co_consts if isinstance(each, CodeType))


@functools.lru_cache(maxsize=2**14)
def _is_of_lrlab(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(_LRLAB) and not path.is_relative_to(_LRLAB / "lab" / "tasks")


@functools.lru_cache(maxsize=2**14)
def is_own_file(file: str) -> bool:
    """Whether a file is the user's own: Python code that is not installed, or a task of lrlab."""
    path = Path(file)
    if path.suffix != ".py":
        return False
    if path.is_relative_to(_LRLAB):
        return path.is_relative_to(_LRLAB / "lab" / "tasks")
    return not {"site-packages", "dist-packages"} & {*path.parts} and not any(map(path.is_relative_to, _LIBRARIES))
