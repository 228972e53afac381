"""The gradient norms of a run: read from a log or from a stored run, or measured while a task is trained once."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from lrlab.analysis.advice.questions import family
from lrlab.analysis.refine.refine import LEAST
from lrlab.core.text.parse import parse
from lrlab.desk.gradients import Seen, watched
from lrlab.errors import LrlabError, nearest, worded
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import Task
from lrlab.record.logs.readers import read_run, understood
from lrlab.record.logs.reading import Asked
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import StoredRun, from_json
from lrlab.record.runs.store import Store

NAME = "grad_norm"
_ENDINGS = ("gradnorm", "gradientnorm", "gradl2norm", "gnorm")
_LOGARITHM = re.compile(r"log(?:10|2)?[_ ]?g")
_OTHERS = ("max", "clip", "threshold")  # a column of the bound, not of the norm
LOGGED = "run.log(loss=loss, grad_norm=norm) in a task, a column grad_norm in a log"


@dataclass(frozen=True, eq=False)
class Norms:
    """Norms with the number of completed updates after which each was seen, and the LR of every update.

    `weight_decay`, `momentum` and the `family` of the optimizer are None where they are not known; `seen` are the
    gradients that the norms were measured of: L1, or L2 for an optimizer of the family sgd.
    """

    source: str
    updates: ArrayLike
    norms: ArrayLike
    lrs: ArrayLike
    weight_decay: float | None = None
    momentum: float | None = None
    family: str | None = None
    seen: Seen | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Training:
    """How a task is trained once: `lr` is a multiple of its own, `updates` None are its own."""

    schedule: str
    lr: float = 1.0
    updates: int | None = None
    seed: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.lr, bool) or not isinstance(self.lr, int | float) or not 0 < self.lr < math.inf:
            raise LrlabError(
                worded("refine: a multiple of the LR of the task", self.lr, "above 0, finite", "lr=1, or --at 1")
            )
        if self.updates is not None and self.updates < LEAST:
            hint = f"updates={LEAST}, or --updates {LEAST}"
            raise LrlabError(worded("refine: updates, each with a norm", self.updates, f"{LEAST} or more", hint))


def of_log(paths: Sequence[Path], column: str | None, how: Mapping[str, Any]) -> Norms:
    """The norms in a log, of this column or of the one that is called so. Raises `LrlabError` where there is none."""
    if len(paths) == 1 and (stored := _stored(paths[0])):
        refuse_unused("a stored run", {"norms": column, **how})
        return of_stored(stored, str(paths[0]))
    read = understood([*paths], Asked(step=how.get("step")))
    names = [each.name for each in read.columns]
    found = column or next((name for name in names if _is_norm(name)), None)
    if found is None:
        raise LrlabError(worded(f"{paths[0]} has no gradient norms", names, "a column such as grad_norm", LOGGED))
    if found not in names:
        raise LrlabError(worded(f"{paths[0]} has no such column", found, ", ".join(names), nearest(found, names)))
    if read.rows < LEAST:
        raise LrlabError(worded(f"{paths[0]}: rows with a norm", read.rows, f"{LEAST} or more", "log one an update"))
    run = read_run([*paths], loss=found, smooth=0, **how)
    return Norms(str(paths[0]), run.updates, run.loss, run.lrs, run.weight_decay, notes=run.notes)


def of_stored(run: StoredRun, source: str) -> Norms:
    """The norms that a run of the store has logged."""
    if NAME not in run.logged:
        raise LrlabError(worded(f"{source} is a run that has logged no gradient norms", run.arm, hint=LOGGED))
    series = run.logged[NAME]
    note = (
        "The store knows the LR as a multiple of the task's own, so that the correction for weight decay is left out."
    )
    return Norms(source, [k + 1 for k in series.updates], series.values, realised(run), notes=(note,))


def refuse_unused(source: str, given: Mapping[str, Any], hint: str = "") -> None:
    """Raise `LrlabError` for what was given, and would not be used for such a source."""
    if unused := {name: value for name, value in given.items() if value is not None}:
        what = f"refine: {source} has no use for {', '.join(unused)}"
        raise LrlabError(worded(what, unused, "what is used: this would be ignored", hint))


def _is_norm(name: str) -> bool:
    bare = "".join(letter for letter in name.casefold() if letter.isalnum())
    other = any(word in bare for word in _OTHERS) or _LOGARITHM.search(name.casefold())
    return bare.endswith(_ENDINGS) and not other


def _stored(path: Path) -> StoredRun | None:
    if path.suffix != ".json" or not path.is_file():
        return None
    text = path.read_bytes()
    if b'"key"' not in text[:4000] or b'"schedule"' not in text[:4000]:
        return None
    return from_json(text)


def of_task(task: Task, training: Training, watch: Callable[[Any], object] = lambda progress: None) -> Norms:
    """The norms of one training of a task, measured at each step of its optimizer, if it does not log them itself."""
    settings, resources = task.settings, Resources(workers=0)
    job = Job(
        arm=Arm("to be refined", parse(training.schedule)),
        lr=training.lr,
        seed=training.seed,
        fold=0,
        folds=settings.folds,
        updates=training.updates or settings.updates,
        evals=1,
        config=training.config,
        order=resources.order,
    )
    with tempfile.TemporaryDirectory() as store, watched() as seen, opened(resources, task) as executor:
        (run,), _ = run_jobs(task, [job], Store(store), executor, fork_every=0, on_progress=watch)
    if run.outcome != "finished":
        raise LrlabError(
            worded(
                f"the training of {task.name} diverged, and asks for nothing", training.lr, hint="lr=0.5, or --at 0.5"
            )
        )
    found = [each for each in seen.values() if len(each.lrs) == run.updates]  # one that pretrains may be beside it
    if NAME in run.logged:
        logged = of_stored(run, task.name)
        return replace(logged, family=_family(found[0].optimizer)) if len(found) == 1 else logged
    if len(found) != 1:
        told = f"optimizers of PyTorch with {[len(each.lrs) for each in seen.values()]} steps in {run.updates} updates"
        raise LrlabError(worded(f"the gradient norms of {task.name} cannot be measured", told, hint=LOGGED))
    (its,) = found
    kind, group = _family(its.optimizer), its.optimizer.param_groups[0]
    if any(its.closures):
        told = f"{type(its.optimizer).__name__}.step(closure), which computes the gradient after it is looked at"
        raise LrlabError(worded(f"the gradient norms of {task.name} cannot be measured", told, hint=LOGGED))
    return Norms(
        task.name,
        range(1, run.updates + 1),
        its.norms(l1=kind != "sgd")[0],
        its.lrs,
        float(group.get("weight_decay", 0.0)),
        float(group.get("momentum", 0.0)),
        kind,
        its,
    )


def _family(optimizer: Any) -> str:
    """That of its class, or of what it is derived from."""
    for each in type(optimizer).__mro__:
        with suppress(LrlabError):
            return family(each.__name__)
    return "other"
