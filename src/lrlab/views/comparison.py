"""A comparison as a table, figures and a report: pure records for every drawer."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.comparison.evidence import Evidence
from lrlab.analysis.comparison.statistics import Standing
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series, StoredRun
from lrlab.views.model import Cell, Figure, Interval, Line, Mark, Report, Table, Text, Tone

_TONES: dict[str, Tone] = {"best": "good", "not distinguishable": "quiet", "worse": "bad"}


@dataclass(frozen=True)
class Told:
    """What a comparison took: the runs stored before, the time, and in words what was trained, looked at, audited."""

    reused: int
    seconds: float
    trained: str
    looked: str
    audit: str


SMOOTHING = 40  # the training loss is averaged over this part of the run


def ranking(evidence: Evidence, *, wide: bool = True) -> Table:
    """The strategies, best first; `wide` with what each schedule is and the LRs that were chosen."""
    columns = ["", "strategy", f"{evidence.metric}", "spread", "behind the best", "verdict"]
    if wide:
        columns += ["LR", "schedule"]
    rows = []
    for standing in evidence.comparison.standings:
        row: list[Cell] = [
            standing.rank,
            standing.arm,
            evidence.value(standing.mean) if standing.mean is not None else "diverged",
            standing.sd,
            _behind(standing),
            Mark(standing.verdict, _TONES[standing.verdict]),
        ]
        if wide:
            chosen = sorted(set(standing.lrs))
            row += ["× " + ", ".join(f"{lr:g}" for lr in chosen), str(evidence.schedules[standing.arm])]
        rows.append(tuple(row))
    note = (
        f"Mean over {_units(evidence)}, each judged at an LR that was chosen on the others. Intervals: "
        f"{evidence.comparison.level:.0%}, paired, for all strategies together."
    )
    return Table(tuple(columns), tuple(rows), note)


def _behind(standing: Standing) -> Cell:
    if standing.difference is None:
        return None
    if standing.verdict == "best" or standing.low is None or standing.high is None:
        return Interval(standing.difference, standing.difference, standing.difference)
    return Interval(standing.low, standing.difference, standing.high)


def _units(evidence: Evidence) -> str:
    folds, seeds = (len({getattr(run, name) for run in evidence.runs}) for name in ("fold", "seed"))
    parts = [f"{n} {word}s" if n > 1 else f"one {word}" for n, word in ((folds, "fold"), (seeds, "seed"))]
    return f"{parts[0]} and {parts[1]}"


def lead(evidence: Evidence) -> str:
    """The answer in a sentence or two."""
    best = evidence.comparison.standings[0]
    score = evidence.value(best.mean)
    if score is None:
        return f"No strategy is best on {evidence.task}: each diverged somewhere."
    together = [arm for arm in evidence.comparison.together if arm != best.arm]
    worse = len(evidence.comparison.standings) - len(together) - 1
    said = f"{best.arm} is best on {evidence.task}: {evidence.metric} {score:.3g}."
    if len(together) > 1 and not worse:
        return f"{said} None of the other {len(together)} can be told from it."
    if together:
        said += f" It cannot be told from {_listed(together)}."
    if worse:
        said += f" {worse} {'strategy is' if worse == 1 else 'strategies are'} worse."
    return said


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def sentences(evidence: Evidence, told: Told, page: str) -> tuple[str, ...]:
    """What is said below the table; `page` is where the report was written."""
    kept = f", {told.reused} of them from before" if told.reused else ""
    looked = (f"{told.looked}\n",) if told.looked else ()
    took = f"{len(evidence.runs)} runs{kept}, {told.seconds:.0f} s. Report: {page}"
    more = (f"{said}." for said in (told.trained, told.audit) if said)
    return (lead(evidence), f"{evidence.comparison.advice}\n", *looked, took, *more)


def facts(evidence: Evidence, told: Told, version: str) -> dict[str, str]:
    """What lets somebody repeat it: the runs, what they took, and with what they were made."""
    run = evidence.runs[0]
    libraries = {"lrlab": version} | {name: v for name, v in run.versions.items() if name != "record"}
    return {
        "Runs": f"{len(evidence.runs)}, of which {told.reused} were stored before",
        "Each run": f"{run.updates} updates",
        "Seeds": ", ".join(map(str, sorted({r.seed for r in evidence.runs}))),
        "Folds": str(len({r.fold for r in evidence.runs})),
        "Took": f"{told.seconds:.0f} s on {platform.machine()}, {platform.system()}",
        "Trained": told.trained or "nothing: every run was stored before",
        "Looked at": told.looked or "once, at the end",
        "Made with": ", ".join(f"{name} {v}" for name, v in libraries.items()),
        "Made on": time.strftime("%Y-%m-%d %H:%M"),
    }


def report(evidence: Evidence, facts: Mapping[str, str]) -> Report:
    """The whole page; what no run has told, or where each diverged, is left out."""
    drawn = (figure for figure in (_training_loss(evidence), _metric(evidence)) if figure is not None)
    return Report(
        title=f"Learning-rate strategies on {evidence.task}",
        lead=lead(evidence),
        sections=(
            ranking(evidence),
            Text(f"{evidence.comparison.advice}\n\n{evidence.comparison.method}", "How sure is this?"),
            _learning_rates(evidence),
            *drawn,
            _grid(evidence),
        ),
        facts=facts,
    )


def _arms(evidence: Evidence) -> Iterable[tuple[str, float, tuple[StoredRun, ...]]]:
    """Every arm, best first, with the LR that was chosen most often and its runs."""
    for standing in evidence.comparison.standings:
        lr = evidence.lr_of(standing.arm)
        yield standing.arm, lr, evidence.runs_of(standing.arm, lr)


def _learning_rates(evidence: Evidence) -> Figure:
    lines = [Line(arm, list(range(runs[0].updates)), realised(runs[0]).tolist()) for arm, _, runs in _arms(evidence)]
    note = "As the first fold of the first seed used it, at the LR that was chosen most often."
    return Figure("Learning rate", "update", "multiple of the task's own LR", tuple(lines), note=note)


def _mean(series: Sequence[Series]) -> tuple[list[int], NDArray[np.float64]]:
    """The values of several series at the updates that all of them have: shape (series, updates)."""
    shared = sorted(set.intersection(*(set(one.updates) for one in series)))
    rows = [[dict(zip(one.updates, one.values, strict=True))[u] for u in shared] for one in series]
    return shared, np.array(rows)


def _training_loss(evidence: Evidence) -> Figure | None:
    lines = []
    for arm, _, runs in _arms(evidence):
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
    note = f"Mean over {_units(evidence)}; a running mean over 1/{SMOOTHING} of the run."
    return Figure("Training loss", "update", "loss", tuple(lines), log_y=_positive(lines), note=note) if lines else None


def _positive(lines: Sequence[Line]) -> bool:
    """Whether a logarithmic axis can show them."""
    return all(v is not None and v > 0 for line in lines for v in (*line.y, *(line.low or ())))


def _metric(evidence: Evidence) -> Figure | None:
    lines = []
    for arm, _, runs in _arms(evidence):
        finished = [run.evals[evidence.metric] for run in runs if run.outcome == "finished"]
        if not finished:
            continue
        updates, values = _mean(finished)
        mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1) if len(values) > 1 else 0 * values[0]
        lines.append(Line(arm, updates, mean.tolist(), (mean - spread).tolist(), (mean + spread).tolist()))
    if not lines:
        return None
    note = f"Mean over {_units(evidence)}, with the standard deviation as a band."
    title, log_y = f"{evidence.metric} along the run", _positive(lines)
    return Figure(title, "update", evidence.metric, tuple(lines), log_y=log_y, note=note)


def _grid(evidence: Evidence) -> Table:
    lrs = sorted({run.lr for run in evidence.runs})
    rows = []
    for standing in evidence.comparison.standings:
        row: list[Cell] = [standing.arm]
        for lr in lrs:
            scores = [run.score for run in evidence.runs_of(standing.arm, lr)]
            row.append(float(np.mean(scores)) if np.isfinite(scores).all() else "diverged")
        rows.append(tuple(row))
    columns = ("strategy", *(f"LR × {lr:g}" for lr in lrs))
    note = "The mean on the very folds that it would be chosen by: too good for the best of a row, so not for ranking."
    return Table(columns, tuple(rows), note, f"{evidence.metric} at each LR")
