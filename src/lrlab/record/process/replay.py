"""Replay: computes every decision and every LR of a run again from its journal, and reports the differences."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.resume.checkpoint import Checkpoint, Held
from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError, Stopped, worded
from lrlab.record.held import held
from lrlab.record.process.journal import rows
from lrlab.record.runs.run import plain


@dataclass(frozen=True)
class Piece:
    """Some updates of a run without a change: the values of each curve, and the groups that used them."""

    start: int
    values: tuple[NDArray[np.float64], ...]
    groups: tuple[Held, ...]
    absolute: bool
    pacer: PlanPacer

    @property
    def stop(self) -> int:
        """The update after the last."""
        return self.start + len(self.values[0])

    def lrs(self) -> NDArray[np.float64]:
        """The LR of each group in each update of the piece: shape (groups, updates)."""
        return np.array([group.lrs(self.pacer, self.values, self.start, self.absolute) for group in self.groups])


@dataclass(frozen=True)
class Replay:
    """What a run did, computed again.

    `values[i]` is the multiplier that update i used, shape (updates,); under a plan, that of its first schedule.
    `pieces` cover the whole run; where two overlap, the later one counts. `base_lrs` are those at the end. `heard` says
    how many of the `observations` each controller took. `differences` has a sentence for each place where the journal
    differs.
    """

    schedule: str
    values: NDArray[np.float64]
    pieces: tuple[Piece, ...]
    base_lrs: tuple[float, ...]
    absolute: bool
    observations: int
    heard: Mapping[str, int]
    decisions: tuple[Decision, ...]
    differences: tuple[str, ...]

    @property
    def updates(self) -> int:
        """The number of updates that were replayed."""
        return len(self.values)

    @property
    def lrs(self) -> NDArray[np.float64]:
        """The LR of every update for each group: shape (groups, updates); NaN before a group existed."""
        found = np.full((max(len(piece.groups) for piece in self.pieces), self.updates), np.nan)
        for piece in self.pieces:
            lrs, stop = piece.lrs(), min(piece.stop, self.updates)
            found[:, piece.start :] = np.nan
            found[: len(lrs), piece.start : stop] = lrs[:, : max(stop - piece.start, 0)]
        return found


def replay(journal: str | os.PathLike[str], updates: int | None = None) -> Replay:
    """Replay a journal (its file or its folder) to its end, or further up to `updates` updates.

    Raises `LrlabError` if it is not a journal, if the schedule contains a function that only the run's code has, or if
    the run was measured in other units than updates.

    >>> import lrlab as lr
    >>> from tempfile import TemporaryDirectory
    >>> from lrlab.record.process.journal import Journal
    >>> pacer = lr.Pacer((lr.constant() * lr.plateau(patience=1, factor=0.5)).over(100))
    >>> with TemporaryDirectory() as folder:
    ...     journal = Journal(folder)
    ...     journal.began("start", Checkpoint.of(pacer, [0.1]).record())
    ...     for loss in (3.0, 3.0):
    ...         pacer.advance(10); pacer.observe(loss)
    ...         journal.observed(pacer.update, loss, {}, pacer.decisions, [0.1 * pacer.value])
    ...     found = replay(folder, updates=30)
    >>> found.differences, found.decisions[0].update, found.lrs[0, [19, 20]].tolist()
    ((), 20, [0.1, 0.05])
    """
    lines = rows(journal)
    first = next(lines, None)
    if first is None or "begin" not in first:
        raise LrlabError(worded("the journal does not begin with the start of a run", str(journal)))
    run = _Run(first["checkpoint"])
    for row in lines:
        if "begin" in row:
            run.begin(row["begin"], row["checkpoint"])
        else:
            run.observe(row)
    if updates is not None:
        run.reach(updates)
    return run.result()


class _Run:
    """The state of the replayed run so far."""

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        self._take(checkpoint)
        self.pieces: list[Piece] = []  # where two overlap, the later one counts
        self.differences: list[str] = []
        self.observations = 0
        self.heard: dict[str, int] = {}
        self.fresh = False  # whether a process has begun but not yet told what it continues
        self.passed: set[tuple[str, str]] = set()  # every state that a controller has reached
        self._pass()

    def begin(self, how: str, checkpoint: Mapping[str, Any]) -> None:
        """The run started, resumed, rolled back or changed: continue from a state that its controllers reached before.

        A process begins with "start"; if "resumed" follows, it continues the run of the process before.
        """
        update = checkpoint["update"]
        if how not in ("start", "resumed") and update > self.pacer.update:
            self.reach(update)
        self._take(checkpoint)
        self.fresh = how == "start"
        if how == "resumed" and (known := self._known()) < update:  # updates after the last observation
            self._piece(known, update)
        for name, record in _records(self.pacer.state()):
            if name in self.heard and (name, record) not in self.passed:
                self.differences.append(f"update {update} ({how}): {name} is in a state that it did not come to")
        self._pass()

    def observe(self, row: Mapping[str, Any]) -> None:
        """Decide again on one observation, and compare."""
        if self.fresh:  # a new run in the same journal
            self.pieces, self.observations, self.heard = [], 0, dict.fromkeys(self.heard, 0)
        self.fresh = False
        update, metrics = row["update"], {name: float(metric) for name, metric in row["metrics"].items()}
        self.reach(update)
        known, before = len(self.pacer.decisions), dict(self.pacer.states)
        with suppress(Stopped):  # a decision like any other
            self.pacer.observe(metrics.pop("", None), **metrics)
        self.observations += 1
        for name, state in self.pacer.states.items():
            self.heard[name] += state.observed - before[name].observed
        self._pass()
        mine = plain([asdict(decision) for decision in self.pacer.decisions[known:]])
        if mine != row["decisions"]:
            self.differences.append(f"update {update}: decided {_said(row['decisions'])}, replayed {_said(mine)}")
        now = [np.array([value]) for value in self._values()]
        for k, (group, logged) in enumerate(zip(self.groups, map(float, row["lrs"]), strict=False)):
            lr = float(group.lrs(self.pacer, now, update, self.absolute)[0])
            if lr != logged and np.float32(lr) != np.float32(logged):  # a tensor LR has float32
                self.differences.append(f"update {update}: the LR of group {k} was {logged:.6g}, replayed {lr:.6g}")

    def reach(self, update: int) -> None:
        """Keep the values up to an update, with the current factors."""
        here = self.pacer.update
        if update < here:
            self.differences.append(f"update {update}: the journal goes back from {here} without saying why")
            return
        self._piece(here, update)
        self.pacer.advance(update - here)

    def result(self) -> Replay:
        """The result of the replay."""
        values = np.full(held(self.pacer.update, "the run"), np.nan)
        for piece in self.pieces:
            stop = min(piece.stop, len(values))
            values[piece.start : stop] = piece.values[0][: max(stop - piece.start, 0)]
        return Replay(
            str(self.pacer.schedule),
            values,
            tuple(self.pieces) or (self._made(0, 0),),
            tuple(group.own["lr"] for group in self.groups),
            self.absolute,
            self.observations,
            dict(self.heard),
            self.pacer.decisions,
            tuple(self.differences),
        )

    def _known(self) -> int:
        """The update up to which the values of the latest run are known."""
        return self.pieces[-1].stop if self.pieces else 0

    def _piece(self, start: int, stop: int) -> None:
        """Keep the values of some updates, with the current factors and groups."""
        self.pieces.append(self._made(start, held(stop, "the run")))

    def _made(self, start: int, stop: int) -> Piece:
        scale = self.pacer.scale
        values = tuple(scale * track.between(start, stop) for track in self.pacer.now.tracks)
        return Piece(start, values, self.groups, self.absolute, self.pacer)

    def _values(self) -> list[float]:
        """The multiplier of each curve for the LR of the next update."""
        return [self.pacer.value_of(k, "lr") for k in range(len(self.pacer.now.tracks))]

    def _take(self, checkpoint: Mapping[str, Any]) -> None:
        there = Checkpoint.read(checkpoint)
        self.pacer = there.run()
        if self.pacer.meter.needed:
            reason = "a journal does not say what each update consumed, by which this run was measured"
            raise LrlabError(worded(reason, self.pacer.horizon, "runs that are measured in updates"))
        self.groups, self.absolute = there.groups, there.absolute

    def _pass(self) -> None:
        self.heard = {name: self.heard.get(name, 0) for name in self.pacer.states}
        self.passed.update(_records(self.pacer.state()))


def _records(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, json.dumps(record)) for name, record in state["controllers"].items()]


def _said(decisions: list[dict[str, Any]]) -> str:
    steps = (f"{d['event']} ({d['controller']} {float(d['old']):g} -> {float(d['new']):g})" for d in decisions)
    return ", ".join(steps) or "nothing"
