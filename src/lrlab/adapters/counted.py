"""Curves over counted updates: for adapters whose framework counts updates and reports nothing else."""

from __future__ import annotations

import logging
from weakref import WeakSet

from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.active import ActiveController
from lrlab.core.feedback.manual import manual
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import MeteredCurve
from lrlab.core.run.pacer import Pacer
from lrlab.core.text.lint import refuse_odd
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)

INT32 = 2**31 - 2  # the last update that JAX counts without x64
UNHEARD = 1000  # updates after which a controller should have received an observation
_OVER: WeakSet[Curve] = WeakSet()  # the end of these was logged
_SAID: WeakSet[Curve] = WeakSet()  # their silent controllers were logged


def counted(schedule: Schedule | str, horizon: int | Horizon | None) -> Curve:
    """The curve of a schedule (or its text).

    Raises `LrlabError` if it is measured in units other than updates, or negative anywhere.

    >>> counted("linear()", 4)(1)
    0.75
    """
    curve = (schedule if isinstance(schedule, Schedule) else parse(schedule)).over(horizon)
    if isinstance(curve, MeteredCurve):
        raise LrlabError(
            worded(
                "this run is not measured in updates, and only updates are counted here",
                curve.horizon,
                hint="the missing rate: Horizon(tokens=2e9, tokens_per_update=524_288)",
            )
        )
    refuse_odd(curve, absolute=True)  # the base LR is said beside it: a small multiple of it is meant
    return curve


def open_loop(schedule: Schedule | str, horizon: int | Horizon | None, instead: str) -> Curve:
    """The curve of a schedule without controllers, which may be traced; `instead` is what to type if it has some.

    >>> open_loop("linear()", 4, "Scheduler(...)")(1)
    0.75
    """
    curve = counted(schedule, horizon)
    if curve.controllers:
        raise LrlabError(
            worded(
                f"{curve.controllers[0].controller} acts on what is observed, and a traced schedule observes nothing",
                str(curve.schedule),
                hint=instead,
            )
        )
    return curve


def within_int32(curve: Curve) -> Curve:
    """The curve, if all its updates can be counted in 32 bits; otherwise raises `LrlabError`.

    >>> within_int32(counted("linear()", 4)).updates
    4
    """
    if curve.updates is not None and curve.updates > INT32:
        raise LrlabError(
            worded(
                "JAX counts updates in 32 bits here",
                curve.horizon,
                f"up to {INT32} updates",
                'jax.config.update("jax_enable_x64", True), and an Optax schedule',
            )
        )
    return curve


def unheard(pacer: Pacer) -> list[ActiveController]:
    """The controllers that still wait for their first observation; a live factor does not wait for any.

    >>> from lrlab import constant, manual, plateau
    >>> [waiting.name for waiting in unheard(Pacer((constant() * plateau() * manual()).over(9)))]
    ['plateau1']
    """
    return [
        placed
        for placed in pacer.curve.controllers
        if not isinstance(placed.controller, manual) and pacer.states[placed.name].observed == 0
    ]


def say_over(pacer: Pacer) -> None:
    """Log once that updates are made after the end of the schedule, at an LR of 0."""
    end = pacer.curve.updates
    if end is not None and pacer.update > end and pacer.value == 0 and pacer.curve not in _OVER:
        _OVER.add(pacer.curve)
        log.warning("Updates are made after the end of the schedule (update %d), at an LR of 0: a longer horizon.", end)


def say_unheard(pacer: Pacer) -> None:
    """Log once that a controller has received no observation in the first 1000 updates of its phase."""
    late = [placed for placed in unheard(pacer) if pacer.update - placed.start >= UNHEARD]
    if late and pacer.curve not in _SAID:
        _SAID.add(pacer.curve)
        metric = late[0].controller.metric
        log.warning(
            "%s has heard nothing in %d updates: observe(%s).",
            late[0].controller,
            pacer.update - late[0].start,
            f"{metric}=..." if metric else "val_loss",
        )
