"""One stage: continue from a stored state, train to the update where the arms part, and store the state there.

A stage exchanges only names: it receives the store, the start and the stop, and answers with the place that it reached.
It may be repeated at any time, or done by two workers at once, with the same resulting state.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.controls import ControlSpec, replayed
from lrlab.lab.arms.optimizer import explained
from lrlab.lab.arms.tree import NOWHERE
from lrlab.lab.identity.identity import differing
from lrlab.lab.identity.libraries import versions
from lrlab.lab.identity.loaded import refuse_unknown
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.ready import ready
from lrlab.lab.stages.recipe import cell_of, job_key, libraries_of, parts_of
from lrlab.lab.task.config import defaults
from lrlab.lab.task.declaration import Task, load_task
from lrlab.lab.training.bounds import Diverged, Forked, StageBounds
from lrlab.lab.training.determinism import pinned, seeded
from lrlab.lab.training.fork import Alone
from lrlab.lab.training.lane import HandedOver, Lane
from lrlab.lab.training.log import TrainingLog
from lrlab.lab.training.process import put_back
from lrlab.lab.training.run import TrainingRun
from lrlab.lab.training.together import train_together
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.states import StateAddress, StateRecord, States, StoredState
from lrlab.record.sealed import Torn

Ending = Literal["finished", "diverged"]
_Run = TypeVar("_Run", bound=TrainingRun)


@dataclass(frozen=True)
class Stage:
    """What is to be trained: `job` from `start` (None: the beginning) to `stop` at the latest.

    `task` is the text of the task, `identity` its identity when the stage was planned. `others` are the settings of the
    other arms in this stage that depend on reports. Training may fork at multiples of `every`. `parts` are the parts of
    the identity, so that an error can say which of them differ in the process that trains.

    A stage of many has others of the same task and store `beside` it: their runs are trained at once, by one vectorised
    step, and the result has theirs beside it, in this order.
    """

    task: str
    identity: str
    store: str
    job: Job
    start: StateAddress | None
    stop: int
    others: tuple[ControlSpec, ...] = ()
    every: int = 1
    parts: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[Stage, ...] = ()

    @property
    def begin(self) -> int:
        """The first update of this stage."""
        return self.start.at if self.start else 0

    def to_json(self) -> dict[str, Any]:
        """The stage as plain JSON for another process. Raises `LrlabError` if that process could not find the store."""
        if self.store.startswith("memory://"):
            raise LrlabError(
                worded(
                    "the store is in the memory of this process, so that others cannot find it",
                    self.store,
                    "a folder, or the URL of an object store",
                    "workers=0 trains in this process",
                )
            )
        others = [regime.to_json() for regime in self.others]
        beside = [stage.to_json() for stage in self.beside]
        own = {"job": self.job.to_json(), "start": self.start and self.start.name, "others": others, "beside": beside}
        return {**vars(self), **own}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Stage:
        """The stage that `to_json` wrote."""
        start = StateAddress.of(data["start"]) if data["start"] else None
        others, beside = (
            tuple(map(of.from_json, data[name])) for of, name in ((ControlSpec, "others"), (cls, "beside"))
        )
        own = {"job": Job.from_json(data["job"]), "start": start, "others": others, "beside": beside}
        return cls(**{**data, **own})


@dataclass(frozen=True)
class StageResult:
    """The result of a stage: the place that training reached, and at which multiples (`every`) it may fork.

    `place` is None if nothing was reached, for one of four reasons: the arms part before the first possible fork; the
    state to start from was `torn`, and is now deleted; the stage has `failed` (a text with the cause in its first
    line); or each arm can only be trained `alone`, from its beginning (a text with the reason).
    """

    place: StateAddress | None
    every: int
    seconds: float
    torn: bool = False
    failed: str = ""
    alone: str = ""
    beside: tuple[StageResult, ...] = ()

    def each(self, many: int) -> tuple[StageResult, ...]:
        """The results of each of so many stages that were trained at once; if they failed, all did."""
        return (self,) * many if self.failed else (self, *self.beside)

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON."""
        beside = [result.to_json() for result in self.beside]
        return {**vars(self), "place": self.place and self.place.name, "beside": beside}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StageResult:
        """The result that `to_json` wrote."""
        place = StateAddress.of(data["place"]) if data["place"] else None
        return cls(**{**data, "place": place, "beside": tuple(map(cls.from_json, data["beside"]))})


