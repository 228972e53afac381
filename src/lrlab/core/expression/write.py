"""How a schedule is written: as `str(s)`, which reads back as `s`, and as plain JSON values.

Each kind defines its text in `_text` and how tightly it binds in `_binds`; what they share is here.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from lrlab.core.time.span import Span

if TYPE_CHECKING:
    from lrlab.core.expression.node import Schedule

VERSION = 1  # of the JSON document
CHAIN = 500  # parts of one chain of >>, * or +: Python's own parser takes no chain of thousands
SEQUENCE, SUM, PRODUCT, ATOM = range(4)  # how tightly each form binds


def bracketed(schedule: Schedule, binding: int) -> str:
    """The text of a part, in brackets if it binds less tightly than what is around it."""
    text = schedule._text()
    return text if schedule._binds >= binding else f"({text})"


def chain(sign: str, parts: list[str]) -> str:
    """Parts joined by a sign; a long chain is grouped, and reads back as the same schedule."""
    while len(parts) > CHAIN:
        groups = [parts[k : k + CHAIN] for k in range(0, len(parts), CHAIN)]
        parts = [f"({sign.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return sign.join(parts)


def arguments(schedule: Schedule, skip: int = 0) -> str:
    """The arguments that differ from their defaults: the positional ones first, without their names."""
    signature: Any = type(schedule).__signature__  # type: ignore[attr-defined]
    given, texts, named = schedule.arguments(), [], False
    parameters = list(signature.parameters.values())[skip:]
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    defaults = {p.name: p.default for p in parameters}
    for name in [*positional, *(name for name in given if name in defaults and name not in positional)]:
        if is_default(given[name], defaults[name]):
            named = True
            continue
        value = literal(given[name])
        texts.append(value if name in positional and not named else f"{name}={value}")
    return ", ".join(texts)


def is_default(value: object, default: object) -> bool:
    """Whether a normal form is that of the default."""
    if isinstance(value, Span):
        return isinstance(default, (int, str)) and value == Span.of(default)
    if isinstance(value, tuple):
        return isinstance(default, tuple) and [literal(v) for v in value] == [literal(_normal(d)) for d in default]
    return (type(value) is type(default) and value == default) or (value == default and isinstance(value, float))


def _normal(item: object) -> object:
    """An item of a default list in normal form."""
    if isinstance(item, str):
        return Span.of(item)
    if isinstance(item, tuple):
        return (Span.of(item[0]), float(item[1]))
    return item


def literal(value: object) -> str:
    """A value as Python writes it; whole numbers without a decimal point."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        inner = ", ".join(f"({literal(v[0])}, {literal(v[1])})" if isinstance(v, tuple) else literal(v) for v in value)
        return f"[{inner}]"
    return repr(value)  # whole numbers, and spans, whose repr is their text


def record(schedule: Schedule) -> dict[str, Any]:
    """A schedule as plain JSON values: its kind, and the arguments that differ from their defaults."""
    signature: Any = type(schedule).__signature__  # type: ignore[attr-defined]
    written: dict[str, Any] = {"kind": schedule.kind}
    for name, value in schedule.arguments().items():
        if value is not None and not is_default(value, signature.parameters[name].default):
            written[name] = _plain(value)
    return written


def document_of(schedule: Schedule) -> dict[str, Any]:
    """The JSON document of a schedule, as plain values."""
    return {"lrlab": VERSION, "schedule": record(schedule)}


def _plain(value: Any) -> Any:
    if isinstance(value, Span):
        return int(value.amount) if value.unit == "updates" and value.amount.denominator == 1 else str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return record(value) if hasattr(value, "arguments") else value


def fingerprint(schedule: Schedule) -> str:
    """The SHA-256 (hex) of the normal form."""
    canonical = json.dumps(record(schedule), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(f"lrlab {VERSION} {canonical}".encode()).hexdigest()
