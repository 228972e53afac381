"""`lrlab auto`: from a training function to one schedule, its LR and code.

lrlab auto digits --budget 20
lrlab auto mine.py:train --budget 30min --framework transformers
"""

from __future__ import annotations

from typing import Any

import click

from lrlab.cli.commands.tune import budget
from lrlab.cli.options import config_option, executor_option, store_option, workers_option
from lrlab.cli.output import apart, fail, json_option, say
from lrlab.cli.values import TASK, OneOf, Whole
from lrlab.cli.verb import Section, Verb


def _frameworks() -> tuple[str, ...]:
    from lrlab.desk.coded import FRAMEWORKS

    return FRAMEWORKS


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=["lrlab auto control --budget 11"],
    document="lrlab.desk.chosen:AutoRecord",
)
@click.argument("task", type=TASK)
@click.option(
    "--budget",
    required=True,
    metavar="RUNS|MINUTES",
    callback=budget,
    help="Runs' worth of updates, such as 20, or a time, such as 30min.",
)
@click.option(
    "--framework",
    type=OneOf("framework", _frameworks),
    default="torch",
    show_default=True,
    help="Of the code that is given.",
)
@click.option("--updates", "horizon", type=Whole(min=1), help="Updates of a whole run.")
@config_option
@click.option("--seed", type=Whole(min=0), default=0, show_default=True, help="The first seed.")
@workers_option
@executor_option
@store_option
@json_option
def command(task: str, as_json: bool, **options: Any) -> None:
    """Choose a schedule and its LR for TASK within a budget, and tell what it gains over a constant LR.

    TASK is a built-in task (digits) or path/to/file.py:name, a function train(run). A range test finds the LR, advice
    says what is tried, averaged weights too, short complete runs choose, and folds or seeds that nothing has seen
    judge. Runs are kept: the same command goes on where it was interrupted.
    """
    from lrlab.desk import auto as desk

    given = {name: value for name, value in options.items() if value is not None}
    try:
        with apart():
            found = desk.auto(task, quiet=as_json, **given)
    except KeyboardInterrupt:
        fail(
            f"stopped. What is finished is kept in {options['store']}: the same command goes on from there.",
            130,
            as_json,
        )
    say(as_json, found.record(), [found.table()], [str(found)])
