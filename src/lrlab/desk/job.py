"""The process of one comparison that goes on by itself: `python -m lrlab.desk.job FOLDER`; see `lrlab.desk.jobs`."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.desk.alone import ASKED, folder_of, living
from lrlab.desk.wanted import EVENTS, RESULT, Wanted, experiment_of, wanted_of
from lrlab.errors import LrlabError

if TYPE_CHECKING:
    from lrlab.desk.result import Result
    from lrlab.lab.stages.job import Job
    from lrlab.lab.stages.progress import Progress, Trained

POINTS = 80  # of the loss of a run, in an event


def main(folder: Path) -> int:
    """Train what is not stored yet and write down what happens; 0 where it came to its end."""
    events = Events(folder / EVENTS)
    with living(folder):
        try:
            wanted = wanted_of(folder)
            found = trained(wanted, folder.parent.parent, events.write)
            write_result(folder, found, wanted)
            events.write({"kind": "finished"})
        except KeyboardInterrupt:
            events.write({"kind": "stopped"})
            return 130
        except Exception as error:  # of the task, of the disk: whoever watches is told
            traceback.print_exc()
            events.write({"kind": "wrong", "error": str(error) if isinstance(error, LrlabError) else repr(error)})
            return 1
    return 0


class Events:
    """A file of lines, each written at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, row: dict[str, Any]) -> None:
        """Append one, whole."""
        line = json.dumps(row, allow_nan=False) + "\n"
        torn = self._path.exists() and self._path.read_bytes()[-1:] not in (b"", b"\n")
        with self._path.open("ab", buffering=0) as file:
            file.write((b"\n" if torn else b"") + line.encode())


def trained(wanted: Wanted, store: Path, tell: Callable[[dict[str, Any]], None]) -> Result:
    """Train, and tell of the beginning and of every run."""
    from lrlab.desk.experiment import Resources, run

    experiment = experiment_of(wanted)
    settings = experiment.settings
    tell(
        {
            "kind": "began",
            "title": experiment.title,
            "total": experiment.runs,
            "arms": [
                {"name": arm.name, "schedule": arm.text, "lr": _curve(arm.schedule, settings.updates)}
                for arm in experiment.arms
            ],
            "lrs": list(settings.lrs),
            "seeds": [experiment.first_seed + k for k in range(settings.seeds)],
            "folds": list(range(settings.folds)),
            "updates": settings.updates,
            "tree": _tree(experiment.jobs(Resources())),
        }
    )

    def moved(progress: Progress) -> None:
        tell(run_event(progress))

    def failed(what: str, cause: str) -> None:
        tell({"kind": "failed", "run": what, "cause": cause.partition("\n")[0][:300]})

    def ended(stage: Trained) -> None:
        tell(stage_event(stage))

    def widened(jobs: Sequence[Job]) -> None:
        tell({"kind": "widened", "lrs": sorted({job.lr for job in jobs}), "tree": _tree(jobs)})

    return run(
        experiment,
        store,
        Resources(wanted.workers),
        on_progress=moved,
        on_failed=failed,
        on_stage=ended,
        on_widened=widened,
    )


def _curve(schedule: Schedule, updates: int) -> list[list[float]]:
    """The multiple of the LR in a few points, between which straight lines are true."""
    from lrlab.desk.compose import drawn

    curve = drawn(schedule, Horizon(updates=updates))
    return [[int(x), float(f"{y:.6g}")] for x, y in zip(curve.x, curve.y, strict=True)]


def _tree(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """What the runs of one seed and fold have in common, before anything is trained: the stages of their tree."""
    from lrlab.lab.arms.controls import ControlTrace
    from lrlab.lab.arms.tree import tree

    those = [job for job in jobs if (job.seed, job.fold) == (jobs[0].seed, jobs[0].fold)]
    nodes = tree([ControlTrace(job.regime, job.updates) for job in those], those[0].updates)
    runs = [[job.arm.name, job.lr] for job in those]
    return [{"begin": node.start, "stop": node.stop, "runs": [runs[k] for k in node.arms]} for node in nodes]


def stage_event(stage: Trained) -> dict[str, Any]:
    """A stage that was trained, once for all runs that it belongs to."""
    first = stage.jobs[0]
    runs = [[job.arm.name, job.lr] for job in stage.jobs]
    place = {"seed": first.seed, "fold": first.fold}
    return {"kind": "stage", "runs": runs, **place, "begin": stage.begin, "stop": stage.stop}


def run_event(progress: Progress) -> dict[str, Any]:
    """A run that is there, with its loss in a few points."""
    run = progress.run
    at = range(0, len(run.loss.updates), max(1, len(run.loss.updates) // POINTS))
    values = [(run.loss.updates[k], _finite(run.loss.values[k])) for k in at]
    return {
        "kind": "run",
        "done": progress.done,
        "total": progress.total,
        "left": progress.seconds_left,
        "key": run.key,
        "arm": run.arm,
        "lr": run.lr,
        "seed": run.seed,
        "fold": run.fold,
        "score": _finite(run.score),
        "outcome": run.outcome,
        "reused": progress.reused,
        "loss": [[u, v] for u, v in values],
    }


def write_result(folder: Path, found: Result, wanted: Wanted) -> None:
    """The report as plain values, put in its place at once."""
    from lrlab.views.comparison import difference
    from lrlab.views.plain import plain, plain_report

    report = plain_report(found.report(f"lrlab studio, comparison {folder.name}"))
    beside = difference(found.evidence, wanted.baseline)
    if beside is not None:
        report["sections"].insert(
            next(k for k, s in enumerate(report["sections"]) if s["kind"] == "figure"), plain(beside)
        )
    report["baseline"] = wanted.baseline
    half = folder / f".{RESULT}"
    half.write_text(json.dumps(report, allow_nan=False), encoding="utf-8")
    os.replace(half, folder / RESULT)


def _finite(value: float) -> float | None:
    return float(f"{value:.6g}") if abs(value) < float("inf") else None


if __name__ == "__main__":
    place = folder_of(sys.argv)
    assert (place / ASKED).is_file()
    sys.exit(main(place))
