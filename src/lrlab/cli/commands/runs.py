"""`lrlab runs`: what is stored.

lrlab runs list
lrlab runs show 3fa2
lrlab runs compare 3fa2 90bc
lrlab runs prune --older-than 30
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lrlab.cli.options import store_option
from lrlab.cli.output import json_option, say
from lrlab.cli.verb import Section, Verbs

if TYPE_CHECKING:
    from lrlab.desk.runs import Answer


@click.group(
    cls=Verbs, section=Section.FOLLOW, examples=["lrlab runs list", "lrlab runs prune --older-than 30 --dry-run"]
)
def command() -> None:
    """List, show, compare and prune the stored runs."""


@command.command(
    "list",
    examples=["lrlab runs list", "lrlab runs list --each --task digits"],
    document="lrlab.desk.runs:ListingDocument",
)
@click.option("--task", help="Only the runs of this task.")
@click.option("--each", is_flag=True, help="One row for each run, with its key.")
@store_option
@json_option
def list_runs(task: str | None, each: bool, store: str, as_json: bool) -> None:
    """List what is stored, by strategy."""
    from lrlab.desk import runs as desk

    _say(desk.listing(store, task, each=each), as_json)


@command.command(examples=["lrlab runs show KEY"], document="lrlab.desk.runs:RunDocument")
@click.argument("key")
@store_option
@json_option
def show(key: str, store: str, as_json: bool) -> None:
    """Show one run. KEY is the beginning of its key."""
    from lrlab.desk import runs as desk

    _say(desk.show(store, key), as_json)


@command.command(examples=["lrlab runs compare KEY OTHER"], document="lrlab.desk.runs:DifferenceDocument")
@click.argument("first", metavar="KEY")
@click.argument("second", metavar="KEY")
@store_option
@json_option
def compare(first: str, second: str, store: str, as_json: bool) -> None:
    """Say in what two runs differ, and from which update on."""
    from lrlab.desk import runs as desk

    _say(desk.compared(store, first, second), as_json)


@command.command(
    examples=["lrlab runs prune --dry-run", "lrlab runs prune --older-than 30"],
    document="lrlab.desk.runs:PruningDocument",
)
@click.option(
    "--older-than", "days", type=click.FloatRange(min=0), help="Also the runs stored more days ago than this."
)
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would go.")
@store_option
@json_option
def prune(days: float | None, dry: bool, store: str, as_json: bool) -> None:
    """Forget the states to go on from. The runs stay, unless they are too old."""
    from lrlab.desk import runs as desk

    _say(desk.pruned(store, days=days, dry=dry), as_json)


def _say(answer: Answer, as_json: bool) -> None:
    say(as_json, answer.document(), answer.tables, answer.sentences)
