"""The audit: runs from shared stages are trained again, alone and from the beginning, and compared.

Sharing gives the same bits if the tracked state is the whole state. An untracked object, a loader with a memory, or
threads that are not pinned can make the two trainings differ. So can a vectorised step, if the last bits of its sums
depend on how many runs share it: there a run is trained again in a step of its own. Then the results are not wrong, but
they are not the results of training each arm alone, and no text may claim that they are.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypedDict, cast

from lrlab.lab.arms.controls import Report, replayed
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Executor
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of, job_key
from lrlab.lab.task.declaration import Task
from lrlab.record.runs.opened import aside
from lrlab.record.runs.run import StoredRun, plain
from lrlab.record.runs.states import States
from lrlab.record.runs.store import Store
from lrlab.record.schema import UNBOUNDED
from lrlab.record.sealed import Torn


@dataclass(frozen=True)
class AuditedRun:
    """One run that was trained again: whether all bits agree, and the largest relative difference of the metric.

    It is infinite if only one diverged or the numbers of evaluations differ, and 0 if only weights or losses differ.
    """

    job: str
    identical: bool
    largest: float


class AuditRecord(TypedDict):
    """Whether the runs that were trained again, alone, are the same to the last bit."""

    passed: bool
    findings: Annotated[list[AuditedRun], UNBOUNDED]


@dataclass(frozen=True)
class Audit:
    """The findings of training again; `forked` is the number of runs that came out of a fork, None if unknown.

    With `vectorised`, it is the number of runs whose updates were made together with those of others.

    >>> print(Audit((AuditedRun("arm cosine, fold 0", False, 2e-3),)))
    NOT IDENTICAL: 1 of 1 runs trained again alone differs (arm cosine, fold 0: by up to 0.002 of the metric)
    """

    findings: tuple[AuditedRun, ...]
    forked: int | None = None
    vectorised: bool = False

    @property
    def passed(self) -> bool:
        """Whether every audited run is the same to the last bit; without any, whether no run came out of a fork."""
        return (bool(self.findings) or self.forked == 0) and all(finding.identical for finding in self.findings)

    def record(self) -> AuditRecord:
        """The audit as plain JSON."""
        findings = [plain(vars(finding)) for finding in self.findings]
        return cast(AuditRecord, {"passed": self.passed, "findings": findings})

    def __str__(self) -> str:
        n = len(self.findings)
        if self.forked == 0:
            return "no run came out of a fork: each was trained alone"
        if not n:
            return "no run was trained again: nothing is known of identity"
        bad = [finding for finding in self.findings if not finding.identical]
        if not bad:
            which = "shared a vectorised step" if self.vectorised else "came out of forks"
            of = "" if self.forked is None else f" of {self.forked} that {which}"
            return f"{n} {'run' if n == 1 else 'runs'}{of} trained again alone: identical to the last bit"
        worst = max(bad, key=lambda finding: finding.largest)
        far = f"by up to {worst.largest:.2g} of the metric" if worst.largest < math.inf else "another course"
        return (
            f"NOT IDENTICAL: {len(bad)} of {n} runs trained again alone {'differs' if len(bad) == 1 else 'differ'} "
            f"({worst.job}: {far})"
        )


def audited(task: Task, jobs: Sequence[Job], store: Store, count: int, executor: Executor) -> Audit:
    """Train `count` of the finished jobs again, without sharing and without stored states.

    They are drawn from those that came out of forks or shared a vectorised step, because only these can differ: the
    deepest first, then at random.
    """
    states, known = States(store.address), dict[str, dict[str, int]]()
    shuffled = random.Random().sample(list(jobs), len(jobs))
    depths = [(_forks(task, job, store.get(job_key(task, job)), states, known), job) for job in shuffled]
    forked = [(depth, job) for depth, job in depths if depth or job.vectorise > 1]
    drawn = [job for _, job in sorted(forked, key=lambda each: -each[0])[:count]]
    findings = []
    with aside(store.address) as place:
        for number, job in enumerate(drawn):  # a store for each, so that they cannot share with each other
            alone = Store(f"{place}/{number}")
            (again,), _ = run_jobs(task, [job], alone, executor)
            run = store.get(job_key(task, job))
            if run is not None:
                findings.append(_compared(job, run, again))
    return Audit(tuple(findings), len(forked), any(job.vectorise > 1 for job in jobs))


def _forks(task: Task, job: Job, run: StoredRun | None, states: States, known: dict[str, dict[str, int]]) -> int:
    """The number of forks of a run, from the record of its last state; `known` caches what was read of a cell."""
    if run is None:
        return 0
    cell = cell_of(task, job)
    if cell not in known:
        known[cell] = {}
        for place in states.places(cell):
            if place.end:
                with contextlib.suppress(Torn):
                    known[cell][place.name] = states.get(cell, place).record.get("stages", 1) - 1
    reports: dict[int, dict[str, float]] = {}
    for name, series in run.evals.items():
        for update, value in zip(series.updates, series.values, strict=True):
            reports.setdefault(update, {})[name] = value
    told: list[Report] = sorted(reports.items())
    control = replayed(job.regime, job.updates, told, task.metric)
    ends = {f"{at}-{digest}.end" for at, digest in control.digests(range(1, job.updates + 1)).items()}
    return max((depth for name, depth in known[cell].items() if name in ends), default=0)


def _compared(job: Job, run: StoredRun, again: StoredRun) -> AuditedRun:
    if _content(run) == _content(again):
        return AuditedRun(job.title, True, 0.0)
    first, second = (one.evals[one.metric].values if one.metric in one.evals else () for one in (run, again))
    if len(first) != len(second) or run.outcome != again.outcome:
        return AuditedRun(job.title, False, math.inf)
    pairs = ((a, b) for a, b in zip(first, second, strict=True) if a != b and math.isfinite(a - b))
    far = [abs(a - b) / max(abs(a), abs(b)) for a, b in pairs]
    return AuditedRun(job.title, False, max(far, default=0.0))


def _content(run: StoredRun) -> Any:
    """The results of a run as plain values, in which NaN equals NaN, because a loss may be NaN."""
    kept = asdict(run)
    return plain([kept[name] for name in ("outcome", "loss", "evals", "fingerprint", "logged")])
