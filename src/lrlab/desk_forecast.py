"""Forecasts as the command line and the studio ask for them: answers as plain records, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lrlab import __version__
from lrlab.errors import missing

try:
    import scipy  # noqa: F401
except ModuleNotFoundError:
    raise missing("scipy", "lab", "lrlab forecast") from None

from lrlab.analysis.forecast import Law, Prediction, fit_law
from lrlab.analysis.optimise import Optimum
from lrlab.record.log import LogRun
from lrlab.record.readers import read_run
from lrlab.views.model import Figure, Line, Report, Table, Text

VERSION = 1
_POINTS = 400  # of a drawn curve


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
            (run.name, len(run.updates), run.horizon, float(run.lrs.max()), _miss(self.law, run), "; ".join(run.notes))
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
) -> Fit:
    """Read logs and fit a law to them."""
    runs = tuple(read_run(log, loss=loss, lr=lr, warmup=warmup, weight_decay=weight_decay) for log in logs)
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
    """The predicted curves with their bands, without the first twentieth, which would set the scale."""
    lines = []
    for index, p in enumerate(predictions):
        at = np.unique(np.linspace(len(p.loss) // 20, len(p.loss) - 1, _POINTS).astype(np.int64))
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
        ("best found", optimum.loss, optimum.low, optimum.high, str(optimum.schedule)),
    )
    return Table(("", "final loss", "low", "high", "schedule"), rows, f"multiples of the base LR {optimum.base_lr:g}")


def report(fitted: Fit, schedules: Sequence[str], steps: int | None, base_lr: float | None, command: str) -> Report:
    """The page of a fit: how well the law holds on its logs, and what it predicts."""
    sections: list[Figure | Table | Text] = [fitted.table(), *(_fit_figure(fitted.law, run) for run in fitted.runs)]
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


def _fit_figure(law: Law, run: LogRun) -> Figure:
    at = run.updates - 1
    p = law.predict(run.lrs)
    law_line = Line("law", run.updates.tolist(), *(values[at].tolist() for values in (p.loss, p.low, p.high)))
    shown = run.loss[run.updates > run.updates[-1] / 20]
    note = f"drawn: {len(run.loss)} points, of which the last {len(shown)} matter to the fit"
    return Figure(
        run.name or "run", "update", "loss", (law_line, Line("log", run.updates.tolist(), run.loss.tolist())), note=note
    )


def _miss(law: Law, run: LogRun) -> float:
    """Mean absolute error over the points that the warmup does not touch."""
    late = run.updates > max(2 * run.warmup, 0.1 * run.updates[-1])
    errors = np.abs(law.predict(run.lrs).loss[run.updates - 1] - run.loss)
    return float(errors[late if late.any() else slice(None)].mean())


def _run_record(law: Law, run: LogRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "points": len(run.updates),
        "updates": run.horizon,
        "mean_error": _miss(law, run),
        "notes": list(run.notes),
    }
