"""Stored runs for the command line and the studio: listing, showing, comparing, pruning them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from lrlab.errors import LrlabError, worded
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series, StoredRun, plain
from lrlab.record.runs.states import States
from lrlab.record.runs.store import Store
from lrlab.record.runs.strategies import told_apart
from lrlab.record.schema import UNBOUNDED
from lrlab.views.model import Cell, Figure, Line, Report, Table

VERSION = 1
SHOWN = 8  # characters of a key in a table


class ShortRun(TypedDict):
    """A stored run; `lr` is a multiple of the task's own, `score` the last value of the metric."""

    key: str
    task: str
    arm: str
    lr: float
    seed: int
    fold: int
    updates: int
    metric: str
    score: Annotated[float, UNBOUNDED]
    outcome: Literal["finished", "diverged"]


class StatesRecord(TypedDict):
    """The saved states of training: how many, and their size."""

    count: int
    bytes: int


class ListingDocument(TypedDict):
    """The runs of a store."""

    version: Literal[1]
    runs: list[ShortRun]
    states: StatesRecord


class RunDocument(TypedDict):
    """One run, with everything that it recorded."""

    version: Literal[1]
    run: Annotated[StoredRun, UNBOUNDED]


class DifferenceDocument(TypedDict):
    """How two runs differ, and the first update at which their LR and their loss do (None: nowhere)."""

    version: Literal[1]
    differ: list[str]
    first: dict[str, int | None]
    runs: list[ShortRun]


class PruningDocument(TypedDict):
    """The states and runs that were deleted, or, if `dry`, would be."""

    version: Literal[1]
    states: int
    runs: int
    bytes: int
    dry: bool


@dataclass(frozen=True)
class Answer:
    """What is shown in the terminal, and what --json writes."""

    tables: tuple[Table, ...]
    sentences: tuple[str, ...]
    record: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """The document of --json."""
        found: dict[str, Any] = plain({"version": VERSION, **self.record})
        return found


def listing(store: str | Path, task: str | None = None, *, each: bool = False) -> Answer:
    """The runs of a store: one row per strategy, LR and length, or one for `each` run."""
    found = Store(store).listing()
    runs = [run for run in found.runs if task in (None, run.task)]
    places = States(store).stored()
    size = sum(stat.size for stat in places.values())
    sentences = [f"{len(runs)} runs in {store}; {len(places)} states to go on from take {size / 2**20:.1f} MiB."]
    if not each and len({_cell(run) for run in runs}) < len(runs):
        sentences.append("Some rows hold several recipes (of code, configuration or versions); --each has every run.")
    sentences += [f"not read: {sentence.splitlines()[0]}" for sentence in found.skipped]
    record = {"runs": [_short(run) for run in runs], "states": {"count": len(places), "bytes": size}}
    return Answer((_each(runs) if each else _grouped(runs),) if runs else (), tuple(sentences), record)


def show(store: str | Path, key: str) -> Answer:
    """One run: its identity, what it reported, and what its controllers did."""
    run = _find(store, key)
    facts = {
        **_short(run),
        "schedule": run.schedule,
        "seconds": round(run.seconds, 3),
        "versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
        "fingerprint": run.fingerprint or "unknown",
    }
    tables = [Table(("", "value"), tuple((name, str(value)) for name, value in facts.items()))]
    reported = sorted({update for series in run.evals.values() for update in series.updates})
    rows = [(update, *(_at(series, update) for series in run.evals.values())) for update in reported]
    tables.append(Table(("after update", *run.evals), tuple(rows), title="Reports"))
    if run.decisions:
        columns = ("after update", "controller", "event", "from", "to", "cause")
        tables.append(Table(columns, tuple(tuple(asdict(d).values()) for d in run.decisions), title="Decisions"))
    return Answer(tuple(tables), (), {"run": asdict(run)})


def report(store: str | Path, key: str) -> Report:
    """One run as a page: its LR with what its controllers decided, its losses, and what it is."""
    run = _find(store, key)
    drawn = [Figure("Learning rate", "update", "multiple of the task's own LR", (_line(run, "LR"),))]
    if run.loss.updates:
        drawn.append(Figure("Training loss", "update", "loss", (_series("loss", run.loss),), log_y=positive(run.loss)))
    drawn += [
        Figure(name, "completed updates", name, (_series(name, series),), log_y=positive(series))
        for name, series in run.evals.items()
        if series.updates
    ]
    tables = [table for table in show(store, run.key).tables if table.title == "Decisions"]
    ended = f"{run.metric} {run.score:.4g}" if run.outcome == "finished" else "it diverged"
    where = f"{run.updates:,} updates at {run.lr:g} times the task's own LR, fold {run.fold}, seed {run.seed}"
    facts = {
        "Key": run.key,
        "Took": f"{run.seconds:.3g} s alone",
        "Versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
        "Fingerprint": run.fingerprint or "unknown",
    }
    return Report(f"{run.arm} on {run.task}", f"{run.schedule}, {where}: {ended}.", (*drawn, *tables), facts)


def marks(store: str | Path, key: str) -> list[dict[str, Any]]:
    """What the controllers of a run decided, as places on its time line: the update, and what happened there.

    The update is the first one with the new factor; more than one decision may be at one.
    """
    decided = _find(store, key).decisions
    return [{"x": each.update, "text": f"{each.controller}: {each.event} ({each.cause})"} for each in decided]


