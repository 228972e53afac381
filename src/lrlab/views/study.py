"""A comparison as a table, figures and a report: pure records for every drawer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.comparison.evidence import Evidence
from lrlab.analysis.comparison.statistics import Standing
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series, StoredRun
from lrlab.views.model import Cell, Figure, Interval, Line, Mark, Report, Table, Text, Tone

_TONES: dict[str, Tone] = {"best": "good", "not distinguishable": "quiet", "worse": "bad"}
SMOOTHING = 40  # the training loss is averaged over this part of the run


def ranking(study: Evidence, *, wide: bool = True) -> Table:
    """The strategies, best first; `wide` with what each schedule is and the LRs that were chosen."""
    columns = ["", "strategy", f"{study.metric}", "spread", "behind the best", "verdict"]
    if wide:
        columns += ["LR", "schedule"]
    rows = []
    for standing in study.comparison.standings:
        row: list[Cell] = [
            standing.rank,
            standing.arm,
            study.value(standing.mean) if standing.mean is not None else "diverged",
            standing.sd,
            _behind(standing),
            Mark(standing.verdict, _TONES[standing.verdict]),
        ]
        if wide:
            chosen = sorted(set(standing.lrs))
            row += ["× " + ", ".join(f"{lr:g}" for lr in chosen), str(study.schedules[standing.arm])]
        rows.append(tuple(row))
    note = (
        f"Mean over {_units(study)}, each judged at an LR that was chosen on the others. Intervals: "
        f"{study.comparison.level:.0%}, paired, for all strategies together."
    )
    return Table(tuple(columns), tuple(rows), note)


def _behind(standing: Standing) -> Cell:
    if standing.difference is None:
        return None
    if standing.verdict == "best" or standing.low is None or standing.high is None:
        return Interval(standing.difference, standing.difference, standing.difference)
    return Interval(standing.low, standing.difference, standing.high)


def _units(study: Evidence) -> str:
    folds, seeds = (len({getattr(run, name) for run in study.runs}) for name in ("fold", "seed"))
    parts = [f"{n} {word}s" if n > 1 else f"one {word}" for n, word in ((folds, "fold"), (seeds, "seed"))]
    return f"{parts[0]} and {parts[1]}"


def lead(study: Evidence) -> str:
    """The answer in a sentence or two."""
    best = study.comparison.standings[0]
    score = study.value(best.mean)
    if score is None:
        return f"No strategy is best on {study.task}: each diverged somewhere."
    together = [arm for arm in study.comparison.together if arm != best.arm]
    worse = len(study.comparison.standings) - len(together) - 1
    said = f"{best.arm} is best on {study.task}: {study.metric} {score:.3g}."
    if len(together) > 1 and not worse:
        return f"{said} None of the other {len(together)} can be told from it."
    if together:
        said += f" It cannot be told from {_listed(together)}."
    if worse:
        said += f" {worse} {'strategy is' if worse == 1 else 'strategies are'} worse."
    return said


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def report(study: Evidence, facts: Mapping[str, str]) -> Report:
    """The whole page; what no run has told, or where each diverged, is left out."""
    drawn = (figure for figure in (_training_loss(study), _metric(study)) if figure is not None)
    return Report(
        title=f"Learning-rate strategies on {study.task}",
        lead=lead(study),
        sections=(
            ranking(study),
            Text(f"{study.comparison.advice}\n\n{study.comparison.method}", "How sure is this?"),
            _learning_rates(study),
            *drawn,
            _grid(study),
        ),
        facts=facts,
    )


def _arms(study: Evidence) -> Iterable[tuple[str, float, tuple[StoredRun, ...]]]:
    """Every arm, best first, with the LR that was chosen most often and its runs."""
    for standing in study.comparison.standings:
        lr = study.lr_of(standing.arm)
        yield standing.arm, lr, study.runs_of(standing.arm, lr)


def _learning_rates(study: Evidence) -> Figure:
    lines = [Line(arm, list(range(runs[0].updates)), realised(runs[0]).tolist()) for arm, _, runs in _arms(study)]
    note = "As the first fold of the first seed used it, at the LR that was chosen most often."
    return Figure("Learning rate", "update", "multiple of the task's own LR", tuple(lines), note=note)


def _mean(series: Sequence[Series]) -> tuple[list[int], NDArray[np.float64]]:
    """The values of several series at the updates that all of them have: shape (series, updates)."""
    shared = sorted(set.intersection(*(set(one.updates) for one in series)))
    rows = [[dict(zip(one.updates, one.values, strict=True))[u] for u in shared] for one in series]
    return shared, np.array(rows)


def _training_loss(study: Evidence) -> Figure | None:
    lines = []
    for arm, _, runs in _arms(study):
        finished = [run.loss for run in runs if run.outcome == "finished"]
        if not finished:
            continue
        updates, values = _mean(finished)
        if not updates:
            continue
        window = max(1, len(updates) // SMOOTHING)
        starts = np.arange(0, len(updates) - window + 1, max(1, window // 2))
        means = values.mean(axis=0)
        lines.append(
            Line(
                arm,
                [updates[s] + (window - 1) / 2 for s in starts],
                [float(means[s : s + window].mean()) for s in starts],
            )
        )
    note = f"Mean over {_units(study)}; a running mean over 1/{SMOOTHING} of the run."
    return Figure("Training loss", "update", "loss", tuple(lines), log_y=_positive(lines), note=note) if lines else None


def _positive(lines: Sequence[Line]) -> bool:
    """Whether a logarithmic axis can show them."""
    return all(v is not None and v > 0 for line in lines for v in (*line.y, *(line.low or ())))


def _metric(study: Evidence) -> Figure | None:
    lines = []
    for arm, _, runs in _arms(study):
        finished = [run.evals[study.metric] for run in runs if run.outcome == "finished"]
        if not finished:
            continue
        updates, values = _mean(finished)
        mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1) if len(values) > 1 else 0 * values[0]
        lines.append(Line(arm, updates, mean.tolist(), (mean - spread).tolist(), (mean + spread).tolist()))
    if not lines:
        return None
    note = f"Mean over {_units(study)}, with the standard deviation as a band."
    title, log_y = f"{study.metric} along the run", _positive(lines)
    return Figure(title, "update", study.metric, tuple(lines), log_y=log_y, note=note)


def _grid(study: Evidence) -> Table:
    lrs = sorted({run.lr for run in study.runs})
    rows = []
    for standing in study.comparison.standings:
        row: list[Cell] = [standing.arm]
        for lr in lrs:
            scores = [run.score for run in study.runs_of(standing.arm, lr)]
            row.append(float(np.mean(scores)) if np.isfinite(scores).all() else "diverged")
        rows.append(tuple(row))
    columns = ("strategy", *(f"LR × {lr:g}" for lr in lrs))
    note = "The mean on the very folds that it would be chosen by: too good for the best of a row, so not for ranking."
    return Table(columns, tuple(rows), note, f"{study.metric} at each LR")
