"""The commands about a run that goes on, or went: `lrlab live` and `lrlab replay`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from lrlab.cli.output import json_option
from lrlab.desk import VERSION
from lrlab.desk import live as desk


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--factor", type=float, help="Multiply the LR by this from the next update on; 1 undoes it.")
@json_option
def live(run: Path, factor: float | None, as_json: bool) -> None:
    """Set the live factor of a running process, or show what was set.

    RUN is the folder that its scheduler was given: Scheduler(optimizer, schedule * manual(), live="runs/x"). The run
    takes the factor at its next update, logs it as a decision, and takes it at the same update again if it is
    resumed from before.
    """
    orders = desk.live(run, factor)
    if as_json:
        click.echo(json.dumps({"version": VERSION, "orders": [asdict(order) for order in orders]}))
        return
    for order in orders:
        when = "not taken yet" if order.taken is None else f"from update {order.taken:,} on"
        click.echo(f"{order.number:>3}  factor {order.factor:<8g} {when:<26} given {order.at}")
    if not orders:
        click.echo("No factor was set.")


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--updates", type=click.IntRange(min=1), help="Go on to so many updates, under the last decisions.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the LR of every update as CSV.")
@json_option
def replay(log: Path, updates: int | None, out: Path | None, as_json: bool) -> None:
    """Compute every decision and the LR of every update again from a run's journal, and say where they differ.

    LOG is the journal, or the folder of the run with one. Exit code 1 where anything differs.
    """
    found = desk.replayed(log, updates)
    if out:
        heads = ["update", *(f"lr{k}" if k else "lr" for k in range(len(found.base_lrs)))]
        lines = [",".join(map(repr, (update, *row))) for update, row in enumerate(found.lrs.T.tolist())]
        out.write_text("\n".join([",".join(heads), *lines, ""]), encoding="utf-8")
    if as_json:
        record = {
            "version": VERSION,
            "schedule": found.schedule,
            "updates": found.updates,
            "observations": found.observations,
            "heard": dict(found.heard),
            "decisions": [asdict(decision) for decision in found.decisions],
            "differences": list(found.differences),
        }
        click.echo(json.dumps(record))
    else:
        click.echo(f"{found.schedule}\n{found.updates:,} updates, {found.observations:,} observations")
        for name, count in found.heard.items():
            click.echo(f"  {name} saw {count:,} of {found.observations:,} observations")
        for d in found.decisions:
            click.echo(f"  update {d.update:>9,}  {d.controller}: {d.event}, {d.old:g} -> {d.new:g}: {d.cause}")
        for difference in found.differences:
            click.echo(f"  ! {difference}")
        click.echo("The journal says something else." if found.differences else "All agree.")
    if found.differences:
        sys.exit(1)
