"""The control rows of an arm: what it sets at each update, as float64, and how long two arms set the same.

A row holds the LR multiple of the arm times the value of its schedule, and then the value of every other
hyper-parameter that it schedules. Arms are compared by the bits of their rows, never by their text: whatever sets the
same trains the same. A schedule with controllers listens to the reports of the run; its rows are those that it
realised, and beyond the present update those that follow if its controllers do not act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.expression.node import Schedule
from lrlab.core.expression.write import document_of
from lrlab.core.run.pacer import Decision, Pacer
from lrlab.core.text.document import read
from lrlab.errors import LrlabError, Stopped, nearest, worded

Rows = NDArray[np.float64]

# A report: the number of completed updates, and the metrics.
Report = tuple[int, Mapping[str, float]]


@dataclass(frozen=True)
class ControlSpec:
    """What an arm sets: the LR by its schedule, times `lr`; other hyper-parameters by theirs, in `also`.

    What a value means is as in `lrlab.core.plan.plan`: of weight_decay a multiple, of momentum, betas and eps itself.
    """

    schedule: Schedule
    lr: float = 1.0
    also: tuple[tuple[str, Schedule], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its rows."""
        return ("lr", *(name for name, _ in self.also))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        also = {name: document_of(schedule) for name, schedule in self.also}
        return {"schedule": document_of(self.schedule), "lr": self.lr, "also": also}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ControlSpec:
        """What `to_json` wrote."""
        also = tuple((name, read(written)) for name, written in data["also"].items())
        return cls(read(data["schedule"]), data["lr"], also)


class ControlTrace:
    """What one arm sets at each update of a run of `updates`: one row for each, one column for each of `names`.

    >>> import lrlab as lr
    >>> control = ControlTrace(ControlSpec(lr.constant() * lr.plateau(patience=1, factor=0.5), lr=2.0), updates=4)
    >>> for update in (1, 2): control.hear(update, {"val_loss": 1.0}, judged="val_loss")
    >>> control.rows(0, 4).tolist()
    [[2.0], [2.0], [1.0], [1.0]]
    """

    def __init__(self, regime: ControlSpec, updates: int) -> None:
        schedules = (regime.schedule, *(schedule for _, schedule in regime.also))
        self.names = regime.names
        self._pacers = [Pacer(schedule.over(updates)) for schedule in schedules]
        self._lr, self._updates = regime.lr, updates
        self._rows = self._ahead(0)
        self._rows.flags.writeable = False

    @property
    def reactive(self) -> bool:
        """Whether its rows depend on what is reported."""
        return any(pacer.curve.controllers for pacer in self._pacers)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers of the LR did."""
        return self._pacers[0].decisions

    def hear(self, update: int, metrics: Mapping[str, float], judged: str) -> None:
        """Take a report after `update` completed updates; the judged metric also reaches a controller that names none.

        Where a controller gives up, what follows is NaN. Raises `LrlabError` if one listens to a metric that is not
        among these.
        """
        if not self.reactive:
            return
        for pacer in self._pacers:
            for placed in pacer.curve.controllers:
                wanted = placed.controller.metric
                if wanted is not None and wanted not in metrics:
                    raise LrlabError(
                        worded(
                            f"{placed.name} listens to {wanted}, which run.report was not told",
                            str(pacer.curve.schedule),
                            f"a metric of run.report({', '.join(f'{name}=...' for name in metrics)})",
                            f'metric="{nearest(wanted, metrics) or judged}"',
                        )
                    )
        before, gave_up = [pacer.factors for pacer in self._pacers], True
        with suppress(Stopped):
            for pacer in self._pacers:
                pacer.advance(update - pacer.update)
                pacer.observe(metrics[judged], **metrics)
            gave_up = False
        if gave_up:
            self._rows = np.concatenate([self._rows[:update], np.full_like(self._rows[update:], np.nan)])
        elif before != [pacer.factors for pacer in self._pacers]:
            self._rows = np.concatenate([self._rows[:update], self._ahead(update)])

    def listens(self, update: int) -> bool:
        """Whether a report after this many updates may change what follows."""
        return any(placed.acts(update) for pacer in self._pacers for placed in pacer.curve.controllers)

    def rows(self, start: int, stop: int) -> Rows:
        """What the updates start ... stop-1 use, as far as it is known now: shape (stop-start, names)."""
        return self._rows[start:stop]

    def row(self, update: int) -> dict[str, float]:
        """What one update uses, by name."""
        return dict(zip(self.names, self._rows[update].tolist(), strict=True))

    def digests(self, at: Iterable[int]) -> dict[int, str]:
        """The digest of the rows of the first `at` updates, for each `at`: it names what was set until then."""
        found, done, running = {}, 0, hashlib.sha256()
        for update in sorted(set(at)):
            running.update(self._rows[done:update].tobytes())
            found[update], done = running.copy().hexdigest()[:32], update
        return found

    def _ahead(self, start: int) -> Rows:
        columns = [pacer.between(start, self._updates) for pacer in self._pacers]
        columns[0] = self._lr * columns[0]
        return np.stack(columns, axis=1)


def agreement(first: ControlTrace, second: ControlTrace, start: int, stop: int) -> int:
    """The first update from `start` on that the two set differently, as far as it is known now; `stop` if there is
    none.

    >>> import lrlab as lr
    >>> fixed, stepped = (ControlTrace(ControlSpec(s), 100) for s in (lr.constant(), lr.multistep([40, 80], gamma=0.1)))
    >>> agreement(fixed, stepped, 0, 100)
    40
    """
    differ = (_bits(first.rows(start, stop)) != _bits(second.rows(start, stop))).any(axis=1)
    return start + int(differ.argmax()) if differ.any() else stop


def order(first: ControlTrace, second: ControlTrace, stop: int) -> int:
    """-1, 0 or 1: an order of what is set in which those that begin alike are neighbours."""
    at = agreement(first, second, 0, stop)
    if at == stop:
        return 0
    mine, other = (_bits(control.rows(at, at + 1)).tolist() for control in (first, second))
    return -1 if mine < other else 1


def together(controls: Sequence[ControlTrace], start: int, stop: int) -> int:
    """The first update from `start` on that not all of them set alike; `stop` if there is none."""
    return min((agreement(controls[0], other, start, stop) for other in controls[1:]), default=stop)


def replayed(regime: ControlSpec, updates: int, reports: Iterable[Report], judged: str) -> ControlTrace:
    """The control of an arm after these reports."""
    control = ControlTrace(regime, updates)
    for update, metrics in reports:
        control.hear(update, metrics, judged)
    return control


def _bits(rows: Rows) -> NDArray[Any]:
    """As whole numbers, so that NaN equals itself and 0.0 is not -0.0."""
    return np.ascontiguousarray(rows).view(np.int64)
