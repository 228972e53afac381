"""The record of a run's position that every adapter reads and writes: plain JSON, so that it can move between them.

    state = Checkpoint.of(pacer, base_lrs=[0.1]).record()      a dict of numbers, texts, lists and dicts
    there = Checkpoint.read(state)                             refused if it is damaged, changed or foreign
    there.differences(pacer)                                   what differs in the code
    pacer = there.pacer(curve)                                 the position on the code's curve, states restored

The state is `position` (completed updates, controllers' records, scale, and the log of decisions and changes) and each
parameter group's own values. The rest is only for comparison, because configuration comes from code: the schedule or
plan, the horizon, `absolute`. A digest over the whole reveals a flipped bit or a part of another checkpoint; it is not
a signature. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lrlab.core.expression.fields import not_negative, not_negative_count, number
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.write import document_of
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.plan import Plan, plan
from lrlab.core.plan.rules import KINDS
from lrlab.core.resume.upgrade import digest as digest
from lrlab.core.resume.upgrade import upgraded as upgraded
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import pacer_of
from lrlab.core.run.pacer import Pacer
from lrlab.core.run.recorded import checked
from lrlab.core.run.track import carried
from lrlab.core.shapes.tables import Function
from lrlab.core.text.document import loads
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Pacer = TypeVar("_Pacer", bound=Pacer)
_BESIDE = ("base_lrs", "lrs", "groups", "schedule", "document", "fingerprint", "horizon", "absolute", "digest")
_NESTED = ("controllers", "decisions", "changes", "consumed", "groups", "document", "horizon")


@dataclass(frozen=True)
class Difference:
    """One field in which a checkpoint and the code disagree."""

    field: str
    checkpoint: object
    code: object

    def __str__(self) -> str:
        return f"{self.field}: in the checkpoint {self.checkpoint}, in the code {self.code}"


@dataclass(frozen=True)
class Held:
    """A parameter group: its `own` values, its present values (`now`), and the update before which it `joined`.

    For each driven hyper-parameter `driven` has the number of its schedule in the plan, and the factor to it.
    """

    name: str
    own: Mapping[str, float]
    now: Mapping[str, float]
    joined: int = 0
    driven: Mapping[str, tuple[int, float]] = field(default_factory=lambda: {"lr": (0, 1.0)})

    @staticmethod
    def read(record: Mapping[str, Any]) -> Held:
        """A group from its record. Raises `LrlabError` for an impossible value, or one of Python's own errors."""
        found = Held(**record)
        for hyper, value in found.own.items():
            not_negative(value, f"the recorded {hyper}")
        for hyper, value in found.now.items():
            number(value, f"the recorded {hyper}")
        driven = {
            hyper: (not_negative_count(k, "driven"), not_negative(factor, "driven"))
            for hyper, (k, factor) in found.driven.items()
        }
        if not found.own.keys() | driven.keys() <= KINDS.keys():
            raise LrlabError(worded("the recorded group has another hyper-parameter", dict(record), ", ".join(KINDS)))
        return Held(
            str(found.name), dict(found.own), dict(found.now), not_negative_count(found.joined, "joined"), driven
        )

    def lrs(
        self, pacer: PlanPacer, values: Sequence[NDArray[np.float64]], start: int, absolute: bool
    ) -> NDArray[np.float64]:
        """The LR in the updates from `start` on, given the values of each curve of the pacer for an LR.

        NaN before the group joined; without a schedule its present LR.
        """
        import numpy as np

        k, scale = self.driven.get("lr", (0, 1.0))
        factor = scale if absolute else self.own["lr"] * scale
        stop = start + len(values[k])
        found = factor * values[k] * pacer.joined(self.joined, start, stop)
        if "lr" not in self.driven:
            found = np.full(stop - start, self.now["lr"])
        found[: max(self.joined - start, 0)] = np.nan
        return found


def unnamed(base_lrs: Sequence[float], lrs: Sequence[float]) -> tuple[Held, ...]:
    """Groups of which only the LRs are known."""
    pairs = enumerate(zip(map(float, base_lrs), map(float, lrs), strict=True))
    return tuple(Held(str(k), {"lr": base}, {"lr": now}) for k, (base, now) in pairs)


class Followed(Protocol):
    """A schedule or plan over a horizon: a curve, or a pacer."""

    @property
    def schedule(self) -> Any: ...
    @property
    def horizon(self) -> Horizon: ...