def execute(stage: Stage, task: Task | None = None) -> StageResult:
    """Train a stage in this process, store the state that it reaches, and return the result.

    `task` is the task of the stage, if it is already loaded. Divergence is a result, not an error. Raises `LrlabError`
    if the training function misuses `run` or its source has changed. An exception of the training function passes
    through, with a note that names the run.
    """
    task = task or _loaded(stage.task, stage.identity)
    began = ready(task)
    if task.identity != stage.identity or _versions_differ(task, stage):
        raise LrlabError(_another(task, stage))
    if stage.job.vectorise:
        first, *beside = _of_many(task, (stage, *stage.beside), began)
        return replace(first, beside=tuple(beside))
    try:
        way = _Way(task, stage, began)
    except Torn:
        return StageResult(None, stage.every, time.perf_counter() - began, torn=True)
    with _conditions(task, stage.job):
        live = _live(task, stage.job, way.bounds, TrainingRun)
        try:
            with _all_known(task):
                outcome = _outcome(task, live)
        except Alone as reason:
            return way.alone(reason)
        return way.reached(live, outcome)


def _of_many(task: Task, stages: Sequence[Stage], began: float) -> list[StageResult]:
    """Train stages at once, by one vectorised step; the results are in their order."""
    results, lanes = dict[int, StageResult](), dict[int, tuple[Lane, _Way]]()
    with _all_known(task):
        for k, stage in enumerate(stages):
            try:
                way = _Way(task, stage, began, len(stages))
            except Torn:
                results[k] = StageResult(None, stage.every, 0.0, torn=True)
                continue
            lane = _live(task, stage.job, way.bounds, Lane)
            try:
                with _conditions(task, stage.job):
                    _entered(task, lane)
                lanes[k] = lane, way
            except Forked:
                results[k] = StageResult(None, lane.every, way.seconds)
            except Alone as reason:
                results[k] = way.alone(reason)
        if lanes:
            with pinned(stages[0].job.threads, stages[0].job.device):
                train_together([lane for lane, _ in lanes.values()])
    for k, (lane, way) in lanes.items():
        ended = lane.ended
        results[k] = way.alone(ended) if isinstance(ended, Alone) else way.reached(lane, _ENDINGS[type(ended)])
    return [results[k] for k in range(len(stages))]


_ENDINGS: Mapping[type, Ending | None] = {bool: "finished", Diverged: "diverged", Forked: None}


def _entered(task: Task, lane: Lane) -> None:
    """Call the training function, take its pure functions, and begin where the stage begins."""
    try:
        task.function(lane)
    except HandedOver:
        lane.enter()
    else:
        _ = lane.score  # raises: it has made no update


class _Way:
    """The way of one stage: from the stored state that it begins at to the one that it stores.

    `many` stages go it at once: each has taken that part of the time. Raises `Torn` if the state to begin at is; it is
    then deleted.
    """

    def __init__(self, task: Task, stage: Stage, began: float, many: int = 1) -> None:
        self._stage, self._began, self._many = stage, began, many
        self._states, self._cell = States(stage.store), cell_of(task, stage.job)
        start = self._start()
        self._stages = 1 + (start.record.get("stages", 1) if start else 0)
        self.bounds = StageBounds(stage.stop, start, stage.others, stage.every, self.keep, task.function, self._cell)

    def _start(self) -> StoredState | None:
        if self._stage.start is None:
            return None
        try:
            start = self._states.get(self._cell, self._stage.start)
            if "seen" not in start.record:
                raise Torn("it does not tell what a fork is held to")
        except Torn:
            self._states.drop(self._cell, self._stage.start)
            raise
        return start

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return (time.perf_counter() - self._began) / self._many

    def keep(self, live: TrainingRun, outcome: Ending | None = None) -> StateAddress:
        """Store the state of the run, and return its place."""
        at = live.completed
        place = StateAddress(at, live.controls[0].digests([at])[at], outcome is not None)
        state = _state_of(live, outcome, self.seconds)
        self._states.put(self._cell, place, StoredState({**state.record, "stages": self._stages}, state.tensors))
        return place

    def reached(self, live: TrainingRun, outcome: Ending | None) -> StageResult:
        """The result, after it is stored."""
        place = self.keep(live, outcome) if outcome or live.completed else None
        return StageResult(place, live.every, self.seconds)

    def alone(self, reason: Alone) -> StageResult:
        """The result where training cannot be shared."""
        if self._stage.start:
            self._states.drop(self._cell, self._stage.start)
        return StageResult(None, NOWHERE, self.seconds, alone=str(reason))


def _versions_differ(task: Task, stage: Stage) -> bool:
    here = parts_of(task)
    return any(here.get(name) != given for name, given in stage.parts.items() if name.startswith("the version of "))


