"""The engine: from jobs to their runs, through the stage tree; what is stored is not trained again.

For every job it finds how far its training is already stored. Jobs at the same state continue together as long as their
control rows agree; when they part, the state is stored. The engine remembers nothing else: if it is killed, the next
one asks the store again and continues.
"""

from __future__ import annotations

import dataclasses
import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lrlab.errors import LrlabError
from lrlab.lab.arms.controls import ControlSpec, ControlTrace, agreement, replayed
from lrlab.lab.arms.tree import NOWHERE, aligned, split
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.progress import Effort, Progress, Trained
from lrlab.lab.stages.recipe import cell_of, family_of, job_key, parts_of, recipe_of
from lrlab.lab.stages.stage import Stage, StageResult, run_of
from lrlab.lab.task.declaration import Task
from lrlab.lab.training.run import evaluation_points
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.states import StateAddress, StateRecord, States
from lrlab.record.runs.store import Store
from lrlab.record.sealed import Torn


class TaskError(LrlabError):
    """Some runs failed: their training raised or killed its processes; the message names each run with its cause."""


# States that no job waits for are kept for later studies up to this many bytes; then the oldest are deleted first.
KEPT = 2**30

ALIKE = 3  # this many failures with one cause, before anything has been trained, end a comparison


@dataclass(eq=False)
class _Entry:
    """A job in progress: its key, and its control after the reports of its present state."""

    job: Job
    key: str
    control: ControlTrace


@dataclass(frozen=True, eq=False)
class _Work:
    """A stage, and the jobs that it advances."""

    stage: Stage
    cell: str
    entries: tuple[_Entry, ...]
    family: str


def run_jobs(
    task: Task,
    jobs: Sequence[Job],
    store: Store,
    executor: Executor,
    *,
    fork_every: int = 1,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    on_failed: Callable[[str, str], object] = lambda run, cause: None,
    on_stage: Callable[[Trained], object] = lambda stage: None,
) -> tuple[tuple[StoredRun, ...], Effort]:
    """Return the run of every job, in the order of the jobs, and the effort; each run is stored when it is finished.

    The `executor` trains (see `lrlab.lab.executors.named.opened`); it is not used if everything is stored. Training
    forks at multiples of `fork_every` updates (0: nowhere) at which the data can be resumed. An interruption loses only
    the stages that are running.

    `on_stage` receives every stage that has ended, `on_failed` the title of a run and the cause when it fails.

    Raises `TaskError` if a training failed, after everything that does not depend on it is trained and stored. Any
    exception in this process, and misuse of `run` (see `lrlab.lab.stages.executor.Executor.wait`), ends everything at
    once and closes the executor.
    """
    keys = [job_key(task, job) for job in jobs]
    wanted = dict(zip(keys, jobs, strict=True))
    runs: dict[str, StoredRun] = {}
    for key, stored in store.find(wanted).items():
        runs[key] = stored
        on_progress(Progress(stored, True, len(runs), len(wanted), None))
    missing = {key: job for key, job in wanted.items() if key not in runs}
    if missing:
        store.probe()
    times: list[float] = []
    drive = _Drive(task, store, fork_every, on_failed, on_stage)
    try:
        for run in drive.runs(missing, executor) if missing else ():
            store.put(run)
            runs[run.key] = run
            times.append(time.monotonic())
            on_progress(Progress(run, False, len(runs), len(wanted), _left(times, len(missing))))
    except BaseException:  # the next user of the executor must not receive results of these stages
        executor.close()
        raise
    if drive.failed:
        raise TaskError(_named(drive.failed, len(missing) if drive.hopeless else len(wanted), drive.hopeless))
    finished = tuple(dataclasses.replace(runs[key], arm=job.arm.name) for key, job in zip(keys, jobs, strict=True))
    return finished, drive.effort


def _left(times: Sequence[float], total: int) -> float | None:
    """The estimated seconds for the rest of `total` runs, from the times at which the first runs were finished."""
    done = len(times)
    return (times[-1] - times[0]) / (done - 1) * (total - done) if done > max(1, total / 20) else None


