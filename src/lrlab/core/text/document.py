"""Schedules as JSON: `loads(dumps(s)) == s`, with a version and a chain of upgrades.

    {"lrlab": 1, "schedule": {"kind": "cosine", "to": 0.1}}

Every kind of schedule is written with its own arguments in normal form; spans as their text ("10%") or a number of
updates; defaults are left out. A document of an older version is upgraded one version at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import KINDS, VOCABULARY
from lrlab.core.expression.write import VERSION, document_of, record
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

DEEPEST = 100  # levels


def dumps(schedule: Schedule, indent: int | None = None) -> str:
    """The JSON document of a schedule.

    >>> from lrlab import *
    >>> dumps(0.5 * cosine(to=0.1))
    '{"lrlab": 1, "schedule": {"kind": "product", "factor": 0.5, "terms": [{"kind": "cosine", "to": 0.1}]}}'
    """
    if not isinstance(schedule, Schedule):
        raise LrlabTypeError(worded("dumps writes a schedule", schedule, hint="dumps(parse(text))"))
    return json.dumps(document_of(schedule), indent=indent, allow_nan=False)


def loads(text: str | bytes, functions: Mapping[str, Callable[[int], float]] | None = None) -> Schedule:
    """Read a schedule from its JSON document.

    `functions` gives the user functions that it names. Raises only `LrlabError`.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except LrlabError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise LrlabError(worded(f"this is not JSON: {error}", text)) from None
    return read(document, functions)


def read(document: Any, functions: Mapping[str, Callable[[int], float]] | None = None) -> Schedule:
    """A schedule from its document as plain values: what `document_of` in `core/expression/write.py` gives."""
    if not isinstance(document, dict) or "lrlab" not in document:
        raise LrlabError(worded("this is not a document of lrlab", document, '{"lrlab": 1, "schedule": {...}}'))
    return schedule_of(upgraded(document)["schedule"], functions or {})


def schedule_of(
    written: Any, functions: Mapping[str, Callable[[int], float]], where: str = "$.schedule", depth: int = 0
) -> Schedule:
    """A schedule from its plain JSON values; `where` is the path for messages."""
    if depth > DEEPEST:
        raise LrlabError(worded(f"{where} is nested too deeply", allowed=f"at most {DEEPEST} levels"))
    if not isinstance(written, dict) or not isinstance(written.get("kind"), str):
        raise LrlabError(worded(f"{where} is not a schedule", written, '{"kind": "cosine", ...}'))
    kind = written["kind"]
    make: Callable[..., Schedule] | None = KINDS.get(kind) or VOCABULARY.get(kind)
    if make is None:
        known = sorted({*VOCABULARY, *KINDS})
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
        return make(**arguments)._canonical()._bound(functions)
    except LrlabError as error:
        raise type(error)(f"{where}: {error}") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise LrlabTypeError(worded(f"{where}: {kind} does not take these arguments: {error}", written)) from None


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
