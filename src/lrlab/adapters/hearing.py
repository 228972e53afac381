"""Which of a trainer's metrics each controller of a schedule receives: its own, never another's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from lrlab.core.feedback.base import Controller
from lrlab.core.feedback.manual import manual
from lrlab.errors import LrlabError, nearest, worded

log = logging.getLogger(__name__)

_SAID: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # of which schedulers, and at which update


def listening(scheduler: Any) -> list[Controller]:
    """The controllers of a scheduler's schedules, without live factors, which listen to no metric."""
    found = [placed.controller for pacer in _pacers(scheduler) for placed in pacer.curve.controllers]
    return [controller for controller in found if not isinstance(controller, manual)]


def say_silence(scheduler: Any, way: str) -> None:
    """Log, once for each end of training, that no controller has received anything; `way` is what to do about it."""
    waiting = listening(scheduler)
    heard = any(state.observed for pacer in _pacers(scheduler) for state in pacer.states.values())
    if waiting and not heard and scheduler.update and _SAID.get(scheduler) != scheduler.update:
        _SAID[scheduler] = scheduler.update
        log.warning("%s has heard nothing in %d updates: %s.", waiting[0], scheduler.update, way)


def _pacers(scheduler: Any) -> list[Any]:
    pacers = getattr(scheduler.pacer, "pacers", None)
    return [scheduler.pacer] if pacers is None else list(pacers.values())


def feed(scheduler: Any, monitor: str, metrics: Mapping[str, Any]) -> list[str]:
    """Feed a scheduler: a controller receives the metric that it names, or `monitor` if it names none.

    Returns the names that controllers wait for and that are not among the metrics. Raises `LrlabError` if a controller
    would receive `monitor` in place of its own metric, or read it the wrong way round.
    """
    controllers = listening(scheduler)
    named = {controller.metric for controller in controllers if controller.metric is not None}
    nameless = [controller for controller in controllers if controller.metric is None]
    there = {name: metrics[name] for name in named if name in metrics}
    lacking = sorted(named - there.keys())
    for controller in nameless:
        controller.refuse_turned(monitor)
    if monitor in metrics and (nameless or not controllers):
        if lacking:
            raise LrlabError(absent(lacking[0], metrics, f'{type(nameless[0]).__name__}(metric="{monitor}")'))
        scheduler.observe(metrics[monitor], **there)
    elif there:
        scheduler.observe(**there)
    return lacking


def absent(name: str, metrics: Mapping[str, Any], way: str = "") -> str:
    """The error for a missing metric: which ones there are, and which was probably meant."""
    near = nearest(name, metrics)
    hint = f'did you mean "{near}"?' if near else way
    return worded("a controller waits for a metric that is not there", name, ", ".join(sorted(metrics)), hint)
