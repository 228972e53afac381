"""`lrlab refine`: the schedule that the gradient norms of one run ask for.

lrlab refine metrics.csv --weight-decay 0.1
lrlab refine digits
"""

from __future__ import annotations

import sys
from typing import Any

import click

from lrlab.cli.log_options import log_options
from lrlab.cli.options import config_option
from lrlab.cli.output import apart, echo, json_option, say
from lrlab.cli.values import TASK, Whole
from lrlab.cli.verb import Section, Verb
from lrlab.errors import LrlabError, worded


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=["lrlab refine control --updates 60", "lrlab refine norms.csv --optimizer adamw --weight-decay 0.1"],
    document="lrlab.desk.refine:RefineDocument",
)
@click.argument("source", metavar="LOG|TASK", type=TASK)
@click.option(
    "--optimizer", metavar="NAME", help="The optimizer of LOG, such as sgd; of a TASK it is known.  [default: adamw]"
)
@click.option("--momentum", type=float, help="Its momentum, where the source does not say.")
@click.option("--norms", "column", metavar="COLUMN", help="The column of the gradient norms.")
@click.option(
    "--width",
    type=float,
    help="Share of the run over which the median is taken.  [default: 0.1, up to 0.3 in short runs]",
)
@click.option("--as-measured", is_flag=True, help="Leave in what weight decay does to the norms.")
@click.option("--schedule", metavar="EXPR", help="The schedule that TASK is trained with.  [default: warmup, linear]")
@click.option("--at", type=float, help="The LR that TASK is trained with, as a multiple of its own.  [default: 1]")
@click.option("--updates", type=Whole(min=1), help="Updates of TASK.")
@click.option("--seed", type=Whole(min=0), help="Seed of TASK.  [default: 0]")
@config_option
@log_options
@json_option
def command(
    source: str,
    optimizer: str | None,
    momentum: float | None,
    column: str | None,
    width: float | None,
    as_measured: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Say which schedule the gradient norms of one run ask for: a low LR where they are high.

    LOG has the LR and a column of gradient norms, which --norms or --loss names; or it is the file of a run in a store.
    A TASK is trained once, in this process. Where the weight decay is known, what it does to the norms at the end is
    taken out.
    """
    from lrlab.desk import refine as desk
    from lrlab.views import refine as views
    from lrlab.views.progress import progress

    at = given.pop("at")
    training = desk.Training(
        given.pop("schedule") or desk.BASE,
        1.0 if at is None else at,
        given.pop("updates"),
        given.pop("seed") or 0,
        given.pop("config"),
    )
    decay, loss = given.pop("weight_decay"), given.pop("loss")
    if loss and column and loss != column:
        raise LrlabError(worded("refine: two columns of norms", (column, loss), "one", f"--norms {column}"))
    column = column or loss
    with apart(), progress(f"one run of {source}", 1, sys.stderr, quiet=as_json) as watch:
        found = desk.norms_of(source, column, training, given, watch.moved)
    refinement = desk.refined(
        found, optimizer=optimizer, weight_decay=decay, momentum=momentum, correct=not as_measured, width=width
    )
    say(as_json, desk.document(found, refinement), views.figures(refinement), views.sentences(refinement))
    if not as_json:
        for note in found.notes:
            echo(note)
