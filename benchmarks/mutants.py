"""Do the tests notice a change? Random single changes in the sources, one at a time, and which of them survive.

    python benchmarks/mutants.py [20] [--rooms core,record,analysis,lab] [--seed 0] [--size smallest]

A change is one comparison (< for <=), operator (+ for -), `and` for `or`, `not` taken off, or a constant (n + 1, True
for False) in a copy of the repository. The tests of that file run first, then those of its folder, then those of its
room, each until the first failure. Killed: a test fails that passes without the change, or hangs. Survivors are listed
with what was changed: each is a test that is missing, or a change that changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from sizes import add_size

ROOT = Path(__file__).parents[1]
ROOMS = "core,record,analysis,lab"
SECONDS = 900  # of the tests of a room
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: in which file, from where to where, and what stands there instead."""

    file: Path  # below src/lrlab
    line: int
    start: int  # offsets in the text
    stop: int
    before: str
    after: str

    def applied(self, text: str) -> str:
        """The text of the file with the change in it."""
        return text[: self.start] + self.after + text[self.stop :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {' '.join(self.before.split())}  ->  {self.after}"


def mutants_of(file: Path, text: str) -> Iterator[Mutant]:
    """Every change of a file, in the order of its syntax tree."""
    tree = ast.parse(text)
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = text.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    typed = {id(part) for node in ast.walk(tree) for part in _annotations(node)}
    for node in ast.walk(tree):
        if id(node) in typed or not isinstance(node, ast.expr):
            continue
        for changed in _changes(node):
            start = offset(node.lineno, node.col_offset)
            stop = offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
            after = f"({ast.unparse(changed)})"
            yield Mutant(file, node.lineno, start, stop, text[start:stop], after)


def _changes(node: ast.expr) -> Iterator[ast.expr]:
    """Each way to change one expression."""
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                yield _with(node, lambda n, k=k, op=operator: n.ops.__setitem__(k, COMPARED[type(op)]()))
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield _with(node, lambda n: setattr(n, "op", COMPUTED[type(n.op)]()))
    elif isinstance(node, ast.BoolOp):
        yield _with(node, lambda n: setattr(n, "op", ast.Or() if isinstance(n.op, ast.And) else ast.And()))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)


def _with(node: ast.expr, change: object) -> ast.expr:
    copied = deepcopy(node)
    change(copied)  # type: ignore[operator]
    return copied


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    """What is only for readers: types, and what an f-string is written with."""
    for name in ("annotation", "returns", "format_spec"):
        if isinstance(part := getattr(node, name, None), ast.AST):
            yield from ast.walk(part)


def suites(file: Path, tests: Path) -> list[Path]:
    """The tests that are asked about a file: its own, those of its folder, those of its room."""
    folder = tests / file.parent
    found = [folder / f"test_{file.stem}.py", folder, tests / file.parts[0]]
    return list(dict.fromkeys(path for path in found if path.exists()))


def fate(mutant: Mutant, copy: Path, most: int) -> str:
    """What becomes of a change: "killed", "SURVIVED", or "unclear" where the test fails without it, too."""
    path = copy / "src" / "lrlab" / mutant.file
    text = path.read_text(encoding="utf-8")
    for suite in suites(mutant.file, copy / "tests")[:most]:
        path.write_text(mutant.applied(text), encoding="utf-8")
        try:
            failed = _failed(copy, str(suite))
        finally:
            path.write_text(text, encoding="utf-8")
        if failed:
            return "killed" if failed == "late" or not _failed(copy, failed) else "unclear"
    return "SURVIVED"


def _failed(copy: Path, suite: str) -> str:
    """The first test of a suite that fails; "late" where they hang, and "" where none does."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", suite]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "late"
    if done.returncode in (0, 5):
        return ""
    named = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return named[0] if named else suite


def main() -> None:
    """Make the changes, and print what became of each."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("count", nargs="?", type=int, default=20)
    options.add_argument("--rooms", default=ROOMS)
    options.add_argument("--seed", type=int, default=0)
    add_size(options)
    given = options.parse_args()
    most = 3
    if given.size == "smallest":
        given.count, given.rooms, most = 1, "core/time", 1

    folder = ROOT / "src" / "lrlab"
    files = sorted(file for room in given.rooms.split(",") for file in (folder / room).rglob("*.py"))
    every = [m for file in files for m in mutants_of(file.relative_to(folder), file.read_text(encoding="utf-8"))]
    drawn = random.Random(given.seed).sample(every, min(given.count, len(every)))
    fates: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "copy")
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "lrlab-*")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for mutant in drawn:
            fates[became := fate(mutant, copy, most)] += 1
            print(f"{became:8}", mutant, flush=True)
    judged = fates["killed"] + fates["SURVIVED"]
    print(f"{fates['killed']} of {judged} killed ({fates['killed'] / max(judged, 1):.0%}); ", end="")
    print(f"{fates['unclear']} unclear; of {len(every)} possible changes")


if __name__ == "__main__":
    main()
