"""The command line: read the arguments, ask the desk, draw the answer.

    lrlab show 'warmup("2%") >> cosine(to=0.1)' --steps 10000
    lrlab list
    lrlab compare digits

With `--json` the standard output is one JSON document and nothing else. Exit codes: 0 done, 1 it could not be done,
2 the command line was not understood, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from lrlab.cli.compare import compare
from lrlab.cli.convert import convert
from lrlab.cli.forecast import forecast
from lrlab.cli.live import live, replay
from lrlab.cli.output import fail
from lrlab.cli.runs import runs
from lrlab.cli.show import list_words, show
from lrlab.cli.tune import tune
from lrlab.errors import LrlabError
from lrlab.version import __version__


class _Group(click.Group):
    """Says what is wrong in a sentence, or in a document where JSON was asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LrlabError as error:
            fail(str(error), 1, "--json" in sys.argv)
        except KeyboardInterrupt:
            fail("stopped. What is finished is kept: the same command goes on from there.", 130, "--json" in sys.argv)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="lrlab")
def main() -> None:
    """The learning-rate laboratory: write schedules, look at them, compare them."""


for command in (show, list_words, compare, convert, forecast, live, replay, runs, tune):
    main.add_command(command)
