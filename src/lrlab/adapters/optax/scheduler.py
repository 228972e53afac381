"""JAX: a schedule with controllers, as a gradient transformation of Optax.

    scheduler = Scheduler(lr.cosine() * lr.plateau(patience=5), base_lr=3e-4, horizon=10_000)
    optimizer = optax.chain(optax.scale_by_adam(), scheduler.scale_by_learning_rate())
    opt_state = optimizer.init(params)
    ...                                                 # optimizer.update() in your jitted step, as ever
    opt_state = scheduler.observe(opt_state, val_loss)  # between steps, on the host

All state is in the optimizer state. Its tree is the same for every schedule, so a checkpoint written under one can be
restored under any other.
"""

from __future__ import annotations

import functools
import json
import logging
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import numpy as np
import optax
from jax import numpy as jnp

from lrlab.adapters.counted import INT32, counted, say_over, say_unheard, within_int32
from lrlab.adapters.optax.state import KINDS, OptState, ScheduleState, replaced, states
from lrlab.core.expression.fields import positive
from lrlab.core.expression.maths import JaxMaths
from lrlab.core.expression.node import Schedule
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.policy import resumed
from lrlab.core.run.curve import Curve
from lrlab.core.run.pacer import Decision, Pacer
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)

MOST = 8  # controllers in one schedule
RECORD = 2**14  # bytes: the controllers' records and the latest decisions


