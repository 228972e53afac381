"""`lrlab replay`: what a run's journal says, computed again."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from lrlab.cli.output import NewFile, echo, json_option, refuse_source, write
from lrlab.cli.values import Whole
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION


@click.command(
    cls=Verb,
    section=Section.FOLLOW,
    examples=["lrlab replay runs/x", "lrlab replay runs/x --out lr.csv"],
    document="lrlab.desk.live:ReplayDocument",
)
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--updates", type=Whole(min=1), help="Go on to so many updates, under the last decisions.")
@click.option("--out", type=NewFile(), help="Write the LR of every update as CSV.")
@json_option
def command(log: Path, updates: int | None, out: Path | None, as_json: bool) -> None:
    """Compute every decision and the LR of every update again from a run's journal, and say where they differ.

    LOG is the journal, or the folder of the run with one. Exit code 1 where anything differs.
    """
    from lrlab.desk import live as desk

    if out:
        refuse_source(out, [log / "journal.jsonl"])
    found = desk.replayed(log, updates)
    if out:
        heads = ["update", *(f"lr{k}" if k else "lr" for k in range(len(found.base_lrs)))]
        lines = [",".join(map(repr, (update, *row))) for update, row in enumerate(found.lrs.T.tolist())]
        write(out, "\n".join([",".join(heads), *lines, ""]))
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
        echo(f"{found.schedule}\n{found.updates:,} updates, {found.observations:,} observations")
        for name, count in found.heard.items():
            echo(f"  {name} saw {count:,} of {found.observations:,} observations")
        for d in found.decisions:
            echo(f"  update {d.update:>9,}  {d.controller}: {d.event}, {d.old:g} -> {d.new:g}: {d.cause}")
        for difference in found.differences:
            echo(f"  ! {difference}")
        echo("The journal says something else." if found.differences else "All agree.")
    if found.differences:
        sys.exit(1)
