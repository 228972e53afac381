"""A comparison of strategies: set up, trained, judged, shown."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, missing, worded
from lrlab.version import __version__

if TYPE_CHECKING:
    from lrlab.analysis.comparison.evidence import Evidence
    from lrlab.analysis.comparison.looks import Looks
    from lrlab.lab.arms.arms import Arm
    from lrlab.lab.stages.audit import Audit
    from lrlab.lab.stages.engine import Effort, Progress
    from lrlab.lab.stages.executor import Executor
    from lrlab.lab.stages.job import Job
    from lrlab.lab.task.declaration import Settings, Task
    from lrlab.record.runs.run import StoredRun
    from lrlab.views.model import Report, Table


@dataclass(frozen=True)
class Experiment:
    """A comparison that is about to run: its task, its arms and how much is trained."""

    task: Task
    arms: tuple[Arm, ...]
    settings: Settings
    first_seed: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        """What could not be judged once it is trained is said before."""
        if len(self.arms) < 2:
            raise LrlabError(worded("one strategy alone cannot be compared", self.arms[0].name, "two or more"))
        if self.settings.folds * self.settings.seeds < 2:
            pairs = "two folds or more, or one fold and two seeds or more"
            raise LrlabError(worded("one fold with one seed: nothing to pair", None, pairs, "folds=5, or seeds=8"))
        if self.threads < 1:
            raise LrlabError(worded("threads is the number of each process", self.threads, "1, 2, ..."))

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Its trainings."""
        from lrlab.lab.stages.job import jobs_of

        how = {"config": self.config, "threads": self.threads, "device": self.device}
        return jobs_of(self.arms, self.settings, first_seed=self.first_seed, **how)  # type: ignore[arg-type]

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
    arms: str | None = None,
    config: Mapping[str, Any] | None = None,
    first_seed: int = 0,
    **changes: Any,
) -> Experiment:
    """Set up a comparison on a built-in task or `path/to/file.py:name`.

    `schedules` are strategies of the user's own, by name, instead of the default ones, or beside those of the set
    `arms` (see `lrlab.lab.arms.arms.arms_named`); `config` is what the task finds in `run.config`; `changes` are
    settings that differ from the task's own (updates, folds, seeds, lrs, evals; None: as the task says).
    """
    try:
        import numpy  # noqa: F401
        import scipy  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing(error.name or "scipy", "lab", "lrlab compare") from None
    from lrlab.lab.arms.arms import Arm, arms_named
    from lrlab.lab.task.declaration import load_task

    found = load_task(task)
    settings = dataclasses.replace(
        found.quick if quick else found.settings, **{k: v for k, v in changes.items() if v is not None}
    )
    own = tuple(Arm(name, parse(text)) for name, text in (schedules or {}).items())
    whole = (() if own and arms is None else arms_named(arms or "strategies", found.mode)) + own
    return Experiment(found, whole, settings, first_seed, dict(config or {}))


def fresh_because(given: Experiment, store: str | Path) -> str:
    """Why stored runs of the task do not fit this comparison, in a sentence; empty where they do, or there are none."""
    from lrlab.lab.stages.planning import changed_since
    from lrlab.record.runs.store import Store

    found = changed_since(given.task, given.jobs[0], Store(store))
    parts = ["its code"] if "task" in found else []
    for name, (new, old) in found.items():
        if name.startswith("versions."):
            parts.append(f"{name.removeprefix('versions.')} ({new}, was {old})")
    return f"What is stored of {given.task.name} is of another recipe: {', '.join(parts)} changed." if parts else ""


