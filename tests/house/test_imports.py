"""Who may import whom, and what an import costs: the house rules of the package."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "src" / "lrlab"
FILES = sorted(ROOT.rglob("*.py"))
FRAMEWORKS = {"torch", "keras", "jax", "optax", "tensorflow", "transformers", "timm", "lightning"}

# Each room, and the rooms of ours that it may import from (itself aside).
MAY = {
    "errors": set(),
    "shown": set(),
    "version": set(),
    "core": {"errors", "shown"},
    "record": {"core", "errors", "shown"},
    "dialects": {"core", "errors"},
    "adapters": {"core", "record", "errors"},
    "lab": {"core", "record", "errors", "version"},
    "analysis": {"core", "record", "errors", "shown"},
    "views": {"core", "record", "analysis", "errors"},
    "testing": {"core", "record", "lab", "analysis", "adapters", "errors"},
    "desk": {"core", "record", "lab", "analysis", "dialects", "views", "errors", "shown", "version"},
    "studio": {"desk", "views", "core", "errors", "version"},
    "cli": {"desk", "views", "studio", "core", "errors", "version"},
}


def room(path):
    """The first part of a file's place in the package: core, lab, desk ..."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path, top_only=False):
    """The modules that a file imports, in full; those under `if TYPE_CHECKING` aside."""
    tree = ast.parse(path.read_text())
    for_types = {id(n) for node in ast.walk(tree) if _is_type_checking(node) for n in ast.walk(node)}
    local = {
        id(n) for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) for n in ast.walk(f)
    }
    for node in ast.walk(tree):
        if id(node) in for_types or (top_only and id(node) in local):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            if node.module == "lrlab":
                yield from (f"lrlab.{alias.name}" for alias in node.names)


def _is_type_checking(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_import_downwards_only(path):
    """A file imports from the rooms below its own, and never from a sibling."""
    here = room(path)
    if here in ("__init__", "__main__"):
        return
    assert here in MAY, f"{here} is a new room: say in MAY whom it may import"
    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "lrlab" and len(parts) > 1:
            there = parts[1]
            assert there == here or there in MAY[here], f"{path.relative_to(ROOT)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_frameworks_stay_at_the_edge(path):
    """A framework is imported at the top of a module by its own adapter and by built-in tasks alone."""
    parts = path.relative_to(ROOT).parts
    met = {module.split(".")[0] for module in imports(path, top_only=True)} & FRAMEWORKS
    if parts[0] == "adapters":
        own = parts[1].removesuffix(".py").partition("_")[0]
        assert met <= {own, *({"jax"} if own == "optax" else ())}  # which Optax stands on
    elif parts[:2] != ("lab", "tasks"):
        assert not met


@pytest.mark.parametrize("path", sorted((ROOT / "core").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_core_is_the_standard_library(path):
    """Core imports the standard library and our errors; NumPy inside functions that are handed arrays."""
    for module in imports(path, top_only=True):
        assert module.split(".")[0] in sys.stdlib_module_names | {"lrlab"}, module
    for module in imports(path):
        assert module.split(".")[0] in sys.stdlib_module_names | {"lrlab", "numpy"}, module


def test_nothing_imports_testing():
    """The test helpers are for tests."""
    for path in FILES:
        if room(path) != "testing":
            assert not any(module.startswith("lrlab.testing") for module in imports(path)), path


def met_by(code):
    """The modules that a fresh interpreter has met after some code."""
    out = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(out.stdout.split())


HEAVY = FRAMEWORKS | {"numpy", "scipy", "sklearn", "pandas", "matplotlib", "rich", "click", "msgspec", "hypothesis"}


@pytest.mark.parametrize(
    "code",
    [
        "import lrlab",
        "import lrlab; s = lrlab.parse('warmup(\"2%\") >> cosine(to=0.1)'); str(s), lrlab.dumps(s), s.fingerprint()",
        "import lrlab; c = lrlab.wsd().over(1000); c(0), c(999), c.phases, c.updates",
        "import lrlab; dir(lrlab), lrlab.Horizon(updates=5), lrlab.by_name('cosine_annealing')",
    ],
)
def test_import_meets_no_framework(code):
    """Importing, reading, writing and asking for one update meet the standard library alone."""
    met = {module.split(".")[0] for module in met_by(code)}
    assert not met & HEAVY
    assert "lrlab" in met


def test_import_is_lazy():
    """`import lrlab` alone loads nothing of core, and of the standard library nothing that Python has not loaded."""
    assert met_by("import lrlab") - met_by("import __future__") == {"lrlab"}


def test_one_place_prints():
    """What the commands print passes through `lrlab.cli.output.echo`, which makes it printable; JSON escapes itself."""
    for path in (ROOT / "cli").rglob("*.py"):
        if path.name != "output.py":
            for line in path.read_text().splitlines():
                assert "print(" not in line.replace(".format_exc(", ""), path
                assert "click.echo(" not in line or "click.echo(json.dumps(" in line, path
