"""What a value is made of: what it is in words, and the values that it holds, by name where they have one.

A library's function or class is its name; its objects are what they hold. Own code is all that it is. What nobody can
look into is `Opaque`.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import io
import os
import sys
import types
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from lrlab.lab.identity import models
from lrlab.lab.identity.code import calls, digest_of_code
from lrlab.lab.identity.own import HEAP, Own, found
from lrlab.lab.identity.plain import array_of, has_text
from lrlab.lab.identity.set_there import set_in
from lrlab.lab.training.own import BY_COMPUTING, names_read
from lrlab.lab.training.values import attributes_of

Held = list[tuple[str, Any]]

# What only tells, or waits: nothing is computed from it.
_TELLS = {
    *("logging", "threading", "_thread", "rich", "tqdm", "wandb", "mlflow", "tensorboard", "tensorboardX", "loguru"),
    *("structlog", "click", "matplotlib", "IPython", "ipykernel", "colorama", "termcolor"),
}
OF_MODULES = {  # what Python itself writes into modules, which have other names in other processes
    *("__name__", "__file__", "__doc__", "__spec__", "__loader__", "__package__", "__path__", "__cached__"),
    *("__builtins__", "__annotations__"),
}
_OF_NOTEBOOKS = {"In", "Out", "exit", "quit", "get_ipython", "open"}
_BY_PYTHON = {"__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations_cache__"}
_KEPT = {  # what a decorator or a metaclass writes into a class for itself to read
    *("__slots__", "__annotations__", "__dataclass_fields__", "__match_args__", "__attrs_attrs__"),
    *("__pydantic_fields__", "__defaults__", "__members__"),
}
_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_BASES: dict[type, Any] = {  # and how a value is had without its class
    str: str.__str__,
    bytes: lambda value: bytes(memoryview(value)),
    int: int.__int__,
    float: float.__float__,
    complex: lambda value: complex(value.real, value.imag),
}
_ACCESS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_SLOTS = (types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType)
_DECORATORS = ("functools", "jax", "jaxlib")  # whose objects are what they wrap


class Opaque(Exception):
    """An object that nobody can look into."""


def parts_of(value: Any, own: Own) -> tuple[str, Held]:
    """What a value is, and what it holds. Raises `Opaque`.

    >>> parts_of({"width": 8}, Own())
    ('dict', [('', 'width'), ('', 8)])
    """
    kind = type(value)
    for kinds, how in _KINDS:
        if isinstance(value, kinds):
            return how(value, own)
    if (told := array_of(value)) is not None:
        more = [
            (name, held) for name in ("grad", "_backward_hooks") if (held := getattr(value, name, None)) is not None
        ]
        return f"{told[0]} {hashlib.sha256(told[1]).hexdigest()}", more + _attributes(value)
    if kind.__module__.partition(".")[0] in _TELLS:
        return _name(kind), []
    if kind.__module__.partition(".")[0] in _DECORATORS and callable(wrapped := getattr(value, "__wrapped__", None)):
        more = [
            (name, each)
            for name, each in _attributes(value)
            if name != "__wrapped__" and isinstance(each, types.FunctionType) and own.function(each)
        ]
        return f"decorated {_name(kind)}", [("", wrapped), *more]
    return _object(value, own)


def _function(value: types.FunctionType, own: Own) -> tuple[str, Held]:
    around = [("", wrapped)] if callable(wrapped := getattr(value, "__wrapped__", None)) else []
    cells = [*zip(value.__code__.co_freevars, map(_inside, value.__closure__ or ()), strict=True)]
    if not own.function(value):
        name = f"{value.__globals__.get('__name__')}.{value.__code__.co_qualname}"
        return name, [] if found(value) is value and not around else [*around, *cells]
    marks = [(k, v) for k, v in sorted(vars(value).items()) if k not in ("lrlab_task", "__wrapped__")]
    read = names_read(value.__code__)  # not what it only appends to, which tells
    names = sorted((read & value.__globals__.keys()) - OF_MODULES)
    if read & BY_COMPUTING and calls(value.__code__) & BY_COMPUTING:
        names = sorted(name for name in value.__globals__ if not name.startswith("_") and name not in _OF_NOTEBOOKS)
    cells = [(name, held) for name, held in cells if name in read]
    held = [("defaults", value.__defaults__), ("keywords", value.__kwdefaults__), *cells, *marks, *around]
    return digest_of_code(value.__code__).hex(), [*held, *((name, value.__globals__[name]) for name in names)]


class _Unset:
    """What stands in a variable that was not assigned yet."""


def _inside(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _Unset


def _class(value: type, own: Own) -> tuple[str, Held]:
    if not own.kind(value):
        return f"class {_name(value)}", set_in(value, own)
    held = [
        (name, item)
        for name, item in sorted(vars(value).items())
        if name not in _BY_PYTHON and not _made(name, item) and not isinstance(item, types.GetSetDescriptorType)
    ]
    kinds = [("", type(value)), *(("", base) for base in value.__bases__)]
    return f"class {value.__qualname__}", [*kinds, *held]


# Where a class stands in its file, from 3.13 on; from 3.14 on its annotations, as a function in place of a dict.
_OF_A_NEWER_PYTHON = ("__firstlineno__", "__static_attributes__", "__annotate__", "__annotate_func__")


def _made(name: str, item: Any) -> bool:
    """Whether something in a class was made by Python or a metaclass for itself."""
    if name.startswith("_abc_") or name in _OF_A_NEWER_PYTHON:
        return True
    special = name.startswith("__") and name.endswith("__") and name not in _KEPT
    return special and not isinstance(item, types.FunctionType | staticmethod | classmethod | property | str | int)


def _module(value: types.ModuleType, own: Own) -> tuple[str, Held]:
    return "module" if own.module(value.__name__) else f"module {value.__name__}", []  # see `walk`


def _method(value: types.MethodType, own: Own) -> tuple[str, Held]:
    return "method", [("", value.__self__), ("", value.__func__)]


def _builtin(value: types.BuiltinFunctionType, own: Own) -> tuple[str, Held]:
    to = value.__self__
    if to is None or isinstance(to, types.ModuleType):
        return f"{value.__module__}.{value.__qualname__}", []
    return f"method {value.__name__}", [("", to)]


def _decorated(value: Any, own: Own) -> tuple[str, Held]:
    return type(value).__name__, [("", value.__func__)]


def _property(value: property, own: Own) -> tuple[str, Held]:
    return "property", [("get", value.fget), ("set", value.fset), ("delete", value.fdel)]


def _partial(value: Any, own: Own) -> tuple[str, Held]:
    return "partial", [("", value.func), ("", value.args), *sorted(value.keywords.items()), *_attributes(value)]


def _slot(value: Any, own: Own) -> tuple[str, Held]:
    where = value.__objclass__
    return f"{'' if own.kind(where) else _name(where)}.{value.__name__}", []


def _code(value: types.CodeType, own: Own) -> tuple[str, Held]:
    return digest_of_code(value).hex(), []


def _generator(value: types.GeneratorType[Any, Any, Any], own: Own) -> tuple[str, Held]:
    frame = value.gi_frame
    local = [] if frame is None else sorted(frame.f_locals.items())
    return f"generator {digest_of_code(value.gi_code).hex()} {frame and frame.f_lasti}", local


def _cell(value: types.CellType, own: Own) -> tuple[str, Held]:
    return "cell", [("", _inside(value))]


def _proxy(value: Mapping[Any, Any], own: Own) -> tuple[str, Held]:
    return "proxy", [("", dict(value))]


def _file(value: Any, own: Own) -> tuple[str, Held]:
    if isinstance(value, io.BytesIO | io.StringIO):
        return type(value).__name__, [("", value.getvalue())]
    return f"file {type(value).__name__} {getattr(value, 'mode', '')}", []


def _reference(value: Any, own: Own) -> tuple[str, Held]:
    return "reference", [("", value())]


def _variable(value: ContextVar[Any], own: Own) -> tuple[str, Held]:
    return f"variable {value.name}", [("", next(iter(_set(value)), None))]


def _set(value: ContextVar[Any]) -> tuple[Any, ...]:
    try:
        return (value.get(),)
    except LookupError:
        return ()


_KINDS: tuple[tuple[Any, Callable[[Any, Own], tuple[str, Held]]], ...] = (
    (types.FunctionType, _function),
    (type, _class),
    (types.ModuleType, _module),
    (types.MethodType, _method),
    (types.BuiltinFunctionType | types.MethodWrapperType, _builtin),
    (staticmethod | classmethod, _decorated),
    (property, _property),
    (functools.partial, _partial),
    (_ACCESS + _SLOTS, _slot),
    (types.CodeType, _code),
    (types.GeneratorType, _generator),
    (types.CellType, _cell),
    (types.MappingProxyType, _proxy),
    (io.IOBase, _file),
    (weakref.ReferenceType, _reference),
    (ContextVar, _variable),
)


def _object(value: Any, own: Own) -> tuple[str, Held]:
    kind = type(value)
    if value is os.environ:
        return "environment", []
    if kind.__module__ != "builtins" and "_tracker" in (attributes_of(value) or {}) and models.is_keras(kind):
        if (told := models.of_keras(value)) is None:
            raise Opaque
        return "keras", told
    if models.is_linen(kind):
        return "object", [("", kind), *models.of_linen(value)]
    if models.is_container_of_keras(kind):
        return _content(next(plain for plain in (list, dict, set) if isinstance(value, plain))(value))
    if isinstance(value, (*_CONTAINERS, *_BASES, bytearray)):
        label, held = _content(value)
        if kind in _CONTAINERS or kind is bytearray:
            return label, held
        extra = [("factory", value.default_factory)] if hasattr(value, "default_factory") else []
        return f"{label} of", [("", kind), *held, *extra, *_attributes(value)]
    if (by := copyreg.dispatch_table.get(kind)) or not isinstance(_reduces(kind), types.FunctionType):
        held = _reduced(by(value) if by else _reduce(value))
        return f"object {len(held)}", [("", kind), *held]
    if any(map(_native, kind.__mro__)):
        return "object", [("", kind), *_reduced(_reduce(value))]
    if attributes_of(value) is None:
        raise Opaque
    return "object", [("", kind), *_attributes(value)]


def _content(value: Any) -> tuple[str, Held]:
    if isinstance(value, dict):
        return "dict", [("", each) for pair in dict.items(value) for each in pair]
    if isinstance(value, set | frozenset):
        return "set", [("", each) for each in value]  # put in order by `walk`
    if isinstance(value, _CONTAINERS):
        kind: Any = next(each for each in _CONTAINERS if isinstance(value, each))
        return f"{kind.__name__} {getattr(value, 'maxlen', '')}", [("", each) for each in kind.__iter__(value)]
    if isinstance(value, bytearray):
        return "bytearray", [("", bytes(value))]
    base, exact = next(pair for pair in _BASES.items() if isinstance(value, pair[0]))
    return base.__name__, [("", exact(value))]


def _attributes(value: Any) -> Held:
    held = attributes_of(value) or {}
    return sorted(_without_counts(held).items(), key=lambda pair: pair[0])


def _without_counts(held: dict[str, Any]) -> dict[str, Any]:
    """PyTorch numbers the hooks of a process one after the other: here they are numbered in each object."""
    hooks = {name: each for name, each in held.items() if "_hooks" in name and isinstance(each, dict) and each}
    numbers = sorted({number for each in hooks.values() for number in each if isinstance(number, int)})
    if not numbers:
        return held
    ranks = {number: rank for rank, number in enumerate(numbers)}
    counted = {name: [(ranks.get(key, key), hook) for key, hook in each.items()] for name, each in hooks.items()}
    return {**held, **counted}


def _reduces(kind: type) -> Any:
    """How objects of a class are taken apart: a Python function, of which nobody knows what it leaves out; or not."""
    for each in kind.__mro__:
        for name in ("__reduce_ex__", "__reduce__"):
            if name in vars(each) and each is not object:
                return vars(each)[name]
    return None if "__getstate__" not in {name for each in kind.__mro__[:-1] for name in vars(each)} else _reduces


def _native(kind: type) -> bool:
    """Whether a class is made in another language, so that its objects may hold what no attribute shows."""
    if kind is object or kind in (*_CONTAINERS, *_BASES):
        return False
    file = getattr(sys.modules.get(kind.__module__), "__file__", None) if kind.__module__ != "__main__" else "a.py"
    return not kind.__flags__ & HEAP or (not str(file).endswith(".py") and found(kind) is kind)


def _reduce(value: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return value.__reduce_ex__(4)
    except Exception:  # whatever its own way of being taken apart raises
        raise Opaque from None


def _reduced(found: Any) -> Held:
    if isinstance(found, str):
        return [("", found)]
    make, given, *more = found
    state, items, pairs = [*more, None, None, None][:3]
    held = [("", make), ("", given)]
    slots = isinstance(state, tuple) and len(state) == 2 and all(isinstance(each, dict | None) for each in state)
    for each in (state,) if isinstance(state, dict) else state if slots and isinstance(state, tuple) else ():
        named = {str(name): part for name, part in (each or {}).items()}
        held += sorted(_without_counts(named).items(), key=lambda pair: pair[0])
    if state is not None and not slots and not isinstance(state, dict):
        held.append(("", state))
    return held + [("", each) for each in items or ()] + [("", each) for pair in pairs or () for each in pair]


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def ordered_by_hash(value: Any) -> bool:
    """Whether a set goes through its items in an order that PYTHONHASHSEED decides.

    >>> ordered_by_hash({"a", "b"}), ordered_by_hash({1, 2}), ordered_by_hash({"a"})
    (True, False, False)
    """
    return isinstance(value, set | frozenset) and len(value) > 1 and any(map(has_text, value))
