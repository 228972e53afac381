"""Forecasts as the command line and the studio ask for them: answers as plain records, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import missing
from lrlab.version import __version__

try:
    import scipy  # noqa: F401
except ModuleNotFoundError:
    raise missing("scipy", "lab", "lrlab forecast") from None

from lrlab.analysis.forecast.branching import BranchForecast
from lrlab.analysis.forecast.law import Law, Prediction, fit_law
from lrlab.analysis.forecast.optimise import Optimum
from lrlab.analysis.forecast.outlook import Outlook, Place, outlook
from lrlab.desk.experiment import Experiment
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.recipe import job_key
from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import read_run
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import Store
from lrlab.views.model import Figure, Line, Report, Table, Text

VERSION = 1
_POINTS = 400  # of a drawn curve
_NAME = 40  # characters of a run's name in a table
_PIECES = 6  # of a schedule in a table


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted law, the runs it was fitted to, and how far it misses each."""

    law: Law
    runs: tuple[LogRun, ...]

    def record(self) -> dict[str, Any]:
        """The JSON document of `lrlab forecast fit`."""
        return {"version": VERSION, **self.law.record(), "runs": [_run_record(self.law, run) for run in self.runs]}

    def table(self) -> Table:
        """One row per run: its points, how far the law misses it, and what its log told."""
        rows = [
            (
                _short(run.name),
                len(run.updates),
                run.horizon,
                float(run.lrs.max()),
                _miss(self.law, run),
                "; ".join(run.notes),
            )
            for run in self.runs
        ]
        return Table(("run", "points", "updates", "peak LR", "mean error", "notes"), tuple(rows))


def fit(
    logs: Sequence[str | Path],
    *,
    law: str = "elr",
    prior: str = "llm",
    loss: str | None = None,
    lr: str | None = None,
    warmup: int | None = None,
    weight_decay: float | None = None,
    step: str | None = None,
) -> Fit:
    """Read logs and fit a law to them."""
    runs = tuple(read_run(log, loss=loss, lr=lr, warmup=warmup, weight_decay=weight_decay, step=step) for log in logs)
    return Fit(fit_law(runs, law, prior), runs)


def load(path: str | Path) -> Law:
    """Read a saved law."""
    return Law.load(path)


def predict(law: Law, schedules: Sequence[str], steps: int, base_lr: float | None, level: float) -> list[Prediction]:
    """Predictions for schedules in text form, the lowest final loss first."""
    return law.rank(schedules, base_lr=base_lr, horizon=steps, level=level)