@dataclass(frozen=True)
class Result:
    """A finished comparison: the study, and what it took."""

    study: Evidence
    reused: int
    seconds: float
    store: str
    effort: Effort
    audit: Audit | None = None
    looks: Looks | None = None

    def record(self) -> dict[str, Any]:
        """The outcome as plain JSON values."""
        return {
            **self.study.record(),
            "reused": self.reused,
            "seconds": round(self.seconds, 2),
            "store": self.store,
            "effort": {**vars(self.effort), "saved": round(self.effort.saved, 4)},
            "audit": self.audit and self.audit.record(),
            "looks": self.looks and vars(self.looks),
        }

    def table(self, *, wide: bool) -> Table:
        """The strategies, best first."""
        from lrlab.views.study import ranking

        return ranking(self.study, wide=wide)

    def sharing(self) -> str:
        """What was trained, and what sharing saved, in a sentence; empty where nothing was trained."""
        effort = self.effort
        if not effort.naive:
            return ""
        trained = f"{effort.trained} updates in {effort.stages} stages"
        if effort.trained == effort.naive:
            return f"{trained}, every run alone"
        return (
            f"{trained} instead of {effort.naive}: {effort.saved:.0%} saved, because strategies that agree so far are "
            "trained together"
        )

    def looked(self) -> str:
        """How often it was looked at, and where it stopped; empty where it was once, at the end."""
        if self.looks is None:
            return ""
        taken = len({getattr(run, self.looks.unit) for run in self.study.runs})
        return self.looks.told(taken, settled=self.study.comparison.settled)

    def lead(self) -> str:
        """The answer in a sentence or two."""
        from lrlab.views.study import lead

        return lead(self.study)

    def sentences(self, page: str) -> tuple[str, ...]:
        """What is said below the table; `page` is where the report was written."""
        kept = f", {self.reused} of them from before" if self.reused else ""
        looked = (f"{self.looked()}\n",) if self.looks else ()
        took = f"{len(self.study.runs)} runs{kept}, {self.seconds:.0f} s. Report: {page}"
        more = (f"{said}." for said in (self.sharing(), self.audit) if said)
        return (self.lead(), f"{self.study.comparison.advice}\n", *looked, took, *more)

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
            "Trained": self.sharing() or "nothing: every run was stored before",
            "Looked at": self.looked() or "once, at the end",
            "Audit": str(self.audit or "not asked for"),
            "Store": self.store,
            "Made with": ", ".join(
                f"{name} {v}" for name, v in ({"lrlab": __version__} | dict(run.versions)).items() if name != "record"
            ),
            "Made on": time.strftime("%Y-%m-%d %H:%M"),
        }
        return report(self.study, facts)


def compare(
    given: Experiment,
    store: str | Path,
    *,
    workers: int | None = None,
    executor: Executor | str = "local",
    fork_every: int = 1,
    audit: int = 0,
    until_settled: bool = False,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    on_failed: Callable[[str, str], object] = lambda run, cause: None,
) -> Result:
    """Train what is not stored yet, and judge. Interrupted, the same call goes on from where it was.

    See `lrlab.lab.stages.engine.run_jobs`; an executor may be named, see `lrlab.lab.executors.named`. `audit` runs are
    trained again, alone, and compared. With `until_settled` it is looked at on the way, and ends early: see
    `lrlab.analysis.comparison.looks`.
    """
    from lrlab.analysis.comparison.evidence import study_of
    from lrlab.analysis.comparison.looks import Looks, looks_of
    from lrlab.lab.executors.named import held
    from lrlab.lab.stages.audit import audited
    from lrlab.lab.stages.engine import Effort, run_jobs
    from lrlab.record.runs.store import Store

    began = time.monotonic()
    kept = Store(store)  # found once: a training may change the working directory
    reused: list[bool] = []

    jobs, settings = given.jobs, given.settings
    looks = looks_of(settings.seeds, settings.folds) if until_settled else Looks("fold", (1,))
    runs: tuple[StoredRun, ...] = ()
    effort = Effort()

    def seen(progress: Progress) -> None:
        reused.append(progress.reused)
        on_progress(dataclasses.replace(progress, done=len(reused), total=len(jobs)))

    with held(given.task, executor, workers=workers, threads=given.threads, device=given.device) as where:
        how: Any = {"workers": workers, "executor": where}
        for units in looks.units:  # jobs come by seed and fold, so that the first ones are a smaller comparison
            part = jobs[len(runs) : len(jobs) * units // looks.units[-1]]
            more, took = run_jobs(
                given.task, part, kept, fork_every=fork_every, on_progress=seen, on_failed=on_failed, **how
            )
            runs, effort = runs + more, effort + took
            study = study_of(runs, {arm.name: arm.schedule for arm in given.arms}, given.task.mode, looks.each)
            if study.comparison.settled:
                break
        checked = audited(given.task, jobs[: len(runs)], kept, audit, **how) if audit else None
    seconds = time.monotonic() - began
    return Result(study, sum(reused), seconds, str(store), effort, checked, looks if until_settled else None)
