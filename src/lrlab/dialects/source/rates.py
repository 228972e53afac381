"""A function from the step to a value, read from its source and computed without executing it.

`if`, `return`, assignments, arithmetic and the functions of `math` are allowed. Each value comes with the branches that
were taken (the "way"), which show where one formula ends and the next begins.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.dialects.parts.phases import Name
from lrlab.dialects.source.folding import BINARY, COMPARE, UNARY, Folder, Function, dotted, plain_function
from lrlab.errors import LrlabError, worded

Names = dict[str, Any]
Term = Callable[[Names, list[int]], Any]  # from the values of the names and the way so far
NOTHING = object()  # the result of a block that does not return


class Rate:
    """A function of the step."""

    def __init__(self, function: Function) -> None:
        self.tree, self.given = function.tree, function.given
        arguments = [a.arg for a in (*self.tree.args.posonlyargs, *self.tree.args.args)]
        self.names = {name: value for name, value in function.names.items() if name not in arguments}
        wanted = [name for name in arguments if name != "self"]
        if not wanted or self.tree.args.vararg or self.tree.args.kwarg:
            raise LrlabError(worded("a schedule is a function of the step", self.text, hint="lambda step: ..."))
        self.step = wanted[0]
        self.names |= self._defaults(wanted)
        missing = [name for name in wanted[1:] if name not in self.names and name not in self.given]
        if missing:
            what = f"{', '.join(missing)} of this function has no value here"
            raise LrlabError(worded(what, self.text, hint=" ".join(f"{name}=..." for name in missing) + " beside it"))
        given = {word: value for word, value in self.given.items() if word != self.step}
        maker = _Maker(self.names, given)
        self.work = maker.term(self.tree.body) if isinstance(self.tree, ast.Lambda) else maker.block(self.tree.body)

    def _defaults(self, wanted: list[str]) -> Names:
        """The values of the arguments that have a default."""
        folder, arguments = Folder(self.names, self.given), self.tree.args
        late = wanted[len(wanted) - len(arguments.defaults) :] if arguments.defaults else []
        found = {name: folder.value(tree) for name, tree in zip(late, arguments.defaults, strict=False)}
        named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        return {**found, **{a.arg: folder.value(tree) for a, tree in named if tree is not None}}

    @property
    def text(self) -> str:
        """Its source on one line."""
        if isinstance(self.tree, ast.Lambda):
            return ast.unparse(self.tree)
        return "; ".join(line.strip() for line in ast.unparse(self.tree).splitlines() if line.strip())[:400]

    @property
    def numbers(self) -> list[float]:
        """The numbers in its source, and the values of the names that it uses."""
        found = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant)]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute) and (parts := dotted(node)):
                found.append(self.given.get(parts[-1], self.names.get(".".join(parts))))
        return [float(x) for x in found if isinstance(x, (int, float)) and not isinstance(x, bool)]

    def __call__(self, step: int) -> tuple[float, tuple[int, ...]]:
        """The value at a step, and the branches that were taken."""
        way: list[int] = []
        try:
            value = self.work({**self.names, self.step: step}, way)
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as error:
            if isinstance(error, LrlabError):
                raise
            raise LrlabError(worded(f"at step {step} it cannot be worked out: {error}", self.text)) from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise LrlabError(worded(f"at step {step} it does not give a number", self.text))
        try:
            return float(value), tuple(way)
        except OverflowError:
            raise LrlabError(worded(f"at step {step} it is too large a number", self.text)) from None


class _Maker:
    """Makes our own functions from syntax; everything that is not listed here is refused."""

    def __init__(self, names: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self.folder, self.given = Folder({}, given), given
        self.names = names

    # -- statements

    def block(self, body: list[ast.stmt]) -> Term:
        """A function that runs some statements: it gives what they return, or NOTHING."""
        parts = [self.statement(one) for one in body]

        def work(names: Names, way: list[int]) -> Any:
            for part in parts:
                found = part(names, way)
                if found is not NOTHING:
                    return found
            return NOTHING

        return work

    def statement(self, one: ast.stmt) -> Term:
        match one:
            case ast.Return(value=value):
                return self.term(value) if value is not None else lambda names, way: None
            case ast.If(test=test, body=then, orelse=otherwise):
                return self.choice(self.term(test), self.block(then), self.block(otherwise))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return _assigned(name, self.term(value))
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                return _assigned(name, self.term(value))
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                before = ast.Name(id=target.id, ctx=ast.Load())
                return _assigned(name, self.term(ast.BinOp(left=before, op=op, right=value)))
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Assert() | ast.Global() | ast.Nonlocal():
                return lambda names, way: NOTHING
            case ast.Import() | ast.ImportFrom():
                return lambda names, way: NOTHING
            case ast.Raise():
                return _refusing("the function raises here", one)
        raise LrlabError(
            worded("this is not read in a function of the step", ast.unparse(one)[:200], "if, return, =, arithmetic")
        )

    def choice(self, test: Term, then: Term, otherwise: Term) -> Term:
        def work(names: Names, way: list[int]) -> Any:
            taken = bool(test(names, way))
            way.append(taken)
            return (then if taken else otherwise)(names, way)

        return work

    # -- expressions

    def term(self, tree: ast.expr) -> Term:
        """A function that computes an expression."""
        match tree:
            case ast.Name() | ast.Attribute():
                return self.name(tree)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
                sign, inner = UNARY[type(op)], self.term(operand)
                return lambda names, way: sign(inner(names, way))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                join, a, b = BINARY[type(op)], self.term(left), self.term(right)
                return lambda names, way: join(a(names, way), b(names, way))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARE:
                compare, a, b = COMPARE[type(op)], self.term(left), self.term(right)
                return lambda names, way: compare(a(names, way), b(names, way))
            case ast.Compare(left=left, ops=[op, *ops], comparators=[right, *others]):
                one = ast.Compare(left=left, ops=[op], comparators=[right])
                rest = ast.Compare(left=right, ops=ops, comparators=others)
                return self.term(ast.BoolOp(op=ast.And(), values=[one, rest]))
            case ast.BoolOp(op=op, values=[first, *others]):
                stops, a = isinstance(op, ast.Or), self.term(first)
                b = self.term(ast.BoolOp(op=op, values=others) if others[1:] else others[0])
                return lambda names, way: v if bool(v := a(names, way)) is stops else b(names, way)
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                return self.choice(self.term(test), self.term(then), self.term(otherwise))
            case ast.Call():
                return self.call(tree)
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
                return lambda names, way: value
            case ast.List(elts=items) | ast.Tuple(elts=items):
                members = [self.term(item) for item in items]
                return lambda names, way: [member(names, way) for member in members]
            case ast.Subscript(value=value, slice=index):
                inner, at = self.term(value), self.term(index)
                return lambda names, way: inner(names, way)[at(names, way)]
        self.folder.value(tree)  # raises and says what is not read
        raise LrlabError(worded("this is not read in a function of the step", ast.unparse(tree)[:200]))

    def name(self, tree: ast.expr) -> Term:
        value = self.folder.value(tree)
        if not isinstance(value, Name):  # a value given beside the script, or a constant of math
            return lambda names, way: value
        key = ".".join(dotted(tree) or ())
        refuse = _refusing(f"{value} has no value here", tree, f"{value}=... beside it")
        return lambda names, way: names[key] if key in names else refuse(names, way)

    def call(self, tree: ast.Call) -> Term:
        parts = dotted(tree.func) or ("",)
        function = plain_function(parts[:-1], parts[-1])
        if function is None or any(isinstance(item, ast.Starred) for item in tree.args):
            raise LrlabError(worded("this is not read in a function of the step", ast.unparse(tree)[:200]))
        arguments = [self.term(item) for item in tree.args]
        words = {str(keyword.arg): self.term(keyword.value) for keyword in tree.keywords}
        if parts[-1] in ("min", "max", "minimum", "maximum") and len(arguments) > 1 and not words:
            return self.extreme(min if parts[-1].startswith("min") else max, arguments)
        return lambda names, way: function(
            *(argument(names, way) for argument in arguments), **{w: v(names, way) for w, v in words.items()}
        )

    def extreme(self, pick: Callable[..., Any], arguments: list[Term]) -> Term:
        """The least or greatest argument; the way notes which one it was."""

        def work(names: Names, way: list[int]) -> Any:
            values = [argument(names, way) for argument in arguments]
            best = pick(values)
            way.append(values.index(best))
            return best

        return work


def _assigned(name: str, term: Term) -> Term:
    def work(names: Names, way: list[int]) -> Any:
        names[name] = term(names, way)
        return NOTHING

    return work


def _refusing(what: str, tree: ast.AST, hint: str = "") -> Term:
    def refuse(names: Names, way: list[int]) -> Any:
        raise LrlabError(worded(what, ast.unparse(tree)[:200], hint=hint))

    return refuse
