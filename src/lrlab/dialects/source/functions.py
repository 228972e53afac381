"""A function of the step as a rule: an expression if one fits, else its listed values."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.tables import table
from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.fitting import DENSE, Stretch, fitted
from lrlab.dialects.parts.imported import Imported, Rule, imported
from lrlab.dialects.parts.phases import fixed, then
from lrlab.dialects.source.folding import Function
from lrlab.dialects.source.rates import Rate
from lrlab.errors import LrlabError, worded

MANY = 50  # stretches of one formula each
LISTED = 10_000  # values in a table
UNKNOWN = 1000  # steps: how far to look if the length of the run is not known
FURTHEST = 10_000_000


class Read:
    """A function of the step: its values, and its rule over a run."""

    def __init__(self, function: Function, updates: int | None = None) -> None:
        self.rate, self.updates = Rate(function), updates
        self.text = self.rate.text
        self.__name__ = getattr(function.tree, "name", "lr_lambda")
        self.at = functools.lru_cache(maxsize=4 * DENSE)(self.rate)

    def __call__(self, step: int) -> float:
        return self.at(step)[0]

    def rule(self, base: float = 1.0) -> tuple[Rule, tuple[Finding, ...]]:
        """The rule in multiples of `base` (0: of the greatest value), and findings about it."""
        if self.updates:
            found = self._over(self.updates, base)
        else:
            guess = max((int(x) for x in self.rate.numbers if 2 <= x <= FURTHEST and x == int(x)), default=1)
            far = min(max(20 * guess, UNKNOWN), FURTHEST)
            found = self._over(far, base) if guess <= LISTED else None
            if found is None or found.updates is not None:  # it has an end
                found = self._over(guess, base) or found
        if found is not None:
            return found, ()
        if not self.updates:
            raise LrlabError(worded(f"no expression fits {self.text}", hint="--steps: its values are listed"))
        return self._listed(self.updates, base)

    def _over(self, n: int, base: float) -> Rule | None:
        """The rule as expressions, over a run of n steps; None if none fit."""
        edges, stop = self._edges(2 * n)
        if stop < n:
            if self.updates:
                raise LrlabError(worded(f"the function has no value at step {stop}", self.text, hint=f"--steps {stop}"))
            return None
        if base == 0:
            looked = {*range(0, n, max(1, n // DENSE)), *(k for e in edges for k in (e - 1, e) if 0 <= k < n)}
            base = max(abs(self(step)) for step in looked) or 1.0
        schedule = self._fitted(edges, n, stop, base)
        if schedule is None:
            return None
        end = n if self.updates or stop < 2 * n else None
        after = "it follows the function forever" if stop == 2 * n else f"the function has no value at step {stop:,}"
        curve = schedule.over(max(n, fixed(schedule)))
        for step in range(n, stop, max(1, n // 1000)):
            if abs(curve(step) - self(step) / base) > 1e-9 * max(abs(curve(step)), 1e-3):
                after = f"beyond the run the function goes on otherwise: {self(step):.4g} at step {step:,}"
                end = n
                break
        return Rule(schedule, base, end, f"read from {self.text}; {after}")

    def _fitted(self, edges: list[int], n: int, stop: int, base: float) -> Schedule | None:
        """An expression for each stretch of steps that take the same branches of the function."""
        if len(edges) > MANY:
            return None
        numbers = tuple(dict.fromkeys([*self.rate.numbers, *(x / base for x in self.rate.numbers)]))
        stretches: list[Stretch] = []
        for start, end in pairwise([*edges, stop]):
            last = end == stop
            if last:
                end = n if start < n else start + max(1, (stop - start) // 2)
            stretches.append(Stretch(self._scaled(base), start, end, last and 2 * end - start <= stop, numbers))
        for k, (one, other) in enumerate(pairwise(stretches)):  # a leg ends where the level after it begins
            flat = other.of(0) == other.of(min(1, other.length - 1)) == other.of(other.length // 2)
            if flat and one.length > 2 and one.value(one.stop - 1) == other.of(0) != one.value(one.stop - 2):
                stretches[k] = replace(one, stop=one.stop - 1)
                stretches[k + 1] = replace(other, start=other.start - 1)
        parts = [fitted(one) for one in stretches]
        return None if any(part is None for part in parts) else then(*parts)

    def _scaled(self, base: float) -> Callable[[int], float]:
        return lambda step: self(step) / base

    def _listed(self, n: int, base: float) -> tuple[Rule, tuple[Finding, ...]]:
        if n > LISTED:
            what = f"no expression fits this function, and {n:,} values are too many to list"
            raise LrlabError(
                worded(what, self.text, f"at most {LISTED:,}", "lr.function(f) in Python follows any function")
            )
        values = [self(step) / base for step in range(n)]
        message = f"no expression fits {self.text}: its {n:,} values are listed"
        note = Finding("listed", message, "lr.function(f) in Python follows any function", 0)
        return Rule(table(values), base, n, "after the last value it is held"), (note,)

    def _edges(self, far: int) -> tuple[list[int], int]:
        """The steps at which the branches taken change, beginning with 0; and the step at which the function stops."""
        stop = far
        try:
            grid = list(range(0, far, max(1, far // (2 * DENSE))))
            ways = [self.at(step)[1] for step in grid]
        except LrlabError:
            self.at(0)
            stop = bisect_left(range(far), True, key=lambda step: not self._works(step))
            grid = list(range(0, stop, max(1, stop // (2 * DENSE))))
            ways = [self.at(step)[1] for step in grid]
        edges = [0]
        for (a, way), (b, other) in pairwise(zip(grid, ways, strict=True)):
            if way != other:
                edges.append(self._leaves(way, a, b))
        return edges, stop

    def _leaves(self, way: tuple[int, ...], a: int, b: int) -> int:
        """The first step after a, up to b, that takes other branches."""
        return a + 1 + bisect_left(range(a + 1, b), True, key=lambda step: self.at(step)[1] != way)

    def _works(self, step: int) -> bool:
        try:
            self.at(step)
        except LrlabError:
            return False
        return True


def from_function(function: Function, updates: int | None = None, lr: float | None = None) -> Imported:
    """The schedule of a function of the step.

    A lambda gives multiples of the optimizer's LR. A `def` does so if its greatest value is 1; else it gives LRs.
    """
    read = Read(function, updates)
    named = read.__name__ != "lr_lambda"
    rule, findings = read.rule(0.0 if named else 1.0)
    absolute = named and rule.base != 1
    unit = "its values are LRs" if absolute else "its values are multiples of the optimizer's LR"
    base = rule.base if absolute else lr
    return imported(f"{read.__name__}(step)", rule, base_lr=base, findings=findings, unit=unit)
