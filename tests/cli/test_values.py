"""Values: what was meant is named, and shells are offered what there is."""

import click
import pytest
from click.testing import CliRunner

from lrlab.analysis.forecast.laws import FORMS
from lrlab.analysis.forecast.optimise import _RISKS
from lrlab.cli.commands.forecast import LAWS, RISKS
from lrlab.cli.main import main
from lrlab.cli.values import SOURCE, STRATEGY, TASK, Amount, OneOf


def test_the_words_that_are_written_twice_are_the_same():
    """The command line does not import the laws for its help."""
    assert tuple(FORMS) == LAWS
    assert tuple(_RISKS) == RISKS


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (["shw", "cosine()"], "show"),
        (["forecast", "fitt"], "fit"),
        (["runs", "lst"], "list"),
        (["show", "cosine()", "--stps", "10"], "--steps"),
        (["list", "--jsn"], "--json"),
        (["show", "cosin()"], "cosine(...)"),
        (["show", 'wsd(decya="20%")'], "decay"),
        (["show", 'wsd(shape="linaer")'], "linear"),
        (["show", "cosine().clop(0, 1)"], "clip"),
        (["show", "cosine()", "--at", "5", "--extend", "2000", "--how", "rewarm"], "re-warm"),
        (["convert", "tranformers:cosine"], "transformers"),
        (["convert", "transformers:cosin"], "cosine"),
        (["convert", "torch:StepLr(optimizer, 10)"], "StepLR"),
        (["convert", "cosine()", "--to", "optx"], "optax"),
        (["compare", "digit"], "digits"),
        (["compare", "digits", "--arms", "optimizer"], "optimizers"),
        (["compare", "digits", "--config", "sze=tiny"], "size"),
        (["compare", "digits", "--config", "size=tyny"], "tiny"),
        (["compare", "digits", "--executor", "loca"], "local"),
        (["tune", "digits", "--budget", "60", "--arm", 'a=wsd(shape="{shape: linear|cosin}")'], "cosine"),
        (["tune", "digits", "--budget", "60", "--arm", "a=linear(to={floor 0|0.1})"], "{decay: 10..50 by 10}"),
        (["tune", "digits", "--budget", "30mn"], "30min"),
        (["forecast", "fit", "a.csv", "--law", "mlp"], "mpl"),
        (["forecast", "fit", "a.csv", "--prior", "lm"], "llm"),
        (["forecast", "optimise", "law.json", "--steps", "10", "--risk", "hgh"], "high"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else given,
)
def test_a_slip_is_answered_with_what_was_meant(line, meant):
    """Of commands, options, words, arguments, tasks, libraries, slots; never with exit code 0."""
    done = CliRunner().invoke(main, line)
    assert done.exit_code in (1, 2)
    said = done.output.splitlines()[-1] if done.exit_code == 2 else done.output.partition("try:")[2]
    assert meant in said, done.output


@click.command()
@click.option("--arm", type=STRATEGY)
@click.option("--how", type=OneOf("how", lambda: ("keep", "re-warm")))
@click.argument("task", type=TASK)
@click.argument("source", type=SOURCE)
def command(arm, how, task, source):
    """For the help."""


def offered(name, incomplete):
    (found,) = [param for param in command.params if param.name == name]
    return [(item.value, item.type) for item in found.type.shell_complete(click.Context(command), found, incomplete)]


def test_shells_are_offered_words_tasks_and_libraries():
    """What begins so; files where a file may be meant."""
    assert offered("how", "") == [("keep", "plain"), ("re-warm", "plain")]
    assert offered("task", "dig") == [("digits", "plain")]
    assert offered("task", "mine") == [("mine", "file")]
    assert {("cosine", "plain"), ("cosine_cycle", "plain")} <= {*offered("source", "cos")}
    assert offered("source", "transf") == [("transformers:", "plain")]


def test_shells_are_offered_what_stands_behind_an_at():
    """The averages and the optimizers; before it nothing, for a schedule is more than a word."""
    begun = "a=linear(to=0.1) @ adam@"
    assert offered("arm", f"{begun} s") == [(f"{begun} {word}", "plain") for word in BEGIN_WITH_S]
    assert offered("arm", f"{begun}ema") == [(f"{begun} ema 10%", "plain")]
    assert offered("arm", "cos") == []


BEGIN_WITH_S = ("swa 25%", "sgd", "schedule-free sgd", "schedule-free adamw")


def test_a_number_is_said_in_words():
    """N in the help, and what it should be where it is none."""
    assert "--steps N " in CliRunner().invoke(main, ["show", "--help"]).output
    assert "'many' is not a valid whole number" in CliRunner().invoke(main, ["show", "wsd", "--steps", "many"]).output
    assert "not in the range x>=1" in CliRunner().invoke(main, ["show", "wsd", "--steps", "0"]).output


def test_the_help_lists_the_words():
    """In the place of the value."""
    assert "--how [keep|re-warm]" in CliRunner().invoke(command, ["--help"]).output


@pytest.mark.parametrize(("text", "number"), [("32", 32.0), ("7e6", 7e6), ("1.3B", 1.3e9)])
def test_an_amount_as_people_write_it(text, number):
    """Also with a letter."""
    assert Amount().convert(text, None, None) == number


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "many", ""])
def test_an_amount_that_is_none(text):
    """What is not a positive number is refused with examples."""
    with pytest.raises(click.BadParameter, match=r"such as 32, 7e6 or 1\.3B"):
        Amount().convert(text, None, None)
