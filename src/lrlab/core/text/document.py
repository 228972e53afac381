"""Schedules as JSON: `loads(dumps(s)) == s`, with a version and a chain of upgrades.

    {"lrlab": 1, "schedule": {"kind": "cosine", "to": 0.1}}

Every kind of schedule is written by its own arguments in normal form; spans as their text ("10%") or a number of
updates; what equals its default is left out. A document of an older version is brought up one version at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.core.expression.algebra import (
    Maximum,
    Minimum,
    Product,
    Sequence,
    Sum,
    maximum,
    minimum,
    one,
    product,
    sequence,
    several,
    total,
)
from lrlab.core.expression.excerpt import Excerpt
from lrlab.core.expression.fields import number
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.repeat import Repeat
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.expression.wrap import Clip, Lasting, Reverse
from lrlab.core.shapes.tables import Function
from lrlab.core.text.parse import is_default, parse
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

VERSION = 1
DEEPEST = 100

# The kinds that are not words: how their normal form is built again.
_JOINED: dict[str, Callable[..., Schedule]] = {
    "sequence": lambda phases: sequence(*several(phases, "sequence: phases")),
    "product": lambda terms, factor=1.0: product(number(factor, "product: factor"), *several(terms, "product: terms")),
    "sum": lambda terms, offset=0.0: total(number(offset, "sum: offset"), *several(terms, "sum: terms")),
    "minimum": lambda terms: minimum(*several(terms, "minimum: terms")),
    "maximum": lambda terms: maximum(*several(terms, "maximum: terms")),
    "clip": Clip,
    "lasting": Lasting,
    "excerpt": Excerpt,
    "repeat": Repeat,
    "reverse": lambda schedule: one(schedule, "reverse: schedule").reverse(),
    "function": lambda name, digest, span=None: Function(name, digest, span=span),
}
_NAMES = {
    Sequence: "sequence",
    Product: "product",
    Sum: "sum",
    Minimum: "minimum",
    Maximum: "maximum",
    Clip: "clip",
    Lasting: "lasting",
    Excerpt: "excerpt",
    Repeat: "repeat",
    Reverse: "reverse",
    Function: "function",
}


def dumps(schedule: Schedule, indent: int | None = None) -> str:
    """The JSON document of a schedule.

    >>> from lrlab import *
    >>> dumps(0.5 * cosine(to=0.1))
    '{"lrlab": 1, "schedule": {"kind": "product", "factor": 0.5, "terms": [{"kind": "cosine", "to": 0.1}]}}'
    """
    if not isinstance(schedule, Schedule):
        raise LrlabTypeError(worded("dumps writes a schedule", schedule, hint="dumps(parse(text))"))
    return json.dumps({"lrlab": VERSION, "schedule": record(schedule)}, indent=indent, allow_nan=False)


def loads(text: str | bytes, functions: Mapping[str, Callable[[int], float]] | None = None) -> Schedule:
    """Read a schedule from its JSON document.

    `functions` binds the user functions that it names. Raises `LrlabError`, and nothing else, where it is none.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except LrlabError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise LrlabError(worded(f"this is not JSON: {error}", text)) from None
    if not isinstance(document, dict) or "lrlab" not in document:
        raise LrlabError(worded("this is no document of lrlab", document, '{"lrlab": 1, "schedule": {...}}'))
    return schedule_of(upgraded(document)["schedule"], functions or {})


def fingerprint(schedule: Schedule) -> str:
    """The SHA-256 (hex) of the normal form."""
    canonical = json.dumps(record(schedule), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(f"lrlab {VERSION} {canonical}".encode()).hexdigest()


def record(schedule: Schedule) -> dict[str, Any]:
    """A schedule as plain JSON values."""
    signature: Any = type(schedule).__signature__  # type: ignore[attr-defined]
    written: dict[str, Any] = {"kind": _NAMES.get(type(schedule), type(schedule).__name__)}
    for name, value in schedule.arguments().items():
        if value is not None and not is_default(value, signature.parameters[name].default):
            written[name] = _plain(value)
    if isinstance(schedule, (Product, Sum)):
        neutral = {"factor": 1.0, "offset": 0.0}
        written = {k: v for k, v in written.items() if k not in neutral or v != neutral[k]}
    return written


def _plain(value: Any) -> Any:
    if isinstance(value, Schedule):
        return record(value)
    if isinstance(value, Span):
        return int(value.amount) if value.unit == "updates" and value.amount.denominator == 1 else str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def schedule_of(
    written: Any, functions: Mapping[str, Callable[[int], float]], where: str = "$.schedule", depth: int = 0
) -> Schedule:
    """A schedule from its plain JSON values; `where` is the path for messages."""
    if depth > DEEPEST:
        raise LrlabError(worded(f"{where} is nested too deeply", allowed=f"at most {DEEPEST} levels"))
    if not isinstance(written, dict) or not isinstance(written.get("kind"), str):
        raise LrlabError(worded(f"{where} is no schedule", written, '{"kind": "cosine", ...}'))
    kind = written["kind"]
    make = _JOINED.get(kind) or VOCABULARY.get(kind)
    if make is None:
        known = sorted({*VOCABULARY, *_JOINED})
        raise LrlabError(
            worded(
                f"{where}: the kind {kind!r} is not known",
                allowed=", ".join(known),
                hint=nearest(kind, known),
            )
        )
    arguments = {}
    for name, value in written.items():
        if name == "kind":
            continue
        path = f"{where}.{name}"
        if isinstance(value, dict):
            value = schedule_of(value, functions, path, depth + 1)
        elif isinstance(value, list):
            value = tuple(
                schedule_of(item, functions, f"{path}[{k}]", depth + 1) if isinstance(item, dict) else item
                for k, item in enumerate(value)
            )
        arguments[name] = value
    try:
        made = make(**arguments)
    except LrlabError as error:
        raise type(error)(f"{where}: {error}") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise LrlabTypeError(worded(f"{where}: {kind} does not take these arguments: {error}", written)) from None
    if isinstance(made, Function) and made.name in functions:
        return made.bound(functions[made.name])
    return made


# -- older documents ----------------------------------------------------------------------------------------------


def _upgrade_0_1(document: dict[str, Any]) -> dict[str, Any]:
    """Version 0 held the text form: {"lrlab": 0, "text": "..."}."""
    if "text" not in document:
        raise LrlabError(
            worded("this document holds no schedule", sorted(document), '{"lrlab": 0, "text": "cosine()"}')
        )
    return {"lrlab": 1, "schedule": record(parse(document["text"]))}


_UPGRADES: list[Callable[[dict[str, Any]], dict[str, Any]]] = [_upgrade_0_1]


def upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """A document of the present version, from one of any version."""
    version = document["lrlab"]
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= VERSION:
        raise LrlabError(
            worded("this document has a version that is not known", version, f"0 to {VERSION}", "a newer lrlab")
        )
    for upgrade in _UPGRADES[version:]:
        document = upgrade(document)
    if "schedule" not in document:
        raise LrlabError(worded("this document holds no schedule", sorted(document), '{"lrlab": 1, "schedule": {...}}'))
    return document


def _refuse_constant(word: str) -> Any:
    raise LrlabError(worded("a schedule holds finite numbers only", word))
