"""A schedule as one plain Python function, by tracing: the formulas of the core, written out as source code.

def lr_multiplier(update):
    if update < 100:
        return (update + 1) / 101
    t = min(update - 100, 900)
    s = math.sin(math.pi / 2 * ((900 - t) / 900))
    return s * s
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from lrlab.core.expression.algebra import Sequence as Phases
from lrlab.core.expression.maths import ONES, TracedMaths, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.repeat import LAID_OUT, UNKNOWN, Repeat
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

_CHOICE, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(7)  # how tightly an expression binds
_BRACKETED = re.compile(r"(\w\()\(([^()]+)\)(, |\))")  # the first argument of a call, in its own brackets
LARGEST_EXPONENT = 709.0  # of math.exp: above, it overflows
MOST = 200  # phases that are written out one by one


def number(x: float) -> str:
    """A number as Python source: integers without a point, fractions of pi by name."""
    for share, text in ((1.0, "math.pi"), (0.5, "math.pi / 2"), (2.0, "2 * math.pi")):
        if x == share * math.pi:
            return text
    return str(int(x)) if float(x).is_integer() and abs(x) < 1e15 else repr(float(x))


class Term:
    """A piece of source code; Python's operators on it write the operation down."""

    __slots__ = ("binding", "most", "text")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str, binding: int = _ATOM, most: float | None = None) -> None:
        self.text, self.binding = text, binding
        self.most = most  # the greatest value it can have, if known

    @staticmethod
    def of(x: Any) -> Term:
        """A term as it is, or a number as a term."""
        if isinstance(x, Term):
            return x
        text = number(x)
        return Term(text, _SIGN if x < 0 else _PRODUCT if " " in text else _ATOM)

    def within(self, binding: int) -> str:
        """The text, in brackets if it binds less tightly than `binding`."""
        return self.text if self.binding >= binding else f"({self.text})"

    def _join(self, sign: str, other: Any, binding: int, *, turned: bool = False) -> Term:
        left, right = (Term.of(other), self) if turned else (self, Term.of(other))
        return Term(f"{left.within(binding)} {sign} {right.within(binding + 1)}", binding)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Term):
            return self if other == 0 else self - -other if other < 0 else self._join("+", other, _SUM)
        return Term(f"{self.within(_SUM)} + {other.within(_SUM + 1)}", _SUM)  # brackets: sums do not associate

    def __radd__(self, other: Any) -> Any:
        return self if other == 0 else self._join("+", other, _SUM, turned=True)

    def __sub__(self, other: Any) -> Any:
        return self if not isinstance(other, Term) and other == 0 else self._join("-", other, _SUM)

    def __rsub__(self, other: Any) -> Any:
        return self._join("-", other, _SUM, turned=True)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Term) and other in (0, 1):
            return self if other == 1 else 0.0
        return Term(f"{self.within(_PRODUCT)} * {Term.of(other).within(_PRODUCT + 1)}", _PRODUCT, self._most(other))

    def __rmul__(self, other: Any) -> Any:
        if other in (0, 1):
            return self * other
        return Term(self._join("*", other, _PRODUCT, turned=True).text, _PRODUCT, self._most(other))

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Term) or other == 1:
            return self if not isinstance(other, Term) else self._join("/", other, _PRODUCT)
        return Term(self._join("/", other, _PRODUCT).text, _PRODUCT, self._most(1 / other))

    def _most(self, factor: Any) -> float | None:
        """The greatest value of a multiple, if both factors are known."""
        known = self.most is not None and not isinstance(factor, Term) and factor > 0
        return self.most * factor if known and self.most is not None else None

    def __rtruediv__(self, other: Any) -> Any:
        return self._join("/", other, _PRODUCT, turned=True)

    def __floordiv__(self, other: Any) -> Any:
        return self._join("//", other, _PRODUCT)

    def __ge__(self, other: Any) -> Any:
        return self._join(">=", other, _COMPARE)

    def __gt__(self, other: Any) -> Any:
        return self._join(">", other, _COMPARE)

    def __lt__(self, other: Any) -> Any:
        return self._join("<", other, _COMPARE)

    def __eq__(self, other: Any) -> Any:
        return self._join("==", other, _COMPARE)


