"""What every importer hands back: the schedule, what it is a multiple of, and what the library does, in words."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec

from lrlab.core.expression.node import Schedule
from lrlab.core.text.lint import Finding
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase
from lrlab.dialects.parts.phases import fixed, real
from lrlab.errors import LrlabError, LrlabTypeError, worded

P = ParamSpec("P")


@dataclass(frozen=True)
class Imported:
    """Another library's schedule, with exactly its curve.

    `schedule` is in multiples of `base_lr`, the absolute LR that the configuration carries (None: it carries none);
    `horizon` is where the configuration says that it ends (None: it does not say), or the end of its last phase where
    that is later. `convention` says what the library does at the first update, at the peak and after the end;
    `findings` what looks unintended.
    """

    schedule: Schedule
    base_lr: float | None
    horizon: Horizon | None
    convention: str
    findings: tuple[Finding, ...]


LONGEST = 10_000_000  # updates: a longer curve is not looked through for facts and findings
BEGINNING = ("zero-first", "negative", "not-finite", "jump", "scales-first-phase")  # do not ask for the end
HOLDS = "after the end the value is held"
FOREVER = "it has no end"


@dataclass(frozen=True)
class Made:
    """What a recipe makes: a schedule in multiples of `base`, where it ends (None: it does not), and what then."""

    schedule: Schedule
    base: float
    updates: int | None = None
    after: str = HOLDS


def reading(library: str) -> Callable[[Callable[P, Imported]], Callable[P, Imported]]:
    """An importer whose every refusal is worded: also what a value of the wrong kind brings about within."""

    def worded_importer(importer: Callable[P, Imported]) -> Callable[P, Imported]:
        @functools.wraps(importer)
        def read(*args: P.args, **kwargs: P.kwargs) -> Imported:
            try:
                return importer(*args, **kwargs)
            except LrlabError:
                raise
            except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
                raise LrlabTypeError(worded(f"{library}: these do not fit: {error}", (*args, kwargs))) from error

        return read

    return worded_importer


def peaked(*values: Any) -> tuple[float, ...]:
    """The greatest of several absolute values (1 where all are 0), and each as a multiple of it."""
    numbers = [real(value, "a value") for value in values]
    peak = max(numbers, key=abs) or 1.0
    return (peak, *(number / peak for number in numbers))


def imported(
    name: str,
    schedule: Schedule,
    after: str,
    *,
    base_lr: float | None = None,
    updates: int | None = None,
    horizon: Horizon | None = None,
    findings: tuple[Finding, ...] = (),
) -> Imported:
    """Make the record: `after` says what happens after the end, the rest of the convention is read off the curve."""
    if horizon is None and updates is not None and updates > 0:
        horizon = Horizon(updates=updates)
    if horizon is not None and horizon.total is not None:
        needed, given = fixed(schedule, TimeBase(horizon, horizon.total)), horizon.total
        if needed > given:
            message = f"the phases need {needed:,} updates, the run has {given:,}: the last ones are never seen"
            findings = (*findings, Finding("too-long", message, "shorter phases, or a longer run", given))
            horizon = dataclasses.replace(horizon, updates=needed, epochs=None, samples=None, tokens=None)
    facts = [f"{name}:", *_facts(schedule, horizon), after]
    return Imported(schedule, base_lr, horizon, " ".join(facts) + ".", (*findings, *_findings(schedule, horizon)))


def _facts(schedule: Schedule, horizon: Horizon | None) -> list[str]:
    if horizon is None or horizon.total is None or horizon.total > LONGEST:
        beginning = _beginning(schedule)
        return [] if beginning is None else [f"update 0 uses {schedule.over(beginning)(0):.4g} of the base LR;"]
    values = schedule.over(horizon).values()
    at = int(values.argmax())
    first = f"update 0 uses {values[0]:.4g} of the base LR"
    peak = f"the greatest, {values[at]:.4g}, is at update {at:,}"
    return [f"{first}, {peak}, the last of {horizon.total:,} uses {values[-1]:.4g};"]


def _findings(schedule: Schedule, horizon: Horizon | None) -> tuple[Finding, ...]:
    """What lint says, and a rise after the end; a phase that only begins at the end is meant to get no update."""
    if horizon is None or horizon.total is None or horizon.total > LONGEST:
        beginning = _beginning(schedule)
        return tuple(f for f in schedule.lint(beginning) if beginning is None or f.code in BEGINNING)
    n = horizon.total
    found = [f for f in schedule.lint(horizon) if not (f.code == "empty-phase" and f.update == n)]
    after = schedule.over(horizon).between(n - 1, 2 * n)
    if after[1:].max() > after[0] + 1e-6 * abs(after).max():
        high, at = float(after.max()), n - 1 + int(after.argmax())
        message = f"rises again after its end at update {n:,}: to {high:.4g} at update {at:,}"
        found.append(Finding("rises-again", message, "a phase that stays at its end value: ... >> hold()", n))
    return tuple(found)


def _beginning(schedule: Schedule) -> int | None:
    """How many updates can be looked at without knowing the run; None where all depends on its length."""
    try:
        length = fixed(schedule) + 1
        schedule.over(length)
    except LrlabError:
        return None
    return length if length <= LONGEST else None
