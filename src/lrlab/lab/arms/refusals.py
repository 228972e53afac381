"""Refusing, before anything is trained, what an arm cannot mean."""

from __future__ import annotations

from collections.abc import Sequence

from lrlab.core.expression.node import Schedule
from lrlab.core.text.lint import SMALL, refuse_odd
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.average import average_of


def refuse_units(arm: str, schedule: Schedule) -> None:
    """Raise `LrlabError` if a span is in units other than updates: a comparison knows only these.

    >>> import lrlab as lr
    >>> refuse_units("a", lr.step("10ep"))
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: arm a: the runs of a comparison are counted in updates
      given:   'step("10ep")'
      allowed: updates (500), a share of the run ("10%")
      try:     the epochs times the updates of one: 3910 for "10ep" of 391 updates each
    """
    if any(span.unit not in ("updates", "share") for one in schedule.walk() for span in one._own_spans()):
        raise LrlabError(
            worded(
                f"arm {arm}: the runs of a comparison are counted in updates",
                str(schedule),
                'updates (500), a share of the run ("10%")',
                'the epochs times the updates of one: 3910 for "10ep" of 391 updates each',
            )
        )


def refuse_absolute(arm: str, schedule: Schedule, updates: int, lrs: Sequence[float]) -> None:
    """Raise `LrlabError` if an LR is negative or not finite, or absolute by mistake: the rule of a Scheduler.

    >>> import lrlab as lr
    >>> refuse_absolute("b", 0.003 * lr.cosine(), 100, (1.0,))
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: arm b: the largest multiple of the task's own LR is 0.003: it looks like an absolute LR
      given:   '0.003 * cosine()'
      allowed: multiples of the task's own LR, 1 for the LR itself
      try:     the schedule without the factor 0.003, and the LR in the optimizer of the task
    """
    refuse_units(arm, schedule)
    curve = schedule.over(updates)
    refuse_odd(curve, absolute=True)
    peak = float(curve.values().max())
    if peak < SMALL:
        raise LrlabError(
            worded(
                f"arm {arm}: the largest multiple of the task's own LR is {peak:g}: it looks like an absolute LR",
                str(schedule),
                "multiples of the task's own LR, 1 for the LR itself",
                f"the schedule without the factor {peak:g}, and the LR in the optimizer of the task",
            )
        )
    if max(lrs) * peak < SMALL:
        raise LrlabError(
            worded(
                "lrs are multiples of the task's own LR: these look like LRs themselves",
                tuple(lrs),
                "1 for the task's own LR, 2 for twice as much",
                "--lrs 0.5,1,2",
            )
        )


def refuse_turned(arm: str, schedule: Schedule, updates: int, metric: str, mode: str) -> None:
    """Raise `LrlabError` if a controller and the task disagree on which direction of the judged metric is better.

    >>> import lrlab as lr
    >>> refuse_turned("a", lr.plateau(), 100, "val_acc", "max")
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: arm a: plateau1 takes less of val_acc for better, the task takes more
      given:   'plateau()'
      allowed: mode="max"
    """
    for placed in schedule.over(updates).controllers:
        own = (placed.controller.mode or "min") if hasattr(placed.controller, "mode") else mode
        if placed.controller.metric in (None, metric) and own != mode:
            less, more = ("less", "more") if own == "min" else ("more", "less")
            raise LrlabError(
                worded(
                    f"arm {arm}: {placed.name} takes {less} of {metric} for better, the task takes {more}",
                    str(placed.controller),
                    f'mode="{mode}"',
                )
            )


def refuse_one_state(arm: str, averaging: float | str | None, updates: int) -> None:
    """Raise `LrlabError` if an average holds the weights after one update alone: the arm would be one without it.

    >>> refuse_one_state("a", 0.1, 10)
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: arm a: in a run of 10 updates nothing is averaged: the average holds one state alone
      given:   'ema 10%'
      allowed: longer runs, or an average over more of the run
    """
    if averaging is None:
        return
    average = average_of(averaging)
    if average.is_one_state(updates):
        of = "1 update" if updates == 1 else f"{updates} updates"
        what = f"arm {arm}: in a run of {of} nothing is averaged: the average holds one state alone"
        raise LrlabError(worded(what, average.text, "longer runs, or an average over more of the run"))
