"""How every command answers: with a table, a sentence or a document, or with an error."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from lrlab.desk import VERSION
from lrlab.errors import LrlabError, printable, worded

if TYPE_CHECKING:
    from lrlab.views.model import Figure, Table

json_option = click.option("--json", "as_json", is_flag=True, help="Write one JSON document and nothing else.")


READ = "lrlab.read"  # of a context: the file that its options were read from


class NewFile(click.Path):
    """A file to be written; whether that is possible is checked before anything is computed."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(str(super().convert(value, param, ctx)))
        folder = path.absolute().parent
        if not folder.is_dir():
            self.fail(f"{str(path)!r} cannot be written: there is no folder {str(folder)!r}", param, ctx)
        if not os.access(folder, os.W_OK | os.X_OK):
            self.fail(f"{str(path)!r} cannot be written: nothing may be written in {str(folder)!r}", param, ctx)
        return path


def refuse_source(
    written: Path, read: Iterable[Path], param: click.Parameter | None = None, ctx: click.Context | None = None
) -> None:
    """Raise `click.BadParameter` where a file that is to be written is one of those that are read."""
    for source in read:
        try:
            same = written.samefile(source)
        except (OSError, ValueError):  # one of them is not there, or the text is no path
            continue
        if same:
            raise click.BadParameter(f"{str(written)!r} is read here, and would be lost", ctx, param)


def write(path: Path, text: str) -> None:
    """Write a whole file. Raises `LrlabError` if the disk refuses it."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LrlabError(worded(f"the file cannot be written: {error.strerror}", str(path))) from None


def say(
    as_json: bool,
    document: Mapping[str, Any],
    shown: Iterable[Figure | Table],
    sentences: Iterable[str],
    *,
    first: Iterable[str] = (),
) -> None:
    """Print the document alone, or what comes `first`, figures and tables, and the sentences below them."""
    if as_json:
        click.echo(json.dumps(document, allow_nan=False))
        return
    for sentence in first:
        echo(f"{sentence}\n")
    for each in shown:
        click.echo(drawn(each) + "\n")
    for sentence in sentences:
        echo(sentence)


def echo(text: str, *, err: bool = False, mark: str = "") -> None:
    """Print a text without terminal control codes; a `mark` before it is ours, and may have them."""
    click.echo(mark + printable(text), err=err)


def apart() -> AbstractContextManager[object]:
    """Within, what a task prints goes to standard error, as in a worker: standard output is for the answer."""
    return redirect_stdout(sys.stderr)


def drawn(given: Figure | Table) -> str:
    """A figure or a table, as this terminal can show it."""
    from lrlab.views.model import Figure
    from lrlab.views.terminal import draw, table

    how = {"colour": coloured(), "ascii_only": "utf" not in (sys.stdout.encoding or "").lower()}
    return draw(given, width(), 18, **how) if isinstance(given, Figure) else table(given, width(), **how)


def width() -> int:
    """The columns of the terminal, within reason."""
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 140))


def coloured() -> bool:
    """Whether the output shows colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def painted(text: str, style: str) -> str:
    """A text that is bold, or bold in a colour."""
    if not coloured():
        return text
    return click.style(text, bold=True) if style == "bold" else click.style(text, fg=style, bold=True)


def fail(message: str, code: int, as_json: bool) -> NoReturn:
    """End with a sentence, or a document where JSON was asked for."""
    if as_json:
        click.echo(json.dumps({"version": VERSION, "error": message}))
    else:
        echo(f"lrlab: {message}", err=True)
    sys.exit(code)
