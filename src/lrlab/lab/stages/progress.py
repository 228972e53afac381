"""What is told of a training on the way: a run that is there, a stage that has ended, and what it all took."""

from __future__ import annotations

from dataclasses import dataclass

from lrlab.lab.stages.job import Job
from lrlab.record.runs.run import StoredRun


@dataclass(frozen=True)
class Progress:
    """The progress after each finished run: this `run`, and `done` of `total`.

    `reused` says that the run was already stored. `seconds_left` is estimated from the runs trained so far, without the
    time before the first of them ended; it is None until a twentieth of the runs is done.
    """

    run: StoredRun
    reused: bool
    done: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True)
class Trained:
    """A stage that has ended: its `jobs` went together through the updates `begin` ... `stop`-1."""

    jobs: tuple[Job, ...]
    begin: int
    stop: int


@dataclass(frozen=True)
class Effort:
    """The effort for the runs that were not stored: updates without sharing (`naive`), updates `trained`, and `stages`.

    `alone` gives the reasons why training could not be shared.

    >>> Effort(naive=1000, trained=640, stages=9).saved
    0.36
    """

    naive: int = 0
    trained: int = 0
    stages: int = 0
    alone: tuple[str, ...] = ()

    def __add__(self, other: Effort) -> Effort:
        """The sum of both efforts."""
        alone = tuple(dict.fromkeys(self.alone + other.alone))
        return Effort(self.naive + other.naive, self.trained + other.trained, self.stages + other.stages, alone)

    @property
    def saved(self) -> float:
        """The share of the updates that did not have to be trained."""
        return 1 - self.trained / self.naive if self.naive else 0.0

    def __str__(self) -> str:
        """What was trained and what sharing saved, as a text; empty if nothing was trained."""
        if not self.naive:
            return ""
        trained = f"{self.trained} updates in {self.stages} stages"
        why = f"; not more, for {self.alone[0]}" if self.alone else ""
        if self.trained >= self.naive:
            return f"{trained}, every run alone{why.replace('not more, for', 'for')}"
        return (
            f"{trained} instead of {self.naive}: {self.saved:.0%} saved, because strategies that agree so far are "
            f"trained together{why}"
        )
