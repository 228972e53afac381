"""JAX: a schedule as an Optax schedule, and as a gradient transformation that carries controllers.

    optax.adamw(schedule(lr.warmup("2%") >> lr.cosine(to=0.1), base_lr=3e-4, horizon=10_000))

    scheduler = Scheduler(lr.cosine() * lr.plateau(patience=5), base_lr=3e-4, horizon=10_000)
    optimizer = optax.chain(optax.scale_by_adam(), scheduler.scale_by_learning_rate())
    opt_state = optimizer.init(params)
    ...                                                 # optimizer.update() in your jitted step, as ever
    opt_state = scheduler.observe(opt_state, val_loss)  # between steps, on the host

All state is in the optimizer state; its tree is the same for every schedule, so that a checkpoint written under one
restores under any other.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

from lrlab.adapters.counted import INT32, counted, open_loop, within_int32
from lrlab.core.expression.fields import positive
from lrlab.core.expression.maths import JaxMaths
from lrlab.core.expression.node import Schedule
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.policy import resumed
from lrlab.core.run.curve import Curve
from lrlab.core.run.pacer import Decision, Pacer
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, missing, worded

try:
    import jax
    import numpy as np
    import optax
    from jax import numpy as jnp
except ModuleNotFoundError:
    raise missing("optax", "jax", "lrlab.adapters.optax") from None

log = logging.getLogger(__name__)

MOST = 8  # controllers in one schedule
RECORD = 2**14  # bytes: the controllers' records and the latest decisions

OptState = TypeVar("OptState")


def schedule(schedule: Schedule | str, base_lr: float, horizon: int | Horizon | None = None) -> Callable[[Any], Any]:
    """An Optax schedule: the LR of an update, base_lr * schedule(update), under jit, vmap, scan and eagerly.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. In float32 within 1e-6 of the
    peak, under x64 within 1e-12. Raises `LrlabError` for a schedule with controllers.

    >>> rate = schedule("warmup(3) >> cosine()", base_lr=0.1, horizon=10)
    >>> round(float(jax.jit(rate)(0)), 4), round(float(rate(3)), 4)
    (0.025, 0.1)
    """
    curve = open_loop(schedule, horizon, "Scheduler(schedule, base_lr, horizon).scale_by_learning_rate()")
    if not jax.config.jax_enable_x64:
        within_int32(curve)
    base = positive(base_lr, "base_lr")
    return lambda count: base * curve(jnp.asarray(count))


class ScheduleState(NamedTuple):
    """Where a run is. Its tree and its shapes do not depend on the schedule.

    `count`: completed updates. `scale` and `factors`: what the values, and the controllers' parts in them, are
    multiplied by; `owner` tells for which controllers. `record`: their states and decisions, as JSON in bytes.
    """

    count: jax.Array
    scale: jax.Array
    factors: jax.Array
    owner: jax.Array
    record: jax.Array


@dataclass(frozen=True)
class Scheduler:
    """A schedule with controllers, for Optax. It holds configuration only; every method is a pure function.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. The LR of the next update is
    `lr(opt_state)`, also inside jit: read it before `optimizer.update()` to have the LR which that update uses.

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
    curve: Curve = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        curve = within_int32(counted(self.schedule, self.horizon))  # the state's tree has no room for more
        object.__setattr__(self, "curve", curve)
        object.__setattr__(self, "schedule", curve.schedule)
        object.__setattr__(self, "base_lr", positive(self.base_lr, "base_lr"))
        if len(curve.controllers) > MOST:
            raise LrlabError(worded("too many controllers", str(curve.schedule), f"at most {MOST}"))

    def scale_by_learning_rate(self) -> optax.GradientTransformationExtraArgs:
        """Multiply the updates by minus the LR: the last link of an `optax.chain`."""

        def init(params: Any) -> ScheduleState:
            del params
            return self._state(Pacer(self.curve))

        def update(updates: Any, state: ScheduleState, params: Any = None, **extra: Any) -> tuple[Any, ScheduleState]:
            del params, extra
            rate = self._rate(state)
            scaled = jax.tree.map(lambda update: (-rate * update).astype(update.dtype), updates)
            return scaled, state._replace(count=jnp.minimum(state.count, INT32) + 1)

        return optax.GradientTransformationExtraArgs(init, update)

    def lr(self, opt_state: Any) -> jax.Array:
        """The LR that the next update uses."""
        return self._rate(_found(opt_state))

    def observe(self, opt_state: OptState, value: float | None = None, /, **metrics: float) -> OptState:
        """The optimizer state after an observation: `value` reaches every controller, `acc=0.9` that metric's."""

        def observed(state: ScheduleState) -> ScheduleState:
            pacer = self._pacer(state)
            before = len(pacer.decisions)
            pacer.observe(value, **metrics)
            for decision in pacer.decisions[before:]:
                log.info("%s", decision)
            return self._state(pacer)

        return _replaced(opt_state, observed)

    def decisions(self, opt_state: Any) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each: the latest, as far as the record has room."""
        return self._pacer(_found(opt_state)).decisions

    def state_dict(self, opt_state: Any) -> dict[str, Any]:
        """The position as the record that every adapter writes and reads (JSON)."""
        return Checkpoint.of(self._pacer(_found(opt_state)), [self.base_lr]).record()

    def load_state_dict(
        self, opt_state: OptState, state_dict: Mapping[str, Any], on_change: Literal["stop", "take"] = "stop"
    ) -> OptState:
        """The optimizer state at a recorded position.

        Where the record is of another schedule, horizon or base LR, on_change="take" goes on with this one; without
        it this raises `LrlabError` with each difference.
        """
        if on_change not in ("stop", "take"):
            hint = "Scheduler(...) as the record has it, and its load_state_dict()"
            raise LrlabError(worded("the schedule is configuration here", on_change, '"stop", "take"', hint))
        pacer = resumed(Checkpoint.read(state_dict), self.curve, [self.base_lr], on_change, ways=("take",)).pacer
        return _replaced(opt_state, lambda _: self._state(pacer))

    # -- the state ----------------------------------------------------------------------------------------------

    def _rate(self, state: ScheduleState) -> jax.Array:
        """The LR of the next update: float32, under x64 float64."""
        factors = jnp.where(state.owner == self._owner, state.factors, 1.0)  # others' factors are none of ours
        value = self.curve.traced(state.count, JaxMaths(jnp, factors))
        return jnp.asarray(self.base_lr * state.scale * value, dtype=float)

    @property
    def _owner(self) -> int:
        """Which controllers the factors are of: a checksum of their names and kinds, in order."""
        names = [(placed.name, type(placed.controller).__name__) for placed in self.curve.controllers]
        return zlib.crc32(repr(names).encode()) >> 1  # within int32

    def _state(self, pacer: Pacer) -> ScheduleState:
        factors = np.ones(MOST)
        factors[: len(pacer.factors)] = pacer.factors
        return ScheduleState(
            jnp.asarray(pacer.update, jnp.int32),
            jnp.asarray(pacer.scale, float),
            jnp.asarray(factors, float),
            jnp.asarray(self._owner, jnp.int32),
            jnp.asarray(_packed(pacer.state())),
        )

    def _pacer(self, state: ScheduleState) -> Pacer:
        """The position that a state tells of. A controller that it does not know of is at its beginning."""
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
    """A record in so many bytes; where it has more, the earliest decisions and changes are left out."""
    kept = {**record, "decisions": list(record["decisions"]), "changes": list(record["changes"])}
    while len(written := json.dumps(kept).encode()) > RECORD:
        if not (kept["decisions"] or kept["changes"]):
            raise LrlabError(worded("the controllers' records are too long", len(written), f"{RECORD} bytes"))
        (kept["decisions"] or kept["changes"]).pop(0)
    return np.frombuffer(written.ljust(RECORD), np.uint8)


def _replaced(opt_state: OptState, change: Callable[[ScheduleState], ScheduleState]) -> OptState:
    """An optimizer state with another `ScheduleState` wherever it has one."""
    _found(opt_state)
    replaced: OptState = jax.tree.map(
        lambda leaf: change(leaf) if isinstance(leaf, ScheduleState) else leaf, opt_state, is_leaf=_is_ours
    )
    return replaced


def _found(opt_state: Any) -> ScheduleState:
    """The (first) `ScheduleState` in an optimizer state, however deep."""
    for leaf in jax.tree.leaves(opt_state, is_leaf=_is_ours):
        if isinstance(leaf, ScheduleState):
            return leaf
    raise LrlabError(
        worded(
            "there is no schedule in this optimizer state",
            type(opt_state).__name__,
            hint="optax.chain(optax.scale_by_adam(), scheduler.scale_by_learning_rate()).init(params)",
        )
    )


def _is_ours(leaf: Any) -> bool:
    return isinstance(leaf, ScheduleState)
