"""Comparisons that go on by themselves: each in a process and a folder of its own, which outlive whoever began them.

    STORE/studio/ID/asked.json      what is compared; the rest of the folder is that of `lrlab.desk.alone`
    STORE/studio/ID/events.jsonl    what happened, a line each, appended
    STORE/studio/ID/result.json     the answer, once it is there

Its runs are kept in STORE, as those of `lrlab compare`: a comparison that was stopped goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lrlab.desk import alone
from lrlab.desk.alone import ASKED, STOP
from lrlab.desk.wanted import EVENTS, RESULT, Wanted, experiment_of, wanted_of
from lrlab.errors import LrlabError, worded

FOLDER, MODULE = "studio", "lrlab.desk.job"
PIECE = 262_144  # bytes of events that are read at once

Status = Literal["running", "stopped", "finished", "failed"]


@dataclass(frozen=True)
class Job:
    """A comparison and how it stands."""

    name: str
    task: str
    title: str
    status: Status
    done: int
    total: int
    began: float
    said: str


def begin(store: str | Path, wanted: Wanted) -> str:
    """Start a comparison in a process of its own; its name. Raises `LrlabError` for what could not be compared."""
    check(wanted)
    folder = alone.made(_root(store), "comparison", json.dumps(asdict(wanted)))
    alone.launch(MODULE, folder)
    return folder.name


def check(wanted: Wanted) -> None:
    """Say now what would stop it. Raises `LrlabError`, also for an optimizer that would have to be imported."""
    from lrlab.desk.experiment import Resources
    from lrlab.lab.arms.text import apart

    for text in wanted.schedules.values():
        if "(" in (call := apart(text).optimizer or ""):
            what = "text that is typed here names no code: an optimizer only as built-in tasks know it"
            raise LrlabError(worded(what, call, "sgd, momentum, adam, adamw, ...", "lrlab compare --arm NAME=EXPR"))
    experiment_of(wanted).jobs(Resources())


def stop(store: str | Path, name: str) -> None:
    """Ask a comparison to stop; what is finished is kept."""
    (place(store, name) / STOP).touch()


def go_on(store: str | Path, name: str) -> None:
    """Start a comparison again that has stopped; one that is running stays as it is."""
    folder = place(store, name)
    if not alone.is_alive(folder):
        alone.launch(MODULE, folder)


def place(store: str | Path, name: str) -> Path:
    """The folder of a comparison. Raises `LrlabError` where there is none, or it is a link to elsewhere."""
    return alone.place(_root(store), name, "comparison")


def listing(store: str | Path) -> tuple[Job, ...]:
    """Every comparison of a store, the latest first."""
    found = []
    for name in alone.names(_root(store)):
        try:
            found.append(job(store, name))
        except (LrlabError, OSError, ValueError):
            continue
    return tuple(sorted(found, key=lambda each: -each.began))


def job(store: str | Path, name: str) -> Job:
    """How one comparison stands."""
    folder = place(store, name)
    asked = wanted_of(folder)
    events = list(_events(folder))
    runs = [row for row in events if row["kind"] == "run"]
    first = next((row for row in events if row["kind"] == "began"), {})
    last = events[-1]["kind"] if events else ""
    said = events[-1].get("error", "") if events else ""
    if (folder / RESULT).is_file() and last == "finished":  # also while its process comes to its end
        status: Status = "finished"
    elif alone.is_alive(folder):
        status = "running"
    else:
        status = "failed" if last == "wrong" else "stopped"
    total = int((runs or [first])[-1].get("total", first.get("total", 0)))  # more where LRs were widened
    done = len({(r["arm"], r["lr"], r["seed"], r["fold"]) for r in runs})
    title = str(first.get("title", f"a comparison on {asked.task}"))
    return Job(name, asked.task, title, status, done, total, (folder / ASKED).stat().st_mtime, said)


def result(store: str | Path, name: str) -> dict[str, Any] | None:
    """The report of a finished comparison, as plain values; None as long as there is none."""
    found = place(store, name) / RESULT
    return json.loads(found.read_text(encoding="utf-8")) if found.is_file() else None


def read(path: Path, offset: int) -> list[tuple[int, dict[str, Any]]]:
    """The whole lines of a file from a byte on: each with the byte after it. What is torn is left out.

    The byte is where to go on, however often the reader is started again: no line twice, and none left out.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, offset))
            text = file.read(PIECE)
    except FileNotFoundError:
        return []
    found, at = [], offset
    for line in text.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        at += len(line)
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "kind" in row:
            found.append((at, row))
    return found


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    """Everything that has happened, piece by piece."""
    at = 0
    while found := read(folder / EVENTS, at):
        yield from (row for _, row in found)
        at = found[-1][0]


def _root(store: str | Path) -> Path:
    return Path(store).resolve() / FOLDER