def _named(failed: Sequence[tuple[Job, str]], total: int, hopeless: bool) -> str:
    """A text with every failed run and its cause, and the whole error of the first."""
    rest = "the others are stored, and the same line goes on with these"
    if hopeless and len(failed) < total:
        rest = f"all alike, and none got anywhere: {total - len(failed)} more were not begun"
    lines = [f"{len(failed)} of {total} runs failed; {rest}"]
    lines += [f"  {job.title}: {cause.partition(chr(10))[0]}" for job, cause in failed]
    _, _, whole = failed[0][1].partition("\n")
    return "\n".join([*lines, *([f"\nThe first of them:\n{whole}"] if whole else [])])


class _Drive:
    """The stages of some jobs, from the stored states to the last run."""

    def __init__(
        self,
        task: Task,
        store: Store,
        fork_every: int,
        on_failed: Callable[[str, str], object],
        on_stage: Callable[[Trained], object],
    ) -> None:
        self.effort = Effort()
        self.failed: list[tuple[Job, str]] = []
        self._task, self._store, self._states = task, store, States(store.address)
        self._fork_every, self._on_failed, self._on_stage = fork_every, on_failed, on_stage
        self._every: dict[str, int] = {}  # by cell, as soon as a stage has reported it
        self._numbers: dict[str, int] = {}  # the cells in the order of the jobs
        self._families: dict[str, str] = {}  # of each cell: whose runs can be trained at once
        self._queue: list[tuple[int, int, int, _Work]] = []
        self._ready: list[StoredRun] = []
        self._shared: dict[tuple[ControlSpec, int], ControlTrace] = {}
        self._common: dict[tuple[ControlTrace, ControlTrace], int] = {}
        self._slots = self._serial = self._written = 0
        self._causes: list[str] = []  # of failed stages
        self._moved = False  # whether any stage has made progress

    def runs(self, missing: dict[str, Job], executor: Executor) -> Iterator[StoredRun]:
        """Train, and yield every run as soon as it is finished."""
        self._slots = executor.slots
        cells: dict[str, list[_Entry]] = {}
        for key, job in missing.items():
            cells.setdefault(cell_of(self._task, job), []).append(_Entry(job, key, self._control(job)))
        for cell, entries in cells.items():
            self._numbers[cell] = len(self._numbers)
            self._families[cell] = family_of(self._task, entries[0].job)
            self._states.note_recipe(cell, {"name": self._task.name, **recipe_of(self._task, entries[0].job)})
            self._place(cell, entries)
        in_hand: dict[int, tuple[_Work, ...]] = {}
        while True:
            yield from self._taken()
            # Twice as many as are trained at once, so that no worker waits while this process reads and writes.
            while self._queue and len(in_hand) < 2 * self._slots and not self.hopeless:
                tag, (work, *beside) = self._next()
                in_hand[tag] = (work, *beside)
                executor.submit(tag, dataclasses.replace(work.stage, beside=tuple(each.stage for each in beside)))
            if not in_hand:
                break
            for tag, reached in executor.wait():
                works = in_hand.pop(tag)
                for work, each in zip(works, reached.each(len(works)), strict=True):
                    self._advance(work, each)
            self._sweep([work for works in in_hand.values() for work in works])
        self._states.sweep(KEPT)

    def _next(self) -> tuple[int, list[_Work]]:
        """The next stage of the queue, with its tag; where runs are vectorised, also those that go along with it.

        These are what remains about as long: with the next runs of one step all the way, no one waits for others.
        """
        first = heapq.heappop(self._queue)
        job, (_, length, tag, work) = first[-1].entries[0].job, first
        others = [each for each in self._queue if each[-1].family == work.family] if job.vectorise > 1 else []
        beside = sorted(others, key=lambda each: (abs(each[1] - length), each[:3]))[: job.vectorise - 1]
        if beside:
            self._queue = [each for each in self._queue if each not in beside]
            heapq.heapify(self._queue)
        return tag, [work, *(each[-1] for each in beside)]

    @property
    def hopeless(self) -> bool:
        """Whether the first stages all failed for one cause without any progress: the others would fail, too."""
        return not self._moved and len(self._causes) >= ALIKE and len({*self._causes}) == 1

    def _taken(self) -> Iterator[StoredRun]:
        while self._ready:
            yield self._ready.pop(0)

    def _control(self, job: Job) -> ControlTrace:
        """The control of a job at its beginning; jobs with the same settings share one object."""
        found = self._shared.get((job.regime, job.updates))
        return found or self._shared.setdefault((job.regime, job.updates), ControlTrace(job.regime, job.updates))

    # -- where jobs stand ------------------------------------------------------------------------------------

    def _place(self, cell: str, entries: Sequence[_Entry]) -> None:
        """Continue each job from its furthest stored state; if that is torn, from the one before it."""
        waiting = [entries]
        while waiting:
            here = waiting.pop()
            places = self._states.places(cell)
            standing: dict[StateAddress | None, list[_Entry]] = {}
            for entry in here:
                standing.setdefault(self._furthest(cell, places, entry), []).append(entry)
            waiting += [those for place, those in standing.items() if not self._go_on(cell, place, those)]

    def _furthest(self, cell: str, places: Sequence[StateAddress], entry: _Entry) -> StateAddress | None:
        """The furthest of the places that this job passes; None if it passes none."""
        control = entry.control
        passed = control.digests(place.at for place in places)
        for place in places:
            if control.reactive:  # its settings depend on the reports before that place
                try:
                    heard = self._heard(entry, self._states.get(cell, place).record)
                except Torn:
                    self._states.drop(cell, place)
                    continue
                if heard.digests([place.at])[place.at] == place.digest:
                    return place
            elif passed[place.at] == place.digest:
                return place
        return None

    def _heard(self, entry: _Entry, record: StateRecord) -> ControlTrace:
        """The control of a job after the reports of a state."""
        if not entry.control.reactive:
            return entry.control
        return replayed(entry.job.regime, entry.job.updates, record["ledger"]["reports"], self._task.metric)

    def _go_on(self, cell: str, place: StateAddress | None, entries: Sequence[_Entry]) -> bool:
        """Go from a state to the runs if it is an end, else to the next stages. False: it was torn and is deleted."""
        if place is not None and (place.end or any(entry.control.reactive for entry in entries)):
            try:
                record = self._states.get(cell, place).record
                ended = [run_of(self._task, entry.job, record) for entry in entries] if place.end else []
            except Torn:
                self._states.drop(cell, place)
                return False
            if place.end:
                self._ready += ended
                self._add(naive=place.at * len(entries))
                return True
            for entry in entries:
                entry.control = self._heard(entry, record)
        self._fork(cell, place, entries)
        return True

    # -- stages ----------------------------------------------------------------------------------------------

    def _fork(self, cell: str, place: StateAddress | None, entries: Sequence[_Entry]) -> None:
        """Queue the stages in which these jobs continue from their common state."""
        start, end = (place.at if place else 0), entries[0].job.updates
        every = self._every.get(cell, self._fork_every or NOWHERE)
        known = _known_until(entries, start, end, every)

        def common(a: int, b: int) -> int:
            agree = self._agreement(entries[a], entries[b], start, end)
            until = min(agree, known[a], known[b])
            if aligned(until, end, every) <= start < agree and every < NOWHERE:
                reasons.append(_why_alone(entries[a], entries[b], until < agree, every))
            return until

        reasons: list[str] = []
        parties = split(range(len(entries)), common, start, end, every)
        if not start and len(parties) == len(entries) and reasons:  # no two continue together, though some agree
            self.effort += Effort(alone=(reasons[0],))
        for party, stop in parties:
            # An arm that no report can change is the lead, so that only the others have to be watched.
            those = sorted((entries[k] for k in party), key=lambda entry: entry.control.reactive)
            lead = those[0]
            others = dict.fromkeys(entry.job.regime for entry in those[1:] if entry.control.reactive)
            address = self._store.address
            stage = Stage(
                self._task.text,
                self._task.identity,
                address,
                lead.job,
                place,
                stop,
                tuple(others),
                every,
                parts_of(self._task),
            )
            # A few cells at a time, in the order of the jobs, so that an interruption leaves complete cells; among
            # these the longest remaining way first, so that it does not run alone at the end.
            rank = self._numbers[cell] // (2 * self._slots * max(1, lead.job.vectorise))
            work = _Work(stage, cell, tuple(those), self._families[cell])
            self._serial += 1
            heapq.heappush(self._queue, (rank, start - end, self._serial, work))

    def _agreement(self, a: _Entry, b: _Entry, start: int, end: int) -> int:
        """The first update, as far as known, that two jobs which agree up to `start` set differently."""
        if a.control.reactive or b.control.reactive:
            return agreement(a.control, b.control, start, end)
        pair = a.control, b.control
        if pair not in self._common:
            self._common[pair] = agreement(*pair, 0, end)
        return self._common[pair]

    def _advance(self, work: _Work, reached: StageResult) -> None:
        """Take the result of a stage, and continue its jobs from there."""
        if reached.failed:  # so all its jobs fail
            self._causes.append(reached.failed.partition("\n")[0])
            for entry in work.entries:
                self.failed.append((entry.job, reached.failed))
                self._on_failed(entry.job.title, reached.failed)
        elif reached.torn:
            self._place(work.cell, work.entries)
        elif reached.alone:
            self.effort += Effort(alone=(reached.alone,))
            self._every[work.cell] = NOWHERE
            self._fork(work.cell, None, work.entries)
        elif reached.place is None:
            self._every[work.cell] = reached.every
            self._fork(work.cell, work.stage.start, work.entries)
        else:
            self._moved = True
            self._every[work.cell] = reached.every
            self._add(trained=reached.place.at - work.stage.begin, stages=1)
            self._on_stage(Trained(tuple(entry.job for entry in work.entries), work.stage.begin, reached.place.at))
            self._written += self._states.size(work.cell, reached.place)
            if not self._go_on(work.cell, reached.place, work.entries):
                self._place(work.cell, work.entries)

    def _add(self, naive: int = 0, trained: int = 0, stages: int = 0) -> None:
        self.effort += Effort(naive, trained, stages)

    def _sweep(self, in_hand: Sequence[_Work]) -> None:
        """Delete old states that no job waits for, if there are many."""
        if self._written > KEPT:
            waiting = [*in_hand, *(work for *_, work in self._queue)]
            self._states.sweep(KEPT, {(w.cell, w.stage.start) for w in waiting if w.stage.start})
            self._written = 0


def _why_alone(a: _Entry, b: _Entry, listens: bool, every: int) -> str:
    """Why two arms that agree at first cannot continue together."""
    where = f"training can fork only every {every} updates, such as where an epoch ends"
    if listens:
        arm = next(entry.job.arm.name for entry in (a, b) if entry.control.reactive)
        return f"{where}, and {arm} listens to evaluations in between"
    return f"{where}, and {a.job.arm.name} and {b.job.arm.name} part before"


def _known_until(entries: Sequence[_Entry], start: int, end: int, every: int) -> list[int]:
    """Up to which update each job may continue with others. A report between two possible forks may change an arm when
    it is too late to fork, so an arm that listens to such a report is trained alone from the fork before it."""
    if every == 1:
        return [end] * len(entries)
    job = entries[0].job
    between = [at for at in sorted(evaluation_points(job.updates, job.evals)) if at > start and at % every and at < end]
    return [
        next((at // every * every for at in between if entry.control.listens(at)), end)
        if entry.control.reactive
        else end
        for entry in entries
    ]
