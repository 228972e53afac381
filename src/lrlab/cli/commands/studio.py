"""`lrlab studio`: shape schedules by hand and compare them, in a browser.

lrlab studio
lrlab studio --port 8321 --no-browser
"""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from pathlib import Path
from typing import Literal, TypedDict

import click

from lrlab.cli.output import echo, json_option
from lrlab.cli.verb import Section, Verb
from lrlab.errors import LrlabError, worded


class ReadyDocument(TypedDict):
    """Where the studio is: the address with the token that opens it, and the process that serves it."""

    version: Literal[1]
    url: str
    pid: int


@click.command(
    cls=Verb,
    section=Section.BEGIN,
    examples=[
        "lrlab studio",
        "lrlab studio --port 8321 --no-browser",
        "lrlab studio --task mine.py:train --store runs",
    ],
    document="lrlab.cli.commands.studio:ReadyDocument",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0: any that is free.  [default: 0]")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen. Others than this machine's own warn."
)
@click.option("--no-browser", is_flag=True, help="Only say the address.")
@click.option(
    "--store",
    default="lrlab-runs",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that runs are kept in.",
)
@click.option(
    "--task",
    "files",
    multiple=True,
    metavar="FILE:NAME",
    help="A training of yours that may be compared; give several.",
)
@json_option
def command(port: int, host: str, no_browser: bool, store: Path, files: tuple[str, ...], as_json: bool) -> None:
    """Shape schedules by hand, compare them and look at runs, in a browser.

    The address holds a token: whoever has it may use the studio, and nobody else. Comparisons train in processes of
    their own, and go on when the studio ends. Ctrl-C ends it.
    """
    from lrlab.desk import offered
    from lrlab.studio.guard import is_loopback
    from lrlab.studio.serve import serve

    if not is_loopback(host):
        warning = f"warning: {host} can be reached from other machines. Whoever has the address can compute here."
        echo(f"{warning} It is not encrypted.", err=True)

    def ready(url: str) -> None:
        document = ReadyDocument(version=1, url=url, pid=os.getpid())
        if as_json:
            click.echo(json.dumps(document))
        else:
            echo(f"The studio is at {document['url']}  (Ctrl-C ends it)")
        sys.stdout.flush()
        if not no_browser and not as_json and sys.stdout.isatty():
            webbrowser.open(document["url"])

    tasks = {name: name for name in offered.tasks()} | {text: _found(text) for text in files}
    serve(host, port, store.absolute(), tasks, ready)


def _found(text: str) -> str:
    """A task of somebody's own, by its whole path. Raises `LrlabError` where its file is not there."""
    path, colon, name = text.rpartition(":")
    if not colon or not path.endswith(".py") or not name.isidentifier() or not Path(path).is_file():
        raise LrlabError(
            worded("this is not a task", text, "FILE:NAME, the file of a training and its function", "mine.py:train")
        )
    return f"{Path(path).resolve()}:{name}"
