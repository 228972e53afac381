"""`lrlab demo`: what lrlab is for, in a few seconds.

lrlab demo
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lrlab.cli.output import apart, json_option, say, width
from lrlab.cli.verb import Section, Verb

if TYPE_CHECKING:
    from lrlab.views.model import Figure, Table

FIRST = """A learning-rate schedule is a value: a line of text, such as  wsd(decay="40%"), that says what each update
uses. Here are four of them on a small noisy problem, each trained on the same folds and noise, at five LRs."""
LAST = """Which of your own?
  lrlab compare digits --quick            a neural network, all the usual strategies
  lrlab compare path/to/file.py:train     your own training function
  lrlab show 'wsd(decay="40%")'           look at a schedule;  lrlab list  has all words"""


@click.command(cls=Verb, section=Section.BEGIN, examples=["lrlab demo"], document="lrlab.desk.result:ComparisonRecord")
@json_option
def command(as_json: bool) -> None:
    """Show what lrlab is for in five seconds, without data, a framework or a file."""
    from lrlab.desk import demo as desk
    from lrlab.views import comparison as views
    from lrlab.views.progress import progress

    with apart(), progress("four strategies on a noisy valley", 160, sys.stderr, quiet=as_json) as watch:
        result = desk.demo(on_progress=watch.moved)
    shown: list[Figure | Table] = [views.learning_rates(result.evidence), result.table(wide=width() >= 110)]
    say(as_json, result.record(), shown, [*result.lines, f"\n{LAST}"], first=[FIRST])
