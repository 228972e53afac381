"""JAX: a schedule as an Optax schedule.

    optax.adamw(schedule(lr.warmup("2%") >> lr.cosine(), base_lr=3e-4, horizon=10_000))

`Scheduler` is for schedules with controllers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax import numpy as jnp

from lrlab.adapters.counted import open_loop, within_int32
from lrlab.core.expression.fields import positive
from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon


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
