"""The shape of a record: checks JSON values against type annotations, and lets nothing else through.

    run = shaped(StoredRun, {"key": "3f...", "seed": 0, ...})

Annotations may be: str, int, float, bool, None, Any, Literal, unions, tuple, list, Mapping and dict with texts as
names, dataclasses and TypedDicts. A float may be written as an integer, and a non-finite one as "inf", "-inf" or
"nan"; any other value must have exactly the annotated type.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from lrlab.errors import LrlabError, nearest

T = TypeVar("T")
Reader = Callable[[Any], Any]

_NOT_FINITE = ("inf", "-inf", "nan")
_WORDS = {
    int: "a whole number", float: "a number", str: "a text", bool: "true or false", types.NoneType: "none",
    list: "a list", tuple: "a list",
}  # fmt: skip
_MANY = {int: "a list of whole numbers", float: "a list of numbers", str: "a list of texts"}


class Misshapen(LrlabError):
    """A record does not have the expected shape; the message says where."""

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(f"{place.lstrip('.') or 'it'} {problem}")
        self.problem, self.place = problem, place

    def inside(self, place: str) -> Misshapen:
        """The same error, for the value that contains this part."""
        return Misshapen(self.problem, place + self.place)


def shaped(kind: type[T], value: object) -> T:
    """A JSON value as a value of type `kind`. Raises `Misshapen`, which says where it has another type.

    >>> shaped(tuple[float, ...], [1, 0.5, "inf"])
    (1.0, 0.5, inf)
    >>> shaped(dict[str, int], {"seed": "0"})
    Traceback (most recent call last):
    lrlab.record.shape.Misshapen: seed is '0', and should be a whole number
    """
    asked: Any = kind
    found: T = _reader(asked)(value)
    return found


@functools.cache
def _reader(kind: Any) -> Reader:
    """The function that reads values of a type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return lambda value: value
    if kind in (float, int, str, bool, types.NoneType):
        return _float if kind is float else functools.partial(_exactly, kind)
    if origin is typing.Literal:
        return functools.partial(_one_of, arguments)
    if origin in (typing.Union, types.UnionType):
        return functools.partial(_any_of, tuple(_reader(argument) for argument in arguments), kind)
    if origin is typing.NotRequired:
        return _reader(arguments[0])
    if origin in (list, tuple) and (origin is list or arguments[1:] == (...,)):
        return functools.partial(_many, origin, arguments[0], _reader(arguments[0]))
    if origin is tuple:
        return functools.partial(_some, tuple(_reader(argument) for argument in arguments))
    if origin in (dict, Mapping):
        return functools.partial(_named, _reader(arguments[1]))
    return _fields(kind)


def _wrong(value: object, wanted: str) -> Misshapen:
    text = repr(value) if isinstance(value, (str, float, bool, types.NoneType)) else _said(type(value))
    return Misshapen(f"is {text[:60]}, and should be {wanted}")


def _said(kind: Any) -> str:
    """A type in words, for people who write JSON or TOML; that a field may be left out is not said."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Annotated, typing.NotRequired):
        return _said(arguments[0])
    if origin is typing.Literal:
        return " or ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_said(each) for each in arguments if each is not types.NoneType))
    if origin in (list, tuple):
        return _MANY.get(arguments[0], "a list")
    return _WORDS.get(kind, "a mapping")


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise _wrong(value, _said(kind))
    return value


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int or (type(value) is str and value in _NOT_FINITE):
        with contextlib.suppress(OverflowError):
            return float(value)
    raise _wrong(value, "a number")


def _one_of(allowed: tuple[Any, ...], value: Any) -> Any:
    if type(value) not in map(type, allowed) or value not in allowed:
        raise _wrong(value, " or ".join(map(repr, allowed)))
    return value


def _any_of(readers: tuple[Reader, ...], kind: object, value: Any) -> Any:
    for reader in readers:
        with contextlib.suppress(Misshapen):
            return reader(value)
    raise _wrong(value, _said(kind))


def _many(origin: type, kind: Any, reader: Reader, value: Any) -> Any:
    if type(value) is not list:
        raise _wrong(value, "a list")
    if kind in (int, float) and set(map(type, value)) <= {kind}:  # a thousand numbers at once
        return origin(value)
    return origin(_parts(value, itertools.repeat(reader)))


def _some(readers: tuple[Reader, ...], value: Any) -> tuple[Any, ...]:
    if type(value) is not list or len(value) != len(readers):
        raise _wrong(value, f"a list of {len(readers)}")
    return tuple(_parts(value, readers))


def _parts(value: list[Any], readers: Iterable[Reader]) -> list[Any]:
    found: list[Any] = []
    try:
        for item, reader in zip(value, readers, strict=False):
            found.append(reader(item))
    except Misshapen as error:
        raise error.inside(f"[{len(found)}]") from None
    return found


def _named(reader: Reader, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise _wrong(value, "a mapping")
    return _items(value, lambda name: reader)


def _items(value: dict[str, Any], reader_of: Callable[[str], Reader]) -> dict[str, Any]:
    found = {}
    for name, item in value.items():
        try:
            found[name] = reader_of(name)(item)
        except Misshapen as error:
            raise error.inside(f".{name:.60}") from None
    return found


def _fields(kind: Any) -> Reader:
    """The reader of a new dataclass, or of a TypedDict as a dictionary: with every field, and no other."""
    hints = typing.get_type_hints(kind, include_extras=True)
    readers = {name: _reader(hint) for name, hint in hints.items()}
    make: Callable[..., Any] = kind
    if dataclasses.is_dataclass(kind):
        needed = {f.name for f in dataclasses.fields(kind) if f.default is f.default_factory is dataclasses.MISSING}
    else:
        make = dict
        needed = {name for name, hint in hints.items() if typing.get_origin(hint) is not typing.NotRequired}

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _wrong(value, "a mapping")
        if odd := sorted(needed - value.keys()) or sorted(value.keys() - readers.keys()):
            if needed - value.keys():
                raise Misshapen(f"has no {odd[0]!r:.60}")
            meant = nearest(odd[0], readers)
            raise Misshapen(f"has an unknown {odd[0]!r:.60}" + (f"; did you mean {meant!r}?" if meant else ""))
        return make(**_items(value, readers.__getitem__))

    return read
