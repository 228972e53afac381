"""`lrlab forecast`: fit a loss law to logs, and ask it about schedules that were never run.

lrlab forecast fit constant.csv cosine.csv -o law.json
lrlab forecast rank law.json 'wsd()' 'warmup("2%") >> cosine()' --steps 24000 --base-lr 3e-4
lrlab forecast optimise law.json --steps 24000 --peak 3e-4
"""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrlab.cli.log_options import log_options
from lrlab.cli.options import experiment_options
from lrlab.cli.output import NewFile, echo, json_option, say, write
from lrlab.cli.values import SOURCE, Amount, OneOf, Whole
from lrlab.cli.verb import Section, Verbs
from lrlab.desk import VERSION
from lrlab.errors import LrlabError
from lrlab.views.names import file_name

if TYPE_CHECKING:
    from lrlab.analysis.forecast.curves import Prediction
    from lrlab.analysis.forecast.law import Law
    from lrlab.views.model import Figure, Table

LAWS, PRIORS, RISKS = (
    ("elr", "mpl", "momentum", "convex"),
    ("auto", "llm", "generic"),
    ("mean", "high"),
)  # their own modules
# take a second to import

steps_option = click.option("--steps", type=Whole(min=1), required=True, help="Length of the run in updates.")
base_lr_option = click.option("--base-lr", type=float, help="Base LR, unless the values are absolute.")
level_option = click.option("--level", type=float, default=0.9, show_default=True, help="Probability of the interval.")
law_options = (
    click.option("--law", type=OneOf("law", lambda: LAWS), default="elr", show_default=True, help="The formula."),
    click.option(
        "--prior",
        type=OneOf("prior", lambda: PRIORS),
        default="auto",
        show_default=True,
        help="What is expected of the parameters; llm: of language models, generic: of all else, auto: by the log.",
    ),
)


def _logs(command: Any) -> Any:
    for option in reversed(law_options):
        command = option(command)
    command = log_options(command)
    logs = click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=click.Path(path_type=Path))
    return logs(command)


@click.group(
    cls=Verbs,
    section=Section.CHOOSE,
    examples=[
        "lrlab forecast fit run1.csv run2.csv -o law.json",
        "lrlab forecast rank law.json 'wsd()' 'warmup(\"2%\") >> cosine()' --steps 24000 --base-lr 3e-4",
        "lrlab forecast optimise law.json --steps 24000 --peak 3e-4",
    ],
)
def command() -> None:
    """Predict the loss under schedules that were never run, and find the best one."""


@command.command(
    examples=["lrlab forecast fit run1.csv run2.csv -o law.json"], document="lrlab.desk.forecast:FitDocument"
)
@_logs
@click.option("-o", "--output", type=NewFile(), help="Save the law here, as JSON.")
@json_option
def fit(output: Path | None, as_json: bool, **options: Any) -> None:
    """Fit a loss law to the logs of one to a few runs."""
    from lrlab.desk import forecast as desk
    from lrlab.views import forecast as views

    fitted = desk.fit(**options)
    if output is not None:
        fitted.law.save(output)
    doubts = [doubt.sentence for doubt in fitted.law.known.doubts if doubt.sentence]
    doubts = [fitted.law.reason, *doubts] if fitted.law.reason else doubts
    say(as_json, {**fitted.record(), "version": VERSION}, [views.fits(fitted)], doubts)


@command.command(
    examples=["lrlab forecast predict law.json 'wsd()' --steps 24000 --base-lr 3e-4"],
    document="lrlab.desk.forecast:PredictionsDocument",
)
@click.argument("law", type=click.Path(path_type=Path))
@click.argument("expression", metavar="EXPR", type=SOURCE)
@steps_option
@base_lr_option
@level_option
@json_option
def predict(law: Path, expression: str, steps: int, base_lr: float | None, level: float, as_json: bool) -> None:
    """Predict the loss curve of one schedule, with its interval."""
    from lrlab.views import forecast as views

    fitted, found = _predictions(law, (expression,), steps, base_lr, level)
    document = {"predictions": [prediction.record() for prediction in found]}
    shown: list[Figure | Table] = [views.predicted(found), views.ranked(found)]
    _answer(fitted, as_json, document, shown, warnings=views.warnings(found))