def _another(task: Task, stage: Stage) -> str:
    """The error text: how the task here differs from the task in the process that planned the stage."""
    differ = differing(stage.parts, parts_of(task)) if stage.parts else []
    files = [name for name in differ if name.endswith(".py")]
    if files or not differ:
        return worded(
            f"the source of {task.name} changed while it was trained, or since it was loaded",
            ", ".join(files[:3]) or None,
            hint="run the same line again; where it was imported before, start Python anew",
        )
    return worded(
        f"{task.name} depends on what is not the same in the process that asks and in the one that trains",
        ", ".join(differ[:3]),
        "what each process has when it has loaded the file",
        "what is set at run time belongs in run.config; from a set take sorted(...), or start Python with "
        "PYTHONHASHSEED=0; what is drawn, or is a time, belongs in the training function; workers=0 trains here",
    )


@contextmanager
def _all_known(task: Task) -> Iterator[None]:
    """Raise `LrlabError` if training imports one of the user's files that is not part of the identity."""
    own = task.decided.own
    before = sys.modules.copy() if task.decided.digest else None
    yield
    if before is not None:
        refuse_unknown(before, own, task.decided.files)


def train(task: Task, job: Job) -> StoredRun:
    """Train one job alone in this process, and return its run; nothing is stored. Raises as `execute` does."""
    began = ready(task)
    with _conditions(task, job):
        live = _live(task, job, StageBounds(job.updates, function=task.function, cell=cell_of(task, job)), TrainingRun)
        state = _state_of(live, _outcome(task, live), time.perf_counter() - began)
    return run_of(task, job, state.record)


def run_of(task: Task, job: Job, record: StateRecord) -> StoredRun:
    """The run of a job, from the record at its end. Raises `Torn` if the record lacks the metric of the task."""
    ledger, outcome = TrainingLog.of(record["ledger"], job.updates), record["outcome"]
    assert outcome
    control, evals = replayed(job.regime, job.updates, ledger.reports, task.metric), ledger.evals
    if outcome == "finished" and task.metric not in evals:
        raise Torn(f"the end has no report of {task.metric}")
    worst = float("inf") if task.mode == "min" else float("-inf")
    return StoredRun(
        key=job_key(task, job),
        task=task.name,
        arm=job.arm.name,
        schedule=str(job.arm.schedule),
        lr=job.lr,
        seed=job.seed,
        fold=job.fold,
        updates=job.updates,
        metric=task.metric,
        score=evals[task.metric].values[-1] if outcome == "finished" else worst,
        outcome=outcome,
        seconds=ledger.seconds,
        loss=ledger.loss,
        evals=evals,
        decisions=control.decisions,
        versions=versions(libraries_of(task)),
        fingerprint=record["fingerprint"],
        logged=ledger.logged,
        averaging=job.arm.averaging,
        mode=task.mode,
    )


@contextmanager
def _conditions(task: Task, job: Job) -> Iterator[None]:
    """The conditions that make this training repeatable; an exception gets a note that names the run."""
    try:
        with seeded(job.seed, job.fold), pinned(job.threads, job.device), put_back(task.function):
            yield
    except Exception as error:
        error = explained(error, job.whole_config, f"in the task {task.name}: {job.title}")
        raise error


def _live(task: Task, job: Job, stretch: StageBounds, kind: type[_Run]) -> _Run:
    return kind(
        job.regime,
        job.updates,
        seed=job.seed,
        fold=job.fold,
        folds=job.folds,
        config={**defaults(task.config), **job.whole_config},
        device=job.device,
        evals=job.evals,
        metric=task.metric,
        mode=task.mode,
        averaging=job.arm.averaging,
        stretch=stretch,
    )


def _outcome(task: Task, live: TrainingRun) -> Ending | None:
    """Call the training function, and return how the run ended; None if it continues in other stages."""
    try:
        task.function(live)
    except Diverged:
        return "diverged"
    except Forked:
        return None
    _ = live.score  # raises if the run is not complete
    return "finished"


def _state_of(live: TrainingRun, outcome: Ending | None, seconds: float) -> StoredState:
    """What to store after `seconds` more; for a run that has ended, only its record, with a fingerprint if finished."""
    ledger = live.ledger.record()
    ledger["seconds"] += seconds
    record: StateRecord = {
        "at": live.completed,
        "outcome": outcome,
        "every": live.every,
        "fingerprint": None,
        "ledger": ledger,
    }
    if outcome == "diverged":
        return StoredState(record, b"")
    if outcome == "finished":
        return StoredState({**record, "fingerprint": live.result().fingerprint}, b"")
    if live.standing is None:
        raise RuntimeError("a run that goes on stands nowhere")
    snapshot, seen = live.standing.snapshot, live.standing.seen
    record |= {"fingerprint": snapshot.fingerprint, "plain": snapshot.plain, "seen": dict(seen)}
    return StoredState(record, snapshot.tensors)


@functools.lru_cache(maxsize=4)
def _loaded(text: str, identity: str) -> Task:
    """The task, loaded once per identity, because its source may change while the process runs."""
    del identity
    return load_task(text)
