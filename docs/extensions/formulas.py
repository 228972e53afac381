"""Formulas as browsers set them: MathML made from the line `value = ...` of a docstring, with no script and no font.

    ```{formula}
    to + (start - to) * (1 - u) ** power
    ```

What is not plain arithmetic stays as it is written.
"""

from __future__ import annotations

import ast
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_SIGNS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.USub: "−", ast.GtE: "≥", ast.Lt: "<", ast.In: "∈"}
_LEVELS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.USub: 2, ast.Pow: 3}
_GREEK = {"pi": "π", "gamma": "γ", "beta": "β", "alpha": "α"}


class NotArithmetic(Exception):
    """A part that has no sign of its own in a formula."""


def mathml(formula: str) -> str:
    """A formula in Python's arithmetic as MathML.

    >>> mathml("1 / t")
    '<mfrac><mn>1</mn><mi>t</mi></mfrac>'
    """
    try:
        tree = ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise NotArithmetic(formula) from error
    return _of(tree)


def _of(node: ast.expr, least: int = 0) -> str:
    """A part, in parentheses where it binds less than it has to."""
    match node:
        case ast.BinOp(left, ast.Div(), right):
            inner = f"<mfrac>{_row(_of(left))}{_row(_of(right))}</mfrac>"
            return _fenced(inner) if least > _LEVELS[ast.Pow] else inner
        case ast.BinOp(left, ast.Pow(), right):
            return f"<msup>{_row(_of(left, 4))}{_row(_of(right))}</msup>"
        case ast.BinOp(left, op, right) if type(op) in _SIGNS:
            level = _LEVELS[type(op)]
            after = level + isinstance(op, ast.Sub)
            inner = f"{_of(left, level)}<mo>{_SIGNS[type(op)]}</mo>{_of(right, after)}"
            return _fenced(inner) if level < least else inner
        case ast.UnaryOp(ast.USub(), operand):
            inner = f"<mo>−</mo>{_of(operand, 2)}"
            return _fenced(inner) if least > 2 else inner
        case ast.Call(ast.Name("sqrt"), [inside]):
            return f"<msqrt>{_of(inside)}</msqrt>"
        case ast.Call(ast.Name("floor"), [inside]):
            return f"<mrow><mo>⌊</mo>{_of(inside)}<mo>⌋</mo></mrow>"
        case ast.Call(ast.Name("exp"), [inside]):
            return f"<msup><mi>e</mi>{_row(_of(inside))}</msup>"
        case ast.Call(ast.Name(name), arguments) if not node.keywords:
            inside = "<mo>,</mo>".join(_of(argument) for argument in arguments)
            return f"<mi>{escape(name)}</mi>{_fenced(inside)}"
        case ast.Name(name):
            shown = _GREEK.get(name, name)
            return f"<mi>{escape(shown)}</mi>"
        case ast.Constant(int() | float() as value):
            return f"<mn>{value}</mn>"
    raise NotArithmetic(ast.unparse(node))


def _fenced(inner: str) -> str:
    return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"


def _row(inner: str) -> str:
    """One part where several would do, for elements with a fixed number of them."""
    return inner if _one(inner) else f"<mrow>{inner}</mrow>"


def _one(inner: str) -> bool:
    """Whether the text is one element."""
    depth = 0
    for i, sign in enumerate(inner):
        if sign == "<":
            depth += -1 if inner[i + 1] == "/" else 1
            if depth == 0:
                return inner.index(">", i) == len(inner) - 1
    return False


class Formula(SphinxDirective):
    """`{formula}`: value = ... as a formula, or as it is written."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        text = " ".join(self.content)
        try:
            shown = mathml(text)
        except NotArithmetic:
            written = nodes.literal_block(f"value = {text}", f"value = {text}", language="text")
            return [written]
        label = escape(f"value = {text}", quote=True)
        html = (
            f'<div class="formula"><math display="block" aria-label="{label}">'
            f"<mi>value</mi><mo>=</mo>{shown}</math></div>"
        )
        return [nodes.raw("", html, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("formula", Formula)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
