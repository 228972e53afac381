"""`lrlab list`: the words of the text form."""

from __future__ import annotations

import json

import click

from lrlab.cli.output import echo, json_option, painted
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION


@click.command(
    cls=Verb,
    section=Section.WRITE,
    examples=["lrlab list", "lrlab list --json"],
    document="lrlab.desk.schedules:WordsDocument",
)
@json_option
def command(as_json: bool) -> None:
    """List every word of the text form, with its formula."""
    from lrlab.core.expression.node import METHODS
    from lrlab.desk import schedules as desk

    words = desk.words()
    if as_json:
        click.echo(json.dumps({"version": VERSION, "words": [vars(word) for word in words]}))
        return
    for word in words:
        echo(f"  {word.sentence}", mark=painted(word.name, "bold"))
        echo(f"    {word.signature}")
        echo(f"    value = {word.formula}\n")
    echo("u: share of the span, from 0 to 1.  t: updates since the phase began.  All are multiples of the base LR.")
    echo(f"Joined by  >> (then)  *  +  and  {' '.join(f'.{method}()' for method in METHODS)}")
