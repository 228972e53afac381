"""The one record of a run's position, which every adapter writes and reads: plain JSON, so that it moves between them.

    state = Checkpoint.of(pacer, base_lrs=[0.1]).record()      a dict of numbers, texts, lists and dicts
    there = Checkpoint.read(state)                             refused in words where it is torn, changed or foreign
    there.differences(curve)                                   where the code says something else
    pacer = there.pacer(curve)                                 the position on the code's curve, states restored

What is state: `position` (completed updates, controllers' records, scale, and the log of decisions and changes).
What is there for comparison only, for configuration comes from code: `base_lrs`, schedule, horizon, `absolute`.
A digest over the whole makes a flipped bit or a part of another checkpoint show itself; it is no signature.
Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.expression.write import document_of
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import pacer_of
from lrlab.core.run.pacer import Pacer, carried, checked, configuration
from lrlab.core.run.pacer import upgraded as upgraded_position
from lrlab.core.shapes.tables import Function
from lrlab.core.text.document import loads
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

_BESIDE = ("base_lrs", "lrs", "schedule", "document", "fingerprint", "horizon", "absolute", "digest")


@dataclass(frozen=True)
class Difference:
    """One field in which a checkpoint and the code disagree."""

    field: str
    checkpoint: object
    code: object

    def __str__(self) -> str:
        return f"{self.field}: in the checkpoint {self.checkpoint}, in the code {self.code}"


@dataclass(frozen=True)
class Checkpoint:
    """A position on a curve, and what the curve and the optimizer were.

    `position` is `Pacer.state()`. `base_lrs` holds the base LR of each parameter group, `lrs` the LR that each had in
    the optimizer when the record was written. `document` is the schedule as JSON, `schedule` its text to look at.

    >>> import lrlab as lr
    >>> pacer = lr.Pacer(lr.cosine().over(100))
    >>> pacer.advance(50)
    >>> there = Checkpoint.read(Checkpoint.of(pacer, [0.1]).record())
    >>> there.pacer(lr.cosine().over(100)).update, [str(d) for d in there.differences(lr.cosine().over(200))]
    (50, ["horizon: in the checkpoint {'updates': 100}, in the code {'updates': 200}"])
    """

    position: Mapping[str, Any]
    base_lrs: tuple[float, ...]
    lrs: tuple[float, ...]
    schedule: str
    document: Mapping[str, Any]
    fingerprint: str
    horizon: Mapping[str, float]
    absolute: bool

    @staticmethod
    def of(
        pacer: Pacer, base_lrs: Sequence[float], lrs: Sequence[float] | None = None, *, absolute: bool = False
    ) -> Checkpoint:
        """Where a pacer is. `lrs` None: the LR of each group is its base LR times the value of the next update."""
        schedule = pacer.curve.schedule
        if lrs is None:
            lrs = [pacer.value if absolute else base * pacer.value for base in base_lrs]
        return Checkpoint(
            pacer.state(),
            tuple(map(float, base_lrs)),
            tuple(map(float, lrs)),
            str(schedule),
            document_of(schedule),
            schedule.fingerprint(),
            pacer.curve.horizon.record(),
            absolute,
        )

    def record(self) -> dict[str, Any]:
        """As plain JSON, with its digest."""
        written = {
            **self.position,
            "base_lrs": list(self.base_lrs),
            "lrs": list(self.lrs),
            "schedule": self.schedule,
            "document": self.document,
            "fingerprint": self.fingerprint,
            "horizon": self.horizon,
            "absolute": self.absolute,
        }
        copied: dict[str, Any] = json.loads(json.dumps(written))  # nothing in it is shared with a running scheduler
        return {**copied, "digest": digest(copied)}

    @staticmethod
    def read(state: Mapping[str, Any]) -> Checkpoint:
        """Read a record. Raises `LrlabError` where it is none, was changed after it was written, or is too new."""
        checked(state)
        state = upgraded(state)
        found = digest({name: value for name, value in state.items() if name != "digest"})
        if state.get("digest") != found:
            raise LrlabError(
                worded(
                    "the checkpoint is not as it was written: its digest does not fit its contents",
                    state.get("digest"),
                    found,
                    "an earlier checkpoint; a changed schedule or LR is said in the code, with on_change=",
                )
            )
        try:
            return Checkpoint(
                {name: value for name, value in state.items() if name not in _BESIDE},
                tuple(map(float, state["base_lrs"])),
                tuple(map(float, state["lrs"])),
                str(state["schedule"]),
                dict(state["document"]),
                str(state["fingerprint"]),
                dict(state["horizon"]),
                bool(state["absolute"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise LrlabError(worded(f"this is no state of a Scheduler: {error}", dict(state))) from None

    def differences(self, curve: Curve, *, absolute: bool = False) -> list[Difference]:
        """Where the configuration in the code is another: schedule, horizon, absolute."""
        rows = [
            Difference("schedule", self.schedule, str(curve.schedule)),
            Difference("horizon", dict(self.horizon), curve.horizon.record()),
            Difference("absolute", self.absolute, absolute),
        ]
        same = (
            self.fingerprint == curve.schedule.fingerprint(),
            dict(self.horizon) == curve.horizon.record(),
            self.absolute == absolute,
        )
        return [row for row, equal in zip(rows, same, strict=True) if not equal]

    def curve(self, functions: Mapping[str, Callable[[int], float]] | None = None) -> Curve:
        """The curve that the run was on. `functions` binds the user functions in it."""
        schedule = loads(json.dumps(self.document), functions)
        if schedule.fingerprint() != self.fingerprint:
            found = schedule.fingerprint()
            raise LrlabError(worded("the checkpoint's schedule is not the one it names", found, self.fingerprint))
        try:
            return schedule.over(Horizon(**self.horizon))  # type: ignore[arg-type]  # its numbers are checked there
        except TypeError as error:
            raise LrlabError(worded(f"the horizon in the checkpoint is none: {error}", dict(self.horizon))) from None

    def pacer(self, curve: Curve) -> Pacer:
        """A pacer at this position on `curve`. Raises `LrlabError` where its controllers are others."""
        made = pacer_of(curve)
        made.restore(self.position)
        return made

    def taken(self, curve: Curve) -> Pacer:
        """A pacer at this position on another `curve`, with the controllers' records that fit; said in its changes."""
        records = self.position["controllers"]
        states = {p.name: carried(p.controller, records.get(p.name)) for p in curve.controllers}
        made = pacer_of(curve)
        made.restore({**self.position, "controllers": {name: state._asdict() for name, state in states.items()}})
        made.note("take", {"schedule": self.schedule, "horizon": dict(self.horizon)}, configuration(curve))
        return made


def functions_of(schedule: Schedule) -> dict[str, Callable[[int], float]]:
    """The user functions in a schedule, by name: what a checkpoint's schedule is bound with."""
    found = ((part.name, part.target) for part in schedule.walk() if isinstance(part, Function))
    return {name: target for name, target in found if target is not None}


def upgraded(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of the present version, from one of any: version 1 had no document and no digest."""
    if state["version"] != 1:
        return state
    brought = {**upgraded_position(state), "document": {"lrlab": 0, "text": state.get("schedule")}}
    return {**brought, "digest": digest(brought)}


def digest(record: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) of a record's JSON."""
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise LrlabError(worded(f"this is no state of a Scheduler: {error}", dict(record))) from None
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
