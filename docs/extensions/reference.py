"""The reference: every public name with its signature and docstring, read from the sources without importing them.

So it needs no framework, and a name that is made public is in it by itself.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import click
from pages import markdown, sweep, write
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import lrlab
from lrlab.core.expression.vocabulary import VOCABULARY, sentence, signature

# Pages of modules whose public names users import: (page, title, modules).
MODULES = (
    ("pytorch", "PyTorch", ("lrlab.adapters.torch",)),
    ("keras", "Keras", ("lrlab.adapters.keras",)),
    ("optax", "JAX and Optax", ("lrlab.adapters.optax",)),
    ("lightning", "Lightning", ("lrlab.adapters.lightning",)),
    ("transformers", "Hugging Face Transformers", ("lrlab.adapters.transformers",)),
    ("dialects", "Other libraries' words", ("lrlab.dialects",)),
    ("logs", "Logs of every update", ("lrlab.record.logs.rate_log", "lrlab.record.logs.sinks")),
    ("testing", "For your own shapes and controllers", ("lrlab.testing",)),
    ("errors", "Errors", ("lrlab.errors",)),
)
# Names that two modules have, as the signatures of one of them write them.
AMBIGUOUS = {"Scheduler": "lrlab.adapters.torch.Scheduler"}


@dataclass(frozen=True)
class Definition:
    """A class or function as it stands in the file of a module."""

    name: str
    module: str
    node: ast.ClassDef | ast.FunctionDef

    @property
    def text(self) -> str:
        return inspect.cleandoc(ast.get_docstring(self.node) or "")


def definitions(module: str) -> dict[str, Definition]:
    """What a module defines under public names."""
    return {
        node.name: Definition(node.name, module, node)
        for node in _parsed(module).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    }


def _parsed(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text(encoding="utf-8"))


def _file(module: str) -> Path:
    """The file of a module, found without importing its packages."""
    place = Path(lrlab.__file__).parent.joinpath(*module.split(".")[1:])
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not file.exists():
        raise ExtensionError(f"reference: there is no module {module}")
    return file


def defined(module: str, name: str) -> Definition:
    """A name of a module, where it is defined."""
    if name in (own := definitions(module)):
        return own[name]
    for node in ast.walk(_parsed(module)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and ast.unparse(node.targets[0]) == name:
            return defined(module, node.value.id)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lrlab."):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return defined(node.module or "", alias.name)
    raise ExtensionError(f"reference: {module} does not define {name}")


def public(module: str) -> dict[str, Definition]:
    """The public names of a module: those that it lists, its own, or where it is a package those that it hands on."""
    tree = _parsed(module)
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return {name: defined(module, name) for name in ast.literal_eval(node.value)}
    handed = [
        alias.asname or alias.name
        for node in ast.walk(tree)
        if _file(module).name == "__init__.py" and isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module or "").startswith("lrlab.") and alias.name[0] not in "_*" and alias.name != "names"
    ]
    return {**{name: defined(module, name) for name in handed}, **definitions(module)}


# -- one name -------------------------------------------------------------------------------------------------------


def described(module: str, name: str, found: Definition, beside: Container[str] = ()) -> str:
    """A name as an object of the Python domain, its methods within."""
    node = found.node
    if name != found.name and found.name in beside:
        return _directive("py:data", f"{module}.{name}", f"Another name of {{py:obj}}`{module}.{found.name}`.")
    if isinstance(node, ast.FunctionDef):
        return _directive("py:function", f"{module}.{name}{_signature(node)}", markdown(found.text))
    init = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    inner = [markdown(found.text), *(_method(method) for method in methods(found).values())]
    call = _signature(init, bound=True, returns=False) if init else _fields(node)
    return _directive("py:class", f"{module}.{name}{call}", "\n\n".join(inner))


def methods(found: Definition) -> dict[str, ast.FunctionDef]:
    """The documented public methods of a class, its own and those of the classes of ours that it builds on."""
    assert isinstance(found.node, ast.ClassDef)
    gathered = {
        n.name: n
        for n in found.node.body
        if isinstance(n, ast.FunctionDef) and n.name[0] != "_" and ast.get_docstring(n) and not _overload(n)
    }
    for base in found.node.bases:
        try:
            above = defined(found.module, ast.unparse(base)) if isinstance(base, ast.Name) else None
        except ExtensionError:  # of another library
            above = None
        if above is not None and isinstance(above.node, ast.ClassDef):
            gathered = {**methods(above), **gathered}
    return gathered


def _method(method: ast.FunctionDef) -> str:
    """A method or property, within its class."""
    words = markdown(ast.get_docstring(method) or "")
    kinds = {ast.unparse(d) for d in method.decorator_list}
    if kinds & {"property", "cached_property", "functools.cached_property"}:
        return _directive("py:property", method.name, words)
    kind = next((f"py:{k}" for k in ("classmethod", "staticmethod") if k in kinds), "py:method")
    return _directive(kind, f"{method.name}{_signature(method, bound='staticmethod' not in kinds)}", words)


def _overload(method: ast.FunctionDef) -> bool:
    return any(ast.unparse(d) in ("overload", "typing.overload") for d in method.decorator_list)


def _signature(node: ast.FunctionDef, bound: bool = False, returns: bool = True) -> str:
    arguments = node.args
    if bound:
        held = [*arguments.posonlyargs, *arguments.args][1:]
        positional = [a for a in arguments.posonlyargs if a in held]
        arguments = ast.arguments(
            posonlyargs=positional,
            args=[a for a in arguments.args if a in held],
            vararg=arguments.vararg,
            kwonlyargs=arguments.kwonlyargs,
            kw_defaults=arguments.kw_defaults,
            kwarg=arguments.kwarg,
            defaults=arguments.defaults,
        )
    after = f" -> {ast.unparse(node.returns)}" if returns and node.returns else ""
    text = f"({ast.unparse(arguments)}){after}".replace("\n", " ")
    for name, whole in AMBIGUOUS.items():
        text = re.sub(rf"(?<![\w.]){name}\b", whole, text)
    return text


def _fields(node: ast.ClassDef) -> str:
    """The arguments of a dataclass or a NamedTuple."""
    kinds = " ".join(ast.unparse(d) for d in (*node.decorator_list, *node.bases))
    if "dataclass" not in kinds and "NamedTuple" not in kinds:
        return ""
    rows = [
        f"{n.target.id}: {ast.unparse(n.annotation)}" + (f" = {ast.unparse(n.value)}" if n.value else "")
        for n in node.body
        if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name) and not n.target.id.startswith("_")
    ]
    return f"({', '.join(rows)})" if rows and not any("field(" in row for row in rows) else ""


def _directive(kind: str, head: str, body: str) -> str:
    """A directive whose fence is longer than those within."""
    ticks = "`" * (1 + max(map(len, re.findall("`{3,}", body)), default=2))
    return f"{ticks}{{{kind}}} {head}\n\n{body}\n{ticks}"


# -- pages ----------------------------------------------------------------------------------------------------------


def names() -> str:
    """The page of `import lrlab as lr`."""
    homes = lrlab._read_homes()
    rooms = {
        "Schedules": ("lrlab.core.expression", "lrlab.core.text", "lrlab.core.time"),
        "Curves and runs": ("lrlab.core.run", "lrlab.core.feedback", "lrlab.core.plan"),
        "Comparing, searching": ("lrlab.desk", "lrlab.lab"),
        "Forecasting": ("lrlab.analysis", "lrlab.record"),
        "Else": ("lrlab.errors", "lrlab.version"),
    }
    parts = ["# import lrlab as lr", "Every name of the package, without the words for schedules: [those](words.md)."]
    for title, prefixes in rooms.items():
        parts.append(f"## {title}")
        for name, (home, attribute) in sorted(homes.items()):
            if home.startswith(prefixes):
                if name == "__version__":
                    parts.append(_directive("py:data", "lrlab.__version__", "The version, as text."))
                else:
                    parts.append(described("lrlab", name, defined(home, attribute)))
    left = [
        name for name, (home, _) in homes.items() if not home.startswith(tuple(p for r in rooms.values() for p in r))
    ]
    if left:
        raise ExtensionError(f"reference: no heading for {', '.join(left)}")
    return "\n\n".join(parts) + "\n"


def words() -> str:
    """The page of the words for schedules."""
    rows = []
    for name in sorted(VOCABULARY):
        call = signature(name).replace("|", "\\|")
        rows.append(f"| [{name}](../gallery/{name}.md) | {markdown(sentence(name))} | `{call}` |")
    head = (
        "# Words for schedules\n\nEach is a name of `lrlab` and a word of the text form; the links lead to the gallery."
    )
    return f"{head}\n\n| word | what it is | arguments |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def module_page(title: str, modules: tuple[str, ...]) -> str:
    """The page of some modules."""
    parts = [f"# {title}"]
    for module in modules:
        parts.append(markdown(ast.get_docstring(_parsed(module)) or ""))
        there = public(module)
        parts += [described(module, name, found, there) for name, found in sorted(there.items())]
    return "\n\n".join(parts) + "\n"


def command_line() -> str:
    """The page of `lrlab`, as its --help says it."""
    from lrlab.cli.main import main

    parts = ["# The command line", "What `lrlab COMMAND --help` says, for every command."]

    def add(command: click.Command, path: str, depth: int) -> None:
        context = click.Context(command, info_name=path, terminal_width=86, max_content_width=86)
        parts.append(f"{'#' * depth} {path}\n\n```text\n{command.get_help(context)}\n```")
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                if found is not None and not found.hidden:
                    add(found, f"{path} {name}", min(depth + 1, 4))

    add(main, "lrlab", 2)
    return "\n\n".join(parts) + "\n"


def generate(app: Sphinx) -> None:
    """Write all pages, before the sources are read."""
    folder = Path(app.srcdir) / "reference"
    pages = {"names": names(), "words": words(), "command_line": command_line()}
    pages |= {page: module_page(title, modules) for page, title, modules in MODULES}
    tree = "\n".join(pages)
    pages["index"] = (
        "# Reference\n\nEvery public name, from its docstring; every example in it is run by the tests.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{tree}\n```\n"
    )
    for name, text in pages.items():
        write(folder / f"{name}.md", text)
    sweep(folder, {f"{name}.md" for name in pages})


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
