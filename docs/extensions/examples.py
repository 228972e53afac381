"""The scripts of the folder `examples`, each as a page of the handbook: what its docstring says, and its code."""

from __future__ import annotations

import ast
from pathlib import Path

from pages import markdown, sweep, write
from sphinx.application import Sphinx


def generate(app: Sphinx) -> None:
    """Write a page for every script, and their table."""
    source = Path(app.srcdir)
    pages = {}
    for place in sorted((Path(__file__).parents[2] / "examples").glob("*.py")):
        text = place.read_text(encoding="utf-8")
        docstring = ast.get_docstring(ast.parse(text)) or ""
        code = text.split('"""', 2)[2].strip()
        pages[place.stem] = docstring.split("\n\n")[0].replace("\n", " ")
        body = f"# {place.name}\n\n{markdown(docstring)}\n\n```python\n{code}\n```\n"
        write(source / "examples" / f"{place.stem}.md", body)
    rows = "\n".join(f"| [{name}.py]({name}.md) | {words} |" for name, words in pages.items())
    tree = "\n".join(pages)
    write(
        source / "examples" / "index.md",
        "# Examples\n\nWhole scripts, each of which runs in seconds as it stands, without a download.\n\n"
        f"| script | what it shows |\n|---|---|\n{rows}\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n",
    )
    sweep(source / "examples", {"index.md", *(f"{name}.md" for name in pages)})


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
