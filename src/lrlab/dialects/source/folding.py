"""Python expressions as people write them, read without executing them: numbers, lists, arithmetic, names and calls.

    fold("10 * 391 + max(1, int(0.5))")      # 3910 + 1
    fold("StepLR(optimizer, step_size=N)", {"N": 30})

These can be computed: + - * / // % **, comparisons, `a if b else c`, int, float, round, abs, min, max, sum, len, pow,
and the functions of `math` (also with `np.`). A name without a value stands for itself; a call of anything else is a
`Call`. Loops, comprehensions, f-strings, `range` and everything else that could run code are refused.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lrlab.dialects.parts.phases import Name
from lrlab.errors import LrlabError, worded

LONGEST = 100_000  # characters
LARGEST = 10_000  # bits of an integer


@dataclass(frozen=True)
class Call:
    """A name, its arguments, and where the name is imported from: ("torch", "optim", "lr_scheduler")."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function of a script: its syntax tree and the values of the names around it."""

    tree: ast.FunctionDef | ast.Lambda
    names: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)


def power(base: Any, exponent: Any) -> Any:
    """base ** exponent; raises an error if the result would have thousands of digits."""
    if isinstance(base, int) and isinstance(exponent, int) and abs(exponent) * base.bit_length() > LARGEST:
        raise OverflowError(f"{base} ** {exponent} is too large")
    found = base**exponent
    if isinstance(found, complex):
        raise ValueError(f"{base} ** {exponent} is not a real number")
    return found


BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: power,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
BUILTINS: dict[str, Callable[..., Any]] = {
    "int": int,
    "float": float,
    "round": round,
    "abs": abs,
    "bool": bool,
    "pow": power,
    "min": min,
    "max": max,
    "sum": sum,
    "len": len,
}
MATHS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "tanh")},
    **{name: getattr(math, name) for name in ("ceil", "floor", "fabs", "pow", "trunc")},
    "abs": abs,
    "power": power,
    "minimum": min,
    "maximum": max,
    "clip": lambda x, low, high: min(max(x, low), high),
}
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf}
MODULES = ("math", "np", "numpy")


