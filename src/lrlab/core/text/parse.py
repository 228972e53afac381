"""The text form: a checked subset of Python expressions. `parse(str(s)) == s`.

    warmup("2%") >> cosine(to=0.1)
    0.5 * (warmup(500) >> linear()) * plateau(patience=3)
    cosine().repeat(3, stretch=2).clip(low=0.01)

The text is read with `ast` and never evaluated: it may hold the words of the vocabulary, the methods of `METHODS`,
`>>`, `*`, `+`, numbers, texts, lists, True, False and None. Precedence is Python's (`*` before `+` before `>>`).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.core import feedback, shapes  # noqa: F401  (they fill the vocabulary)
from lrlab.core.expression.algebra import Maximum, Minimum, Product, Sequence, Sum, product, sequence, total
from lrlab.core.expression.excerpt import Excerpt
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.repeat import Repeat
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.expression.wrap import Clip, Lasting, Reverse
from lrlab.core.shapes.tables import Function
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

METHODS = ("repeat", "clip", "reverse", "lasting", "excerpt", "hold", "scale")
LONGEST = 10_000  # characters
DEEPEST = 100  # levels of nesting

_SEQUENCE, _SUM, _PRODUCT, _ATOM = range(4)  # how tightly each form binds


# -- writing ------------------------------------------------------------------------------------------------------


def write(schedule: Schedule) -> str:
    """The text of a schedule: the shortest that reads back as it."""
    return _write(schedule)[0]


def _write(s: Schedule) -> tuple[str, int]:
    """The text, and how tightly it binds."""
    if isinstance(s, Sequence):
        return " >> ".join(_bracketed(phase, _SUM) for phase in s.phases), _SEQUENCE
    if isinstance(s, Sum):
        terms = [_bracketed(term, _PRODUCT) for term in s.terms]
        return " + ".join([*([literal(s.offset)] if s.offset != 0 else []), *terms]), _SUM
    if isinstance(s, Product):
        terms = [_bracketed(term, _ATOM) for term in s.terms]
        return " * ".join([*([literal(s.factor)] if s.factor != 1 else []), *terms]), _PRODUCT
    if isinstance(s, (Minimum, Maximum)):
        return f"{type(s).__name__.lower()}({', '.join(write(term) for term in s.terms)})", _ATOM
    if isinstance(s, (Clip, Excerpt, Lasting, Repeat, Reverse)):
        name = type(s).__name__.lower()
        first = {Lasting: ("span",), Repeat: ("times",), Excerpt: ("start", "stop")}.get(type(s), ())
        return f"{_bracketed(s.schedule, _ATOM)}.{name}({_arguments(s, first, skip=1)})", _ATOM
    if isinstance(s, Function):
        span = "" if s.span is None else f", span={literal(s.span)}"
        return f"function({literal(s.name)}, {literal(s.digest)}{span})", _ATOM
    return f"{type(s).__name__}({_arguments(s, _positional(type(s)))})", _ATOM


def _bracketed(s: Schedule, binding: int) -> str:
    text, own = _write(s)
    return text if own >= binding else f"({text})"


def _positional(kind: type[Schedule]) -> tuple[str, ...]:
    signature: Any = kind.__signature__  # type: ignore[attr-defined]
    return tuple(name for name, p in signature.parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD)


def _arguments(s: Schedule, positional: tuple[str, ...], skip: int = 0) -> str:
    """The arguments that differ from their defaults: the positional ones first, without their names."""
    signature: Any = type(s).__signature__  # type: ignore[attr-defined]
    defaults = {name: p.default for name, p in signature.parameters.items()}
    given = s.arguments()
    texts, named = [], False
    for name in [*positional, *(name for name in list(given)[skip:] if name not in positional)]:
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


# -- reading ------------------------------------------------------------------------------------------------------


def parse(text: str, functions: Mapping[str, Callable[[int], float]] | None = None) -> Schedule:
    """Read a schedule from its text form.

    `functions` binds the user functions that the text names. Raises `LrlabError`, and nothing else, where the text
    is not one: it names what was found, what is allowed and what to type.

    >>> parse('warmup("2%")>>cosine(to=.1)')
    warmup("2%") >> cosine(to=0.1)
    """
    if not isinstance(text, str):
        raise LrlabTypeError(worded("parse reads a text", text, hint='parse("cosine(to=0.1)")'))
    if len(text) > LONGEST:
        raise LrlabError(
            worded(
                f"the text has {len(text)} characters",
                allowed=f"at most {LONGEST}",
                hint="dumps and loads (JSON)",
            )
        )
    if _depth(text) > DEEPEST:
        raise LrlabError(worded("the text is nested too deeply", allowed=f"at most {DEEPEST} levels"))
    if not text.strip():
        raise LrlabError(worded("the text is empty", hint='warmup("2%") >> cosine(to=0.1)'))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python would say of "1if" or "\\d" is nobody's business here
            tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise LrlabError(
            worded(f"this is not an expression ({error.msg}):\n{_spot(error)}", hint='warmup("2%") >> cosine(to=0.1)')
        ) from None
    except (MemoryError, RecursionError):
        raise LrlabError(worded("the text is nested too deeply", text, f"at most {DEEPEST} levels")) from None
    except ValueError as error:
        raise LrlabError(worded(f"this is not an expression: {error}", text)) from None
    found = _Reader(text, functions or {}).read(tree.body, 0)
    if not isinstance(found, Schedule):
        hint = (
            f"{text.strip()}()"
            if text.strip() in VOCABULARY
            else "constant(level=0.5)"
            if isinstance(found, float)
            else ""
        )
        raise LrlabError(
            worded("this is no schedule", text, "words such as " + ", ".join(list(VOCABULARY)[:8]) + " ...", hint)
        )
    return found


def _spot(error: SyntaxError) -> str:
    """The part of the line around an error, and a sign below it."""
    line, at = (error.text or "").rstrip("\n"), max((error.offset or 1) - 1, 0)
    first = max(at - 60, 0)
    return f"  {line[first : at + 40]}\n  {' ' * (at - first)}^"


def _depth(text: str) -> int:
    """How deeply brackets and signs are nested: seen before Python's own parser has to."""
    depth = deepest = signs = 0
    for character in text:
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        signs = signs + 1 if character in "-+~" or (signs and character.isspace()) else 0
        deepest = max(deepest, depth, signs)
    return deepest


