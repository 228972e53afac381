"""What every importer returns: the schedule, the LR that it multiplies, and a description of what the library does.

A recipe returns a `Rule`: what a library does with these arguments. `imported` examines its curve and turns it into an
`Imported`, with the convention in a sentence and findings about what looks unintended.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec

from lrlab.core.expression.node import Schedule
from lrlab.core.text.lint import Finding
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase
from lrlab.dialects.parts.phases import ABSOLUTE, fixed, real
from lrlab.errors import LrlabError, LrlabTypeError, worded

P = ParamSpec("P")


HOLDS = "after the end the value is held"
FOREVER = "it has no end"
LONGEST = 10_000_000  # updates: a longer curve is not searched for facts and findings
BEGINNING = ("zero-first", "negative", "not-finite", "jump", "scales-first-phase")  # need no end


@dataclass(frozen=True)
class Rule:
    """What a library does: a schedule in multiples of `base`, where it ends (None: it does not), and what follows.

    A `drawn` schedule has no end and is written out far beyond the run, so its length says nothing about the run.
    """

    schedule: Schedule
    base: float = 1.0
    updates: int | None = None
    after: str = HOLDS
    drawn: bool = False


@dataclass(frozen=True)
class Imported:
    """Another library's schedule, with exactly its curve.

    `schedule` is in multiples of `base_lr`, the absolute LR in the configuration (None: it has none). `horizon` is the
    end given by the configuration (None: not given), or the end of its last phase if that is later. `convention` says
    what the library does at the first update, at the peak and after the end; `findings` say what looks unintended.
    """

    schedule: Schedule
    base_lr: float | None
    horizon: Horizon | None
    convention: str
    findings: tuple[Finding, ...]
    _within: Callable[[Horizon], Imported] | None = field(default=None, repr=False, compare=False)
    _based: Callable[[float], Imported] | None = field(default=None, repr=False, compare=False)

    def within(self, run: Horizon) -> Imported:
        """The same schedule over `run`, if the configuration does not give a length itself."""
        known = self.horizon is not None or run.total is None or self._within is None
        return self if known or self._within is None else self._within(run)

    def based(self, lr: float) -> Imported:
        """The same schedule in multiples of this LR, which the convention says."""
        return dataclasses.replace(self, base_lr=lr) if self._based is None else self._based(lr)


def reading(library: str) -> Callable[[Callable[P, Imported]], Callable[P, Imported]]:
    """A decorator for importers: errors become `LrlabError`, also those that a value of the wrong type causes."""

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
    """The greatest of several absolute values (1 if all are 0), then each value as a multiple of it."""
    numbers = [real(value, "a value") for value in values]
    peak = max(numbers, key=abs) or 1.0
    return (peak, *(number / peak for number in numbers))


def imported(
    name: str,
    rule: Rule,
    *,
    base_lr: float | None = None,
    horizon: Horizon | None = None,
    findings: tuple[Finding, ...] = (),
    unit: str = "",
) -> Imported:
    """Make the record: the rule says what happens after the end, the rest of the convention is read off the curve.

    A `base_lr` is said, because the multiples mean nothing without it, unless it is 1: they are then LRs. `unit` says
    what one step of the library is, if it is not an update.
    """
    again = functools.partial(imported, name, rule, findings=findings, unit=unit)
    schedule, asked = rule.schedule, horizon
    if horizon is None and rule.updates is not None and rule.updates > 0:
        horizon = Horizon(updates=rule.updates)
    if horizon is not None and horizon.total is not None:
        needed, given = fixed(schedule, TimeBase(horizon, horizon.total)), horizon.total
        if needed > given and rule.drawn:
            long = schedule._length(ABSOLUTE) is None  # for example a sum with a part that never ends
            schedule = schedule.repeat(cycle=needed) if long else schedule.repeat()  # only the run says where it ends
        elif needed > given:
            message = f"the phases need {needed:,} updates, the run has {given:,}: the last ones are never seen"
            findings = (*findings, Finding("too-long", message, "shorter phases, or a longer run", given))
            horizon = dataclasses.replace(horizon, updates=needed, epochs=None, samples=None, tokens=None)
    of = [] if base_lr in (None, 1) else [f"1 is an LR of {base_lr:g};"]
    facts = [f"{name}:", *([f"{unit};"] if unit else []), *of, *_facts(schedule, horizon), rule.after]
    found = (*findings, *_findings(schedule, horizon))
    return Imported(
        schedule,
        base_lr,
        horizon,
        " ".join(facts) + ".",
        found,
        lambda run: again(base_lr=base_lr, horizon=run),
        lambda base: again(base_lr=base, horizon=asked),
    )


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
    """The findings of lint, and a rise after the end; a phase that begins at the end gets no update on purpose."""
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
    """How many updates can be examined without knowing the run; None if everything depends on its length."""
    try:
        length = fixed(schedule) + 1
        schedule.over(length)
    except LrlabError:
        return None
    return length if length <= LONGEST else None
