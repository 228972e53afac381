"""Reading the text form: a checked subset of Python expressions. `parse(str(s)) == s`.

    warmup("2%") >> cosine()
    0.5 * (warmup(500) >> linear()) * plateau(patience=3)
    cosine().repeat(3, stretch=2).clip(low=0.01)

The text is read with `ast` and never evaluated: it may hold the words of the vocabulary, the methods of `METHODS`,
`>>`, `*`, `+`, numbers, texts, lists, True, False and None. Precedence is Python's (`*` before `+` before `>>`).
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.core import feedback, shapes  # noqa: F401  (they fill the vocabulary)
from lrlab.core.expression.algebra import product, sequence, total
from lrlab.core.expression.node import METHODS, Schedule
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.expression.write import CHAIN
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

LONGEST = 10**6  # characters, long lists of numbers aside
LONG_LIST = 1000  # characters: from here on a list of numbers is read apart, a hundred times faster
DEEPEST = 100  # levels of nesting


def parse(text: str, functions: Mapping[str, Callable[[int], float]] | None = None) -> Schedule:
    """Read a schedule from its text form.

    `functions` gives the user functions that the text names. Raises only `LrlabError`, which says what was found, what
    is allowed and what to type.

    >>> parse('warmup("2%")>>cosine(to=.1)')
    warmup("2%") >> cosine(to=0.1)
    """
    if not isinstance(text, str):
        if isinstance(text, Schedule):
            raise LrlabTypeError(worded("parse reads a text, and this is a schedule", text, hint="str(schedule)"))
        if callable(text):
            name = "" if getattr(text, "__name__", "<lambda>") != "<lambda>" else ', name="mine"'
            if isinstance(text, type) and issubclass(text, Schedule):
                hint = f"{text.__name__}(...)"
                raise LrlabTypeError(worded("this is a kind of schedule, not yet one", text.__name__, hint=hint))
            raise LrlabTypeError(worded("a function is not a schedule by itself", text, hint=f"lr.function(f{name})"))
        raise LrlabTypeError(worded("this is neither a schedule nor the text of one", text, hint=_meant(text)))
    short, lists = _lists_apart(text)
    try:
        return _parsed(short, functions or {}, lists)
    except _ListUnused:
        return _parsed(text, functions or {}, {})


def _meant(given: object) -> str:
    """What to type instead of something that is not a schedule."""
    if isinstance(given, int | float):
        return f"constant(), and {given} in the optimizer, if that is an LR"
    if isinstance(given, list | tuple):
        return "table([1, 0.5, ...]), in multiples of the LR"
    if hasattr(given, "last_epoch"):  # a scheduler of PyTorch
        return "lrlab.dialects.from_torch(scheduler).schedule"
    return 'parse("cosine(to=0.1)")'


def _parsed(text: str, functions: Mapping[str, Callable[[int], float]], lists: dict[str, Any]) -> Schedule:
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
        raise LrlabError(worded("the text is empty", hint='warmup("2%") >> cosine()'))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python warns of "1if" or "\\d" is of no interest here
            tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise LrlabError(
            worded(f"this is not an expression ({error.msg}):\n{_spot(error)}", hint='warmup("2%") >> cosine()')
        ) from None
    except (MemoryError, RecursionError):
        allowed = f"at most {DEEPEST} levels, and {CHAIN} parts in one chain of >>, * or +"
        raise LrlabError(worded("the text is nested too deeply", text, allowed, "(a >> b) >> (c >> d)")) from None
    except ValueError as error:
        raise LrlabError(worded(f"this is not an expression: {error}", text)) from None
    reader = _Reader(text, functions, lists)
    found = reader.read(tree.body, 0)
    if reader.seen != list(lists):
        raise _ListUnused
    if not isinstance(found, Schedule):
        hint = (
            f"{text.strip()}()"
            if text.strip() in VOCABULARY
            else "constant(level=0.5)"
            if isinstance(found, float)
            else ""
        )
        raise LrlabError(
            worded("this is not a schedule", text, "words such as " + ", ".join(list(VOCABULARY)[:8]) + " ...", hint)
        )
    return found


_NUMBERS = re.compile(rf"\[[-+\d.eE,()\s]{{{LONG_LIST},}}\]", re.ASCII)
_SQUARE = str.maketrans("()", "[]")


class _ListUnused(Exception):
    """Raised if what looked like a list of numbers is inside a text."""


def _lists_apart(text: str) -> tuple[str, dict[str, Any]]:
    """The text with a name in place of each long list of numbers, or of pairs of them, and these lists."""
    lists: dict[str, Any] = {}

    def apart(found: re.Match[str]) -> str:
        try:
            values = [_number_or_pair(item) for item in json.loads(found[0].translate(_SQUARE))]
        except (ValueError, RecursionError):  # numbers as Python has them and JSON has not, or something else
            return found[0]
        lists[name := f"_list_{len(lists)}"] = tuple(values)
        return name

    return _NUMBERS.sub(apart, text), lists


def _number_or_pair(item: Any) -> Any:
    if not isinstance(item, list):
        return item
    if len(item) < 2 or any(isinstance(inner, list) for inner in item):  # to Python (1) is 1
        raise ValueError
    return tuple(item)


def _spot(error: SyntaxError) -> str:
    """The part of the line around an error, with a mark below it."""
    line, at = (error.text or "").rstrip("\n"), max((error.offset or 1) - 1, 0)
    first = max(at - 60, 0)
    return f"  {line[first : at + 40]}\n  {' ' * (at - first)}^"


def _depth(text: str) -> int:
    """How deeply brackets and signs are nested, checked before Python's own parser has to."""
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
    """Walks the syntax tree, and refuses every node that is not listed here."""

    def __init__(self, text: str, functions: Mapping[str, Callable[[int], float]], lists: Mapping[str, Any]) -> None:
        self.text, self.functions, self.lists = text, functions, lists
        self.seen: list[str] = []  # of these lists

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
                return tuple(self.read(item, depth) for item in items)  # brackets were counted before
            case ast.BinOp(op=ast.RShift() | ast.Mult() | ast.Add()):
                return self.join(tree, depth)
            case ast.Call(func=ast.Name(id=name)):
                if name not in VOCABULARY:
                    raise self.unknown(name)
                return self.call(VOCABULARY[name], tree, depth)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                return self.method(inner, name, tree, depth)
            case ast.Name(id=name) if name in self.lists:
                self.seen.append(name)
                return self.lists[name]
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
        """A chain of one operator, all at once: a thousand phases are not a thousand levels."""
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
        return made._bound(self.functions) if isinstance(made, Schedule) else made

    def unknown(self, name: str) -> LrlabError:
        name = name[:60]
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
    """What to type instead of a refused expression."""
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
