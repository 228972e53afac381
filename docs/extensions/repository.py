"""Links to files of the repository, which a page has on GitHub, lead to their pages."""

from __future__ import annotations

import re
from pathlib import Path

from pages import write
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
PAGES = {
    "examples": "examples/index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
LINK = re.compile(r"\]\(((?:\.\./)+)(examples|CONTRIBUTING\.md|CHANGELOG\.md|benchmarks/README\.md)\)")


def rewritten(app: Sphinx, page: str, source: list[str]) -> None:
    """Point links out of the folder of the handbook to the pages that stand for what is there."""
    depth = page.count("/")
    source[0] = LINK.sub(lambda found: f"]({'../' * depth}{PAGES[found[2]]})", source[0])


def generate(app: Sphinx) -> None:
    """Write the pages that are files elsewhere: how to contribute, what has changed, what was measured."""
    for name in ("CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        write(Path(app.srcdir) / PAGES[name], re.sub(r"\]\((?:\.\./)?docs/", "](", text))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", rewritten)
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
