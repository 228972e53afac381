"""Every single change of a source file: a comparison, an operator, and/or, not, a constant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Mutant:
    """One change: in which file, from where to where, and what stands there instead."""

    file: str  # below src/lrlab, with slashes
    first: int  # the line its statement begins with
    line: int
    last: int
    start: int  # offsets in the text
    stop: int
    before: str  # its lines, with «marks» around what is changed
    after: str
    on_import: bool  # it runs when the file is imported: a default, a field, a constant of the module

    @property
    def change(self) -> tuple[str, int, int, str]:
        """What it is, in a tree that stays as it is."""
        return self.file, self.start, self.stop, self.after

    def applied(self, text: str) -> str:
        """The text of the file with the change in it."""
        return text[: self.start] + self.after + text[self.stop :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.before}  ->  {self.after}"


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """Every change of a file, in the order of its syntax tree."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    for node, first, on_import in _expressions(ast.parse(text), 1, True):
        last, column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        start, stop = offset(node.lineno, node.col_offset), offset(last, column)
        for changed in _changes(node) if _stands_there(node, text[start:stop]) else ():
            begin, end = starts[node.lineno - 1], starts[last]
            marked = f"{text[begin:start]}«{text[start:stop]}»{text[stop:end]}"
            after = f"({ast.unparse(changed)})"
            yield Mutant(file, first, node.lineno, last, start, stop, " ".join(marked.split()), after, on_import)


def _expressions(node: ast.AST, first: int, on_import: bool) -> Iterator[tuple[ast.expr, int, bool]]:
    """Each expression that is computed, with the first line of its statement, and whether it runs on import.

    Types are left out, and what an f-string is written with: they are only for readers.
    """
    for name, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, ast.AST) or name in ("annotation", "returns", "format_spec"):
                continue
            begins = part.lineno if isinstance(part, ast.stmt) else first
            at_import = on_import and not (isinstance(node, (*FUNCTIONS, ast.Lambda)) and name == "body")
            if isinstance(part, ast.expr):
                yield part, begins, at_import
            yield from _expressions(part, begins, at_import)


def _stands_there(node: ast.expr, text: str) -> bool:
    """Whether the text is this expression: Python 3.11 does not know the places within some f-strings."""
    try:
        return ast.dump(ast.parse(f"({text})", mode="eval").body) == ast.dump(node)
    except SyntaxError:
        return False


def _changes(node: ast.expr) -> Iterator[ast.expr]:
    """Each way to change one expression."""
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                changed = deepcopy(node)
                changed.ops[k] = COMPARED[type(operator)]()
                yield changed
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
