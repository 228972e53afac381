"""Data do not change: a dataclass is frozen, but for a few that gather while a file is read or a stage runs."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "lrlab"
FILES = [path.relative_to(SOURCE).as_posix() for path in sorted(SOURCE.rglob("*.py"))]
GATHER = {"lab/stages/engine.py": {"_Entry"}, "record/logs/columns.py": {"Column", "LogTable"}}


def declared(node):
    """What the decorator of a dataclass says; None for any other class."""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if ast.unparse(call.func) in ("dataclass", "dataclasses.dataclass"):
            return {given.arg: ast.literal_eval(given.value) for given in call.keywords}
    return None


@pytest.mark.parametrize("file", FILES)
def test_a_dataclass_is_frozen(file):
    """What has to change is made anew, by `replace`."""
    classes = [node for node in ast.walk(ast.parse((SOURCE / file).read_bytes())) if isinstance(node, ast.ClassDef)]
    found = {node.name: said for node in classes if (said := declared(node)) is not None}
    assert {name for name, said in found.items() if not said.get("frozen")} == GATHER.get(file, set())
