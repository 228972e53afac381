"""`lrlab show`: one schedule over a run.

lrlab show 'warmup("2%") >> cosine(to=0.1)' --steps 10000
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lrlab.cli.change import change_options, chosen
from lrlab.cli.output import NewFile, drawn, json_option, painted, write
from lrlab.desk import schedules as desk


@click.command()
@click.argument("expression", metavar="EXPR")
@click.option(
    "--steps", type=click.IntRange(min=1), default=1000, show_default=True, help="Length of the run in updates."
)
@click.option("--lr", "base_lr", type=float, help="Base LR: show absolute values.")
@click.option("--svg", type=NewFile(), help="Also draw it into this SVG file.")
@change_options
@json_option
def command(
    expression: str,
    steps: int,
    base_lr: float | None,
    svg: Path | None,
    as_json: bool,
    **change: Any,
) -> None:
    """Draw a schedule, describe it, and say what looks unintended.

    EXPR is its text form, such as 'warmup("2%") >> cosine(to=0.1)'; `lrlab list` has the words. With --at the plan
    is changed there, and drawn before and after.
    """
    preview = desk.show(expression, steps, base_lr, chosen(**change))
    if svg:
        from lrlab.views.figure import svg as picture

        write(svg, picture(preview.figure))
    if as_json:
        click.echo(json.dumps(preview.record))
        return
    click.echo(f"{drawn(preview.figure)}\n\n{preview.words}")
    for finding in preview.findings:
        click.echo(f"  {painted('!', 'yellow')} {finding}")
