"""`lrlab live`: the factor of a run that goes on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from lrlab.cli.output import echo, json_option
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION


@click.command(
    cls=Verb,
    section=Section.FOLLOW,
    examples=["lrlab live runs/x --factor 0.5", "lrlab live runs/x"],
    document="lrlab.desk.live:OrdersDocument",
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--factor", type=float, help="Multiply the LR by this from the next update on; 1 undoes it.")
@json_option
def command(run: Path, factor: float | None, as_json: bool) -> None:
    """Set the live factor of a running process, or show what was set.

    RUN is the folder that its scheduler was given: Scheduler(optimizer, schedule * manual(), live="runs/x"). The run
    takes the factor at its next update, logs it as a decision, and takes it at the same update again if it is
    resumed from before.
    """
    from lrlab.desk import live as desk

    orders = desk.live(run, factor)
    if as_json:
        click.echo(json.dumps({"version": VERSION, "orders": [asdict(order) for order in orders]}))
        return
    for order in orders:
        when = "not taken yet" if order.taken is None else f"from update {order.taken:,} on"
        echo(f"{order.number:>3}  factor {order.factor:<8g} {when:<26} given {order.at}")
    if not orders:
        echo("No factor was set.")