@dataclass(frozen=True)
class Scheduler:
    """A schedule with controllers, for Optax. It holds only configuration; every method is a pure function.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. The LR of the next update is
    `lr(opt_state)`, also inside jit: read it before `optimizer.update()` to get the LR that the update uses.

    If an optimizer state has several schedules (`optax.partition`), a scheduler recognises its own by its
    configuration. Give two schedulers with the same configuration a `name` each.

    >>> scheduler = Scheduler("linear() * plateau(patience=1, factor=0.5)", base_lr=0.1, horizon=10)
    >>> optimizer = optax.chain(optax.identity(), scheduler.scale_by_learning_rate())
    >>> state = optimizer.init(1.0)
    >>> for loss in (1.0, 1.0): state = scheduler.observe(state, loss)
    >>> float(scheduler.lr(state)).__round__(4), scheduler.decisions(state)[0].event
    (0.05, 'cut')
    """

    schedule: Schedule | str
    base_lr: float
    horizon: int | Horizon | None = None
    name: str | None = None
    curve: Curve = field(init=False, repr=False, compare=False)
    owner: int = field(init=False, repr=False, compare=False)  # what marks its states

    def __post_init__(self) -> None:
        curve = within_int32(counted(self.schedule, self.horizon))  # the tree of the state has no room for more
        object.__setattr__(self, "curve", curve)
        object.__setattr__(self, "schedule", curve.schedule)
        object.__setattr__(self, "base_lr", positive(self.base_lr, "base_lr"))
        if self.name is not None and not (isinstance(self.name, str) and self.name):
            raise LrlabError(worded("name distinguishes two schedulers", self.name, hint='name="encoder"'))
        if len(curve.controllers) > MOST:
            raise LrlabError(worded("too many controllers", str(curve.schedule), f"at most {MOST}"))
        configuration = (curve.schedule.fingerprint(), self.base_lr, sorted(curve.horizon.record().items()))
        kinds = [(placed.name, type(placed.controller).__name__) for placed in curve.controllers]
        mark = _checksum(self.name or repr(configuration)) >> KINDS << KINDS
        object.__setattr__(self, "owner", mark | _checksum(repr(kinds)) % 2**KINDS)

    def scale_by_learning_rate(self) -> optax.GradientTransformationExtraArgs:
        """Multiply the updates by minus the LR: the last link of an `optax.chain`."""

        def init(params: Any) -> ScheduleState:
            del params
            return ScheduleState(*map(jnp.asarray, self._state(Pacer(self.curve))))

        def update(updates: Any, state: ScheduleState, params: Any = None, **extra: Any) -> tuple[Any, ScheduleState]:
            del params, extra
            rate = self._rate(state)
            scaled = jax.tree.map(lambda update: jnp.asarray(-rate * update, _inexact(update)), updates)
            return scaled, state._replace(count=jnp.minimum(state.count, INT32) + 1)

        return optax.GradientTransformationExtraArgs(init, update)

    def lr(self, opt_state: Any) -> jax.Array:
        """The LR that the next update uses; for states under `jax.vmap` that of each member.

        Raises `LrlabError` if the state has several schedules and not exactly one belongs to this scheduler. Inside
        jit, where no error can be raised, the LR is NaN instead.
        """
        found = states(opt_state)
        traced = any(state.traced for state in found)
        rates = [(state, self._rate(state)) for state in (found if traced else self._mine(found))]
        if len(rates) == 1:
            return rates[0][1]
        mine = [(state.owner >> KINDS == self.owner >> KINDS, rate) for state, rate in rates]
        least = functools.reduce(jnp.minimum, [jnp.where(is_mine, rate, jnp.inf) for is_mine, rate in mine])
        most = functools.reduce(jnp.maximum, [jnp.where(is_mine, rate, -jnp.inf) for is_mine, rate in mine])
        if not traced and bool(jnp.any(least != most)):
            raise LrlabError(self._several(len(rates)))
        return jnp.where(least == most, least, jnp.nan)

    def observe(self, opt_state: OptState, value: Any = None, /, **metrics: Any) -> OptState:
        """The optimizer state after an observation: `value` reaches every controller, `acc=0.9` those of that metric.

        If the state has several members (`jax.vmap`, replicas), all receive a number, and each its own element of an
        array.
        """

        def observed(state: ScheduleState) -> ScheduleState:
            shape, after = np.shape(state.count), []
            for k, member in enumerate(state.members()):
                pacer = self._pacer(member)
                named = {name: _heard(metric, k, shape) for name, metric in metrics.items()}
                self._tell(pacer, None if value is None else _heard(value, k, shape), named)
                after.append(self._state(pacer))
            return state.of(after)

        return self._changed(opt_state, observed)

    def decisions(self, opt_state: Any) -> tuple[Decision, ...]:
        """The latest decisions of the controllers, each with its cause, as far as the record has room."""
        return self._position(opt_state).decisions

    def state_dict(self, opt_state: Any) -> dict[str, Any]:
        """The position as the record that every adapter writes and reads (JSON).

        Raises `LrlabError` if the state has several members at different positions.
        """
        return Checkpoint.of(self._position(opt_state), [self.base_lr]).record()

    def load_state_dict(
        self, opt_state: OptState, state_dict: Mapping[str, Any], on_change: Literal["stop", "take"] = "stop"
    ) -> OptState:
        """The optimizer state at a recorded position, every member of it.

        If the record belongs to another schedule, horizon or base LR, on_change="take" goes on with this one; without
        it this raises `LrlabError` with each difference.
        """
        if on_change not in ("stop", "take"):
            hint = "the Scheduler(...) that wrote the record, and its load_state_dict()"
            raise LrlabError(worded("the schedule is configuration here", on_change, '"stop", "take"', hint))
        pacer = resumed(Checkpoint.read(state_dict), self.curve, [self.base_lr], on_change, ways=("take",)).pacer
        loaded = self._state(pacer)
        return self._changed(opt_state, lambda state: state.of([loaded] * len(state.members())))

    # -- the state ----------------------------------------------------------------------------------------------

    def _rate(self, state: ScheduleState) -> jax.Array:
        """The LR of the next update of each member: float32, under x64 float64."""
        rate = self._rate_of_one
        for _ in np.shape(state.count):
            rate = jax.vmap(rate)
        return rate(state)

    def _rate_of_one(self, state: ScheduleState) -> jax.Array:
        known = state.owner % 2**KINDS == self.owner % 2**KINDS  # the factors of others are not ours
        count = jnp.asarray(state.count, dtype=int)  # under x64 a count of 32 bits would give an LR of 32 bits
        value = self.curve.traced(count, JaxMaths(jnp, jnp.where(known, state.factors, 1.0)))
        return jnp.asarray(self.base_lr * state.scale * value, dtype=float)

    def _mine(self, found: list[ScheduleState]) -> list[ScheduleState]:
        """The states of this scheduler. A single state belongs to whoever asks: a run may go on under another
        schedule."""
        mine = found if len(found) == 1 else [state for state in found if state.scheduler == self.owner >> KINDS]
        if not mine:
            raise LrlabError(
                worded(
                    f"none of the {len(found)} schedules in this optimizer state belongs to this scheduler",
                    self,
                    hint='the Scheduler as it was then; if it has a name="encoder", its schedule may change',
                )
            )
        return mine

    def _several(self, count: int) -> str:
        return worded(
            f"{count} schedules in this optimizer state belong to this scheduler, or to others exactly like it",
            self,
            hint='Scheduler(..., name="encoder"), Scheduler(..., name="decoder"): a name for each',
        )

    def _changed(self, opt_state: OptState, change: Callable[[ScheduleState], ScheduleState]) -> OptState:
        """An optimizer state in which only the states of this scheduler are changed."""
        found = states(opt_state)
        mine = self._mine(found)
        if len(mine) > 1 and self.name is None:
            raise LrlabError(self._several(len(mine)))
        return replaced(opt_state, lambda state: len(found) == 1 or state.scheduler == self.owner >> KINDS, change)

    def _position(self, opt_state: Any) -> Pacer:
        """The one position of this scheduler in an optimizer state."""
        mine = self._mine(states(opt_state))
        pacers = [self._pacer(member) for state in mine for member in state.members()]
        if any(pacer.state() != pacers[0].state() for pacer in pacers):
            if len(mine) > 1:
                raise LrlabError(self._several(len(mine)))
            what = f"the {len(pacers)} members of this optimizer state are not at one position"
            raise LrlabError(worded(what, hint="one of them: jax.tree.map(lambda leaf: leaf[0], opt_state)"))
        say_unheard(pacers[0])
        say_over(pacers[0])
        return pacers[0]

    def _tell(self, pacer: Pacer, value: Any, metrics: dict[str, Any]) -> None:
        before = len(pacer.decisions)
        try:
            pacer.observe(value, **metrics)
        finally:
            for decision in pacer.decisions[before:]:
                log.info("%s", decision)
        say_unheard(pacer)
        say_over(pacer)

    def _state(self, pacer: Pacer) -> ScheduleState:
        """A position as the arrays of a state."""
        factors = np.ones(MOST, jnp.zeros(()).dtype)
        factors[: len(pacer.factors)] = pacer.factors
        numbers = np.int32(pacer.update), factors.dtype.type(pacer.scale), factors, np.int32(self.owner)
        return ScheduleState(*numbers, _packed(pacer.state()))

    def _pacer(self, state: ScheduleState) -> Pacer:
        """The position in a state of one member. A controller that is not in it starts from its initial state."""
        pacer = Pacer(self.curve)
        fresh, found = pacer.state(), json.loads(np.asarray(state.record).tobytes())
        known = {
            name: found["controllers"][name]
            for name, record in fresh["controllers"].items()
            if found["controllers"].get(name, {}).keys() == record.keys()
        }
        controllers = {**fresh["controllers"], **known}
        pacer.restore({**found, "update": int(state.count), "controllers": controllers})
        return pacer


def _packed(record: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A record of this many bytes; if it is longer, the earliest decisions and changes are left out."""
    kept = {**record, "decisions": list(record["decisions"]), "changes": list(record["changes"])}
    while len(written := json.dumps(kept).encode()) > RECORD:
        if not (kept["decisions"] or kept["changes"]):
            raise LrlabError(worded("the controllers' records are too long", len(written), f"{RECORD} bytes"))
        (kept["decisions"] or kept["changes"]).pop(0)
    return np.frombuffer(written.ljust(RECORD), np.uint8)


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode()) >> 1  # within int32


def _inexact(update: Any) -> Any:
    """The dtype of an update; for whole numbers that of floats."""
    kind = jnp.result_type(update)
    return kind if jnp.issubdtype(kind, jnp.inexact) else float


def _heard(given: Any, member: int, members: tuple[int, ...]) -> Any:
    """What a member receives of an observation: a number, or its own element of an array with one for each."""
    if not members or np.ndim(given) == 0:
        return given
    if np.shape(given) != members:
        raise LrlabError(worded("observe takes a number, or one for each member", np.shape(given), str(members)))
    return np.asarray(given).flat[member]
