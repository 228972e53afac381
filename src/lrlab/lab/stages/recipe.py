"""The recipe: everything that determines a training besides its control rows; its hash names a cell of the stage tree.

    recipe = code of the task, configuration, seed and fold, length and evaluations, metric and mode, averaging,
             which hyper-parameters are set, versions of the libraries, the file of an optimizer that an arm imports,
             threads, device, the order of sets if the code uses sets, whether the step is vectorised

If two trainings of one recipe have the same control rows up to an update, they are the same training up to there, to
the last bit. Therefore everything that can change a bit must be part of the recipe; sharing depends on this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lrlab.lab.arms.optimizer import call_of
from lrlab.lab.identity.libraries import versions
from lrlab.lab.task.config import defaults
from lrlab.record.runs.run import content_key

if TYPE_CHECKING:
    from lrlab.lab.stages.job import Job
    from lrlab.lab.task.declaration import Task


def recipe_of(task: Task, job: Job) -> dict[str, Any]:
    """The recipe of a job: what its training has in common with those that it may share a state with."""
    config = {**defaults(task.config), **job.whole_config}
    call = call_of(config)
    return {
        "task": task.identity,
        "metric": task.metric,
        "mode": task.mode,
        "averaging": job.arm.averaging,
        "sets": list(job.regime.names),
        "seed": job.seed,
        "fold": job.fold,
        "folds": job.folds,
        "updates": job.updates,
        "evals": job.evals,
        "config": config,
        "threads": job.threads,
        "device": job.device,
        "versions": versions((*libraries_of(task), *([call.package] if call else []))),
        **({"order of sets": job.order} if task.decided.hashes else {}),
        **({"optimizer": call.digest()} if call else {}),
        **({"vectorised": True} if job.vectorise else {}),
    }


def libraries_of(task: Task) -> tuple[str, ...]:
    """The packages that the runs of a task depend on: those that its code names, and those that it declares."""
    return tuple(sorted({*task.decided.libraries, *(name.partition(".")[0] for name in task.needs)}))


def parts_of(task: Task) -> dict[str, str]:
    """The parts that determine the runs of a task, by name: those of its identity, and the versions."""
    return {
        **task.decided.parts,
        **{f"the version of {name}": each for name, each in versions(libraries_of(task)).items()},
    }


def cell_of(task: Task, job: Job) -> str:
    """The name of the recipe: trainings of one cell share every state up to which their control rows agree."""
    return content_key(recipe_of(task, job))[:32]


def family_of(task: Task, job: Job) -> str:
    """What runs have in common that can be trained at once, by one vectorised step: all but seed and fold."""
    return content_key({**recipe_of(task, job), "seed": None, "fold": None})[:32]


def job_key(task: Task, job: Job) -> str:
    """The key of the run that this job makes; the name of the arm is not part of it."""
    return content_key(
        {
            **recipe_of(task, job),
            "schedule": job.arm.schedule.fingerprint(),
            "lr": float(job.lr),
            "also": {name: schedule.fingerprint() for name, schedule in job.regime.also},
        }
    )


def changed(recipe: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The parts in which another recipe differs from this one: name -> (this, the other).

    >>> changed({"threads": 1, "versions": {"torch": "2.9"}}, {"threads": 1, "versions": {"torch": "2.8"}})
    {'versions.torch': ('2.9', '2.8')}
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name in sorted({*recipe, *other}):
        mine, theirs = recipe.get(name), other.get(name)
        if mine == theirs:
            continue
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            found |= {f"{name}.{part}": pair for part, pair in changed(mine, theirs).items()}
        else:
            found[name] = (mine, theirs)
    return found


def nearest_change(recipe: Mapping[str, Any], stored: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """The differences between the recipe and the nearest stored one; empty if it is stored, or if there are none."""
    return min((changed(recipe, other) for other in stored), key=len, default={})
