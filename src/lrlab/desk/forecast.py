"""Forecasts for the command line and the studio: fit a law to logs, and ask it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from lrlab.errors import missing
from lrlab.version import __version__

try:
    import scipy  # noqa: F401
except ModuleNotFoundError:
    raise missing("scipy", "lab", "lrlab forecast") from None

from lrlab.analysis.forecast.branching import BranchRecord
from lrlab.analysis.forecast.curves import Prediction, PredictionRecord, learning_rates
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.analysis.forecast.optimise import OptimumRecord
from lrlab.analysis.forecast.outlook import Outlook, OutlookRecord, Place, outlook
from lrlab.analysis.forecast.residuals import Fit, FitRecord
from lrlab.lab.stages.experiment import Experiment
from lrlab.lab.stages.recipe import job_key
from lrlab.lab.stages.resources import Resources
from lrlab.record.logs.readers import read_run
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import Store
from lrlab.views import forecast as views
from lrlab.views.model import Report


class FitDocument(FitRecord):
    """A law, how far it misses each run that it was fitted to, and the version of this document."""

    version: Literal[1]  # type: ignore[misc]  # not that of a saved law


class PredictionsDocument(TypedDict):
    """A law's predictions for schedules, the lowest final loss first."""

    version: Literal[1]
    predictions: list[PredictionRecord]


class Gap(TypedDict):
    """The final loss of a schedule less that of the best one, with the interval of the difference."""

    gap: float
    low: float
    high: float


class RankingDocument(PredictionsDocument):
    """The same, with the gap of each schedule to the best, which is the first."""

    gaps: list[Gap]


class OptimumDocument(OptimumRecord):
    """The best schedule and the nearest form that has a name."""

    version: Literal[1]


class BranchDocument(BranchRecord):
    """Decay now, or train on and decay at the end."""

    version: Literal[1]


class OutlookDocument(OutlookRecord):
    """Where an unfinished comparison is heading; it gives an order, and names no winner."""

    version: Literal[1]


class ForecastReportDocument(FitDocument):
    """A law, how far it misses its runs, and the file of the report."""

    report: str


def fit(
    logs: Sequence[str | Path],
    *,
    law: str = "elr",
    prior: str = "auto",
    **how: Any,
) -> Fit:
    """Read logs, with `how` as the options of `lrlab.read_run`, and fit a law to them.

    Raises `LrlabError` as `lrlab.fit_law` does.
    """
    runs = tuple(read_run(log, **how) for log in logs)
    return Fit(fit_law(runs, law, prior), runs)


def load(path: str | Path) -> Law:
    """Read a saved law."""
    return Law.load(path)


def predict(law: Law, schedules: Sequence[str], steps: int, base_lr: float | None, level: float) -> list[Prediction]:
    """Predictions for schedules in text form, the lowest final loss first."""
    return law.rank(schedules, base_lr=base_lr, horizon=steps, level=level)


def gaps(
    law: Law, predictions: Sequence[Prediction], steps: int, base_lr: float | None, level: float
) -> list[tuple[float, float, float]]:
    """The final loss of each less that of the first, and the interval of the difference: see `Law.difference`."""
    lrs = [learning_rates(each.schedule, base_lr, steps) for each in predictions]
    return [law.difference(each, lrs[0], level) for each in lrs[1:]]


def study(experiment: Experiment, store: str | Path, level: float = 0.9) -> Outlook:
    """Where a comparison is heading, from its runs in the store."""
    jobs = experiment.jobs(Resources())
    keys = [job_key(experiment.task, job) for job in jobs]
    kept, runs = Store(store).find(keys), dict[Place, list[StoredRun]]()
    for job, key in zip(jobs, keys, strict=True):
        found = runs.setdefault((job.arm.name, job.lr), [])
        if key in kept:
            found.append(kept[key])
    return outlook(runs, {arm.name: arm.schedule for arm in experiment.arms}, experiment.settings.updates, level=level)


def report(fitted: Fit, schedules: Sequence[str], steps: int | None, base_lr: float | None, command: str) -> Report:
    """The page of a fit: how well the law fits its logs, and what it predicts."""
    horizon = steps or fitted.law.known.longest
    predictions = predict(fitted.law, schedules, horizon, base_lr, 0.9) if schedules else []
    return views.report(fitted, predictions, {"lrlab": __version__, "command": command})
