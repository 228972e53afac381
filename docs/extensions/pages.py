"""Pages that are generated: written where they changed, swept where their subject is gone."""

from __future__ import annotations

import inspect
import re
from pathlib import Path


def write(place: Path, text: str) -> None:
    """Write a file if it says something else, so that a second build has less to do."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        place.write_text(text, encoding="utf-8")


def sweep(folder: Path, kept: set[str]) -> None:
    """Delete the pages of a generated folder that were not written this time."""
    for place in folder.glob("*.md"):
        if place.name not in kept:
            place.unlink()


def markdown(docstring: str) -> str:
    """A docstring as Markdown: paragraphs stay, examples and formulas become blocks, papers become links.

    >>> print(markdown('''Halve it.
    ...
    ... value = t / 2
    ...
    ... Smith, 2017, arXiv:1506.01186.'''))
    Halve it.
    <BLANKLINE>
    ```text
    value = t / 2
    ```
    <BLANKLINE>
    Smith, 2017, [arXiv:1506.01186](https://arxiv.org/abs/1506.01186).
    """
    out = []
    for paragraph in _paragraphs(inspect.cleandoc(docstring)):
        first = paragraph.lstrip()
        if first.startswith(">>> "):
            out.append(f"```pycon\n{inspect.cleandoc(paragraph).replace('<BLANKLINE>', '')}\n```")
        elif first.startswith("value = "):
            out.append(f"```text\n{paragraph}\n```")
        elif paragraph.startswith("    "):
            out.append(f"```text\n{inspect.cleandoc(paragraph)}\n```")
        else:
            listed = all(row.startswith(("- ", "* ", "| ", "  ")) for row in paragraph.split("\n"))
            out.append(linked(_escaped(paragraph if listed else paragraph.replace("\n", " "))))
    return "\n\n".join(out)


def linked(text: str) -> str:
    """Numbers of arXiv as links."""
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def _paragraphs(text: str) -> list[str]:
    """Parts between blank lines; an example also ends the paragraph before it."""
    parts: list[str] = []
    for part in text.split("\n\n"):
        lines, prose = part.split("\n"), []
        while lines and not lines[0].lstrip().startswith(">>> "):
            prose.append(lines.pop(0))
        parts += ["\n".join(found) for found in (prose, lines) if found]
    joined: list[str] = []
    for part in parts:  # indented text goes on over blank lines
        if joined and part.startswith("    ") and joined[-1].startswith("    "):
            joined[-1] += f"\n\n{part}"
        else:
            joined.append(part)
    return joined


def _escaped(text: str) -> str:
    """Signs that Markdown would take for its own, outside of code: stars, underscores, angle brackets."""
    parts = text.split("`")
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([*_<>\[\]])", r"\\\1", parts[i])
    return "`".join(parts)
