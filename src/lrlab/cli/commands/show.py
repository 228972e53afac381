"""`lrlab show`: one schedule over a run.

lrlab show 'warmup("2%") >> cosine()' --steps 10000
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrlab.cli.change import change_options, chosen
from lrlab.cli.output import NewFile, drawn, echo, json_option, painted, say, write
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
        "lrlab show --file study.toml --steps 10000",
    ],
    document="lrlab.desk.plans:ShownDocument",
)
@click.argument("source", nargs=-1, metavar="EXPR", callback=checked, type=SOURCE)
@click.option("--file", type=click.Path(), metavar="TOML", help="Show the plan in its table [plan] instead of EXPR.")
@run_options
@click.option("--lr", "base_lr", type=float, help="Base LR: show absolute values.")
@click.option("--svg", type=NewFile(), help="Also draw it into this SVG file.")
@change_options
@json_option
def command(
    source: tuple[str, ...],
    file: str | None,
    run: Horizon,
    base_lr: float | None,
    svg: Path | None,
    as_json: bool,
    **change: Any,
) -> None:
    """Draw a schedule, describe it, and say what looks unintended.

    EXPR is its text form, such as 'warmup("2%") >> cosine()'; `lrlab list` has the words. It may be another
    library's too, as `lrlab convert` reads it. Where nothing says how long the run is, it has 1000 updates. With --at
    the plan is changed there, and drawn before and after. With --file it is the plan of a file, a picture for each
    hyper-parameter.
    """
    if (file is None) == (not source):
        raise click.UsageError("give one of EXPR and --file")
    if file is not None:
        if base_lr is not None or svg is not None or chosen(**change) is not None:
            raise click.UsageError("--lr, --svg and --at are for EXPR, not for --file")
        _plan(file, run, as_json)
        return
    from lrlab.desk import schedules as desk

    preview = desk.show(source[0], run, base_lr, chosen(**change), source[1:])
    if svg:
        from lrlab.views.figure import svg as picture

        write(svg, picture(preview.figure))
    if as_json:
        click.echo(json.dumps(preview.record, allow_nan=False))
        return
    echo(f"\n\n{preview.words}", mark=drawn(preview.figure))
    _findings(preview.findings)


def _plan(file: str, run: Horizon, as_json: bool) -> None:
    from lrlab.desk import plans as desk

    preview = desk.show_plan(file, run)
    say(as_json, preview.record, preview.figures, [preview.words])
    if not as_json:
        _findings(preview.findings)


def _findings(found: Iterable[object]) -> None:
    for finding in found:
        echo(f" {finding}", mark=f"  {painted('!', 'yellow')}")
