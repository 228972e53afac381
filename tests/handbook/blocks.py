"""The code blocks of a page, and how a reader runs them.

Every block stands for itself, in a fresh folder, but for what it says of itself in its first line:

* `# continues the block above` (`# 接上一段代码`): it goes on in the folder, and with the names, of the one before;
* `# NAME.py`: it is that file, which commands below it may name.

A block in `python` is run as a script, one in `sh` by bash. Blocks in other languages are not code.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTINUES = ("# continues the block above", "# 接上一段代码")
FENCE = re.compile(r"^(`{3,})(python|sh)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
PAIR = re.compile(r'^<div class="pair">$(.*?)^</div>$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Code of a page, and the line that it begins at."""

    page: str
    line: int
    language: str
    code: str

    @property
    def continues(self) -> bool:
        return self.code.startswith(CONTINUES)

    @property
    def file(self) -> str:
        """The file that it is, or the one that a reader would put it into."""
        named = re.match(r"# (\w+\.py)\n", self.code)
        return named[1] if named else f"example_{self.line}.py"


@dataclass(frozen=True)
class Story:
    """A block and those that continue it."""

    blocks: list[Block] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.blocks[0].page}:{self.blocks[0].line}"

    @property
    def code(self) -> str:
        return "\n".join(block.code for block in self.blocks)


def pages() -> list[Path]:
    """What is written by hand: README, handbook, how to contribute; in all languages."""
    generated = {"gallery", "reference", "examples", "pictures"}
    handbook = [p for p in sorted((ROOT / "docs").rglob("*.md")) if p.relative_to(ROOT).parts[1] not in generated]
    built = {"contributing.md", "changelog.md", "benchmarks.md"}
    return [*sorted(ROOT.glob("README*.md")), *(p for p in handbook if p.name not in built)]


def blocks(page: Path, text: str | None = None) -> list[Block]:
    """The blocks of a page, in order."""
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
    text = page.read_text(encoding="utf-8") if text is None else text
    return [Block(name, text.count("\n", 0, m.start()) + 1, m[2], m[3]) for m in FENCE.finditer(text)]


def stories(page: Path) -> list[Story]:
    """The blocks of a page, each with those that continue it. Pairs are left to `pairs`."""
    text = PAIR.sub(lambda m: "\n" * m[0].count("\n"), page.read_text(encoding="utf-8"))
    found: list[Story] = []
    for block in blocks(page, text):
        if block.continues:
            found[-1].blocks.append(block)
        else:
            found.append(Story([block]))
    return found


def pairs(page: Path) -> Iterator[tuple[Block, Block]]:
    """What stands before and after, side by side."""
    text = page.read_text(encoding="utf-8")
    for pair in PAIR.finditer(text):
        line = text.count("\n", 0, pair.start())
        before, after = blocks(page, "\n" * line + pair[1])
        yield before, after


def run(story: Story, folder: Path) -> dict[str, object]:
    """Do what a reader does who copies the blocks, one after the other; what the names are at the end."""
    names: dict[str, object] = {}
    for block in story.blocks:
        if block.language == "sh":
            shell(block, folder)
            continue
        place = folder / block.file
        place.write_text(block.code, encoding="utf-8")
        if names:
            exec(compile(block.code, str(place), "exec"), names)
        else:
            names = runpy.run_path(str(place), run_name="__main__")
    return names


def shell(block: Block, folder: Path) -> str:
    """Run commands as they stand; what they print."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", block.code],
        cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert ran.returncode == 0, f"{block.page}:{block.line}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
