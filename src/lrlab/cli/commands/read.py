"""`lrlab read`: what is understood of a log, before anything is fitted to it.

lrlab read trainer_state.json
lrlab read version_0/metrics.csv version_1/metrics.csv
lrlab read results.csv --updates-per-epoch 118
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from lrlab.cli.log_options import log_options
from lrlab.cli.output import echo, json_option, say
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=["lrlab read run1.csv", "lrlab read run1.csv --loss loss --json"],
    document="lrlab.desk.read:ReadDocument",
)
@click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=click.Path(path_type=Path))
@log_options
@json_option
def command(logs: tuple[Path, ...], as_json: bool, **how: Any) -> None:
    """Show what is understood of a log: its columns, what counts its rows, the loss, the LR, and what was repaired.

    Several files are those of one run. Nothing is fitted. Exit code 1 where something is missing that a fit needs.
    """
    from lrlab.desk import read as desk
    from lrlab.views import reading as views

    found = desk.read(logs, **how)
    document = {"version": VERSION, **desk.record(found)}
    say(as_json, document, [*views.figures(found), views.columns(found)], views.sentences(found))
    if found.missing:
        if not as_json:
            echo(f"lrlab: {found.missing}", err=True)
        sys.exit(1)
