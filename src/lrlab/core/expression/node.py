"""The schedule as a value: a frozen expression that says what multiple of its base LR each update uses.

    s = warmup("2%") >> cosine()        s = 0.5 * s        s.over(10_000)(0)

A schedule knows nothing of optimizers, frameworks or clocks. `str(s)` is text that reads back as `s`. Two schedules are
equal if their normal forms are: numbers are floats, spans are exact amounts with a unit, and products and sums are flat
and sorted.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from lrlab.core.expression import write
from lrlab.core.expression.maths import Value
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import Phase, TimeBase, Unfolded, Window
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabTypeError, worded
from lrlab.shown import Shown

if TYPE_CHECKING:
    from lrlab.core.run.curve import Curve
    from lrlab.core.text.lint import Finding

# Methods of every schedule that the folders above implement. The algebra imports upward here and nowhere else.
_ABOVE = {
    "over": ("lrlab.core.run.metered", "curve_of"),
    "describe": ("lrlab.core.text.describe", "describe"),
    "lint": ("lrlab.core.text.lint", "lint"),
    "hold": ("lrlab.core.shapes.base", "hold"),
}


def _above(name: str) -> Any:
    module, function = _ABOVE[name]
    return getattr(import_module(module), function)


METHODS: list[str] = []  # of the text form, in the order of this file
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _method(function: _Method) -> _Method:
    """A method of the text form: `s.clip(0, 1)`."""
    METHODS.append(function.__name__)
    return function


class Schedule(Shown):
    """Abstract: what multiple of its base LR each update of a run uses. See the module's docstring."""

    kind: ClassVar[str] = ""  # its name in JSON; of a word, the word
    # A controller is neutral: as a factor it neither gives nor takes a span.
    neutral = False
    decays = False  # whether it goes from one level to another, so that another decay may take its place
    _depth = 1  # levels of schedules in schedules, itself included
    __array_ufunc__ = None  # a NumPy number times a schedule is a schedule, not an array

    def _check(self) -> None:
        """Raise `LrlabError` if arguments that are valid one by one do not fit together."""

    # -- what a kind of schedule defines ------------------------------------------------------------------------

    def _length(self, clock: TimeBase) -> Fraction | None:
        """Its own length in updates, or None if it takes what it is given."""
        raise NotImplementedError

    def _compile(self, window: Window) -> Value:
        """The function (updates since the window's start, maths) -> multiplier."""
        raise NotImplementedError

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        """The stretches of its curve in this window."""
        stop = None if window.length is None else window.start + window.length
        return (Phase(self, window.start, stop),)

    def words(self) -> str:
        """What it does, in a few plain words that can follow 'it' (rises, falls, holds ...)."""
        raise NotImplementedError

    # -- what a kind defines if it differs from the others --------------------------------------------------

    _binds = write.ATOM  # how tightly its text binds

    def _text(self) -> str:
        """What `str` gives."""
        return f"{self.kind}({write.arguments(self)})"

    def _canonical(self) -> "Schedule":
        """The same schedule in normal form; its present arguments may not be."""
        return self

    def _in_turn(self) -> "tuple[Schedule, ...]":
        """The schedules that follow one another in it; only itself if it is not a sequence."""
        return (self,)

    def _spans(self) -> Iterator[Span]:
        """The durations by which it is measured in its run, without those inside a cycle or a plan of its own."""
        yield from self._own_spans()
        for part in self.parts():
            yield from part._spans()

    def _keeps_to_itself(self) -> bool:
        """Whether it is the same wherever it is placed: relative neither to the run nor to the phase before."""
        given = list(flat(self.arguments().values()))
        return (
            "here" not in given
            and all(value.unit == "updates" for value in given if isinstance(value, Span))
            and all(part._keeps_to_itself() for part in self.parts())
        )

    def _least(self, clock: TimeBase) -> int:
        """How many updates a run needs for everything that has a fixed length."""
        length = self._length(clock)
        return rounded(length) if length is not None else max((p._least(clock) for p in self.parts()), default=0)

    def _first(self, n: int, clock: TimeBase) -> "Schedule":
        """Its first `n` updates as a phase of that length, if it has no length or a greater one."""
        length = self._length(clock)
        return self.lasting(n) if length is None else self.excerpt(0, n, over=rounded(length))

    def _unfolded(self, window: Window) -> list[Unfolded] | None:
        """Its parts one after another, each at its place; None if it is not such a list of simpler schedules."""
        return None

    def _plainly(self, window: Window) -> tuple[str, dict[str, Any]]:
        """Its kind and arguments, as those of a more general kind if there is one."""
        return self.kind, self.arguments()

    def _breaks_off(self) -> bool:
        """Whether it stops without having an end of its own."""
        return False

    def _level_after(self) -> float | None:
        """The level at which it stays after its end, to the last bit; None if it does not say."""
        return None

    def _last(self) -> "Schedule":
        """Its last phase, factors and feedback aside."""
        return self

    def _ending(self, down: "Schedule") -> "Schedule":
        """The same with this decay at its end, in place of its own."""
        return down if self.decays else self >> down

    def _open_loop(self) -> "Schedule":
        """The same without its controllers."""
        return self._mapped(lambda part: part._open_loop())

    def _drops_after(self) -> tuple[Span, ...]:
        """The durations after which its value drops or jumps."""
        return ()

    def _bound(self, functions: Mapping[str, Callable[[int], float]]) -> "Schedule":
        """The same schedule with the user's function, if it names one of these."""
        return self

    # -- parts --------------------------------------------------------------------------------------------------

    def arguments(self) -> dict[str, Any]:
        """The fields and their normal forms, in order."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {f.metadata.get("alias", f.name): getattr(self, f.name) for f in fields}

    def parts(self) -> tuple["Schedule", ...]:
        """The schedules that it is directly made of."""
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
        return type(self)(**{**self.arguments(), **changes})._canonical()

    __replace__ = replace  # copy.replace() of Python 3.13

    def _mapped(self, change: "Callable[[Schedule], Schedule]") -> "Schedule":
        """The same schedule with changed parts."""
        changed: dict[str, Any] = {}
        for name, value in self.arguments().items():
            if isinstance(value, Schedule):
                changed[name] = change(value)
            elif isinstance(value, tuple) and any(isinstance(item, Schedule) for item in value):
                changed[name] = tuple(map(change, value))
        return self.replace(**changed) if changed else self

    def _own_spans(self) -> Iterator[Span]:
        """The durations among its arguments, also those in lists."""
        return (value for value in flat(self.arguments().values()) if isinstance(value, Span))

    def __copy__(self) -> "Schedule":
        return self

    def __deepcopy__(self, memo: object) -> "Schedule":
        return self  # a frozen value needs no second copy

    # -- text, JSON, words --------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return self._text()

    __repr__ = __str__

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of the normal form: equal schedules have equal fingerprints, in every process."""
        return write.fingerprint(self)

    def describe(self, horizon: "int | Horizon | None" = None) -> str:
        """What it does, in plain words; with a horizon also peak, floor, area and what happens where."""
        said: str = _above("describe")(self, horizon)
        return said

    def lint(self, horizon: "int | Horizon | None" = None) -> "tuple[Finding, ...]":
        """Whatever looks unintended: an LR of 0 at the first update, a jump between phases, an early end ..."""
        found: tuple[Finding, ...] = _above("lint")(self, horizon)
        return found

    def over(self, horizon: "int | Horizon | None" = None) -> "Curve":
        """The schedule over a run: a pure function from update to multiplier.

        `horizon` is a number of updates or a `Horizon`; it may be left out if nothing is relative. A unit without a
        rate (`Horizon(tokens=2e9)`) gives a curve over that unit (`core/run/metered.py`). Raises `LrlabError` if the
        spans do not fit or a unit cannot be converted.

        >>> import lrlab as lr
        >>> lr.linear().over(4).values().tolist()
        [1.0, 0.75, 0.5, 0.25]
        """
        curve: Curve = _above("over")(self, Horizon.of(horizon))
        return curve

    def __call__(self, *given: Any, **named: Any) -> NoReturn:
        """A schedule has no values yet: raises `LrlabTypeError`, which says how to get them."""
        hint = (
            "schedule.over(10_000)(0), which is its value in update 0 of 10 000; Scheduler(optimizer, schedule, 10_000)"
        )
        raise LrlabTypeError(worded("a schedule has no values until the length of the run is known", self, hint=hint))

    __getitem__ = __call__

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

    @_method
    def scale(self, factor: float) -> "Schedule":
        """The same as `factor * self`."""
        return self * factor

    @_method
    def clip(self, low: float | None = None, high: float | None = None) -> "Schedule":
        """Never below `low` nor above `high`."""
        from lrlab.core.expression.wrap import Clip

        return Clip(self, low=low, high=high)

    @_method
    def repeat(
        self,
        times: int | None = None,
        stretch: float = 1.0,
        gain: float = 1.0,
        *,
        cycle: "int | str | Span | None" = None,
    ) -> "Schedule":
        """Repeat it in cycles: cycle k is `stretch`**k as long and `gain`**k as high as the first.

        The first cycle lasts `cycle`, or as long as the schedule itself, or (with `times`) as long as makes all cycles
        fill the phase. Without `times` it has no end. A share ("10%") inside is a share of one cycle.
        """
        from lrlab.core.expression.repeat import Repeat

        return Repeat(self, times, stretch=stretch, gain=gain, cycle=cycle)

    @_method
    def reverse(self) -> "Schedule":
        """Backwards: value(t) = self(n - t) over a phase of n updates."""
        from lrlab.core.expression.wrap import Reverse

        return Reverse(self)._canonical()

    @_method
    def lasting(self, span: "int | str | Span") -> "Schedule":
        """Make it one phase of this length, whatever it is made of."""
        from lrlab.core.expression.wrap import Lasting

        return Lasting(self, span)

    @_method
    def staircase(self, every: "int | str | Span") -> "Schedule":
        """Change it in steps: hold the value at the start of each interval of length `every` until the next one.

        Intervals are counted from the start of the schedule; their boundaries are rounded, half up.

        >>> import lrlab as lr
        >>> lr.linear().staircase("50%").over(4).values().tolist()
        [1.0, 1.0, 0.5, 0.5]
        """
        from lrlab.core.expression.wrap import Staircase

        return Staircase(self, every)

    @_method
    def excerpt(
        self,
        start: float = 0,
        stop: float | None = None,
        *,
        over: "int | str | Horizon | None" = None,
        span: "int | str | Span | None" = None,
    ) -> "Schedule":
        """Its updates `start` ... `stop`-1 as planned over `over`, played in `span` updates.

        Without `span` they take as long as in the plan; without `stop` the plan goes on. `over` is the plan's horizon;
        without it the plan has no known end.

        >>> import lrlab as lr
        >>> lr.linear().excerpt(2, 4, over=4, span=4).over(4).values().tolist()
        [0.5, 0.375, 0.25, 0.125]
        """
        from lrlab.core.expression.excerpt import Excerpt

        return Excerpt(self, start, stop, over=over, span=span)

    @_method
    def hold(self, span: "int | str | Span | None" = None) -> "Schedule":
        """Follow it by holding its end value."""
        held: Schedule = _above("hold")(span)
        return self >> held


def flat(values: Iterable[Any]) -> Iterator[Any]:
    """The values, including those in nested lists."""
    for value in values:
        if isinstance(value, tuple):
            yield from flat(value)
        else:
            yield value