@dataclass(frozen=True)
class Checkpoint:
    """A position on a curve or a plan, with that curve or plan and the values in the optimizer.

    `position` is `Pacer.state()`. `groups` are the parameter groups. `document` is the schedule or plan as JSON,
    `schedule` its text to look at.

    >>> import lrlab as lr
    >>> pacer = lr.Pacer(lr.cosine().over(100))
    >>> pacer.advance(50)
    >>> there = Checkpoint.read(Checkpoint.of(pacer, [0.1]).record())
    >>> there.pacer(lr.cosine().over(100)).update, [str(d) for d in there.differences(lr.cosine().over(200))]
    (50, ["horizon: in the checkpoint {'updates': 100}, in the code {'updates': 200}"])
    """

    position: Mapping[str, Any]
    groups: tuple[Held, ...]
    schedule: str
    document: Mapping[str, Any]
    fingerprint: str
    horizon: Mapping[str, float]
    absolute: bool

    @staticmethod
    def of(
        pacer: Pacer, base_lrs: Sequence[float], lrs: Sequence[float] | None = None, *, absolute: bool = False
    ) -> Checkpoint:
        """The position of a pacer. With `lrs=None` the LR of each group is its base LR times the value of the next
        update."""
        if lrs is None:
            lrs = [pacer.value if absolute else base * pacer.value for base in base_lrs]
        return Checkpoint.at(pacer, unnamed(base_lrs, lrs), absolute=absolute)

    @staticmethod
    def at(pacer: Pacer, groups: Sequence[Held], *, absolute: bool = False) -> Checkpoint:
        """The position of a pacer, with these parameter groups."""
        followed = pacer.schedule
        return Checkpoint(
            pacer.state(),
            tuple(groups),
            str(followed),
            followed.document() if isinstance(followed, Plan) else document_of(followed),
            followed.fingerprint(),
            pacer.horizon.record(),
            absolute,
        )

    @property
    def base_lrs(self) -> tuple[float, ...]:
        """The base LR of each parameter group."""
        return tuple(group.own["lr"] for group in self.groups)

    @property
    def lrs(self) -> tuple[float, ...]:
        """The LR that each parameter group had in the optimizer when the record was written."""
        return tuple(group.now["lr"] for group in self.groups)

    def record(self) -> dict[str, Any]:
        """As plain JSON, with its digest. Its keys do not depend on the run."""
        written = {
            **self.position,
            "base_lrs": list(self.base_lrs),
            "lrs": list(self.lrs),
            "groups": [asdict(group) for group in self.groups],
            "schedule": self.schedule,
            "document": self.document,
            "fingerprint": self.fingerprint,
            "horizon": self.horizon,
            "absolute": self.absolute,
        }
        copied: dict[str, Any] = json.loads(json.dumps(written))  # nothing in it is shared with a running scheduler
        return {**copied, "digest": digest(copied)}

    def leaves(self) -> dict[str, Any]:
        """The record with every nested part as its JSON text.

        For libraries that take a dict of states apart and put a saved one together by the keys of a new one, as
        `torch.distributed.checkpoint` does: the contents of the nested parts depend on the run.
        """
        return {name: json.dumps(part) if name in _NESTED else part for name, part in self.record().items()}

    @staticmethod
    def read(state: Mapping[str, Any]) -> Checkpoint:
        """Read a record. Raises `LrlabError` if it is not one, was changed after it was written, or is too new."""
        given = upgraded(_together(state))
        checked(given)
        if given.get("digest") != (fits := digest({name: part for name, part in given.items() if name != "digest"})):
            raise LrlabError(
                worded(
                    "the checkpoint is not as it was written: its digest does not fit its contents",
                    given.get("digest"),
                    fits,
                    "an earlier checkpoint; a changed schedule or LR is said in the code, with on_change=",
                )
            )
        try:
            found = Checkpoint(
                {name: value for name, value in given.items() if name not in _BESIDE},
                tuple(Held.read(group) for group in given["groups"]),
                str(given["schedule"]),
                dict(given["document"]),
                str(given["fingerprint"]),
                dict(given["horizon"]),
                bool(given["absolute"]),
            )
            told = tuple(given["base_lrs"]), tuple(given["lrs"])
            if told != (found.base_lrs, found.lrs):
                raise ValueError("its LRs are not those of its groups")
            return found
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, LrlabError):
                raise
            raise LrlabError(worded(f"this is not a state of a Scheduler: {error}", dict(given))) from None

    def differences(self, code: Followed, *, absolute: bool = False) -> list[Difference]:
        """The differences to the configuration in the code: schedule, horizon, absolute."""
        rows = [
            Difference(
                "plan" if "lrlab_plan" in self.document or isinstance(code.schedule, Plan) else "schedule",
                self.schedule,
                str(code.schedule),
            ),
            Difference("horizon", dict(self.horizon), code.horizon.record()),
            Difference("absolute", self.absolute, absolute),
        ]
        same = (
            self.fingerprint == code.schedule.fingerprint(),
            dict(self.horizon) == code.horizon.record(),
            self.absolute == absolute,
        )
        return [row for row, equal in zip(rows, same, strict=True) if not equal]

    def plan(self, functions: Mapping[str, Callable[[int], float]] | None = None) -> Plan:
        """The plan that the run followed. `functions` gives the user functions in it."""
        if not self.document:
            hint = '"take", or loading it once by the code that wrote it, and saving again'
            raise LrlabError(
                worded("a checkpoint of an earlier version does not hold its plan", self.schedule, hint=hint)
            )
        text = json.dumps(self.document)
        found = Plan.loads(text, functions) if "lrlab_plan" in self.document else plan(lr=loads(text, functions))
        if found.bare.fingerprint() != self.fingerprint:
            said = found.bare.fingerprint()
            raise LrlabError(worded("the checkpoint's schedule is not the one it names", said, self.fingerprint))
        return found

    def run(self, functions: Mapping[str, Callable[[int], float]] | None = None) -> PlanPacer:
        """The run as it was: its own plan over its own horizon, at this position."""
        try:
            horizon = Horizon(**self.horizon)  # type: ignore[arg-type]  # its numbers are checked there
        except TypeError as error:
            raise LrlabError(
                worded(f"the horizon in the checkpoint is not valid: {error}", dict(self.horizon))
            ) from None
        return PlanPacer(self.plan(functions), horizon, absolute=True).restored(self.position)

    def curve(self, functions: Mapping[str, Callable[[int], float]] | None = None) -> Curve:
        """The curve that the run followed; for a plan the first. `functions` gives the user functions in it."""
        return self.run(functions).curve

    def pacer(self, curve: Curve) -> Pacer:
        """A pacer at this position on `curve`. Raises `LrlabError` if its controllers are different."""
        return pacer_of(curve).restored(self.position)

    def taken(self, code: _Pacer) -> _Pacer:
        """The code's run at this position, with the controllers' records that fit; recorded in its changes."""
        records = self.position["controllers"]
        states = {name: carried(one, records.get(name)) for name, one in code.controllers.items()}
        consumed = self.position["consumed"]
        if len(consumed["starts"]) != len(code.now.tracks):
            consumed = {**consumed, "starts": [[] for _ in code.now.tracks]}
        made = code.restored(
            {
                **{name: value for name, value in self.position.items() if name != "pacers"},
                "controllers": {name: state._asdict() for name, state in states.items()},
                "consumed": consumed,
            }
        )
        before = {"schedule": self.schedule, "horizon": dict(self.horizon)}
        if "lrlab_plan" in self.document:
            before["plan"] = {name: part for name, part in self.document.items() if name != "lrlab_plan"}
        made.note("take", before, code.configuration())
        return made


def functions_of(followed: Schedule | Plan) -> dict[str, Callable[[int], float]]:
    """The user functions in a schedule or plan by name, for reading the schedule of a checkpoint."""
    schedules = followed.schedules if isinstance(followed, Plan) else (followed,)
    found = ((one.name, one.target) for schedule in schedules for one in schedule.walk() if isinstance(one, Function))
    return {name: target for name, target in found if target is not None}


def _together(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record whose nested parts may be JSON texts."""
    if not isinstance(state, Mapping):
        return state
    try:
        return {
            name: json.loads(part) if name in _NESTED and isinstance(part, str) else part
            for name, part in state.items()
        }
    except (ValueError, RecursionError) as error:
        raise LrlabError(worded(f"this is not a state of a Scheduler: {error}", dict(state))) from None
