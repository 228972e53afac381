"""One function per verb: what a command, a notebook or the studio asks for, answered as plain records.

The only place where the lab, the analysis and the views meet; it computes nothing itself.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrlab import __version__
from lrlab.core.codec import record
from lrlab.core.schedule import Schedule
from lrlab.core.text import parse
from lrlab.core.units import Horizon
from lrlab.core.vocabulary import VOCABULARY, formula, sentence, signature
from lrlab.errors import LrlabError, missing

if TYPE_CHECKING:
    from lrlab.analysis.study import Study
    from lrlab.lab.arms import Arm
    from lrlab.lab.runner import Progress
    from lrlab.lab.task import Settings, Task
    from lrlab.views.model import Figure, Report, Table

VERSION = 1
POINTS = 1000  # of a curve in a record


# -- looking at one schedule ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """One schedule over a horizon: what it does, what looks unintended, and its picture."""

    schedule: Schedule
    horizon: Horizon
    words: str
    findings: tuple[Any, ...]
    figure: Figure
    record: dict[str, Any]


def show(text: str, horizon: int | Horizon, base_lr: float | None = None) -> Preview:
    """Preview a schedule over a run; with `base_lr` in absolute LRs."""
    import numpy as np

    from lrlab.views.model import Figure, Line

    schedule = parse(text)
    curve = schedule.over(horizon)
    values = curve.values() if base_lr is None else curve.lr(base_lr)
    n = len(values)
    starts = [phase.start for phase in curve.phases if phase.start < n]
    at = np.unique(np.concatenate([np.linspace(0, n - 1, min(n, POINTS), dtype=int), starts])).tolist()
    words, findings = schedule.describe(curve.horizon), schedule.lint(curve.horizon)
    label = "multiple of the base LR" if base_lr is None else "learning rate"
    plain = {
        "version": VERSION,
        "schedule": str(schedule),
        "document": record(schedule),
        "fingerprint": schedule.fingerprint(),
        "horizon": curve.horizon.record(),
        "base_lr": base_lr,
        "phases": [{"schedule": str(p.schedule), "start": p.start, "stop": p.stop} for p in curve.phases],
        "first": float(values[0]),
        "peak": float(values.max()),
        "lowest": float(values.min()),
        "last": float(values[-1]),
        "area": float(values.mean()),
        "points": [[i, float(values[i])] for i in at],
        "description": words,
        "findings": [{"code": f.code, "message": f.message, "hint": f.hint, "update": f.update} for f in findings],
    }
    figure = Figure(str(schedule), "update", label, (Line("schedule", list(range(n)), values.tolist()),))
    return Preview(schedule, curve.horizon, words, findings, figure, plain)


@dataclass(frozen=True)
class Word:
    """One word of the vocabulary: how it is called, its formula and what it is, in a sentence."""

    name: str
    signature: str
    formula: str
    sentence: str


def words() -> tuple[Word, ...]:
    """Every word of the vocabulary, in the order of the alphabet."""
    return tuple(Word(name, signature(name), formula(name), sentence(name)) for name in sorted(VOCABULARY))


# -- comparing strategies -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contest:
    """A comparison that is about to run: its task, its arms and how much is trained."""

    task: Task
    arms: tuple[Arm, ...]
    settings: Settings
    first_seed: int = 0

    @property
    def runs(self) -> int:
        """How many runs it has."""
        s = self.settings
        return len(self.arms) * len(s.lrs) * s.seeds * s.folds


def contest(
    task: str,
    *,
    quick: bool = False,
    schedules: Mapping[str, str] | None = None,
    first_seed: int = 0,
    **changes: Any,
) -> Contest:
    """Set up a comparison on a built-in task or `path/to/file.py:name`.

    `schedules` are strategies of the user's own, by name, instead of the default ones; `changes` are settings that
    differ from the task's own (updates, folds, seeds, lrs, evals; None: as the task says).
    """
    import dataclasses

    try:
        import numpy  # noqa: F401
        import scipy  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing(error.name or "scipy", "lab", "lrlab compare") from None
    from lrlab.lab.arms import Arm, default_arms
    from lrlab.lab.task import load_task

    found = load_task(task)
    settings = dataclasses.replace(
        found.quick if quick else found.settings, **{k: v for k, v in changes.items() if v is not None}
    )
    arms = tuple(Arm(name, parse(text)) for name, text in (schedules or {}).items()) or default_arms(found.mode)
    if len(arms) < 2:
        raise LrlabError(f"one strategy alone cannot be compared: {arms[0].name}")
    return Contest(found, arms, settings, first_seed)


@dataclass(frozen=True)
class Outcome:
    """A finished comparison: the study, and what it took."""

    study: Study
    reused: int
    seconds: float
    store: Path

    def record(self) -> dict[str, Any]:
        """The outcome as plain JSON values."""
        return {
            **self.study.record(),
            "reused": self.reused,
            "seconds": round(self.seconds, 2),
            "store": str(self.store),
        }

    def table(self, *, wide: bool) -> Table:
        """The strategies, best first."""
        from lrlab.views.study import ranking

        return ranking(self.study, wide=wide)

    def lead(self) -> str:
        """The answer in a sentence or two."""
        from lrlab.views.study import lead

        return lead(self.study)

    def report(self, command: str) -> Report:
        """The page."""
        from lrlab.views.study import report

        run = self.study.runs[0]
        seeds = sorted({r.seed for r in self.study.runs})
        facts = {
            "Command": command,
            "Runs": f"{len(self.study.runs)}, of which {self.reused} were stored before",
            "Each run": f"{run.updates} updates",
            "Seeds": ", ".join(map(str, seeds)),
            "Folds": str(len({r.fold for r in self.study.runs})),
            "Took": f"{self.seconds:.0f} s on {platform.machine()}, {platform.system()}",
            "Store": str(self.store),
            "Made with": ", ".join(
                [f"lrlab {__version__}", *(f"{name} {v}" for name, v in run.versions.items() if name != "record")]
            ),
            "Made on": time.strftime("%Y-%m-%d %H:%M"),
        }
        return report(self.study, facts)


def compare(
    given: Contest,
    store: str | Path,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress], object] = lambda progress: None,
) -> Outcome:
    """Train what is not stored yet, and judge. Interrupted, the same call goes on from where it was."""
    from lrlab.analysis.study import study_of
    from lrlab.lab.runner import plan, run_jobs
    from lrlab.record.store import Store

    began = time.monotonic()
    reused: list[bool] = []

    def seen(progress: Progress) -> None:
        reused.append(progress.reused)
        on_progress(progress)

    jobs: Sequence[Any] = plan(given.arms, given.settings, first_seed=given.first_seed)
    runs = run_jobs(given.task, jobs, Store(store), workers=workers, on_progress=seen)
    study = study_of(runs, {arm.name: arm.schedule for arm in given.arms}, given.task.mode)
    return Outcome(study, sum(reused), time.monotonic() - began, Path(store))
