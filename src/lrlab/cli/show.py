"""`lrlab show` and `lrlab list`: one schedule over a run, and the words that there are.

lrlab show 'warmup("2%") >> cosine(to=0.1)' --steps 10000
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from lrlab.cli.change import change_options
from lrlab.cli.output import drawn, json_option, painted
from lrlab.core.run.curve import Curve
from lrlab.desk import VERSION
from lrlab.desk import schedules as desk


@click.command()
@click.argument("expression", metavar="EXPR")
@click.option(
    "--steps", type=click.IntRange(min=1), default=1000, show_default=True, help="Length of the run in updates."
)
@click.option("--lr", "base_lr", type=float, help="Base LR: show absolute values.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Also draw it into this SVG file.")
@change_options
@json_option
def show(
    expression: str,
    steps: int,
    base_lr: float | None,
    svg: Path | None,
    change: Callable[[Curve], Curve] | None,
    as_json: bool,
) -> None:
    """Draw a schedule, describe it, and say what looks unintended.

    EXPR is its text form, such as 'warmup("2%") >> cosine(to=0.1)'; `lrlab list` has the words. With --at the plan
    is changed there, and drawn before and after.
    """
    preview = desk.show(expression, steps, base_lr, change)
    if svg:
        from lrlab.views.figure import svg as picture

        svg.write_text(picture(preview.figure), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(preview.record))
        return
    click.echo(f"{drawn(preview.figure)}\n\n{preview.words}")
    for finding in preview.findings:
        click.echo(f"  {painted('!', 'yellow')} {finding}")


@click.command("list")
@json_option
def list_words(as_json: bool) -> None:
    """List every word of the text form, with its formula."""
    words = desk.words()
    if as_json:
        click.echo(json.dumps({"version": VERSION, "words": [vars(word) for word in words]}))
        return
    for word in words:
        click.echo(f"{painted(word.name, 'bold')}  {word.sentence}")
        click.echo(f"    {word.signature}")
        click.echo(f"    value = {word.formula}\n")
    click.echo(
        "u: share of the span, from 0 to 1.  t: updates since the phase began.  All are multiples of the base LR."
    )
    click.echo("Joined by  >> (then)  *  +  and  .clip() .repeat() .reverse() .lasting() .excerpt() .hold()")
