"""Who stands on whom: the imports of the package, by folder and by file. A person runs it; the house tests walk it.

    python tests/house/graph.py            the folders, each with those that it stands on, and what is wrong
    python tests/house/graph.py core       of one room alone

Late imports (inside functions) count as well, and so does the name of a module in a text ("lrlab.core.run.curve"),
by which it is imported where it is needed; what is imported for types alone does not. It fails where folders or
files stand on each other in a circle. A look upward that is meant is named in `UPWARD`, a circle in `CIRCLES`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "src" / "lrlab"

# Looks upward that are meant: from a file to a module, or to all of a folder, and why.
UPWARD = {
    ("shown", "views"): "values show themselves",
    ("core.expression.node", "core.run.metered"): "schedule.over(horizon)",
    ("core.expression.node", "core.text.describe"): "schedule.describe()",
    ("core.expression.node", "core.text.lint"): "schedule.lint()",
    ("core.expression.node", "core.shapes.base"): "schedule.hold()",
    ("dialects.parts.torch_rules", "dialects.read.transformers"): "PyTorch's LambdaLR as transformers makes it",
}
# Files that stand on each other because they are one idea.
CIRCLES = {
    frozenset(f"core.expression.{name}" for name in ("node", "algebra", "wrap", "repeat", "excerpt")): "the algebra",
}

Graph = dict[str, set[str]]


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module by its name without the leading `lrlab.`; the package itself, which names all, is left out."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name not in ("", "__main__"):
            found[name] = path
    return found


def graph(root: Path = ROOT) -> Graph:
    """The modules that each module imports."""
    known = modules(root)
    return {name: set(_imported(path, known)) - {name} for name, path in known.items()}


def _imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {id(n) for node in ast.walk(tree) if _is_for_types(node) for n in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        named: list[str] = []
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
            named = named[:-1] if all(name.removeprefix("lrlab.") in known for name in named[:-1]) else named
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = [node.value]
        yield from (name.removeprefix("lrlab.") for name in named if _is_ours(name, known))


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_ours(name: str, known: Mapping[str, Path]) -> bool:
    return name.startswith("lrlab.") and name.removeprefix("lrlab.") in known


def downward(imports: Graph) -> Graph:
    """The imports without the looks upward that are meant."""
    return {
        name: {other for other in met if not {(name, other), (name, other.rpartition(".")[0])} & UPWARD.keys()}
        for name, met in imports.items()
    }


def folder(module: str, known: Mapping[str, Path]) -> str:
    """The folder that a module lies in; a file that lies beside folders stands for itself."""
    around = module.rpartition(".")[0]
    beside_folders = any(other.startswith(f"{around}.") and path.name == "__init__.py" for other, path in known.items())
    return module if known[module].name == "__init__.py" or not around or beside_folders else around


def folders(imports: Graph, known: Mapping[str, Path]) -> Graph:
    """The folders that each folder imports from, itself aside."""
    place = {name: folder(name, known) for name in known}
    made: Graph = {here: set() for here in place.values()}
    for name, met in imports.items():
        made[place[name]] |= {place[other] for other in met} - {place[name]}
    return made


def circles(arrows: Graph) -> list[frozenset[str]]:
    """The groups that stand on each other (Tarjan: the strongly connected components of more than one)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[frozenset[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(arrows.get(name, ())):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            at = stack.index(name)
            group = frozenset(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.append(group)

    for name in sorted(arrows):
        if name not in order:
            visit(name)
    return found


def floors(arrows: Graph) -> dict[str, int]:
    """How high each one stands: above all that it stands on. Those of a circle count as one step."""
    group = {name: circle for circle in circles(arrows) for name in circle}
    height: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in height:
            together = group.get(name, frozenset([name]))
            below = {other for member in together for other in arrows.get(member, ())} - together
            level = 1 + max((of(other) for other in below), default=0)
            height.update(dict.fromkeys(together, level))
        return height[name]

    return {name: of(name) for name in arrows}


def faults(root: Path = ROOT) -> list[str]:
    """What is wrong: circles of folders and of files that nobody has named, and names that are true no more."""
    known, imports = modules(root), graph(root)
    down = downward(imports)
    said = []
    for circle in circles(folders(down, known)):
        said.append(f"folders in a circle: {', '.join(sorted(circle))}")
        for name, met in sorted(down.items()):
            here = folder(name, known)
            there = sorted(other for other in met if folder(other, known) in circle - {here})
            if here in circle and there:
                said.append(f"    {name} imports {', '.join(there)}")
    said += [f"files in a circle: {', '.join(sorted(c))}" for c in circles(down) if c not in CIRCLES]
    for here, there in UPWARD:
        if not any(other == there or other.startswith(f"{there}.") for other in imports.get(here, ())):
            said.append(f"UPWARD names {here} -> {there}, which is no more: take it out")
    said += [f"CIRCLES names {', '.join(sorted(c))}: no circle, take it out" for c in CIRCLES if c not in circles(down)]
    return said


def main(room: str = "") -> int:
    """Print the folders from the lowest floor up, and what is wrong; the exit status is 1 where something is."""
    known, imports = modules(), graph()
    arrows = folders(downward(imports), known)
    height = floors(arrows)
    for name in sorted(arrows, key=lambda name: (height[name], name)):
        if name.startswith(room):
            print(f"{height[name]:3}  {name:24} {', '.join(sorted(arrows[name]))}".rstrip())
    print("looks upward that are meant:")
    for (here, there), why in UPWARD.items():
        print(f"     {here} -> {there}: {why}")
    wrong = faults()
    print("\n".join(["what is wrong:", *wrong]) if wrong else "no circle")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
