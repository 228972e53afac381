"""`lr.compare`: compare schedules from a script or a notebook, with your own training function."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

from lrlab.analysis.comparison.statistics import Comparison
from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.rules import EVERY
from lrlab.core.run.segments import relative
from lrlab.core.shapes.base import constant
from lrlab.core.time.horizon import Horizon
from lrlab.desk.asked import reached
from lrlab.desk.experiment import run, with_changes
from lrlab.desk.result import Result
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.arms.arms import Arm, arm_of, default_arms
from lrlab.lab.executors.named import at_once, opened
from lrlab.lab.stages.epochs import without_epochs
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.experiment import Experiment
from lrlab.lab.stages.planning import StagePlan, measured, plan_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import file_being_loaded, load_task, task_of
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import DEFAULT_FOLDER, Store
from lrlab.shown import Shown
from lrlab.views.model import Text
from lrlab.views.progress import progress
from lrlab.views.seen import Columns, Section


class _Options(TypedDict):
    """How the runs of a comparison are trained and judged."""

    fork_every: int
    audit: int | None
    until_settled: bool
    matters: str | float | None
    overlapping: bool


def compare(
    train: Callable[..., object] | type | str,
    schedules: Mapping[str, Schedule | Plan | str | Arm] | None = None,
    *,
    horizon: int | Horizon | None = None,
    seeds: int | None = None,
    folds: int | None = None,
    lrs: tuple[float, ...] | Literal["auto"] | None = None,
    evals: int | None = None,
    config: Mapping[str, Any] | None = None,
    store: str | Path = DEFAULT_FOLDER,
    executor: str | Executor = "local",
    workers: int | None = None,
    threads: int = 1,
    device: str = "cpu",
    vectorise: int = 0,
    fork_every: int = 1,
    audit: int | None = None,
    first_seed: int = 0,
    until_settled: bool = False,
    matters: str | float | None = None,
    overlapping: bool = False,
) -> Study:
    """Compare schedules on a training: every arm at every LR of `lrs`, on the same seeds, folds and batches.

    `train` is a function `train(run)` or a class (see `lrlab.lab.task.forms`), or the name of a built-in task;
    `schedules` are the arms by name (by default the usual strategies; a plan also sets momentum or weight decay, and
    behind a text's @ stand an optimizer and the average of the weights, "constant() @ ema 10%");
    `horizon` is the number of updates of each run, or a `Horizon`, which knows spans in epochs, samples, tokens;
    without one, epochs are counted by the loader of the task. Whatever is not given is taken from `lr.task`, or its
    default. With lrs="auto", the default for a task of one's own and for "digits", an arm that is best at an edge of
    its LRs is tried beyond, by factors of 2, until its best is inside. Nothing is trained until the study is asked for
    its runs.

    Arms whose LRs agree up to some update are trained once up to there, and then fork, at multiples of `fork_every` (0:
    never), if the data can be resumed there (see `lrlab.lab.training.batches`). The results are the same to the last
    bit as training every arm alone; `audit=2` trains two forked runs again to check that for this task; by default one
    is, unless the task is built in (`audit=0`: none).

    With `until_settled`, seeds (with one seed: folds) are trained in parts, until the answer is settled; the level of
    each look is corrected for their number, see `lrlab.analysis.comparison.looks`.

    Arms whose interval ends within what `matters`, a share of the best mean or a difference ("0.5%", 0.002), are
    equally good. `overlapping` corrects the variance for folds that share training data (Nadeau and Bengio).

    `workers` processes with `threads` each train (by default one per core; 0: this process), or as many stages at once
    on a cluster: executor="ray" (the cluster at hand), "ray://host:port" or "dask://host:port";
    `lrlab.lab.stages.executor` describes how to write your own. A function that is in no file is trained in this
    process. With `vectorise=32` a task of pure functions (`lr.functional`, `lr.functional_torch`, built-in tasks of
    this form) is trained 32 runs at a time, by one vectorised step. Runs and states are kept in `store`, a folder or a
    URL such as "s3://bucket/runs": the same call continues from there.

    Raises `LrlabError` if a schedule does not fit the horizon, or if other processes are to train a function that is in
    no file.

    >>> import lrlab as lr
    >>> print(lr.compare("digits", {"a": lr.constant(), "b": lr.wsd(warmup=0)}, lrs=(1.0,), store="runs").plan())
    ... # doctest: +NORMALIZE_WHITESPACE
    16 runs, 0 of them stored
    5120 updates each alone, 3064 in 24 stages: 40% saved
    if training can fork at any update; plan(measure=True) tells
    at least 320 updates one after the other
    the key of a run covers the code of 10 files, what it refers to in memory, configuration, seed, fold, threads,
    device and the versions of Python, numpy, sklearn, torch and what they need
    its key does not see: files of data, names that are computed at run time, changes deep in libraries, the machine
    """
    if (loading := file_being_loaded()) is not None:
        raise LrlabError(
            worded(
                "lr.compare was called while the file of its task was being loaded, as every worker does",
                loading,
                hint='if __name__ == "__main__":  before the call',
            )
        )
    task = load_task(train) if isinstance(train, str) else task_of(train)
    given: dict[str, Any] = {"updates": _updates(horizon), "seeds": seeds, "folds": folds, "lrs": lrs, "evals": evals}
    settings = with_changes(task.settings, given)
    arms = default_arms(task.mode) if schedules is None else _arms(schedules)
    if isinstance(horizon, Horizon):
        arms = tuple(_relative(arm, horizon) for arm in arms)
    else:
        arms = without_epochs(arms, task, settings, first_seed, config)
    for option, value in (("fork_every", fork_every), ("audit", audit)):
        if value is not None and (type(value) is not int or value < 0):
            raise LrlabError(worded(f"{option} is a number, 0 for none", value, "0, 1, 2, ..."))
    experiment = Experiment(task, arms, settings, first_seed, dict(config or {}))
    resources = reached(Resources(workers, executor, threads, device, vectorise), task)
    _ = experiment.jobs(resources)  # what does not fit is said now
    with opened(resources, task):  # and that there is no such executor
        pass
    options = _Options(
        fork_every=fork_every, audit=audit, until_settled=until_settled, matters=matters, overlapping=overlapping
    )
    return Study(experiment, Store(store).address, resources, options)  # nor such a place


class Study(Shown):
    """A comparison: its cost (`plan`), its runs, what they imply, and its page.

    It trains when something first needs the runs, or when you call `run()`; after that it reads the store.
    """

    def __init__(self, experiment: Experiment, store: str, resources: Resources, options: _Options) -> None:
        self.experiment, self.store, self.resources = experiment, store, resources
        self._options = options
        self._result: Result | None = None

    def plan(self, measure: bool = False) -> StagePlan:
        """What is still to be trained, and what sharing saves; with `measure` also the time, from a few updates trained
        now.

        Nothing else is trained. If training can only fork at the ends of epochs, `measure` also finds that out.
        """
        jobs, task = self.experiment.jobs(self.resources), self.experiment.task
        pace = measured(task, jobs[0]) if measure else None
        workers, fork_every = at_once(self.resources), self._options["fork_every"]
        widens = self.experiment.settings.widen
        return plan_of(task, jobs, Store(self.store), workers=workers, fork_every=fork_every, pace=pace, widens=widens)

    def run(self, quiet: bool = False) -> Result:
        """Train what is not stored yet, and judge it; progress goes to standard error."""
        if self._result is None:
            with progress(self.experiment.title, self.experiment.runs, sys.stderr, quiet=quiet) as watch:
                try:
                    self._result = run(
                        self.experiment,
                        self.store,
                        self.resources,
                        on_progress=watch.moved,
                        on_failed=watch.failed,
                        **self._options,
                    )
                except KeyboardInterrupt:
                    kept = f"{watch.done} of {self.experiment.runs} runs are kept in {self.store}"
                    print(f"stopped. {kept}: the same call goes on from there.", file=sys.stderr)
                    raise
        return self._result

    @property
    def result(self) -> Result:
        """The finished comparison."""
        return self.run()

    @property
    def runs(self) -> tuple[StoredRun, ...]:
        """Every run, in the order of seeds, folds, LRs and arms."""
        return self.result.evidence.runs

    @property
    def comparison(self) -> Comparison:
        """Means, paired differences and verdicts: see `lrlab.analysis.comparison.statistics.Comparison`."""
        return self.result.evidence.comparison

    def report(self, path: str | Path) -> Path:
        """Write the page, one HTML file. Raises `LrlabError` before training if its folder does not exist."""
        from lrlab.views.page import html

        folder = Path(path).absolute().parent
        if not folder.is_dir():
            raise LrlabError(worded("the page cannot be written: there is no such folder", str(folder)))
        Path(path).write_text(html(self.result.report("lr.compare(...)")), encoding="utf-8")
        return Path(path)

    def __repr__(self) -> str:
        """The answer once it is there; nothing is trained for it."""
        if self._result is None:
            return f"{self.experiment.runs} runs of {self.experiment.title}, not asked for yet: .plan(), .run()"
        return repr(self._result)

    def _sections(self) -> tuple[Section, ...]:
        """What a notebook shows; nothing is trained for it."""
        return (Text(repr(self)),) if self._result is None else self._result._sections()

    def _columns(self) -> Columns:
        """Its runs, one a row."""
        return self.result._columns()


def _updates(horizon: int | Horizon | None) -> int | None:
    if isinstance(horizon, Horizon):
        if horizon.total is None:
            raise LrlabError(
                worded("the lab counts updates, which this horizon does not tell", horizon, hint="horizon=1000")
            )
        return horizon.total
    if horizon is not None and (type(horizon) is not int or horizon < 1):
        raise LrlabTypeError(
            worded("horizon is the number of updates of each run", horizon, "1, 2, ...", "horizon=1000")
        )
    return horizon


def _arms(given: Mapping[str, Schedule | Plan | str | Arm]) -> tuple[Arm, ...]:
    if not isinstance(given, Mapping) or not given:
        raise LrlabTypeError(worded("schedules are given by name", given, hint='{"early": wsd(decay="40%"), ...}'))
    return tuple(_arm(name, schedule) for name, schedule in given.items())


def _relative(arm: Arm, horizon: Horizon) -> Arm:
    """Runs are kept by their number of updates alone."""
    also = {name: relative(schedule, horizon) for name, schedule in arm.also.items()}
    written = str(arm.schedule) if relative(arm.schedule, horizon) != arm.schedule else ""
    return dataclasses.replace(arm, schedule=relative(arm.schedule, horizon), also=also, written=written)


def _arm(name: str, given: Schedule | Plan | str | Arm) -> Arm:
    if isinstance(given, Arm):
        return dataclasses.replace(given, name=name)
    if isinstance(given, Plan):
        (rule, *more), simple = given.rules, given.layer_decay is None and given.joining is None
        if more or rule.pattern != EVERY or not simple:
            raise LrlabError(
                worded("the lab sets every parameter group alike", given, "a plan without groups or layers")
            )
        also = dict(rule.schedules)
        return Arm(name, also.pop("lr", constant()), also=also)
    if isinstance(given, str):
        return arm_of(name, given)
    if not isinstance(given, Schedule):
        raise LrlabTypeError(
            worded(f"{name} is not a schedule", given, "a schedule, a plan, an arm, or a schedule's text")
        )
    return Arm(name, given)
