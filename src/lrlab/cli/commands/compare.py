"""`lrlab compare`: train a task under many strategies, and say which is best.

lrlab compare digits
lrlab compare mine.py:train --arm 'a=cosine()' --arm 'b=wsd()' --folds 8
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrlab.cli.options import executor_option, experiment_options, vectorise_option, workers_option
from lrlab.cli.output import NewFile, apart, echo, fail, json_option, say, width, write
from lrlab.cli.values import TASK, Whole
from lrlab.cli.verb import Section, Verb
from lrlab.views.names import file_name

if TYPE_CHECKING:
    from lrlab.desk.several import Several
    from lrlab.lab.stages.experiment import Experiment


@click.command(
    cls=Verb,
    section=Section.CHOOSE,
    examples=[
        "lrlab compare digits --quick",
        "lrlab compare --file study.toml --folds 8",
        "lrlab compare digits mine.py:train --arms strategies --quick",
        "lrlab compare mine.py:train --arm 'early=wsd(decay=\"40%\")' --arm 'late=wsd()' --folds 8",
        "lrlab compare mine.py:train --arms strategies --lrs 0.5,1,2,4 --until-settled --json",
    ],
    document="lrlab.desk.several:CompareDocument",
)
@experiment_options
@click.argument("more", metavar="[TASK]...", nargs=-1, type=TASK)
@click.option("--report", type=NewFile(), help="The report to write.  [default: lrlab-TASK-ARMS-....html]")
@workers_option
@executor_option
@vectorise_option
@click.option("--until-settled", is_flag=True, help="Train a part at a time, and stop when the answer is settled.")
@click.option(
    "--matters",
    metavar="SHARE",
    help="The smallest difference that matters, 0.5% of the best or 0.002 of the metric.  [default: 0.5%]",
)
@click.option("--overlapping", is_flag=True, help="Widen the intervals for folds that share training data.")
@click.option(
    "--fork-every",
    type=Whole(min=0),
    default=1,
    help="Fork at multiples of so many updates only; 0: train every run alone.",
)
@click.option(
    "--audit",
    type=Whole(min=0),
    help="Train so many runs that came out of a fork again, alone, and compare. [default: 1 of a task of your own]",
)
@json_option
def command(
    task: str,
    more: tuple[str, ...],
    store: str,
    report: Path | None,
    workers: int | None,
    executor: str,
    vectorise: int,
    fork_every: int,
    audit: int | None,
    until_settled: bool,
    matters: str | None,
    overlapping: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Train TASK under many learning-rate strategies and say which is best, and how sure one can be.

    TASK is a built-in task (digits) or path/to/file.py:name, a function train(run). All strategies are trained on
    the same folds, seeds and batches, each at several LRs, and ranked on folds that their LR was not chosen on.
    Finished runs are kept: the same command goes on where it was interrupted. With several tasks the strategies are
    also compared over all of them, by the time to what the tuned warmup + linear reaches.
    """
    from lrlab.desk import experiment as desk
    from lrlab.desk.several import Several, fitting
    from lrlab.views.page import html
    from lrlab.views.progress import progress

    with apart():
        experiments = [desk.set_up(each, **asked) for each in (task, *more)]
        if more:
            fitting(experiments)
    page = report or NewFile().convert(_name(experiments), None, None)
    results = []
    for experiment in experiments:
        if because := desk.fresh_because(experiment, store):
            echo(because, err=True)
        try:
            with apart(), progress(experiment.title, experiment.runs, sys.stderr, quiet=as_json) as watch:
                result = desk.run(
                    experiment,
                    store,
                    desk.Resources(workers, executor, vectorise=vectorise),
                    fork_every=fork_every,
                    audit=audit,
                    until_settled=until_settled,
                    matters=matters,
                    overlapping=overlapping,
                    on_progress=watch.moved,
                    on_failed=watch.failed,
                )
        except KeyboardInterrupt:
            kept = f"{watch.done} of {experiment.runs} runs are kept in {store}"
            fail(f"stopped. {kept}: the same command goes on from there.", 130, as_json)
        results.append(result)
    if more:
        _tell(Several(tuple(results)), page, as_json)
        _end(result.evidence.comparison.best for result in results)
        return
    page_text = html(result.report(shlex.join(["lrlab", *sys.argv[1:]])))
    document = {**result.record(), "report": str(page)}
    if as_json:
        write(page, page_text)
        say(as_json, document, (), ())
    else:  # the answer first: a disk may be full
        shown = filter(None, (result.table(wide=width() >= 110), result.profiles()))
        say(as_json, document, [*shown], result.sentences(str(page)))
        write(page, page_text)
    _end([result.evidence.comparison.best])


def _end(best: Iterable[str | None]) -> None:
    """Exit code 1 where a task has no best strategy."""
    if None in best:
        echo("lrlab: no strategy finished all that it was judged by", err=True)
        sys.exit(1)


def _tell(several: Several, page: Path, as_json: bool) -> None:
    """Each task, then the strategies over all of them."""
    from lrlab.views.page import html

    say(as_json, several.record(str(page)), [*several.tables(), several.picture()], [several.lead, f"Report: {page}"])
    write(page, html(several.report(shlex.join(["lrlab", *sys.argv[1:]]))))


def _name(experiments: list[Experiment]) -> str:
    """The file of the page: another one for each question, the same for the same."""
    experiment, *more = experiments
    if more:
        names = [each.task.name for each in experiments] if len(more) < 3 else [f"{len(experiments)}-tasks"]
        return f"{file_name('lrlab', *names)}-{experiment.digest}.html"
    few = [arm.name for arm in experiment.arms] if len(experiment.arms) <= 3 else [f"{len(experiment.arms)}-strategies"]
    return f"{file_name('lrlab', experiment.task.name, *few)}-{experiment.digest}.html"
