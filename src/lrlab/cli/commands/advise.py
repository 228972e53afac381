"""`lrlab advise`: a schedule to begin with, with graded reasons.

lrlab advise --task classification --data small
lrlab advise --table
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from lrlab.cli.output import echo, json_option, say
from lrlab.cli.source import run_options
from lrlab.cli.values import OneOf
from lrlab.cli.verb import Section, Verb
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    from lrlab.analysis.advice.questions import Question
    from lrlab.core.time.horizon import Horizon

FLAGS = {
    "sensitive": ("sensitivity", "sensitive", "The result depends much on the LR."),
    "insensitive": ("sensitivity", "insensitive", "The result hardly depends on the LR."),
    "then_finetune": ("afterwards", "finetune", "The model will be fine-tuned afterwards."),
    "unknown_length": ("length", "unknown", "The number of updates is not known beforehand."),
}
CHOICES = {
    "data": "How much data, and how long a training.",
    "model": "What is trained.",
    "task": "What the task is.",
    "validation": "How the validation loss behaves.",
    "checkpoints": "Whether checkpoints are kept on the way.",
    "batch": "Whether the batch is that which the LR was tuned for.",
    "tuning": "How many runs can be spent on tuning.",
}


def _questions(command: Any) -> Any:
    """The options, from the questions."""
    for name, (_, _, says) in reversed(FLAGS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, is_flag=True, help=says)(command)
    for name, says in reversed(CHOICES.items()):
        command = click.option(f"--{name}", type=OneOf(name, _words(name)), help=says)(command)
    return command


def _words(name: str) -> Callable[[], tuple[str, ...]]:
    def words() -> tuple[str, ...]:
        from lrlab.desk import offered

        return offered.answers(name)

    return words


def _frameworks() -> tuple[str, ...]:
    from lrlab.desk import offered

    return offered.frameworks()


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=[
        "lrlab advise --task classification --data small",
        "lrlab advise --model pretrained --optimizer adamw --for torch --steps 2000",
        "lrlab advise --unknown-length --then-finetune --json",
        "lrlab advise --table",
    ],
    document="lrlab.desk.advise:Document",
)
@_questions
@click.option("--optimizer", metavar="NAME", help="The optimizer, such as sgd, adamw or schedule-free.")
@click.option("--store", metavar="PLACE", help="Runs of your own, of lrlab compare: they come before every rule.")
@click.option("--store-task", metavar="TASK", help="The task whose runs are meant, where the store has several.")
@click.option("--for", "framework", type=OneOf("framework", _frameworks), help="Write the schedule as code for it.")
@run_options
@click.option("--lr", "base_lr", type=float, help="The base LR in that code.")
@click.option("--table", "as_table", is_flag=True, help="What articles tell, row by row, with the verdict on each.")
@json_option
def command(
    run: Horizon,
    framework: str | None,
    base_lr: float | None,
    as_table: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Advise a schedule to begin with, and say why.

    Every question may stay open. Without options, on a terminal, they are asked one by one. Each reason has its grade:
    measured (comparisons that come with lrlab, or your own runs), literature (source, number, condition), or folklore
    (what articles tell, with a verdict). It ends with the comparison that would settle it.
    """
    from lrlab.desk import advise as desk

    answers = _answers(given, base_lr, framework, run)
    if as_table:
        if answers:
            said = "--table shows everything that articles tell, whatever the answers are"
            raise LrlabError(worded(said, sorted(answers), hint="lrlab advise --table"))
        document, shown = desk.table()
        say(as_json, document, [shown], ())
        return
    if not answers and not as_json and framework is None and _at_a_terminal():
        answers = _asked()
    advice = desk.advise(**answers)
    code = None if framework is None else advice.code(framework, horizon=run, base_lr=base_lr)
    if as_json:
        click.echo(json.dumps(advice.record(code)))
        return
    say(False, {}, advice.tables, advice.lines)
    if code is not None:
        echo(f"\n{code.rstrip()}")


def _answers(given: dict[str, Any], base_lr: float | None, framework: str | None, run: Horizon) -> dict[str, str]:
    """The answers by question, without what was not given. Raises `LrlabError` for options that exclude each other."""
    found = {name: value for name, value in given.items() if name not in FLAGS and value is not None}
    for name, (question, answer, _) in FLAGS.items():
        if given[name]:
            if question in found:
                options = [f"--{each.replace('_', '-')}" for each in FLAGS if FLAGS[each][0] == question]
                raise LrlabError(worded("these options exclude each other", " ".join(options), "one of them, or none"))
            found[question] = answer
    if framework is None and (base_lr is not None or run.record()):
        raise LrlabError(worded("the LR and the length of the run are of the code", hint="--for torch"))
    if given["unknown_length"] and run.record():
        raise LrlabError(worded("a run of unknown length has a length", run, "--unknown-length, or the length"))
    return found


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


class _Open(OneOf):
    """One of the answers of a question, or none."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.name, lambda: question.answers)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word; an empty one leaves the question open."""
        return "" if value == "" else super().convert(value, param, ctx)


def _optimizer(given: str) -> str:
    """The optimizer as it is typed; one that is not known is asked for again."""
    from lrlab.desk import offered

    try:
        if given:
            offered.family(given)
    except LrlabError as error:
        raise click.BadParameter(str(error)) from None
    return given


def _asked() -> dict[str, str]:
    """The answers of somebody at the terminal; an empty one leaves the question open."""
    from lrlab.desk import offered

    echo("Every question may stay open: press Enter.\n")
    found = {}
    for question in offered.questions():
        echo(question.asks)
        for word, means in question.answers.items():
            echo(f"  {word:<16}{means}")
        if answer := click.prompt(">", default="", show_default=False, type=_Open(question), prompt_suffix=" "):
            found[question.name] = answer
        echo("")
    echo("Which optimizer?")
    if optimizer := click.prompt(">", default="", show_default=False, value_proc=_optimizer, prompt_suffix=" "):
        found["optimizer"] = optimizer
    echo("")
    return found
