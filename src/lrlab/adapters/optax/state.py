"""The states of schedules inside an Optax optimizer state: where they are, whose they are, and how many members they
have.

An optimizer state may hold several schedules (`optax.partition`), keep its arrays in the boxes of another library
(`flax.nnx.Optimizer`), and stand for several members at once (`jax.vmap`, replicas), which are then the leading axes of
each array. Here a state is taken apart into plain arrays and put together again unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np

from lrlab.errors import LrlabError, worded

OptState = TypeVar("OptState")

KINDS = 16  # bits of `owner` that tell the controllers; those above tell the scheduler


class ScheduleState(NamedTuple):
    """Where a run is. Its tree and its shapes do not depend on the schedule.

    `count`: completed updates. `scale` and `factors`: what the values, and the controllers' parts in them, are
    multiplied by; `owner` identifies its scheduler, and the controllers that the factors belong to. `record`: the
    controllers' states and decisions, as JSON in bytes.
    """

    count: jax.Array
    scale: jax.Array
    factors: jax.Array
    owner: jax.Array
    record: jax.Array

    @property
    def traced(self) -> bool:
        """Whether it is being traced, so that its values are not known."""
        return any(isinstance(leaf, jax.core.Tracer) for leaf in self)

    @property
    def scheduler(self) -> int:
        """The number of the scheduler that it belongs to, the same for all members."""
        return int(np.asarray(self.owner).flat[0]) >> KINDS

    def members(self) -> list[ScheduleState]:
        """Each member by itself, as NumPy arrays.

        Raises `LrlabError` if the values are not known because the state is being traced.
        """
        if self.traced:
            hint = "scheduler.observe(opt_state, loss) between jitted steps; inside, scheduler.lr(opt_state)"
            raise LrlabError(worded("a traced state gives only the LR", hint=hint))
        members = np.shape(self.count)
        count = int(np.prod(members))
        flat = [np.asarray(leaf).reshape(count, *np.shape(leaf)[len(members) :]) for leaf in self]
        return [ScheduleState(*(leaf[k] for leaf in flat)) for k in range(count)]

    def of(self, members: Sequence[ScheduleState]) -> ScheduleState:
        """The state with these members in place of its own, with the same shapes and dtypes, on the same devices."""

        def placed(mine: Any, leaves: tuple[Any, ...]) -> Any:
            values = np.stack(leaves).astype(mine.dtype).reshape(mine.shape)
            return jax.device_put(values, mine.sharding) if isinstance(mine, jax.Array) else values

        return ScheduleState(
            *(placed(mine, leaves) for mine, leaves in zip(self, zip(*members, strict=True), strict=True))
        )


def states(opt_state: Any) -> list[ScheduleState]:
    """Every `ScheduleState` in an optimizer state, at any depth. Raises `LrlabError` if there is none."""
    found = [_opened(leaf) for leaf in jax.tree.leaves(opt_state, is_leaf=_is_ours) if _is_ours(leaf)]
    if not found:
        raise LrlabError(
            worded(
                "there is no schedule in this optimizer state",
                type(opt_state).__name__,
                hint="optax.chain(optax.scale_by_adam(), scheduler.scale_by_learning_rate()).init(params)",
            )
        )
    return found


def replaced(
    opt_state: OptState, which: Callable[[ScheduleState], bool], change: Callable[[ScheduleState], ScheduleState]
) -> OptState:
    """An optimizer state with another `ScheduleState` in place of `which`, in the same boxes."""

    def put(leaf: Any) -> Any:
        if not _is_ours(leaf) or not which(state := _opened(leaf)):
            return leaf
        return jax.tree.unflatten(jax.tree.structure(leaf), change(state))

    found: OptState = jax.tree.map(put, opt_state, is_leaf=_is_ours)
    return found


def _opened(state: ScheduleState) -> ScheduleState:
    """A state without the boxes that its arrays are in."""
    return ScheduleState(*jax.tree.leaves(state))


def _is_ours(leaf: Any) -> bool:
    return isinstance(leaf, ScheduleState)
