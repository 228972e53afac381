"""`lrlab show`: one schedule over a run.

lrlab show 'warmup("2%") >> cosine()' --steps 10000
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrlab.cli.change import change_options, chosen
from lrlab.cli.output import NewFile, drawn, echo, json_option, painted, write
from lrlab.cli.source import ANY_FLAG, checked, run_options
from lrlab.cli.values import SOURCE
from lrlab.cli.verb import Section, Verb

if TYPE_CHECKING:
    from lrlab.core.time.horizon import Horizon


@click.command(
    cls=Verb,
    section=Section.WRITE,
    context_settings=ANY_FLAG,
    examples=[
        "lrlab show 'warmup(\"2%\") >> cosine()' --steps 10000",
        "lrlab show 'step(\"10ep\")' --epochs 90 --updates-per-epoch 391 --lr 0.1",
        "lrlab show 'wsd()' --steps 1000 --at 600 --branch 20%",
        "lrlab show 'torch:StepLR(optimizer, 10)' --steps 50 --svg curve.svg",
    ],
    document="lrlab.desk.schedules:ShowDocument",
)
@click.argument("source", nargs=-1, required=True, metavar="EXPR", callback=checked, type=SOURCE)
@run_options
@click.option("--lr", "base_lr", type=float, help="Base LR: show absolute values.")
@click.option("--svg", type=NewFile(), help="Also draw it into this SVG file.")
@change_options
@json_option
def command(
    source: tuple[str, ...],
    run: Horizon,
    base_lr: float | None,
    svg: Path | None,
    as_json: bool,
    **change: Any,
) -> None:
    """Draw a schedule, describe it, and say what looks unintended.

    EXPR is its text form, such as 'warmup("2%") >> cosine()'; `lrlab list` has the words. It may be another
    library's too, as `lrlab convert` reads it. Where nothing says how long the run is, it has 1000 updates. With --at
    the plan is changed there, and drawn before and after.
    """
    from lrlab.desk import schedules as desk

    preview = desk.show(source[0], run, base_lr, chosen(**change), source[1:])
    if svg:
        from lrlab.views.figure import svg as picture

        write(svg, picture(preview.figure))
    if as_json:
        click.echo(json.dumps(preview.record))
        return
    echo(f"\n\n{preview.words}", mark=drawn(preview.figure))
    for finding in preview.findings:
        echo(f" {finding}", mark=f"  {painted('!', 'yellow')}")
