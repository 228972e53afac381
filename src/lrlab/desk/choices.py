"""Choices that go on by themselves: range tests, and whole choices within a budget, each in a process of its own.

    STORE/studio/choices/ID/asked.json       what is asked for; the rest of the folder is that of `lrlab.desk.alone`
    STORE/studio/choices/ID/progress.json    its parts, and how far each has come
    STORE/studio/choices/ID/result.json      the answer, or what went wrong

Its runs are kept in STORE: the same choice a second time trains nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from lrlab.desk import alone
from lrlab.desk.alone import ASKED, STOP
from lrlab.desk.wanted import RESULT
from lrlab.errors import LrlabError, MissingExtra
from lrlab.views.progress import hearing

FOLDER, MODULE = ("studio", "choices"), "lrlab.desk.choices"
PROGRESS = "progress.json"


@dataclass(frozen=True)
class Choice:
    """What is asked for: the LRs that suit a task (find), or a schedule with its LR (auto).

    `updates` are those of a run, the task's own by default; `budget` is in runs, or in minutes ("30min"); `answers` are
    those to the questions of the advice.
    """

    kind: Literal["find", "auto"]
    task: str
    updates: int | None = None
    budget: float | str | None = None
    framework: str = "torch"
    answers: Mapping[str, str] = field(default_factory=dict)


def begin(store: str | Path, choice: Choice) -> str:
    """Start one; its name."""
    folder = alone.made(_root(store), "choice", json.dumps(asdict(choice)))
    alone.launch(MODULE, folder)
    return folder.name


def stop(store: str | Path, name: str) -> None:
    """Ask it to stop; runs that are finished are kept."""
    (_place(store, name) / STOP).touch()


def go_on(store: str | Path, name: str) -> None:
    """Start one again that has stopped or failed; one that is running, finished or refused stays as it is."""
    if standing(store, name)["status"] in ("stopped", "failed"):
        folder = _place(store, name)
        (folder / RESULT).unlink(missing_ok=True)
        alone.launch(MODULE, folder)


def standing(store: str | Path, name: str) -> dict[str, Any]:
    """How one stands, how far it has come, and what came of it.

    It is "running", "finished", "stopped", "failed" (by the task, the disk: it may go on), or "refused": what was asked
    for is not possible, and would not be a second time.
    """
    folder = _place(store, name)
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    found: dict[str, Any] = {"name": name, "kind": asked["kind"], "task": asked["task"]}
    found["parts"] = _read(folder / PROGRESS) or []
    answer = _read(folder / RESULT)
    if answer is not None:
        return {**found, "status": "finished", **answer}
    return {**found, "status": "running" if alone.is_alive(folder) else "stopped"}


def listing(store: str | Path) -> list[dict[str, Any]]:
    """All of a store, the latest first: name, kind, task and status."""
    root = _root(store)
    found = []
    for name in sorted(alone.names(root), key=lambda each: -(root / each).stat().st_ctime):
        try:
            told = standing(store, name)
        except (LrlabError, OSError, ValueError, KeyError):
            continue
        found.append({key: told[key] for key in ("name", "kind", "task", "status")})
    return found


def answered(choice: Choice, store: Path) -> dict[str, Any]:
    """The answer: a report with the schedule, its LR and the updates of a run; or its status, and what went wrong."""
    from lrlab.desk.auto import auto
    from lrlab.desk.find import find
    from lrlab.lab.stages.engine import TaskError
    from lrlab.views.plain import plain_report

    try:
        if choice.kind == "find":
            assert not isinstance(choice.budget, str)
            found = find(choice.task, horizon=choice.updates, budget=choice.budget, store=store)
            told = {"schedule": found.schedule, "lr": found.lr, "updates": found.policy.updates}
            return {"report": plain_report(found.report()), **told}
        assert choice.budget is not None
        chosen = auto(
            choice.task,
            budget=choice.budget,
            horizon=choice.updates,
            framework=choice.framework,
            questions=choice.answers,
            store=store,
        )
        told = {"schedule": chosen.schedule, "lr": chosen.lr, "updates": chosen.updates}
        return {"report": plain_report(chosen.report()), **told}
    except LrlabError as error:
        mendable = isinstance(error, TaskError | MissingExtra) or isinstance(error.__cause__, OSError)
        return {"status": "failed" if mendable else "refused", "said": str(error)}
    except Exception as error:  # of the task, of the disk: whoever watches is told
        return {"status": "failed", "said": repr(error)}


class Parts:
    """The parts of a choice, written down whenever one of them has come further."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts: list[dict[str, Any]] = []

    def __call__(self, text: str, done: int, total: int, left: float | None) -> None:
        """The part of this text has come so far; a part begins with 0."""
        if not done:
            self._parts.append({})
        self._parts[-1] = {"text": text, "done": done, "total": total, "left": left}
        _write(self._path, self._parts)


def main(folder: Path) -> int:
    """Train, and put the answer in its place; 0 where there is one."""
    asked = Choice(**json.loads((folder / ASKED).read_text(encoding="utf-8")))
    with alone.living(folder):
        try:
            with hearing(Parts(folder / PROGRESS)):
                found = answered(asked, folder.parents[len(FOLDER)])
            _write(folder / RESULT, found)
        except KeyboardInterrupt:
            return 130
    return 1 if "said" in found else 0


def _root(store: str | Path) -> Path:
    return Path(store).resolve().joinpath(*FOLDER)


def _place(store: str | Path, name: str) -> Path:
    return alone.place(_root(store), name, "choice")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _write(path: Path, document: Any) -> None:
    """At once: whoever reads never sees half of it."""
    half = path.with_name(f".{path.name}")
    half.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
    os.replace(half, path)


if __name__ == "__main__":
    sys.exit(main(alone.folder_of(sys.argv)))
