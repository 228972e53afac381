"""Reading the text form of a plan, as `Plan` writes it: `plan_text(str(p)) == p`.

    plan(lr=warmup("2%") >> cosine(), momentum=linear(start=0.95, to=0.85), groups={"head*": {"lr": linear()}})

The text is read with `ast` and never evaluated; each schedule in it is read by `lrlab.core.text.parse`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from lrlab.core.plan.plan import Plan, plan
from lrlab.core.text.parse import LONGEST, parse
from lrlab.errors import LrlabError, worded

HINT = "plan(lr=cosine(), momentum=constant(level=0.9))"


def plan_text(text: str) -> Plan:
    """A plan from its text form. Raises `LrlabError`, also where it is one schedule alone.

    >>> plan_text('plan(lr=cosine(), groups={"head*": {"lr": linear()}}, layer_decay=0.9)')
    plan(lr=cosine(), groups={"head*": {"lr": linear()}}, layer_decay=0.9)
    """
    if len(text) > LONGEST:
        raise LrlabError(worded(f"the text has {len(text)} characters", allowed=f"at most {LONGEST}"))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise LrlabError(worded(f"this is not the text of a plan: {error}", text, hint=HINT)) from None
    match tree:
        case ast.Call(func=ast.Name(id="plan"), args=[], keywords=keywords) if all(each.arg for each in keywords):
            source = text.strip()
            return plan(**{str(each.arg): _READ.get(str(each.arg), _schedule)(each.value, source) for each in keywords})
    raise LrlabError(worded("this is not the text of a plan", text, hint=HINT))


def is_plan(text: str) -> bool:
    """Whether a text means to be one of a plan.

    >>> is_plan(" plan(lr=cosine())"), is_plan("plateau()")
    (True, False)
    """
    return text.lstrip().startswith("plan(")


def _schedule(node: ast.expr, source: str) -> object:
    if isinstance(node, ast.Tuple):  # betas
        return tuple(_schedule(each, source) for each in node.elts)
    if isinstance(node, ast.Constant):
        return node.value
    return parse(ast.get_source_segment(source, node) or "")


def _groups(node: ast.expr, source: str) -> object:
    if not isinstance(node, ast.Dict):
        raise LrlabError(
            worded("groups maps patterns to schedules", ast.unparse(node), hint='{"head*": {"lr": cosine()}}')
        )
    return {_word(key): _by_name(value, source) for key, value in zip(node.keys, node.values, strict=True)}


def _by_name(node: ast.expr, source: str) -> object:
    if not isinstance(node, ast.Dict):
        raise LrlabError(worded("a group has schedules by name", ast.unparse(node), hint='{"lr": cosine()}'))
    return {_word(key): _schedule(value, source) for key, value in zip(node.keys, node.values, strict=True)}


def _word(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise LrlabError(worded("this is a text in quotes", "" if node is None else ast.unparse(node), hint='"head*"'))


def _literal(node: ast.expr, source: str) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise LrlabError(worded("this is a number, or a list of texts", ast.unparse(node))) from None


_READ: dict[str, Callable[[ast.expr, str], Any]] = {"groups": _groups, "layer_decay": _literal, "layers": _literal}
