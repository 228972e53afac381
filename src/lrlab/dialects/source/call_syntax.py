"""Configurations as people write them: one constructor call in Python, read without being executed.

optax.warmup_cosine_decay_schedule(0.0, 1e-3, 100, decay_steps=1000)
CosineDecay(1e-3, 900, alpha=0.1)
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, worded

LONGEST = 10_000  # characters


@dataclass(frozen=True)
class Call:
    """A name and its arguments."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


def read_call(text: str) -> Call:
    """Read a call: numbers (also 1/3 and 10 * 391), texts, lists, dicts, and further calls as arguments.

    >>> read_call("optax.linear_schedule(0.0, 1e-3, transition_steps=2 * 50)")
    Call(name='linear_schedule', args=(0.0, 0.001), kwargs={'transition_steps': 100})
    """
    if len(text) > LONGEST:
        raise LrlabError(worded(f"the text has {len(text)} characters", allowed=f"at most {LONGEST}"))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise LrlabError(worded("this is not one call", text, "name(arguments)")) from None
    made = _read(tree, text)
    return made if isinstance(made, Call) else Call(str(made))


def _read(tree: ast.expr, text: str) -> Any:
    match tree:
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read(operand, text)
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.Add() | ast.Sub() as operator, left=left, right=right):
            return _arithmetic(operator, _read(left, text), _read(right, text), text)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_read(item, text) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_read(k, text): _read(v, text) for k, v in zip(keys, values, strict=True) if k is not None}
        case ast.Call(func=function, args=args, keywords=keywords):
            return Call(_name(function, text), tuple(_read(a, text) for a in args), _keywords(keywords, text))
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    raise LrlabError(
        worded(f"this is not allowed here: {ast.unparse(tree)[:80]}", text, "numbers, texts, lists, calls")
    )


def _arithmetic(operator: ast.operator, left: Any, right: Any, text: str) -> Any:
    if not all(isinstance(side, (int, float)) for side in (left, right)):
        raise LrlabError(worded("arithmetic is for numbers", text))
    try:
        match operator:
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case ast.Add():
                return left + right
        return left - right
    except (ZeroDivisionError, OverflowError) as error:
        raise LrlabError(worded(str(error), text)) from None


def _name(function: ast.expr, text: str) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    raise LrlabError(worded("a call needs a name", text))


def _keywords(keywords: list[ast.keyword], text: str) -> dict[str, Any]:
    if any(k.arg is None for k in keywords):
        raise LrlabError(worded("** is not allowed here", text))
    return {str(k.arg): _read(k.value, text) for k in keywords}


def made(recipe: Callable[..., Any], call: Call, library: str, *own: Any) -> Any:
    """Call a recipe with what is ours and then the arguments that were written; what does not fit is worded."""
    try:
        signature(recipe).bind(*own, *call.args, **call.kwargs)
    except TypeError as error:
        allowed = ", ".join(list(signature(recipe).parameters)[len(own) :])
        raise LrlabTypeError(
            worded(f"{library}: {call.name} does not take these: {error}", call.kwargs, allowed)
        ) from None
    return recipe(*own, *call.args, **call.kwargs)
