"""`lrlab studio`: shape schedules by hand, in a browser.

lrlab studio
lrlab studio --port 8321 --no-browser
"""

from __future__ import annotations

import json
import sys
import webbrowser
from typing import TYPE_CHECKING

import click

from lrlab.cli.output import echo, json_option
from lrlab.cli.verb import Section, Verb

if TYPE_CHECKING:
    from lrlab.studio.serve import ReadyDocument


@click.command(
    cls=Verb,
    section=Section.BEGIN,
    examples=["lrlab studio", "lrlab studio --port 8321 --no-browser"],
    document="lrlab.studio.serve:ReadyDocument",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0: any that is free.  [default: 0]")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen. Others than this machine's own warn."
)
@click.option("--no-browser", is_flag=True, help="Only say the address.")
@json_option
def command(port: int, host: str, no_browser: bool, as_json: bool) -> None:
    """Shape schedules by hand, with their meaning in words, in a browser.

    The address holds a token: whoever has it may use the studio, and nobody else. Ctrl-C ends it.
    """
    from lrlab.studio.guard import is_loopback
    from lrlab.studio.serve import serve

    if not is_loopback(host):
        warning = f"warning: {host} can be reached from other machines. Whoever has the address can compute here."
        echo(f"{warning} It is not encrypted.", err=True)

    def ready(document: ReadyDocument) -> None:
        if as_json:
            click.echo(json.dumps(document))
        else:
            echo(f"The studio is at {document['url']}  (Ctrl-C ends it)")
        sys.stdout.flush()
        if not no_browser and not as_json and sys.stdout.isatty():
            webbrowser.open(document["url"])

    serve(host, port, ready)