def fold(text: str, names: Mapping[str, Any] | None = None) -> Any:
    """The value of one expression; `names` holds the values of names (`args.epochs` is also found as epochs).

    >>> fold("[int(10 * 391), len([1, 2]), 2 ** 3]")
    [3910, 2, 8]
    """
    if len(text) > LONGEST:
        raise LrlabError(worded(f"the text has {len(text)} characters", allowed=f"at most {LONGEST}"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's warnings about texts like "1if" do not matter here
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise LrlabError(worded("this is not one call", text, "name(arguments)")) from None
    return Folder({}, names or {}).value(tree)


def dotted(tree: ast.expr) -> tuple[str, ...] | None:
    """a.b.c as its parts; None of anything else."""
    match tree:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=value, attr=name):
            before = dotted(value)
            return None if before is None else (*before, name)
    return None


class Folder:
    """Computes expressions: `names` has the values of a script's own names, `given` those given beside the script."""

    def __init__(self, names: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> None:
        self.names, self.given = names, given or {}

    def value(self, tree: ast.expr) -> Any:
        """The value of an expression; raises `LrlabError` for syntax that is not read."""
        try:
            return self._value(tree)
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as error:
            if isinstance(error, LrlabError):
                raise
            raise LrlabError(worded(f"this cannot be worked out: {error}", _shown(tree))) from None

    def _value(self, tree: ast.expr) -> Any:
        match tree:
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
                return value
            case ast.Name() | ast.Attribute():
                return self._name(tree)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
                return UNARY[type(op)](self._number(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                return self._joined(BINARY[type(op)], self._number(left), self._number(right))
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in COMPARE for op in ops):
                sides = [self._number(side) for side in (left, *others)]
                return all(COMPARE[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
            case ast.BoolOp(op=op, values=values):
                first = values[0]
                for item in values[1:]:
                    if bool(self._number(first)) is isinstance(op, ast.Or):
                        return self._number(first)
                    first = item
                return self._number(first)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._value(body if self._number(test) else orelse)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item) for item in items]
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values)
            case ast.Subscript(value=inner, slice=index):
                return self._number(inner, dict)[self._value(index)]
            case ast.Lambda():
                return Function(tree, dict(self.names), self.given)
            case ast.Call():
                return self._call(tree)
        raise LrlabError(worded("this is not read", _shown(tree), "numbers, texts, lists, arithmetic and calls"))

    def _name(self, tree: ast.expr) -> Any:
        parts = dotted(tree)
        if parts is None:
            raise LrlabError(worded("this is not read", _shown(tree), "names such as optimizer"))
        path, name = parts[:-1], parts[-1]
        if name in self.given:
            return self.given[name]
        if ".".join(parts) in self.names:
            return self.names[".".join(parts)]
        if name in CONSTANTS and path in [(module,) for module in MODULES]:
            return CONSTANTS[name]
        return Name(name)

    def _number(self, tree: ast.expr, *also: type) -> Any:
        value = self._value(tree)
        if isinstance(value, Name):
            raise LrlabError(worded(f"{value} has no value here", _shown(tree), hint=f"{value}=... beside it"))
        if isinstance(value, (Call, Function, dict)) and not isinstance(value, also):
            raise LrlabError(worded("arithmetic is for numbers", _shown(tree)))
        return value

    def _joined(self, join: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        sizes = [len(side) if isinstance(side, (str, list)) else abs(side) for side in (left, right)]
        if any(isinstance(side, (str, list)) for side in (left, right)):
            if join is operator.mul and sizes[0] * sizes[1] > LARGEST:
                raise OverflowError("this list is too long to be made")
            if join not in (operator.add, operator.mul):
                raise TypeError("arithmetic is for numbers")
        return join(left, right)

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            if key is None:
                found.update(self._mapping(value))
            else:
                found[self._value(key)] = self._value(value)
        return found

    def _mapping(self, tree: ast.expr) -> dict[Any, Any]:
        value = self._value(tree)
        if not isinstance(value, dict):
            raise LrlabError(worded("** needs a dict whose values are known", _shown(tree)))
        return value

    def _call(self, tree: ast.Call) -> Any:
        parts = dotted(tree.func)
        if parts is None:
            raise LrlabError(worded("a call needs a name", _shown(tree)))
        if any(isinstance(item, ast.Starred) for item in tree.args):
            raise LrlabError(worded("* is not read", _shown(tree)))
        path, name = parts[:-1], parts[-1]
        keywords: dict[str, Any] = {}
        for keyword in tree.keywords:
            keywords |= (
                self._mapping(keyword.value) if keyword.arg is None else {keyword.arg: self._value(keyword.value)}
            )
        if name == "dict" and not path and not tree.args:
            return keywords
        if name in ("list", "tuple") and not path and len(tree.args) == 1:
            return list(self._value(tree.args[0]))
        plain = plain_function(path, name)
        if plain is not None:
            return plain(*(self._number(item) for item in tree.args), **keywords)
        if name == "range" and not path:
            raise LrlabError(worded("range is not read", _shown(tree), "the numbers, written out"))
        return Call(name, tuple(self._value(item) for item in tree.args), keywords, path)


def plain_function(path: tuple[str, ...], name: str) -> Callable[..., Any] | None:
    """A function of numbers by its name in a script; None for any other name."""
    if not path and name in BUILTINS:
        return BUILTINS[name]
    if path in [(module,) for module in MODULES] or (not path and name in MATHS):
        return MATHS.get(name)
    return None


def _shown(tree: ast.expr) -> str:
    try:
        return ast.unparse(tree)[:200]
    except (RecursionError, ValueError):
        return "an expression"
