"""A comparison as a table, figures and a report: pure records for every drawer."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.comparison.columns import COLUMNS, Judgement, Spread
from lrlab.analysis.comparison.evidence import Evidence
from lrlab.errors import printable
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series, StoredRun
from lrlab.views.model import Cell, Code, Figure, Interval, Line, Mark, Report, Table, Text, Tone

_TONES: dict[str, Tone] = {"best": "good", "worse": "bad", "diverged": "bad"}
SMOOTHING = 40  # the training loss is averaged over this part of the run


@dataclass(frozen=True)
class Told:
    """What a comparison cost: the runs stored before, the time, and sentences on what was trained, looked at,
    audited."""

    reused: int
    seconds: float
    trained: str
    looked: str
    audit: str


def ranking(evidence: Evidence, *, wide: bool = True) -> Table:
    """The strategies, best first: the columns of `lrlab.analysis.comparison.columns`; some only where it is `wide`."""
    shown = [column for column in COLUMNS if column.head is not None and (wide or not column.wide)]
    words = {"metric": evidence.metric, "better": evidence.better}
    heads = tuple(str(column.head).format_map(words) for column in shown)
    rows = (
        tuple(_cell((column.cell or column.value)(evidence, line)) for column in shown)
        for line in evidence.comparison.standings
    )
    several = len({run.lr for run in evidence.runs}) > 1
    judged = (
        f" Each {evidence.unit} is judged at the LRs that did well on the other {evidence.unit}s, weighted, so that a "
        "mean may lie between those of two LRs, or beyond both (lrlab runs list has each)."
    )
    note = (
        f"Mean over {_units(evidence)}{'.' + judged if several else ', all at one LR.'} "
        f"Intervals: {100 * evidence.comparison.level:g}%, paired, for all strategies together."
    )
    return Table(heads, tuple(rows), note)


def _cell(value: Any) -> Cell:
    """A value of a column as it is drawn."""
    if isinstance(value, Spread):
        return Interval(*value)
    if isinstance(value, Judgement):
        return Mark(value.words, _TONES.get(value.verdict, "quiet"))
    cell: Cell = value
    return cell


def _units(evidence: Evidence) -> str:
    folds, seeds = (len({getattr(run, name) for run in evidence.runs}) for name in ("fold", "seed"))
    parts = [f"{n} {word}s" if n > 1 else f"one {word}" for n, word in ((folds, "fold"), (seeds, "seed"))]
    return f"{parts[0]} and {parts[1]}"


def lead(evidence: Evidence) -> str:
    """The answer in a sentence or two."""
    comparison = evidence.comparison
    best, counts = comparison.standings[0], Counter(line.verdict for line in comparison.standings)
    if best.mean is None:
        return f"No strategy is best on {evidence.on}: each diverged somewhere."
    together = [arm for arm in comparison.together if arm != best.arm]
    leads = "leads" if together else "is best"
    said = f"{best.arm} {leads} on {evidence.on}: {evidence.metric} {best.mean:.3g}; {evidence.better} is better."
    if len(together) > 1 and len(together) == len(comparison.standings) - 1:
        return f"{said} None of the other {len(together)} can be told from it."
    if together:
        said += f" It cannot be told from {_listed(together)}."
    for verdict, words in (
        ("worse", "worse"),
        ("unstable", "worse at the LRs that it kept, not at one that it lost because runs diverged"),
        ("open", "worse so far, at an edge of the LRs that were tried"),
        ("diverged", "not judged, because a run diverged"),
    ):
        if count := counts[verdict]:  # type: ignore[index]
            said += f" {count} {'strategy is' if count == 1 else 'strategies are'} {words}."
    return said


def to_use(evidence: Evidence) -> str:
    """The best strategy as a line for a script; empty if there is none."""
    best = evidence.comparison.standings[0]
    if best.mean is None:
        return ""
    lr, note = evidence.lr_of(best.arm), evidence.notes.get(best.arm, "")
    line = f"Scheduler(optimizer, {str(evidence.schedules[best.arm])!r}, horizon={evidence.runs[0].updates})"
    return f"To use it: {line}, with {lr:g} times the task's own LR{f'; {note}' if note else ''}."


def code(evidence: Evidence) -> str:
    """The best strategy as lines of a PyTorch script, at the LR that was chosen for it; empty if there is none."""
    best = evidence.comparison.standings[0]
    if best.mean is None:
        return ""
    lr, note = evidence.lr_of(best.arm), evidence.notes.get(best.arm, "")
    said = printable(f"{best.arm}, at {lr:g} times the LR that the task sets{f'; {note}' if note else ''}", lines=False)
    schedule, horizon = str(evidence.schedules[best.arm]), evidence.runs[0].updates
    scaled = [] if lr == 1 else ["for group in optimizer.param_groups:", f'    group["lr"] *= {lr:g}']
    return "\n".join(
        [
            "from lrlab.adapters.torch import Scheduler",
            "",
            f"# {said}",
            *scaled,
            f"scheduler = Scheduler(optimizer, {schedule!r}, horizon={horizon})",
            "...",
            "optimizer.step(), scheduler.step()",
        ]
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def sentences(evidence: Evidence, told: Told, page: str) -> tuple[str, ...]:
    """What is said below the table; `page` is where the report was written."""
    kept = f", {told.reused} of them from before" if told.reused else ""
    looked = (f"{told.looked}\n",) if told.looked else ()
    took = f"{len(evidence.runs)} runs{kept}, {told.seconds:.0f} s. Report: {page}"
    twice = "every run alone" in told.trained and told.audit.startswith("no run came out of a fork")
    more = (f"{said}." for said in (told.trained, "" if twice else told.audit) if said)
    return (*filter(None, (lead(evidence), to_use(evidence))), f"{evidence.advice}\n", *looked, took, *more)


def facts(evidence: Evidence, told: Told, version: str) -> dict[str, str]:
    """What is needed to repeat it: the runs, their cost, and the versions."""
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


def figures(evidence: Evidence) -> tuple[Figure, ...]:
    """The LR, the training loss and the metric along the run, as far as finished runs have recorded them."""
    drawn = (learning_rates(evidence), _training_loss(evidence), _metric(evidence))
    return tuple(figure for figure in drawn if figure is not None)


def difference(evidence: Evidence, baseline: str | None = None) -> Figure | None:
    """How far the metric of each arm is from that of the baseline along the run, in pairs of one seed and fold.

    With the standard error of the mean difference as a band; None where nothing can be paired. Without a name the
    baseline is the worst arm that finished.
    """
    arms = {arm: {(r.seed, r.fold): r for r in runs if r.outcome == "finished"} for arm, _, runs in _arms(evidence)}
    name = baseline if baseline in arms else next((arm for arm in reversed(arms) if arms[arm]), None)
    if name is None:
        return None
    base, lines = arms[name], []
    for arm, runs in arms.items():
        pairs = [
            (runs[unit].evals[evidence.metric], base[unit].evals[evidence.metric]) for unit in runs if unit in base
        ]
        if arm == name or not pairs:
            continue
        updates, mine = _mean([own for own, _ in pairs])
        at, other = _mean([theirs for _, theirs in pairs])
        if updates != at or not updates:
            continue
        gap = mine - other
        mean = gap.mean(axis=0)
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else 0 * mean
        lines.append(Line(arm, updates, mean.tolist(), (mean - error).tolist(), (mean + error).tolist()))
    if not lines:
        return None
    note = f"In pairs of one seed and fold; {evidence.better} is better. The band is the standard error of the mean."
    title = f"{evidence.metric}: difference to {name}"
    return Figure(title, "update", f"{evidence.metric} minus that of {name}", tuple(lines), note=note)


def report(evidence: Evidence, facts: Mapping[str, str]) -> Report:
    """The whole page."""
    table = ranking(evidence)
    return Report(
        title=f"Learning-rate strategies on {evidence.on}",
        lead=lead(evidence),
        sections=(
            dataclasses.replace(table, note=f"{table.note} A dot is one {evidence.unit}."),
            *([Code(code(evidence), "Use this")] if code(evidence) else []),
            Text(f"{evidence.advice}\n\n{evidence.comparison.method}", "How sure is this?"),
            *figures(evidence),
            *([shown] if (shown := profiles(evidence)) else []),
            grid(evidence),
            *([tuned] if (tuned := effort(evidence)) else []),
        ),
        facts=facts,
    )


def _arms(evidence: Evidence) -> Iterable[tuple[str, float, tuple[StoredRun, ...]]]:
    """Every arm, best first, with the LR chosen most often, and its runs."""
    for standing in evidence.comparison.standings:
        lr = evidence.lr_of(standing.arm)
        yield standing.arm, lr, evidence.runs_of(standing.arm, lr)


def learning_rates(evidence: Evidence) -> Figure:
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


def profiles(evidence: Evidence) -> Figure | None:
    """The metric of each strategy over the LR, without the LRs at which it diverged."""
    lines = []
    for standing in evidence.comparison.standings:
        points = [(point.lr, point.mean) for point in standing.profile if point.mean is not None]
        if len(points) > 1:
            lines.append(Line(standing.arm, [lr for lr, _ in points], [mean for _, mean in points]))
    if not lines:
        return None
    note = f"Mean over {_units(evidence)}; 1 is the task's own LR. Without LRs at which a run diverged."
    name, log_y = f"{evidence.metric} over the LR", _positive(lines)
    return Figure(name, "LR multiple", evidence.metric, tuple(lines), log_y, log_x=True, note=note)


def grid(evidence: Evidence) -> Table:
    """The LR profile of each strategy: its mean at every LR that it was tried at, the best one marked."""
    lrs = sorted({run.lr for run in evidence.runs})
    rows = []
    for standing in evidence.comparison.standings:
        means = {point.lr: point.mean for point in standing.profile}
        whole = [mean for mean in means.values() if mean is not None]
        best = (min if evidence.mode == "min" else max)(whole, default=None)
        cells: list[Cell] = [standing.arm]
        for lr in lrs:
            mean = means.get(lr)
            told: Cell = "" if lr not in means else "diverged" if mean is None else mean
            cells.append(Mark(f"{mean:.4g} *", "good") if mean is not None and mean == best else told)
        rows.append(tuple(cells))
    columns = ("strategy", *(f"LR × {lr:g}" for lr in lrs))
    note = (
        "*: the best of a row, on the very folds that it would be chosen by, so too good for ranking. Empty: not tried."
    )
    return Table(columns, tuple(rows), note, f"{evidence.metric} at each LR")


def effort(evidence: Evidence) -> Table | None:
    """What each strategy comes to after so many LRs were tried, and when it is at the target; None with neither."""
    standings, target = evidence.comparison.standings, evidence.target
    tried = [point.tried for point in standings[0].tuning]
    if len(tried) < 2 and target is None:
        return None
    rows = []
    for standing in standings:
        cells: list[Cell] = [standing.arm]
        cells += ["may diverge" if point.mean is None else point.mean for point in standing.tuning]
        if (found := evidence.reached(standing)) is not None:
            missed = f", {found.missed} of {found.runs} runs not" if found.missed else ""
            cells.append(f"{'not reached' if found.updates is None else f'update {found.updates}'}{missed}")
        rows.append(tuple(cells))
    columns = ["strategy", *(f"{count} LR{'s' if count > 1 else ''} tried" for count in tried)]
    note = "LRs are drawn from those that all strategies were tried at; the best is chosen on the other folds or seeds."
    if target is not None:
        columns.append(f"reaches {target:.3g}")
        note += (
            " The target is the median of the tuned warmup + linear; the update is the median of the runs at the LR "
            "that was chosen most often. A run that diverged does not reach it."
        )
    return Table(tuple(columns), tuple(rows), note, "What tuning is worth, and the time to target")
