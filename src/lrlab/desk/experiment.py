"""A comparison of strategies: set up from texts, trained, judged."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.stages.resources import Resources as Resources

if TYPE_CHECKING:
    from lrlab.desk.result import Result
    from lrlab.lab.arms.arms import Arm
    from lrlab.lab.stages.experiment import Experiment
    from lrlab.lab.stages.job import Job
    from lrlab.lab.stages.progress import Progress, Trained
    from lrlab.lab.task.declaration import Settings
    from lrlab.record.runs.run import StoredRun


def set_up(
    task: str,
    *,
    quick: bool = False,
    schedules: Mapping[str, str] | None = None,
    arms: str | None = None,
    config: Mapping[str, Any] | None = None,
    first_seed: int = 0,
    variant: str | None = None,
    **changes: Any,
) -> Experiment:
    """Set up a comparison on a built-in task or `path/to/file.py:name`.

    `schedules` are the user's own strategies by name, instead of the default ones, or in addition to those of the set
    `arms` (see `lrlab.lab.arms.arms.arms_named`); `config` is what the task finds in `run.config`, `variant` the one of
    a built-in task; `changes` are settings that differ from the task's (updates, folds, seeds, lrs, evals; None: the
    task's own). LRs that are "auto" begin with those of the task, and are widened.
    """
    try:
        import numpy  # noqa: F401
        import scipy  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing(error.name or "scipy", "lab", "lrlab compare") from None
    from lrlab.lab.arms.arms import arm_of, arms_named
    from lrlab.lab.stages.epochs import without_epochs
    from lrlab.lab.stages.experiment import Experiment
    from lrlab.lab.task.declaration import load_task

    found = load_task(task)
    config = dict(config or {})
    if variant is not None:
        if "variant" not in found.config:
            built_in = "those of the built-in tasks"
            raise LrlabError(
                worded(f"the task {found.name} has no variants", variant, built_in, f"--config NAME={variant}")
            )
        if config.get("variant", variant) != variant:
            both = f"variant={variant!r} and config variant={config['variant']!r}"
            raise LrlabError(worded("the variant is named twice, and not alike", both, "one", f"--variant {variant}"))
        config["variant"] = variant
    settings = with_changes(found.quick if quick else found.settings, changes)
    own = tuple(arm_of(name, text) for name, text in (schedules or {}).items())
    whole = (() if own and arms is None else arms_named(arms or "strategies", found.mode)) + own
    whole = without_epochs(whole, found, settings, first_seed, config)
    return Experiment(found, whole, settings, first_seed, config)


def _as_typed(arm: Arm) -> str:
    """What was typed, where the updates of an epoch are those of this task's data."""
    return f"typed as {arm.written}, whose epochs have more updates on more data" if arm.written else ""