_OPERATORS: dict[type[ast.operator], tuple[str, Callable[..., Schedule]]] = {
    ast.RShift: (">>", sequence),
    ast.Mult: ("*", product),
    ast.Add: ("+", total),
}


class _Reader:
    """Walks the syntax tree; every node that is not listed here is refused."""

    def __init__(self, text: str, functions: Mapping[str, Callable[[int], float]]) -> None:
        self.text, self.functions = text, functions

    def read(self, tree: ast.expr, depth: int) -> Any:
        if depth > DEEPEST:
            raise LrlabError(worded("the text is nested too deeply", allowed=f"at most {DEEPEST} levels"))
        match tree:
            case ast.Constant(value=bool() | None | str() as value):
                return value
            case ast.Constant(value=int() | float() as value):
                return value
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float() as value)) if (
                not isinstance(value, bool)
            ):
                return -value if isinstance(tree.op, ast.USub) else value
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple(self.read(item, depth + 1) for item in items)
            case ast.BinOp(op=ast.RShift() | ast.Mult() | ast.Add()):
                return self.join(tree, depth)
            case ast.Call(func=ast.Name(id=name)):
                if name not in VOCABULARY:
                    raise self.unknown(name)
                return self.call(VOCABULARY[name], tree, depth)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                return self.method(inner, name, tree, depth)
            case ast.Name(id=name):
                if name in VOCABULARY:
                    raise LrlabError(worded(f"{name} is written without its brackets", self.text, hint=f"{name}()"))
                raise self.unknown(name)
        raise LrlabError(
            worded(
                f"this is not allowed in a schedule: {self.segment(tree)}",
                allowed="words, .methods, >>, *, +, numbers, texts, lists",
                hint=_plainly(tree),
            )
        )

    def join(self, tree: ast.BinOp, depth: int) -> Schedule:
        """A chain of one operator, at once: a thousand phases are no thousand levels."""
        operator, left = type(tree.op), tree.left
        chain = [tree.right]
        while isinstance(left, ast.BinOp) and type(left.op) is operator:
            chain.append(left.right)
            left = left.left
        operands = [self.read(item, depth + 1) for item in [left, *reversed(chain)]]
        sign, make = _OPERATORS[operator]
        if not any(isinstance(operand, Schedule) for operand in operands):
            raise LrlabError(
                worded(f"{sign} joins schedules", self.segment(tree), "at least one schedule", "0.5 * cosine()")
            )
        return make(*operands)

    def segment(self, tree: ast.expr) -> str:
        """The part of the text that a node stands for."""
        return (ast.get_source_segment(self.text.strip(), tree) or self.text)[:80]

    def method(self, inner: ast.expr, name: str, tree: ast.Call, depth: int) -> Any:
        schedule = self.read(inner, depth + 1)
        if not isinstance(schedule, Schedule) or name not in METHODS:
            raise LrlabError(
                worded(
                    f".{name}() is not known",
                    self.text,
                    ", ".join(f".{m}()" for m in METHODS),
                    nearest(name, METHODS),
                )
            )
        return self.call(getattr(schedule, name), tree, depth, f".{name}")

    def call(self, function: Callable[..., Any], tree: ast.Call, depth: int, name: str = "") -> Any:
        if any(isinstance(item, ast.Starred) for item in tree.args) or any(k.arg is None for k in tree.keywords):
            raise LrlabError(worded("* and ** are not allowed in a schedule", self.text))
        args = [self.read(item, depth + 1) for item in tree.args]
        kwargs = {str(k.arg): self.read(k.value, depth + 1) for k in tree.keywords}
        if len(kwargs) < len(tree.keywords):
            raise LrlabError(worded("an argument is given twice", self.text))
        try:
            made = function(*args, **kwargs)
        except LrlabError:
            raise
        except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
            raise LrlabTypeError(
                worded(f"{name or 'a call'} does not take these arguments: {error}", self.text)
            ) from None
        if isinstance(made, Function) and made.name in self.functions:
            return made.bound(self.functions[made.name])
        return made

    def unknown(self, name: str) -> LrlabError:
        hint = nearest(name, VOCABULARY)
        return LrlabError(
            worded(
                f"the word {name!r} is not known",
                self.text,
                ", ".join(sorted(VOCABULARY)),
                hint and f"{hint}(...)",
            )
        )


def _plainly(tree: ast.expr) -> str:
    """What to type instead of an expression that is refused."""
    match tree:
        case ast.BinOp(op=ast.Div(), right=ast.Constant(value=int() | float() as number)) if number:
            return f"{1 / number:g} * ..."
        case ast.BinOp(op=ast.Sub()):
            return "... + -1 * (...)"
        case ast.UnaryOp(op=ast.USub()):
            return "-1 * ..."
        case ast.BinOp():
            return "the number itself"
    return ""