class SourceMaths(TracedMaths):
    """The arithmetic of a trace: results that are used more than once get a name, phases become functions."""

    def __init__(self) -> None:
        self.factors = ONES
        self.lines: list[tuple[str, Term]] = []  # of the current branch
        self.taken: set[str] = set()  # names in that branch, the function's argument among them
        self.functions: dict[str, str] = {}  # bodies of further functions, and their names
        self.guards: dict[str, str] = {}  # functions that give infinity where Python raises, by their names

    def named(self, hint: str, value: Term) -> Term:
        """Assign a value to a new name."""
        name = hint if hint not in self.taken else f"{hint}{len(self.lines) + 2}"
        self.taken.add(name)
        self.lines.append((name, value))
        return Term(name, most=value.most)

    def _call(self, function: str, *arguments: Any) -> Term:
        return Term(f"{function}({', '.join(Term.of(x).text for x in arguments)})")

    def sin(self, x: Any) -> Any:
        return self.named("s", self._call("math.sin", x)) if isinstance(x, Term) else math.sin(x)

    def cos(self, x: Any) -> Any:
        return self.named("c", self._call("math.cos", x)) if isinstance(x, Term) else math.cos(x)

    def exp(self, x: Any) -> Any:
        if not isinstance(x, Term):
            return math.exp(x)
        if x.text.startswith("-") or (x.most is not None and x.most < LARGEST_EXPONENT):
            return self._call("math.exp", x)
        return self._guarded("grown_exp", "x", "math.exp(x)", x)

    def log(self, x: Any) -> Any:
        return self._call("math.log", x) if isinstance(x, Term) else math.log(x)

    def sqrt(self, x: Any) -> Any:
        return self._call("math.sqrt", x) if isinstance(x, Term) else math.sqrt(x)

    def ceil(self, x: Any) -> Any:
        return self._call("math.ceil", x) if isinstance(x, Term) else math.ceil(x)

    def floor(self, x: Any) -> Any:
        return self._call("math.floor", x) if isinstance(x, Term) else math.floor(x)

    def power(self, x: Any, y: Any) -> Any:
        if not isinstance(x, Term) and not isinstance(y, Term):
            return x**y
        if not isinstance(y, Term) and y == 1:
            return x
        grows = isinstance(y, Term) and not isinstance(x, Term) and x > 1
        if grows and (y.most is None or y.most * math.log(x) >= LARGEST_EXPONENT):
            return self._guarded("grown", "x, n", "float(x) ** n", x, y)
        return Term(f"{Term.of(x).within(_ATOM)} ** {Term.of(y).within(_SIGN)}", _POWER)

    def _guarded(self, name: str, arguments: str, formula: str, *given: Any) -> Term:
        body = ["    try:", f"        return {formula}", "    except OverflowError:", "        return math.inf"]
        self.guards[name] = "\n".join([f"def {name}({arguments}):", *body])
        return self._call(name, *given)

    def minimum(self, x: Any, y: Any) -> Any:
        if not isinstance(x, Term):
            return self.minimum(y, x) if isinstance(y, Term) else min(x, y)
        if isinstance(y, Term):
            return self.named("t", self._call("min", x, y))
        if x.most is not None and x.most <= y:
            return x
        return self.named("t", Term(self._call("min", x, y).text, most=y))

    def maximum(self, x: Any, y: Any) -> Any:
        if isinstance(x, Term) or isinstance(y, Term):
            return self.named("x", self._call("max", x, y))
        return max(x, y)

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        if not isinstance(condition, Term):
            return x if condition else y
        parts = (Term.of(x).within(_COMPARE), condition.text, Term.of(y).within(_COMPARE))
        return Term("{} if {} else {}".format(*parts), _CHOICE)

    def passed(self, bounds: Sequence[int], t: Any) -> Any:
        count = self._call("bisect.bisect_right", Term(f"[{', '.join(map(str, bounds))}]"), t)
        return self.named("k", Term(count.text, most=len(bounds)))

    def take(self, values: Sequence[float], index: Any) -> Any:
        if not isinstance(index, Term):
            return values[index]
        return Term(f"[{', '.join(map(number, values))}][{index.text}]")

    def call(self, function: Callable[[int], float], t: Any) -> Any:
        raise LrlabError(worded("a user's own function cannot be written out", function, hint="copy its source"))

    def choose(self, starts: Sequence[int], phases: Callable[[int], Value], t: Any) -> Any:
        body = "\n".join(self.branches(starts, phases, "t", [""] * len(starts)))
        return self._call(self.functions.setdefault(body, f"part_{len(self.functions) + 1}"), t)

    def branches(
        self, starts: Sequence[int], phases: Callable[[int], Value], t: str, labels: Sequence[str]
    ) -> list[str]:
        """The lines of a function of `t`: one block for each phase."""
        if len(starts) > MOST:
            raise LrlabError(worded(f"{len(starts)} phases are too many to write out", allowed=f"at most {MOST}"))
        lines: list[str] = []
        for k, start in enumerate(starts):
            stop = starts[k + 1] if k + 1 < len(starts) else None
            if stop == start:
                continue
            block = self.block(phases(k), t, start, stop)
            note = [f"# {labels[k]}"] if labels[k] else []
            if stop is None:
                lines += [f"    {line}" for line in [*note, *block]]
            else:
                lines += [f"    if {t} < {stop}:", *(f"        {line}" for line in [*note, *block])]
        return lines

    def block(self, value: Value, t: str, start: int = 0, stop: int | None = None) -> list[str]:
        """The lines that return the value of one phase."""
        outer, self.lines, self.taken = (self.lines, self.taken), [], {t}
        local = Term(t, most=None if stop is None else stop - 1 - start)
        if start:
            local = self.named("t", Term(f"{t} - {start}", _SUM, local.most))
        result = Term.of(value(local, self))
        lines = self.lines
        self.lines, self.taken = outer
        return _written(lines, result)


