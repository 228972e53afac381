"""Pasted code and training scripts, read without executing them: finds the one schedule that they make.

    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=WARMUP * 2)   # a line, or a whole file

Assignments of constants before it are evaluated, also those in the function around it. If there are several schedules,
or several functions of the step, the user must name one: `train.py:NAME` or its line.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lrlab.dialects.source.folding import LONGEST, Call, Folder, Function, dotted
from lrlab.errors import LrlabError, worded

RATE_NAMES = (
    "get_lr",
    "lr_lambda",
    "lr_schedule",
    "learning_rate",
    "get_learning_rate",
    "lr_at",
    "adjust_learning_rate",
)


@dataclass(frozen=True)
class Found:
    """A schedule in a script: its variable (or the function's own name), its line, and the call or function."""

    name: str
    line: int
    what: Call | Function

    def __str__(self) -> str:
        kind = self.what.name if isinstance(self.what, Call) else "def"
        return f"{self.line}: {kind} {self.name}".rstrip()


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of Python code; None if it cannot be parsed."""
    if len(text) > LONGEST * 10:
        raise LrlabError(worded(f"the script has {len(text)} characters", allowed=f"at most {LONGEST * 10}"))
    for attempt in (text, text.strip(), text.strip().rstrip(",;\\")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's warnings about texts like "1if" do not matter here
                return ast.parse(attempt)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def only(
    tree: ast.Module, is_schedule: Callable[[Call], bool], given: Mapping[str, Any], which: str = ""
) -> Call | Function:
    """The schedule that a script makes, or the one with a name or line; raises `LrlabError` for none or several."""
    found = list(_Walker(is_schedule, given).of(tree.body, {}))
    calls = [f for f in found if isinstance(f.what, Call)]
    rates = [f for f in found if isinstance(f.what, Function)]
    if which:
        chosen = [f for f in found if which in (f.name, str(f.line))]
    else:
        chosen = calls or [f for f in rates if f.name in RATE_NAMES] or rates
    if not chosen:
        seen = "; ".join(map(str, found[:10]))
        raise LrlabError(
            worded(
                f"no schedule is made here{f' under {which}' if which else ''}", seen or None, "a call, get_lr(step)"
            )
        )
    if len({repr(f.what) for f in chosen}) > 1:
        raise LrlabError(
            worded(
                "several schedules are made here", "; ".join(map(str, chosen[:10])), "one", f"FILE.py:{chosen[-1].line}"
            )
        )
    return chosen[-1].what


class _Walker:
    """Goes through the statements in order and keeps the values of the names that are constant at that point."""

    def __init__(self, is_schedule: Callable[[Call], bool], given: Mapping[str, Any]) -> None:
        self.is_schedule, self.given = is_schedule, given

    def of(self, body: Iterable[ast.stmt], names: dict[str, Any]) -> Iterator[Found]:
        """The schedules in some statements; the names they assign are added to `names`."""
        for statement in body:
            yield from self.one(statement, names)

    def one(self, statement: ast.stmt, names: dict[str, Any]) -> Iterator[Found]:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                inner = {name: value for name, value in names.items() if name not in _parameters(statement)}
                if isinstance(statement, ast.FunctionDef):
                    names[statement.name] = Function(statement, names, self.given)
                    if _is_rate(statement):
                        yield Found(statement.name, statement.lineno, names[statement.name])
                yield from self.of(statement.body, inner)
            case ast.ClassDef(body=body):
                yield from self.of(body, dict(names))
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value) if value:
                name = ".".join(dotted(target) or ())
                yield from self.calls(value, names, name)
                self.assign(target, value, names)
            case _:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        yield from self.calls(child, names, "")
                inner = dict(names)
                for part in ("body", "orelse", "finalbody"):
                    yield from self.of(getattr(statement, part, []), inner)
                for handler in getattr(statement, "handlers", []):
                    yield from self.of(handler.body, inner)
                certain = isinstance(statement, ast.With)
                for name in {**names, **inner}:
                    if name not in names or names[name] is not inner.get(name):
                        if certain:
                            names[name] = inner[name]
                        else:
                            names.pop(name, None)  # the value that a branch or loop assigns is not known

    def assign(self, target: ast.expr, value: ast.expr, names: dict[str, Any]) -> None:
        parts = dotted(target)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                self.assign(one, other, names)
        elif parts is not None:
            name = ".".join(parts)
            names.pop(name, None)
            try:
                made = Folder(names, self.given).value(value)
            except LrlabError:
                return
            if (
                isinstance(made, (bool, int, float, list, dict, Function))
                or type(made) is str
                or (isinstance(made, Call) and self.is_schedule(made))
            ):
                names[name] = made

    def calls(self, tree: ast.expr, names: dict[str, Any], name: str) -> Iterator[Found]:
        """The outermost schedules in an expression."""
        if isinstance(tree, ast.Call):
            parts = dotted(tree.func)
            if parts and self.is_schedule(Call(parts[-1], path=parts[:-1])):
                made = Folder(names, self.given).value(tree)
                yield Found(name, tree.lineno, made)
                return
        for child in ast.iter_child_nodes(tree):
            if isinstance(child, ast.expr):
                yield from self.calls(child, names, name)
            elif isinstance(child, ast.keyword):
                yield from self.calls(child.value, names, name)


def _parameters(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    given = tree.args
    return {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)}


def _is_rate(tree: ast.FunctionDef) -> bool:
    """Whether a function looks like one from the step to the LR: one argument besides self, and it returns a value."""
    wanted = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args) if a.arg != "self"]
    free = len(wanted) - len(tree.args.defaults)
    returns = any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(tree))
    speaks = any(word in tree.name.lower() for word in ("lr", "rate", "sched", "decay", "warmup"))
    return returns and speaks and free == 1