@command.command(
    examples=["lrlab forecast rank law.json 'wsd()' 'cosine()' --steps 24000 --base-lr 3e-4"],
    document="lrlab.desk.forecast:RankingDocument",
)
@click.argument("law", type=click.Path(path_type=Path))
@click.argument("expressions", metavar="EXPR...", nargs=-1, required=True, type=SOURCE)
@steps_option
@base_lr_option
@level_option
@json_option
def rank(
    law: Path, expressions: tuple[str, ...], steps: int, base_lr: float | None, level: float, as_json: bool
) -> None:
    """Order schedules by their predicted final loss.

    Of each but the best: how far it is behind, and whether the law can tell the two apart.
    """
    from lrlab.desk import forecast as desk
    from lrlab.views import forecast as views

    fitted, found = _predictions(law, expressions, steps, base_lr, level)
    apart = desk.gaps(fitted, found, steps, base_lr, level)
    gaps = [dict(zip(("gap", "low", "high"), gap, strict=True)) for gap in [(0.0, 0.0, 0.0), *apart]]
    document = {"predictions": [prediction.record() for prediction in found], "gaps": gaps}
    shown = [views.ranked(found, apart)]
    _answer(fitted, as_json, document, shown, views.indistinct(found, apart), warnings=views.warnings(found))


@contextmanager
def _in_options() -> Iterator[None]:
    """Errors within name the option where a law names its argument."""
    try:
        yield
    except LrlabError as error:
        said = str(error).replace("base_lr=", "--base-lr ").replace("peak=", "--peak ").replace("warmup=", "--warmup ")
        raise type(error)(said.replace("level=", "--level ")) from error


def _predictions(
    path: Path, expressions: tuple[str, ...], steps: int, base_lr: float | None, level: float
) -> tuple[Law, list[Prediction]]:
    from lrlab.desk import forecast as desk

    law = desk.load(path)
    with _in_options():
        return law, desk.predict(law, expressions, steps, base_lr, level)


@command.command(
    examples=["lrlab forecast optimise law.json --steps 24000 --peak 3e-4"],
    document="lrlab.desk.forecast:OptimumDocument",
)
@click.argument("law", type=click.Path(path_type=Path))
@steps_option
@click.option("--peak", type=float, help="Highest LR; at most the highest logged one if left out.")
@click.option("--warmup", type=int, help="Updates of the warmup; 2 % of the run if left out.")
@click.option(
    "--risk",
    type=OneOf("risk", lambda: RISKS),
    default="high",
    show_default=True,
    help="What is low; high: with caution, the upper end of the difference from a linear decay; mean: the mean.",
)
@json_option
def optimise(law: Path, steps: int, peak: float | None, warmup: int | None, risk: str, as_json: bool) -> None:
    """Find the schedule with the lowest predicted final loss; --json has all of its pieces."""
    from lrlab.desk import forecast as desk
    from lrlab.views import forecast as views

    fitted = desk.load(law)
    with _in_options():
        found = fitted.optimise(steps, peak=peak, warmup=warmup, risk=risk)
    _answer(fitted, as_json, found.record(), [views.optimum(found)], warnings=found.warnings)


@command.command(
    examples=[
        "lrlab forecast branch law.json 'warmup(100) >> constant()' --steps 24000 --at 8000 --decay 2000 --base-lr 3e-4"
    ],
    document="lrlab.desk.forecast:BranchDocument",
)
@click.argument("law", type=click.Path(path_type=Path))
@click.argument("expression", metavar="EXPR", type=SOURCE)
@steps_option
@click.option("--at", type=Whole(min=1), required=True, help="Updates done when the decay could begin.")
@click.option("--decay", type=Whole(min=1), required=True, help="Length of the decay in updates.")
@click.option("--shape", default="linear()", show_default=True, help="The decay, a schedule that falls from 1.")
@base_lr_option
@level_option
@json_option
def branch(law: Path, expression: str, steps: int, as_json: bool, **how: Any) -> None:
    """Decay now, or train on and decay at the end of the horizon?

    EXPR is the schedule without the decay. Both branches follow it, and then fall from the LR it has there.
    """
    from lrlab.desk import forecast as desk
    from lrlab.views import forecast as views

    fitted = desk.load(law)
    with _in_options():
        found = fitted.branch(expression, horizon=steps, **how)
    warnings = views.warnings([found.now, found.later])
    _answer(fitted, as_json, found.record(), [views.branches(found)], [found.sentence], warnings=warnings)


def _answer(
    law: Law,
    as_json: bool,
    document: Mapping[str, Any],
    shown: Iterable[Figure | Table],
    sentences: Iterable[str] = (),
    *,
    warnings: Sequence[str],
) -> None:
    """What a law says, below what speaks against it; exit code 1 where the law does not describe its own logs."""
    say(as_json, {"version": VERSION, **document}, shown, sentences, first=warnings)
    if not law.holds:
        echo("lrlab: the law does not describe the logs that it was fitted to: trust none of this.", err=True)
        sys.exit(1)


