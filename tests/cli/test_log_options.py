"""The options that say how a log is read."""

import inspect

import click

import lrlab as lr
from lrlab.cli.log_options import log_options


def test_each_is_an_argument_of_read_run():
    """So that what is shown is what Python reads."""

    @click.command()
    @log_options
    def command(**given):
        """Nothing."""

    names = {parameter.name for parameter in command.params}
    assert names == set(inspect.signature(lr.read_run).parameters) - {"path", "horizon", "parent", "smooth"}
