"""`lrlab check`: is the file of a study what was meant?

lrlab check study.toml && lrlab compare --file study.toml
"""

from __future__ import annotations

from pathlib import Path

import click

from lrlab.cli.output import apart, json_option, say
from lrlab.cli.verb import Section, Verb


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=["lrlab check study.toml", "lrlab check study.toml --json"],
    document="lrlab.desk.check:CheckDocument",
)
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Read the TOML file of a comparison, a search or a plan, and say what it means.

    It holds a table [compare], [tune] or [plan]; its keys are the long options of the command, with _ for -, and the
    strategies stand in [compare.arm] or [tune.arm] by name. Nothing is trained. `lrlab schema study` describes it to
    editors; `lrlab compare --file`, `lrlab tune --file` and lr.read_plan take it.
    """
    from lrlab.desk import check as desk

    with apart():
        found = desk.check(file)
    say(as_json, found.record, found.tables(), found.sentences())