@command.command(
    examples=["lrlab forecast transfer sweeps.csv --size 1.3B --batch 256 --horizon 40000"],
    document="lrlab.desk.transfer:TransferDocument",
)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--size", type=Amount(), help="Number of parameters; that of all trials if left out.")
@click.option("--batch", type=Amount(), help="Batch of an update, in the unit of the table.")
@click.option("--horizon", type=Amount(), help="Length of the run in updates.")
@click.option(
    "--prior",
    type=OneOf("prior", lambda: ("public", "none")),
    default="public",
    show_default=True,
    help="Exponents of public sweeps, which a few of your own outweigh; none: your sweeps alone.",
)
@click.option(
    "--column", "columns", multiple=True, metavar="VALUE=NAME", help="What lr, loss, size ... is called in the table."
)
@click.option(
    "--runs",
    "stores",
    nargs=2,
    multiple=True,
    metavar="PLACE SETTING",
    help="Runs of a store, and what it does not know of them: lrlab-runs size=7e6,batch=32.",
)
@level_option
@json_option
def transfer(
    tables: tuple[Path, ...],
    prior: str,
    columns: tuple[str, ...],
    stores: tuple[tuple[str, str], ...],
    as_json: bool,
    **asked: Any,
) -> None:
    """Find the best LR at another size, batch and horizon, from small sweeps.

    TABLE has one row for each trial: size (parameters), batch, horizon (updates), lr, loss; diverged trials have the
    loss nan. The answer stands beside the rules of the field.
    """
    from lrlab.desk import transfer as desk
    from lrlab.views import transfer as views

    if not tables and not stores:
        raise click.UsageError("nothing to learn from: give a table of trials, or --runs PLACE SETTING")
    named = {k: v for text in columns for k, v in desk.settings(text, "--column").items()}
    believed = None if prior == "none" else prior
    found = desk.transfer(list(tables), prior=believed, columns=named, stores=stores, **asked)
    shown: list[Figure | Table] = [views.drawn(found), views.swept(found), views.powers(found), views.answer(found)]
    say(as_json, {"version": VERSION, **found.record()}, shown, views.sentences(found), first=found.warnings)


@command.command(examples=["lrlab forecast study digits --quick"], document="lrlab.desk.forecast:OutlookDocument")
@experiment_options
@level_option
@json_option
def study(store: str, level: float, as_json: bool, **options: Any) -> None:
    """Forecast a comparison that is not finished: the final training loss of what is still to be trained.

    Takes the same TASK and options as `lrlab compare`, and its finished runs from the store. It orders; it never
    declares a winner.
    """
    from lrlab.desk import forecast as desk
    from lrlab.desk.experiment import set_up
    from lrlab.views import forecast as views

    found = desk.study(set_up(**options), store, level)
    say(as_json, {"version": VERSION, **found.record()}, [views.outlook(found)], views.outlook_sentences(found))


@command.command(
    examples=["lrlab forecast report run1.csv run2.csv --schedule 'wsd()' --base-lr 3e-4 -o forecast.html"],
    document="lrlab.desk.forecast:ForecastReportDocument",
)
@_logs
@click.option("--schedule", "schedules", multiple=True, help="A schedule to predict; may be repeated.")
@click.option("--steps", type=Whole(min=1), help="Length of the predicted runs.")
@base_lr_option
@click.option("-o", "--output", type=NewFile(), help="The page to write.  [default: lrlab-forecast-LOGS-....html]")
@json_option
def report(
    schedules: tuple[str, ...],
    steps: int | None,
    base_lr: float | None,
    output: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Write a page with the fit, its residuals and the predictions."""
    from lrlab.desk import forecast as desk
    from lrlab.views import forecast as views
    from lrlab.views.page import html

    asked = [*options.items(), ("schedules", schedules), ("steps", steps), ("lr", base_lr)]
    place = output or NewFile().convert(_name(options["logs"], asked), None, None)
    fitted = desk.fit(**options)
    with _in_options():
        page = desk.report(fitted, schedules, steps, base_lr, shlex.join(["lrlab", *sys.argv[1:]]))
    write(place, html(page))
    document = {**fitted.record(), "version": VERSION, "report": str(place)}
    say(as_json, document, [views.fits(fitted)], [page.lead, f"Report: {place}"])


def _name(logs: Sequence[Path], asked: object) -> str:
    """The file of the page: another one for each question, the same for the same."""
    stems = [log.stem for log in logs] if len(logs) <= 3 else [f"{len(logs)}-logs"]
    return f"{file_name('lrlab-forecast', *stems)}-{hashlib.sha256(repr(asked).encode()).hexdigest()[:6]}.html"
