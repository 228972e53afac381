"""A type as a JSON Schema (2020-12): describes what `shape.py` reads to programs that do not read Python.

    schema_of(tuple[float, ...])     {"type": "array", "items": {"type": "number"}}

The annotations are those of `shape.py`. A float is finite; within `Annotated[..., UNBOUNDED]` it may also be written as
"inf", "-inf" or "nan". The docstring of a class, up to its example, is its description.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

UNBOUNDED = "a number, or inf, -inf, nan as a text"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_PLAIN = {int: "integer", str: "string", bool: "boolean", types.NoneType: "null"}


def schema_of(kind: Any, *, unbounded: bool = False, closed: bool = False) -> Schema:
    """The JSON Schema of the values of a type; if `closed`, no class may have additional fields.

    >>> schema_of(dict[str, int | None])
    {'type': 'object', 'additionalProperties': {'type': ['integer', 'null']}}
    """
    how = {"unbounded": unbounded, "closed": closed}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in (Any, object):
        return {}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if kind is float:
        finite: Schema = {"type": "number"}
        return {"anyOf": [finite, {"enum": ["inf", "-inf", "nan"]}]} if unbounded else finite
    if origin is typing.Annotated:
        return schema_of(arguments[0], unbounded=unbounded or UNBOUNDED in arguments, closed=closed)
    if origin is typing.NotRequired:
        return schema_of(arguments[0], **how)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return _either([schema_of(argument, **how) for argument in arguments])
    if origin is tuple and arguments[1:] != (...,):
        items = [schema_of(argument, **how) for argument in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if origin in (list, tuple, Sequence):
        return {"type": "array", "items": schema_of(arguments[0], **how)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1], **how)}
    return _fields(kind, how)


def _either(parts: list[Schema]) -> Schema:
    """A schema for any of these: `{"type": ["integer", "null"]}` if the types say everything."""
    if all(part.keys() == {"type"} and isinstance(part["type"], str) for part in parts):
        return {"type": [part["type"] for part in parts]}
    return {"anyOf": parts}


def _fields(kind: Any, how: Mapping[str, bool]) -> Schema:
    """The schema of a dataclass or a TypedDict."""
    hints = typing.get_type_hints(kind, include_extras=True)
    if dataclasses.is_dataclass(kind):
        fields = dataclasses.fields(kind)
        needed = [f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING]
        said = "" if str(kind.__doc__).startswith(f"{typing.cast(type, kind).__name__}(") else kind.__doc__
        hints = {field.name: hints[field.name] for field in fields}
    else:
        needed = [name for name, hint in hints.items() if typing.get_origin(hint) is not typing.NotRequired]
        said = kind.__doc__
    properties = {name: schema_of(hint, **how) for name, hint in hints.items()}
    found: Schema = {"type": "object", "properties": properties, "required": needed}
    if how["closed"]:
        found["additionalProperties"] = False
    words = inspect.cleandoc(said or "").partition("\n\n>>>")[0]
    return {"description": " ".join(words.split()), **found} if words else found
