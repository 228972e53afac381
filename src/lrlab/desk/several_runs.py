"""Several stored runs: beside each other as a report, and written out for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lrlab.desk.runs import SHOWN, differences, positive
from lrlab.errors import LrlabError, worded
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series, StoredRun, plain
from lrlab.record.runs.store import Store
from lrlab.views.model import Figure, Line, Report, Table

LINES = 7  # runs in one picture
COLUMNS = ("key", "task", "arm", "schedule", "lr", "seed", "fold", "updates", "metric", "score", "outcome", "seconds")


def beside(store: str | Path, keys: Sequence[str]) -> Report:
    """Two to seven runs in one picture each of LR, loss and metrics, and all in which they differ."""
    if not 2 <= len(set(keys)) <= LINES:
        raise LrlabError(worded("a few runs stand beside each other", len(set(keys)), f"2 to {LINES}"))
    runs = found(store, keys)
    names = [f"{run.arm} × {run.lr:g}, seed {run.seed}, fold {run.fold} ({run.key[:SHOWN]})" for run in runs]
    lrs = [realised(run).tolist() for run in runs]
    lines = [Line(name, range(len(values)), values) for name, values in zip(names, lrs, strict=True)]
    drawn = [Figure("Learning rate", "update", "multiple of the task's own LR", tuple(lines))]
    if any(run.loss.updates for run in runs):
        drawn.append(_together("Training loss", "update", names, [run.loss for run in runs]))
    for metric in dict.fromkeys(metric for run in runs for metric in run.evals):
        drawn.append(_together(metric, "completed updates", names, [run.evals.get(metric, Series()) for run in runs]))
    fields = differences(runs)
    columns = ("", *(run.key[:SHOWN] for run in runs))
    table = Table(
        columns,
        tuple(
            (name, *(f"{v:.9g}" if isinstance(v, float) else str(v) for v in values)) for name, values in fields.items()
        ),
    )
    lead = f"They differ in {', '.join(fields)}." if fields else "They do not differ in anything that is stored."
    return Report(
        f"{len(runs)} runs beside each other", lead, (table, *drawn), {"Keys": ", ".join(r.key for r in runs)}
    )


def exported(store: str | Path, keys: Sequence[str], form: str, tags: Mapping[str, Sequence[str]]) -> str:
    """Runs as a table of CSV, one a row, or as JSON with everything that they recorded."""
    runs = found(store, keys)
    if form == "json":
        records = [{**plain(asdict(run)), "tags": list(tags.get(run.key, ()))} for run in runs]
        return json.dumps({"version": 1, "runs": records}) + "\n"
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow((*COLUMNS, "tags"))
    for run in runs:
        table.writerow((*(getattr(run, name) for name in COLUMNS), ", ".join(tags.get(run.key, ()))))
    return written.getvalue()


def found(store: str | Path, keys: Iterable[str]) -> list[StoredRun]:
    """The runs with these keys, in their order. Raises `LrlabError` for one that is not there."""
    wanted = list(dict.fromkeys(keys))
    known = Store(store).find(wanted)
    if missing := [key for key in wanted if key not in known]:
        raise LrlabError(worded("there are no such runs", missing[:3]))
    return [known[key] for key in wanted]


def _together(title: str, x: str, names: Sequence[str], series: Sequence[Series]) -> Figure:
    pairs = [(name, each) for name, each in zip(names, series, strict=True) if each.updates]
    lines = tuple(Line(name, each.updates, each.values) for name, each in pairs)
    return Figure(title, x, title.lower(), lines, log_y=all(positive(each) for _, each in pairs))
