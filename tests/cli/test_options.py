"""The options of a comparison: the same names and meanings for every command that is about one."""

import click
import pytest
from click.testing import CliRunner

from lrlab.cli.commands.compare import command as compare
from lrlab.cli.options import experiment_options


@click.command()
@experiment_options
def echo(**options):
    click.echo(repr(options))


def ask(*arguments):
    return CliRunner().invoke(echo, ["digits", *arguments])


def test_they_are_those_of_compare():
    """With the same defaults; what only training and judging need is left out."""
    mine = {option.name: option.default for option in echo.params}
    theirs = {option.name: option.default for option in compare.params}
    assert mine.items() <= theirs.items()
    training = {"workers", "executor", "vectorise", "fork_every", "audit", "until_settled", "matters", "overlapping"}
    assert set(theirs) - set(mine) == {*training, "report", "as_json", "more"}


def test_strategies_and_multiples_are_read():
    """By name, or by their own text; LRs as numbers."""
    answer = ask("--arm", "mine=cosine(to=0.1)", "--arm", "wsd()", "--lrs", "0.5,2").output
    assert "'schedules': {'mine': 'cosine(to=0.1)', 'wsd()': 'wsd()'}" in answer
    assert "'lrs': (0.5, 2.0)" in answer


@pytest.mark.parametrize("place", ["s3://bucket/runs", "memory://", "C:/runs", "runs:old", "../runs"])
def test_the_place_of_the_runs_is_handed_on_as_it_was_typed(place):
    """A URL has two slashes, and keeps them."""
    assert f"'store': '{place}'" in ask("--store", place).output


def test_a_set_of_arms_and_a_configuration_are_read():
    """Values as JSON where they are, else as texts."""
    answer = ask("--arms", "optimizers", "--config", "size=tiny", "--config", "depth=3", "--config", "path=a=b").output
    assert "'arms': 'optimizers'" in answer
    assert "'config': {'size': 'tiny', 'depth': 3, 'path': 'a=b'}" in answer


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--arm", "a=cosine()", "--arm", "a=wsd()"), "two strategies are called a"),
        (("--lrs", "1,x"), "not a list of"),
        (("--config", "tiny"), "NAME=VALUE"),
    ],
)
def test_what_cannot_be_read_is_said(arguments, sentence):
    """Exit code 2: the command line was not understood."""
    answer = ask(*arguments)
    assert answer.exit_code == 2
    assert sentence in answer.output