def predictions_record(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The JSON document of `predict` and `rank`: the whole curve of each, and its final loss."""
    return {
        "version": VERSION,
        "predictions": [
            {
                "schedule": p.schedule,
                "final": dict(zip(("loss", "low", "high"), p.final, strict=True)),
                "level": p.level,
                "warnings": list(p.warnings),
                "loss": p.loss.tolist(),
                "low": p.low.tolist(),
                "high": p.high.tolist(),
            }
            for p in predictions
        ],
    }


def predictions_table(predictions: Sequence[Prediction]) -> Table:
    """One row per schedule, the best first."""
    rows = tuple((p.schedule, *p.final) for p in predictions)
    level = f"{predictions[0].level:.0%}"
    return Table(("schedule", "final loss", f"low ({level})", f"high ({level})"), rows)


def predictions_figure(predictions: Sequence[Prediction]) -> Figure:
    """The predicted curves with their bands, without the first fifth, which would set the scale."""
    lines = []
    for index, p in enumerate(predictions):
        at = np.unique(np.linspace(len(p.loss) // 5, len(p.loss) - 1, _POINTS).astype(np.int64))
        columns = (values[at].tolist() for values in (p.loss, p.low, p.high))
        lines.append(Line(f"{index + 1} {p.schedule}", (at + 1).tolist(), *columns))
    return Figure("Predicted loss", "update", "loss", tuple(lines))


def optimum_record(optimum: Optimum) -> dict[str, Any]:
    """The JSON document of `optimise`."""
    plain = {**asdict(optimum), "schedule": str(optimum.schedule), "named": str(optimum.named)}
    return {"version": VERSION, **plain}


def optimum_table(optimum: Optimum) -> Table:
    """The best schedule and the nearest named form."""
    rows = (
        ("nearest named form", optimum.named_loss, optimum.named_low, optimum.named_high, str(optimum.named)),
        ("best found", optimum.loss, optimum.low, optimum.high, _outline(str(optimum.schedule))),
    )
    return Table(("", "final loss", "low", "high", "schedule"), rows, f"multiples of the base LR {optimum.base_lr:g}")


def branch_record(branch: BranchForecast) -> dict[str, Any]:
    """The JSON document of `branch`."""
    ends = {
        name: {
            "updates": len(p.loss),
            "final": dict(zip(("loss", "low", "high"), p.final, strict=True)),
            "warnings": list(p.warnings),
        }
        for name, p in (("now", branch.now), ("later", branch.later))
    }
    return {
        "version": VERSION,
        "at": branch.at,
        "decay": branch.decay,
        "level": branch.now.level,
        **ends,
        "further": branch.further,
        "gain": branch.gain,
        "gain_per_update": branch.gain_per_update,
        "advice": branch.advice,
        "sentence": branch.sentence,
    }


def branch_table(branch: BranchForecast) -> Table:
    """One row per branch."""
    rows = tuple((name, len(p.loss), *p.final) for name, p in (("decay now", branch.now), ("train on", branch.later)))
    level = f"{branch.now.level:.0%}"
    return Table(("branch", "updates", "final loss", f"low ({level})", f"high ({level})"), rows)


def study(contest: Experiment, store: str | Path, level: float = 0.9) -> Outlook:
    """Where a comparison is heading, from those of its runs that are in the store."""
    jobs = jobs_of(contest.arms, contest.settings, first_seed=contest.first_seed)
    keys = [job_key(contest.task, job) for job in jobs]
    kept, runs = Store(store).find(keys), dict[Place, list[StoredRun]]()
    for job, key in zip(jobs, keys, strict=True):
        found = runs.setdefault((job.arm.name, job.lr), [])
        if key in kept:
            found.append(kept[key])
    return outlook(runs, {arm.name: arm.schedule for arm in contest.arms}, contest.settings.updates, level=level)


def outlook_record(found: Outlook) -> dict[str, Any]:
    """The JSON document of `study`."""
    return {"version": VERSION, **asdict(found), "winner": None}


def outlook_table(found: Outlook) -> Table:
    """Every arm at every LR, the lowest predicted training loss first."""
    rows = tuple((f.arm, f.lr, f.loss, f.low, f.high, f.measured, f.finished, f.note) for f in found.forecasts)
    level = f"{found.level:.0%}"
    columns = ("strategy", "LR", "predicted", f"low ({level})", f"high ({level})", "measured", "runs", "note")
    return Table(columns, rows, "final training loss; no prediction has seen the runs of its own row")


def outlook_sentences(found: Outlook) -> list[str]:
    """What was forecast from what, how far to trust it, and that no winner is declared."""
    judged = [f for f in found.forecasts if f.loss is not None and f.measured is not None]
    open_ = sum(f.loss is not None and f.measured is None for f in found.forecasts)
    sentences = [
        f"{open_} still without a finished run are forecast; {len(judged)} with one were forecast without it: off by "
        f"{found.error:.4f} on average, {found.ordered:.0%} of their pairs in the right order.",
        "The law was fitted to " + ", ".join(f"{arm} at {lr:g}" for arm, lr in found.fitted_on) + ".",
    ]
    if found.widened > 1:
        sentences.append(f"The intervals were widened {found.widened:.1f}x, until they held on those with a run.")
    sentences += found.doubts
    sentences.append(
        "No winner is declared: this is training loss, not the judged metric, and only finished runs decide "
        "(lrlab compare)."
    )
    return sentences


def report(fitted: Fit, schedules: Sequence[str], steps: int | None, base_lr: float | None, command: str) -> Report:
    """The page of a fit: how well the law holds on its logs, and what it predicts."""
    sections: list[Figure | Table | Text] = [fitted.table(), *(_fit_figure(fitted.law, run) for run in fitted.runs)]
    sections.append(_residual_figure(fitted))
    warnings = tuple(doubt.sentence for doubt in fitted.law.known.doubts)
    if schedules:
        horizon = steps or fitted.law.known.longest
        predictions = predict(fitted.law, schedules, horizon, base_lr, 0.9)
        sections += [predictions_table(predictions), predictions_figure(predictions)]
        warnings += tuple(text for p in predictions for text in p.warnings if text not in warnings)
    if warnings:
        sections.append(Text("\n\n".join(dict.fromkeys(warnings)), "What the logs cannot tell"))
    sections.append(Table(("parameter", "value"), tuple(fitted.law.parameters.items())))
    lead = (
        f"Law {fitted.law.name!r}, fitted to {len(fitted.runs)} runs; it misses them by {fitted.law.fitted.misfit:.2%}."
    )
    return Report("Loss forecast", lead, tuple(sections), {"lrlab": __version__, "command": command})


def _short(name: str) -> str:
    """A long name without its middle."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 12]}…{name[-11:]}"


def _outline(schedule: str) -> str:
    """The first pieces of a chain of many, and how many follow; the documents have all of them."""
    pieces = schedule.split(" >> ")
    if len(pieces) <= _PIECES:
        return schedule
    return " >> ".join(pieces[:2]) + f" >> {len(pieces) - 2} straight pieces (--json has all)"


def _fit_figure(law: Law, run: LogRun) -> Figure:
    at = run.updates - 1
    p = law.predict(run.lrs)
    law_line = Line("law", run.updates.tolist(), *(values[at].tolist() for values in (p.loss, p.low, p.high)))
    log_line = Line("log", run.updates.tolist(), run.loss.tolist())
    return Figure(_short(run.name) or "run", "update", "loss", (law_line, log_line))


def _residual_figure(fitted: Fit) -> Figure:
    """How far each log lies above the law, from where the warmup no longer matters."""
    lines = []
    for run in fitted.runs:
        late, above = _late(run), run.loss - fitted.law.predict(run.lrs).loss[run.updates - 1]
        lines.append(Line(_short(run.name) or "run", run.updates[late].tolist(), above[late].tolist()))
    return Figure("Residuals", "update", "log minus law", tuple(lines), note="Without the warmup and its wake.")


def _late(run: LogRun) -> NDArray[np.bool_]:
    """The points that the warmup does not touch; all, where it touches all."""
    late = run.updates > max(2 * run.warmup, 0.1 * run.updates[-1])
    return late if late.any() else np.ones_like(late)


def _miss(law: Law, run: LogRun) -> float:
    """Mean absolute error over the points that the warmup does not touch."""
    errors = np.abs(law.predict(run.lrs).loss[run.updates - 1] - run.loss)
    return float(errors[_late(run)].mean())


def _run_record(law: Law, run: LogRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "points": len(run.updates),
        "updates": run.horizon,
        "mean_error": _miss(law, run),
        "notes": list(run.notes),
    }
