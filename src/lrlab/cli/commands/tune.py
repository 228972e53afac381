"""`lrlab tune`: search schedules and their base LR within a budget.

lrlab tune digits --budget 60
lrlab tune mine.py:train --budget 30min --arm 'WSD=wsd(decay="{decay: 10..50 by 10}%")'
"""

from __future__ import annotations

from typing import Any

import click

from lrlab.cli.options import (
    config_option,
    executor_option,
    file_option,
    lrs_option,
    store_option,
    strategies,
    workers_option,
)
from lrlab.cli.output import apart, fail, json_option, say
from lrlab.cli.values import STRATEGY, TASK, Whole
from lrlab.cli.verb import Section, Verb


def budget(ctx: click.Context, parameter: click.Parameter, given: str) -> float | str:
    """A number of runs, or a text with a unit."""
    try:
        return float(given)
    except ValueError:
        return given


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=[
        "lrlab tune digits --budget 60",
        "lrlab tune --file study.toml",
        "lrlab tune mine.py:train --budget 40 --updates 60 --arm 'WSD=wsd(decay=\"{decay: 10..50 by 10}%\")'",
    ],
    document="lrlab.desk.tuned:TunedRecord",
)
@file_option("tune")
@click.argument("task", type=TASK)
@click.option(
    "--budget",
    required=True,
    metavar="RUNS|MINUTES",
    callback=budget,
    help="Runs' worth of updates, such as 60, or a time, such as 30min.",
)
@click.option(
    "--arm",
    "schedules",
    multiple=True,
    metavar="NAME=EXPR",
    type=STRATEGY,
    callback=strategies,
    help='A strategy to search, with slots such as "{decay: 10..50 by 10}%" or {floor: 0|0.1}, instead of the default '
    "ones; give several. Behind @ stands the average of its weights, such as ema 10%.",
)
@click.option("--updates", "horizon", type=Whole(min=1), help="Updates of each whole run.")
@lrs_option
@config_option
@click.option("--seed", type=Whole(min=0), default=0, show_default=True, help="Of the proposals.")
@workers_option
@executor_option
@store_option
@json_option
def command(task: str, schedules: dict[str, str], as_json: bool, **options: Any) -> None:
    """Search the schedule and base LR of TASK, and judge the winner against warmup + linear.

    TASK is a built-in task (digits) or path/to/file.py:name, a function train(run). Candidates are complete schedules
    over a quarter, a half and the whole of the run; the winner is judged on folds or seeds that the search has not
    seen. Runs are kept: the same command goes on where it was interrupted.
    """
    from lrlab.desk import tune as desk

    given = {name: value for name, value in options.items() if value is not None}
    try:
        with apart():
            found = desk.tune(task, schedules, quiet=as_json, **given)
    except KeyboardInterrupt:
        fail(
            f"stopped. What is finished is kept in {options['store']}: the same command goes on from there.",
            130,
            as_json,
        )
    say(as_json, found.record(), [found.table()], [str(found)])