def with_changes(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Settings with what is not None of these; LRs that are "auto" are those of the settings, to be widened; others are
    not.

    >>> from lrlab.lab.task.declaration import Settings
    >>> found = with_changes(Settings(), {"lrs": "auto", "folds": 8, "seeds": None})
    >>> found.lrs, found.widen, found.folds
    ((0.5, 1.0, 2.0), True, 8)
    """
    from lrlab.lab.task.declaration import AUTO

    given = {name: value for name, value in changes.items() if value is not None}
    if "lrs" in given:
        given |= {"lrs": settings.lrs, "widen": True} if given["lrs"] == AUTO else {"widen": False}
    return dataclasses.replace(settings, **given)


def fresh_because(experiment: Experiment, store: str | Path) -> str:
    """A sentence about why stored runs of the task do not fit this comparison; empty if they do, or there are none."""
    from lrlab.lab.stages.planning import changed_since
    from lrlab.record.runs.store import Store

    name = experiment.task.name
    found = changed_since(experiment.task, experiment.jobs(Resources())[0], Store(store))
    parts = ["its code"] if "task" in found else []
    for part, (new, old) in found.items():
        if part.startswith("versions."):
            parts.append(f"{part.removeprefix('versions.')} ({new}, was {old})")
    return f"What is stored of {name} is of another recipe: {', '.join(parts)} changed." if parts else ""


def run(
    experiment: Experiment,
    store: str | Path,
    resources: Resources,
    *,
    fork_every: int = 1,
    audit: int | None = None,
    until_settled: bool = False,
    matters: str | float | None = None,
    overlapping: bool = False,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    on_failed: Callable[[str, str], object] = lambda run, cause: None,
    on_stage: Callable[[Trained], object] = lambda stage: None,
    on_widened: Callable[[Sequence[Job]], object] = lambda jobs: None,
) -> Result:
    """Train what is not stored yet, and judge. After an interrupt the same call goes on.

    See `lrlab.lab.stages.engine.run_jobs`; `on_widened` is told of all jobs, once there are more. `audit` runs are
    trained again, alone, and compared (None: one, if something was trained and the task is not built in). With
    `until_settled` results are looked at on the way, and training may end early: see
    `lrlab.analysis.comparison.looks`. Of `matters` and `overlapping` see
    `lrlab.analysis.comparison.statistics.compare`.
    """
    from lrlab.analysis.comparison.evidence import evidence_of
    from lrlab.analysis.comparison.looks import Looks, looks_of
    from lrlab.analysis.comparison.matters import MATTERS, margin
    from lrlab.desk.result import Result
    from lrlab.lab.executors.named import opened
    from lrlab.lab.stages.audit import audited
    from lrlab.lab.stages.engine import run_jobs
    from lrlab.lab.stages.progress import Effort
    from lrlab.lab.task.declaration import built_in_tasks
    from lrlab.record.runs.store import Store

    matters = MATTERS if matters is None else matters
    margin(matters, 1.0)  # what cannot be read is said before anything is trained
    if overlapping and experiment.settings.folds == 1:
        raise LrlabError(worded("there is one fold, so that none overlap", 1, "two folds or more", "--folds 5"))
    began = time.monotonic()
    kept = Store(store)  # resolved once: training may change the working directory
    reused: list[bool] = []

    task, settings, jobs = experiment.task, experiment.settings, experiment.jobs(resources)
    looks = looks_of(settings.seeds, settings.folds) if until_settled else Looks("fold", (1,))
    schedules = {arm.name: arm.schedule for arm in experiment.arms}
    notes = {arm.name: ", ".join(filter(None, (arm.beside, _as_typed(arm)))) for arm in experiment.arms}
    grids = {arm: list(lrs) for arm, lrs in experiment.grids.items()}
    trained: dict[tuple[str, float, int, int], StoredRun] = {}
    effort = Effort()

    def seen(progress: Progress) -> None:
        reused.append(progress.reused)
        on_progress(dataclasses.replace(progress, done=len(reused), total=len(jobs)))

    with opened(resources, task) as executor:
        for units in looks.units:
            while True:
                # Jobs come by seed and fold, so that the first ones are a smaller comparison.
                part = jobs[: len(jobs) * units // looks.units[-1]]
                fresh = [job for job in part if job.place not in trained]
                more, took = run_jobs(
                    task,
                    fresh,
                    kept,
                    executor,
                    fork_every=fork_every,
                    on_progress=seen,
                    on_failed=on_failed,
                    on_stage=on_stage,
                )
                trained |= {job.place: run for job, run in zip(fresh, more, strict=True)}
                effort = effort + took
                runs = tuple(trained[job.place] for job in part)
                evidence = evidence_of(
                    runs, schedules, task.mode, looks.each, notes, matters, overlapping, experiment.config
                )
                wider = {arm: lr for arm, lr in evidence.wider.items() if arm not in experiment.at_their_own}
                if not (settings.widen and wider):
                    break
                for arm, lr in wider.items():
                    grids[arm].append(lr)
                jobs = experiment.jobs(resources, grids)
                on_widened(jobs)
            if evidence.comparison.settled:
                break
        if audit is None:
            audit = int(bool(effort.naive) and fork_every > 0 and task.name not in built_in_tasks())
        checked = audited(task, part, kept, audit, executor) if audit else None
    seconds = time.monotonic() - began
    return Result(evidence, sum(reused), seconds, str(store), effort, checked, looks if until_settled else None)
