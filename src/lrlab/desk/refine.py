"""`lr.refine`: the schedule that the gradient norms of one run ask for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lrlab.analysis.advice.questions import family
from lrlab.analysis.refine.refine import Refinement, RefinementRecord, refine_norms
from lrlab.desk import VERSION
from lrlab.desk.norms import Norms, of_log, of_task, refuse_unused
from lrlab.desk.norms import Training as Training
from lrlab.errors import LrlabError, nearest, worded
from lrlab.lab.task.declaration import built_in_tasks, load_task, task_of

BASE = 'warmup("5%") >> linear()'
UNKNOWN = (
    "The optimizer is not known: one of Adam's kind was taken, whose power is 0.5. For SGD it is 1: optimizer='sgd', "
    "or --optimizer sgd."
)


class RefineDocument(RefinementRecord):
    """The schedule that a run asks for, where its norms are from, and what was noted while they were read."""

    version: Literal[1]
    source: str
    notes: list[str]


def refine(
    source: Any,
    *,
    optimizer: str | None = None,
    weight_decay: float | None = None,
    momentum: float | None = None,
    correct: bool = True,
    width: float | None = None,
    column: str | None = None,
    schedule: str = BASE,
    lr: float = 1.0,
    updates: int | None = None,
    seed: int = 0,
    config: Mapping[str, Any] | None = None,
    **how: Any,
) -> Refinement:
    """The schedule that the gradient norms of one run ask for: where they are still high the LR should be low.

        w = norm ** -power;  value(t) = w(t) * (sum of w after t), divided by its maximum

    The norms are smoothed by a running median, and held where they rise. What weight decay does to the norms of weights
    behind a normalisation is taken out first: of a task it is measured, of a log with a known weight decay it is that
    of a formula, see `lrlab.analysis.refine.artefact.rise`.

    Args:
        source: a log with a column of gradient norms (a path, or a list of those of one run), the file of a run of a
            store, the name of a task, or a training function: a task is trained once, in this process.
        optimizer: its name; the power is 1 for SGD, whose norms are L2, and 0.5 for Adam and its like, whose norms are
            L1: half of those of the paper. Of a task it is known, and another one is refused; of a log "adamw" is
            taken, with a doubt.
        weight_decay, momentum: those of the optimizer of a log, where it does not say.
        correct: take out what weight decay does to the norms.
        width: share of the run over which the running median is taken; by default a tenth, up to three in short runs.
        column: the column of the norms, where it is not found by itself.
        schedule, lr, updates, seed, config: how a task is trained; `lr` is a multiple of the task's own.
        how: how a log is read, as in `lr.read_run`.

    Raises `LrlabError` where there are no norms, with the line that logs them, where they do not cover the run, and for
    what would not be used: how a log is trained, or a task is read.

    Source: Defazio et al., Optimal linear decay learning rate schedules and further refinements, 2023,
    arXiv:2310.07831; the correction: arXiv:2506.02285.

    >>> import lrlab as lr
    >>> found = lr.refine("control", updates=60)
    >>> found.schedule.over(60)(59) < 0.1, found.power
    (True, 0.5)
    """
    training = Training(schedule, lr, updates, seed, config or {})
    return refined(
        norms_of(source, column, training, how),
        optimizer=optimizer,
        weight_decay=weight_decay,
        momentum=momentum,
        correct=correct,
        width=width,
    )


def norms_of(
    source: Any,
    column: str | None,
    training: Training,
    how: Mapping[str, Any],
    watch: Callable[[Any], object] = lambda progress: None,
) -> Norms:
    """The norms of a source: a training function, a task by its text, or a log."""
    task = callable(source) or (isinstance(source, str) and (source in built_in_tasks() or ".py:" in source))
    if task:
        hint = "--at, for a multiple of the LR of a task" if how.get("lr") is not None else ""
        refuse_unused("a task", {"norms": column, **how}, hint)
    else:
        usual = Training(BASE)
        given = {name: value for name, value in vars(training).items() if value != getattr(usual, name)}
        refuse_unused("a log", {"lr (--at)" if name == "lr" else name: value for name, value in given.items()})
    if callable(source):
        return of_task(task_of(source), training, watch)
    if task:
        return of_task(load_task(source), training, watch)
    paths = [Path(each) for each in ([source] if isinstance(source, str | PathLike) else source)]
    if isinstance(source, str) and not paths[0].exists():
        known = built_in_tasks()
        allowed = f"a log, path/to/file.py:name, or {', '.join(known)}"
        raise LrlabError(worded("refine: there is no such log or task", source, allowed, nearest(source, known)))
    return of_log(paths, column, how)


def refined(
    found: Norms,
    *,
    optimizer: str | None,
    weight_decay: float | None,
    momentum: float | None,
    correct: bool,
    width: float | None,
) -> Refinement:
    """The schedule of these norms; what is None is what the source says."""
    kind = family(optimizer, "refine") if optimizer else found.family or "adam"
    if kind == "schedule-free":
        raise LrlabError(worded("refine: an optimizer that needs no schedule has none to refine", optimizer or kind))
    if found.family not in (None, "other", kind):
        raise LrlabError(
            worded(
                f"refine: {found.source} is trained with another optimizer",
                optimizer,
                f"none, or one of the kind {found.family}",
                f"config={{'optimizer': {optimizer!r}}}, or --config optimizer={optimizer}",
            )
        )
    if momentum is not None and not 0 <= momentum < 1:
        raise LrlabError(worded("refine: momentum", momentum, "0 or more, below 1", "momentum=0.9"))
    if kind != "sgd":
        refuse_unused("an optimizer that is not SGD", {"momentum": momentum}, "--optimizer sgd, if it was that")
    norms, rises, l2, highest = found.norms, None, None, None
    if found.seen is not None:
        refuse_unused(
            f"the training of {found.source}, whose optimizer is known,",
            {"weight_decay": weight_decay, "momentum": momentum},
        )
        norms, rises = found.seen.norms(l1=kind != "sgd")
        l2, highest = found.seen.bounded()
    memory = (found.momentum if momentum is None else momentum) if kind == "sgd" else None
    refined = refine_norms(
        found.updates,
        norms,
        np.asarray(found.lrs) / (1 - (memory or 0.0)),
        normed=kind != "sgd",
        weight_decay=None if rises is not None else found.weight_decay if weight_decay is None else weight_decay,
        rises=rises,
        correct=correct,
        l2=l2,
        highest=highest,
        width=width,
    )
    known = optimizer or found.family not in (None, "other")
    return refined if known else dataclasses.replace(refined, doubts=(UNKNOWN, *refined.doubts))


def document(found: Norms, refinement: Refinement) -> RefineDocument:
    """What `--json` writes."""
    return {"version": VERSION, "source": found.source, **refinement.record(), "notes": list(found.notes)}