def _line(run: StoredRun, name: str) -> Line:
    values = realised(run)
    return Line(name, range(len(values)), values.tolist())


def _series(name: str, series: Series) -> Line:
    return Line(name, series.updates, series.values)


def positive(series: Series) -> bool:
    """Whether a logarithmic axis shows it, and is needed."""
    finite = [v for v in series.values if math.isfinite(v)]
    return bool(finite) and min(finite) > 0 and max(finite) > 3 * min(finite)


def compared(store: str | Path, first: str, second: str) -> Answer:
    """Where two runs differ: in their configuration, their LRs, and their losses."""
    a, b = _find(store, first), _find(store, second)
    fields = differences((a, b))
    rows: list[tuple[Cell, ...]] = [(name, *(str(value) for value in values)) for name, values in fields.items()]
    rows.append((a.metric, f"{a.score:.6g}", f"{b.score:.6g}"))
    parts = {"lr": _first_difference(realised(a).tolist(), realised(b).tolist()), "loss": _parting(a.loss, b.loss)}
    sentences = [
        f"Their {name} is the same throughout." if at is None else f"Their {name} first differs in update {at}."
        for name, at in parts.items()
    ]
    if a.fingerprint and b.fingerprint:
        sentences.append(f"What they have trained is {'the same' if a.fingerprint == b.fingerprint else 'different'}.")
    table = Table(("", a.key[:SHOWN], b.key[:SHOWN]), tuple(rows))
    return Answer((table,), tuple(sentences), {"differ": list(fields), "first": parts, "runs": [_short(a), _short(b)]})


def differences(runs: Sequence[StoredRun]) -> dict[str, tuple[Any, ...]]:
    """In what some runs differ: the value of each, by the name of the field."""
    told = [{**_short(run), "schedule": run.schedule, "averaging": run.averaging, **run.versions} for run in runs]
    names = dict.fromkeys(name for each in told for name in each if name not in ("key", "score"))
    columns = {name: tuple(each.get(name) for each in told) for name in names}
    return {name: values for name, values in columns.items() if any(value != values[0] for value in values)}


def pruned(store: str | Path, *, days: float | None = None, dry: bool = False) -> Answer:
    """Delete all saved states, and with `days` the runs that were stored longer ago; `dry`: only say what would go."""
    kept, states = Store(store), States(store)
    places = states.stored()
    before = float("-inf") if days is None else time.time() - 86400 * days
    old = {name: stat for name, stat in kept.files().items() if stat.modified < before}
    freed = sum(stat.size for stat in (*places.values(), *old.values()))
    if not dry:
        states.clear()
        for name in old:
            kept.forget(name)
    said = "would be forgotten" if dry else "forgotten"
    sentence = f"{len(places)} states and {len(old)} runs {said}: {freed / 2**20:.1f} MiB."
    return Answer((), (sentence,), {"states": len(places), "runs": len(old), "bytes": freed, "dry": dry})


def _short(run: StoredRun) -> dict[str, Any]:
    names = ("key", "task", "arm", "lr", "seed", "fold", "updates", "metric", "score", "outcome")
    return {name: getattr(run, name) for name in names}


def _cell(run: StoredRun) -> tuple[object, ...]:
    """One recipe has one run with all of these."""
    return run.task, run.arm, run.lr, run.updates, run.seed, run.fold


def _grouped(runs: Sequence[StoredRun]) -> Table:
    groups: dict[tuple[str, str, float, int], list[StoredRun]] = {}
    for run in told_apart(runs):
        groups.setdefault((run.task, run.arm, run.lr, run.updates), []).append(run)
    rows = [
        (*name, len(those), those[0].metric, statistics.fmean(r.score for r in those), sum(r.seconds for r in those))
        for name, those in sorted(groups.items())
    ]
    return Table(("task", "strategy", "LR ×", "updates", "runs", "metric", "mean", "seconds alone"), tuple(rows))


def _each(runs: Sequence[StoredRun]) -> Table:
    rows = [
        (r.key[:SHOWN], r.task, r.arm, r.lr, r.seed, r.fold, r.updates, r.score, r.outcome)
        for r in sorted(runs, key=lambda r: (r.task, r.seed, r.fold, r.lr, r.arm))
    ]
    return Table(("key", "task", "strategy", "LR ×", "seed", "fold", "updates", "score", "outcome"), tuple(rows))


def _find(store: str | Path, key: str) -> StoredRun:
    """The run whose key begins like this. Raises `LrlabError` if there is none, or several."""
    found = [run for run in Store(store).listing().runs if run.key.startswith(key)]
    if len(found) != 1:
        raise LrlabError(
            worded(
                f"{len(found)} runs have a key that begins like this",
                key,
                "the beginning of one key",
                f"lrlab runs list --each --store {store}",
            )
        )
    return found[0]


def _at(series: Series, update: int) -> Cell:
    return dict(zip(series.updates, series.values, strict=True)).get(update)


def _first_difference(a: Iterable[Any], b: Iterable[Any]) -> int | None:
    """The first place at which two columns differ; if one is longer, the first place beyond the other."""
    return next((k for k, (x, y) in enumerate(zip_longest(a, b)) if x != y), None)


def _parting(a: Series, b: Series) -> int | None:
    """The first update at which one has another value, or no value."""
    at = _first_difference(*(zip(one.updates, one.values, strict=True) for one in (a, b)))
    return None if at is None else max(a.updates[at : at + 1] + b.updates[at : at + 1])
