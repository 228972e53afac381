"""The schedule as a value: a frozen expression that says what multiple of its base LR each update uses.

    s = warmup("2%") >> cosine(to=0.1)        s = 0.5 * s        s.over(10_000)(0)

A schedule has never heard of an optimizer, a framework or a clock. `str(s)` is the text that reads back as `s`.
Two schedules are equal where their normal forms are: numbers are floats, spans exact amounts with a unit,
products and sums flat and in one order.
"""

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lrlab.core.expression.maths import Value
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import Phase, TimeBase, Window
from lrlab.core.time.span import Span
from lrlab.errors import LrlabTypeError, worded

if TYPE_CHECKING:
    from lrlab.core.run.curve import Curve
    from lrlab.core.text.lint import Finding


class Schedule:
    """Abstract: what multiple of its base LR each update of a run uses. See the module's docstring."""

    # A controller is neutral: as a factor it neither gives nor takes a span.
    neutral = False
    _depth = 1  # levels of schedules in schedules, itself included
    __array_ufunc__ = None  # a NumPy number times a schedule is a schedule, not an array

    def _check(self) -> None:
        """Raise `LrlabError` where arguments that are right one by one do not fit together."""

    # -- what a kind of schedule defines ------------------------------------------------------------------------

    def _length(self, clock: TimeBase) -> Fraction | None:
        """Its own length in updates, or None where it takes what it is given."""
        raise NotImplementedError

    def _compile(self, window: Window) -> Value:
        """The function (updates since the window's start, maths) -> multiplier."""
        raise NotImplementedError

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        """The stretches of its curve in this window."""
        stop = None if window.length is None else window.start + window.length
        return (Phase(self, window.start, stop),)

    def words(self) -> str:
        """What it does, in a few plain words that follow 'it' (rises, falls, holds ...)."""
        raise NotImplementedError

    # -- parts --------------------------------------------------------------------------------------------------

    def arguments(self) -> dict[str, Any]:
        """The fields and their normal forms, in order."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {f.metadata.get("alias", f.name): getattr(self, f.name) for f in fields}

    def parts(self) -> tuple["Schedule", ...]:
        """The schedules it is made of, directly."""
        found: list[Schedule] = []
        for value in self.arguments().values():
            items = value if isinstance(value, tuple) else (value,)
            found.extend(item for item in items if isinstance(item, Schedule))
        return tuple(found)

    def walk(self) -> Iterator["Schedule"]:
        """Itself and every schedule inside it, depth first."""
        yield self
        for part in self.parts():
            yield from part.walk()

    def replace(self, **changes: Any) -> "Schedule":
        """The same schedule with other arguments.

        >>> import lrlab as lr
        >>> lr.cosine("80%").replace(to=0.1)
        cosine("80%", to=0.1)
        """
        return type(self)(**{**self.arguments(), **changes})

    __replace__ = replace  # copy.replace() of Python 3.13

    def __copy__(self) -> "Schedule":
        return self

    def __deepcopy__(self, memo: object) -> "Schedule":
        return self  # a frozen value needs no second copy

    # -- text, JSON, words --------------------------------------------------------------------------------------

    def __str__(self) -> str:
        from lrlab.core.text.parse import write

        return write(self)

    __repr__ = __str__

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of the normal form: equal schedules have equal fingerprints, in every process."""
        from lrlab.core.text.document import fingerprint

        return fingerprint(self)

    def describe(self, horizon: "int | Horizon | None" = None) -> str:
        """What it does, in plain words; with a horizon also peak, floor, area and what happens where."""
        from lrlab.core.text.describe import describe

        return describe(self, horizon)

    def lint(self, horizon: "int | Horizon | None" = None) -> "tuple[Finding, ...]":
        """What looks unintended: an LR of 0 at the first update, a jump at a joint, an early end ..."""
        from lrlab.core.text.lint import lint

        return lint(self, horizon)

    def over(self, horizon: "int | Horizon | None" = None) -> "Curve":
        """The schedule over a run: a pure function from update to multiplier.

        `horizon` is a number of updates or a `Horizon`; it may be left out if nothing is relative. A unit without
        a rate (`Horizon(tokens=2e9)`) makes a curve of that unit (`core/live.py`).
        Raises `LrlabError` where the spans do not fit or a unit cannot be resolved.

        >>> import lrlab as lr
        >>> lr.linear().over(4).values().tolist()
        [1.0, 0.75, 0.5, 0.25]
        """
        from lrlab.core.run.metered import curve_of

        return curve_of(self, Horizon.of(horizon))

    # -- algebra ------------------------------------------------------------------------------------------------

    def __rshift__(self, other: "Schedule") -> "Schedule":
        """First this, then that."""
        from lrlab.core.expression.algebra import sequence

        return sequence(self, other)

    def __rrshift__(self, other: "Schedule") -> "Schedule":
        from lrlab.core.expression.algebra import sequence

        return sequence(other, self)

    def __mul__(self, other: "Schedule | float") -> "Schedule":
        """The product; a number scales every value."""
        from lrlab.core.expression.algebra import product

        return product(self, other)

    __rmul__ = __mul__

    def __add__(self, other: "Schedule | float") -> "Schedule":
        """The sum; a number shifts every value."""
        from lrlab.core.expression.algebra import total

        return total(self, other)

    __radd__ = __add__

    def __sub__(self, other: object) -> "Schedule":
        raise LrlabTypeError(worded("- is not defined for schedules", other, ">>, *, +", "... + -1 * (...)"))

    __rsub__ = __sub__

    def __truediv__(self, other: object) -> "Schedule":
        raise LrlabTypeError(worded("/ is not defined for schedules", other, ">>, *, +", "0.5 * ..."))

    __rtruediv__ = __truediv__

    def __neg__(self) -> "Schedule":
        raise LrlabTypeError(worded("- is not defined for schedules", self, ">>, *, +", "-1 * ..."))

    def scale(self, factor: float) -> "Schedule":
        """The same as `factor * self`."""
        return self * factor

    def clip(self, low: float | None = None, high: float | None = None) -> "Schedule":
        """Never below `low` nor above `high`."""
        from lrlab.core.expression.wrap import Clip

        return Clip(self, low, high)

    def repeat(
        self,
        times: int | None = None,
        stretch: float = 1.0,
        gain: float = 1.0,
        *,
        cycle: "int | str | Span | None" = None,
    ) -> "Schedule":
        """Again and again: cycle k is `stretch`**k as long and `gain`**k as high as the first.

        The first cycle lasts `cycle`, or as long as the schedule itself, or (with `times`) what makes all cycles
        fill the phase. Without `times` there is no end. A share ("10%") inside is a share of one cycle.
        """
        from lrlab.core.expression.repeat import Repeat

        return Repeat(self, times, stretch, gain, cycle)

    def reverse(self) -> "Schedule":
        """Backwards: value(t) = self(n - t) over a phase of n updates."""
        from lrlab.core.expression.wrap import Reverse

        return self.schedule if isinstance(self, Reverse) else Reverse(self)

    def lasting(self, span: "int | str | Span") -> "Schedule":
        """As one phase of this length, whatever it is made of."""
        from lrlab.core.expression.wrap import Lasting

        return Lasting(self, span)

    def excerpt(
        self,
        start: float = 0,
        stop: float | None = None,
        *,
        over: "int | str | Horizon | None" = None,
        span: "int | str | Span | None" = None,
    ) -> "Schedule":
        """The updates `start` ... `stop`-1 of it as planned over `over`, played in `span` updates.

        Without `span` they take as long as in the plan; without `stop` the plan goes on. `over` is the horizon of
        the plan; without it the plan has no known end.

        >>> import lrlab as lr
        >>> lr.linear().excerpt(2, 4, over=4, span=4).over(4).values().tolist()
        [0.5, 0.375, 0.25, 0.125]
        """
        from lrlab.core.expression.excerpt import Excerpt

        return Excerpt(self, start, stop, over=over, span=span)

    def hold(self, span: "int | str | Span | None" = None) -> "Schedule":
        """Then stay at its end value."""
        from lrlab.core.shapes.base import hold

        return self >> hold(span)
