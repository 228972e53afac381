"""What a search may spend, in updates: a budget in runs is counted, one in minutes is measured by a first run."""

from __future__ import annotations

from dataclasses import dataclass

from lrlab.core.time.span import MOST, Span
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.search.proposals import Candidate
from lrlab.lab.search.space import BASELINE
from lrlab.lab.search.tuning import Field


@dataclass(frozen=True)
class Budget:
    """The updates that are `allowed`, of which a first run took `first`, by which minutes are measured."""

    allowed: int
    first: int = 0


def budget_of(given: float | str, field: Field, slots: int, least: int) -> Budget:
    """The budget `given` in runs' worth of updates, or in minutes of so many `slots` at once ("30min").

    The time of the first run is kept in the store with it, so that an interrupted search goes on with the budget it
    had. Raises `LrlabError` if it is not a budget, or too small for the `least` updates.
    """
    found = _measured(given, field, slots) if isinstance(given, str) else _counted(given, field)
    if found.allowed - found.first < least:
        runs = f"{found.allowed / field.updates:.4g} runs"
        enough = f"{(least + found.first) / field.updates:.4g} runs or more"
        raise LrlabError(worded("the budget is too small", runs, enough))
    return found


def _measured(given: str, field: Field, slots: int) -> Budget:
    span = Span.of(given, "budget")
    if span.unit != "seconds":
        raise LrlabError(worded("a budget is in runs or in minutes", given, '40, or "30min"'))
    (job, *_) = field.jobs([Candidate(BASELINE, (), 1.0)], field.updates)
    (run,) = field.train([job])
    return Budget(int(float(span.amount) * slots / run.seconds * run.updates), run.updates)


def _counted(given: float, field: Field) -> Budget:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < MOST:
        raise LrlabTypeError(worded("a budget is in runs or in minutes", given, '40, or "30min"'))
    return Budget(int(given * field.updates))
