"""`lrlab find`: the LRs that suit a training.

lrlab find digits
lrlab find mine.py:train --updates 2000 --json
"""

from __future__ import annotations

from typing import Any

import click

from lrlab.cli.options import config_option, executor_option, store_option, workers_option
from lrlab.cli.output import apart, fail, json_option, say
from lrlab.cli.values import TASK, Whole
from lrlab.cli.verb import Section, Verb


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=[
        "lrlab find digits",
        "lrlab find control --config optimizer=momentum --budget 1",
    ],
    document="lrlab.desk.found:RangeRecord",
)
@click.argument("task", type=TASK)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RUNS",
    help="In runs.  [default: half of one, or 80 updates]",
)
@click.option("--schedule", metavar="EXPR", help="What is trained with.  [default: warmup + linear]")
@click.option("--updates", "horizon", type=Whole(min=1), help="Updates of a whole run.")
@click.option(
    "--level",
    type=click.FloatRange(min=0.5, max=1, max_open=True),
    default=0.9,
    show_default=True,
    metavar="P",
    help="How sure the range is.",
)
@config_option
@click.option("--seed", type=Whole(min=0), default=0, show_default=True, help="The seed of the runs.")
@workers_option
@executor_option
@store_option
@json_option
def command(task: str, as_json: bool, **options: Any) -> None:
    """Find the LRs that suit TASK: a range test, confirmed by short complete runs.

    TASK is a built-in task (digits) or path/to/file.py:name, a function train(run). The answer is a range of LRs with
    what it costs to be anywhere in it, or that there is none, and why. What the usual rules read off the same sweep
    stands beside it. Runs are kept: a second call trains nothing. The metric must be 0 or more at every LR, or be a
    logarithm by its name (log_mse; the answer says so). No range is an answer too: the exit code is 0.
    """
    from lrlab.desk import find as desk

    given = {name: value for name, value in options.items() if value is not None}
    try:
        with apart():
            found = desk.find(task, quiet=as_json, **given)
    except KeyboardInterrupt:
        fail(
            f"stopped. What is finished is kept in {options['store']}: the same command goes on from there.",
            130,
            as_json,
        )
    say(as_json, found.record(), found.shown(), [str(found)])