def _written(lines: list[tuple[str, Term]], result: Term) -> list[str]:
    """Assignments and a return; a value that is used once is put in where it is used."""
    terms = [*lines, ("return", result)]
    for at in range(len(lines) - 1, -1, -1):
        name, value = terms[at]
        uses = sum(len(re.findall(rf"\b{name}\b", term.text)) for _, term in terms[at + 1 :])
        if uses <= 1:
            terms = [*terms[:at], *((other, _put(term, name, value)) for other, term in terms[at + 1 :])]
    written = [f"{name} = {term.text}" for name, term in terms[:-1]] + [f"return {terms[-1][1].text}"]
    return [_BRACKETED.sub(r"\1\2\3", line) for line in written]


def _put(term: Term, name: str, value: Term) -> Term:
    """A term with a name replaced by its value."""
    if term.text == name:
        return value
    return Term(re.sub(rf"\b{name}\b", lambda _: value.within(_ATOM), term.text), term.binding)


def function_source(schedule: Schedule, horizon: Horizon, name: str = "lr_multiplier") -> str:
    """The source of one function (and those it calls) from the update to the multiple of the base LR.

    Raises `LrlabError` for feedback and for the user's own functions.
    """
    for part in schedule.walk():
        if part.neutral and not part.parts():
            raise LrlabError(worded(f"{part} depends on what is observed: no formula can express it", str(schedule)))
    curve = schedule.over(horizon)
    if curve.unit != "updates":
        curve.values()  # raises an error that names the missing rate
    maths = SourceMaths()
    if isinstance(schedule, Phases):
        body = maths.branches(*_phases(schedule, curve._value), "update", [str(phase) for phase in schedule.phases])
    else:
        body = [f"    {line}" for line in maths.block(curve._value, "update")]
    length = f", over {curve.updates:,} updates" if curve.updates else ""
    summary = f'    """{schedule}{length}."""'.replace("\\", "")
    if len(summary) > 118:
        summary = '    """The multiple of the base LR that an update uses, counted from 0."""'
    if (last := _written_to(schedule, curve.updates)) is not None:
        note = f"Its cycles differ in length and have no end: written out to update {last:,}, the last one holds."
        summary = f'{summary[:-3]}\n\n    {note}\n    """'
    main = "\n".join([f"def {name}(update):", summary, *body])
    functions = [
        *maths.guards.values(),
        *(f"def {called}(t):\n{text}" for text, called in maths.functions.items()),
        main,
    ]
    modules = [module for module in ("bisect", "math") if any(f"{module}." in text for text in functions)]
    return "\n\n\n".join([*(["\n".join(f"import {m}" for m in modules)] if modules else []), *functions]) + "\n"


def _written_to(schedule: Schedule, updates: int | None) -> int | None:
    """The update up to which endless cycles of changing length are written out; None if there are none."""
    endless = (part for part in schedule.walk() if isinstance(part, Repeat))
    if not any(part.times is None and part.stretch != 1 for part in endless):
        return None
    return LAID_OUT * (updates or UNKNOWN)


class _Caught(Exception):
    """Carries the phases out of a trace."""


class _Catch(SourceMaths):
    """Records the first choice between phases, and stops."""

    def choose(self, starts: Sequence[int], phases: Callable[[int], Value], t: Any) -> Any:
        raise _Caught(starts, phases)


def _phases(schedule: Phases, value: Value) -> tuple[Sequence[int], Callable[[int], Value]]:
    """Where the phases of a sequence begin, and their functions."""
    try:
        value(Term("update"), _Catch())
    except _Caught as caught:
        starts, phases = caught.args
        return starts, phases
    raise AssertionError(schedule)
