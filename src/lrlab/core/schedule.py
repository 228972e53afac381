"""The schedule as a value: a frozen expression that says what multiple of its base LR each update uses.

    s = warmup("2%") >> cosine(to=0.1)        s = 0.5 * s        s.over(10_000)(0)

A schedule has never heard of an optimizer, a framework or a clock. `str(s)` is the text that reads back as `s`.
Two schedules are equal where their normal forms are: numbers are floats, spans exact amounts with a unit,
products and sums flat and in one order.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar, cast, dataclass_transform

from lrlab.core.maths import Value
from lrlab.core.units import Horizon, Span, rounded
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

if TYPE_CHECKING:
    from lrlab.core.curve import Curve
    from lrlab.core.lint import Finding

# Every word of the text form, with what it makes: filled by the decorators `word` and `node`, in one place each.
VOCABULARY: dict[str, Callable[..., "Schedule"]] = {}

# The words of other libraries for what we call otherwise: said when somebody uses them here.
FOREIGN = {
    "T_max": "the span, first: cosine(500)",
    "total_iters": "the span, first: linear(500)",
    "total_steps": "the horizon: over(10_000)",
    "num_training_steps": "the horizon: over(10_000)",
    "decay_steps": "the span, first: cosine(500), or every=",
    "transition_steps": "the span, first: linear(500), or every=",
    "num_warmup_steps": 'warmup(500) >> ..., or warmup="5%"',
    "warmup_steps": 'warmup(500) >> ..., or warmup="5%"',
    "eta_min": "to=, as a multiple of the base LR",
    "alpha": "to=, as a multiple of the base LR",
    "end_value": "to=, as a multiple of the base LR",
    "lr_min": "to=, as a multiple of the base LR",
    "min_lr": "to= (of a shape) or min= (of plateau), as a multiple of the base LR",
    "init_value": "start=, as a multiple of the base LR",
    "start_factor": "start=",
    "end_factor": "to=",
    "step_size": "every, first: step(30)",
    "decay_rate": "decay= or gamma=",
    "T_0": "first_cycle, first: warm_restarts(500)",
    "T_mult": "stretch=",
    "t_mul": "stretch=",
    "m_mul": "gain=",
    "max_lr": "the optimizer's own LR; the schedule is a multiple of it",
    "base_lr": "low=, as a multiple of the peak; the peak is the optimizer's own LR",
    "step_size_up": "half_cycle, first: triangular(500)",
    "pct_start": 'rise="30%"',
    "div_factor": "start=1/25",
    "final_div_factor": "to=",
    "min_delta": "threshold=",
    "monitor": "metric=",
    "last_epoch": "nothing: a position is state, not configuration",
}


@dataclass(frozen=True)
class Clock:
    """Turns spans into updates inside one window: a share is a share of `whole` (the run, or one cycle)."""

    horizon: Horizon
    whole: int | None
    scale: Fraction = Fraction(1)  # of the absolute spans, in a stretched cycle

    def updates(self, span: Span) -> Fraction:
        """A span in updates, exactly."""
        if span.unit == "share" and self.whole is not None:
            return span.amount * self.whole
        return self.horizon.resolve(span) * self.scale


@dataclass(frozen=True)
class Window:
    """Where a part of a schedule stands: `length` updates from the absolute update `start` (None: no known end).

    `here` is the value at which the phase before ends; `controllers` collects the controllers that are met.
    """

    clock: Clock
    start: int
    length: int | None
    here: float | None = None
    controllers: list[tuple["Schedule", int, int | None]] = dataclasses.field(default_factory=list, compare=False)

    def updates(self, span: object) -> Fraction:
        """A span in updates, exactly."""
        return self.clock.updates(Span.of(span))

    def fit(self, schedule: "Schedule") -> "Window":
        """The window of a schedule that starts here: as long as itself, or all there is."""
        length = schedule._length(self.clock)
        if length is None:
            return self
        if self.length is not None and rounded(length) > self.length:
            parts = getattr(schedule, "phases", (schedule,))
            raise beyond(parts, [part._length(self.clock) for part in parts], self.length)
        return dataclasses.replace(self, length=rounded(length))

    def inside(self, start: int, stop: int | None, here: float | None) -> "Window":
        """The window of one phase, `start` and `stop` counted from this window's start."""
        length = None if stop is None else stop - start
        return dataclasses.replace(self, start=self.start + start, length=length, here=here)


def beyond(schedules: Iterable["Schedule"], lengths: list[Fraction | None], whole: int) -> LrlabError:
    """The error for fixed spans that are longer than what there is."""
    parts = [f"{s} = {float(n):g}" for s, n in zip(schedules, lengths, strict=True) if n is not None]
    total = float(sum(n for n in lengths if n is not None))
    return LrlabError(
        worded(
            f"the spans add up to {total:g} of {whole} updates: " + ", ".join(parts),
            allowed=f"at most {whole} updates in all",
            hint="shorten one, or leave one without a span so that it takes what is left",
        )
    )


@dataclass(frozen=True)
class Phase:
    """A stretch of a curve: `schedule` covers the updates `start` ... `stop`-1 (`stop` None: no known end)."""

    schedule: "Schedule"
    start: int
    stop: int | None


class Schedule:
    """Abstract: what multiple of its base LR each update of a run uses. See the module's docstring."""

    # A controller is neutral: as a factor it neither gives nor takes a span.
    neutral = False
    __array_ufunc__ = None  # a NumPy number times a schedule is a schedule, not an array

    def _check(self) -> None:
        """Raise `LrlabError` where arguments that are right one by one do not fit together."""

    # -- what a kind of schedule defines ------------------------------------------------------------------------

    def _length(self, clock: Clock) -> Fraction | None:
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

    # -- text, JSON, words --------------------------------------------------------------------------------------

    def __str__(self) -> str:
        from lrlab.core.text import write

        return write(self)

    __repr__ = __str__

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of the normal form: equal schedules have equal fingerprints, in every process."""
        from lrlab.core.codec import fingerprint

        return fingerprint(self)

    def describe(self, horizon: "int | Horizon | None" = None) -> str:
        """What it does, in plain words; with a horizon also peak, floor, area and what happens where."""
        from lrlab.core.describe import describe

        return describe(self, horizon)

    def lint(self, horizon: "int | Horizon | None" = None) -> "tuple[Finding, ...]":
        """What looks unintended: an LR of 0 at the first update, a jump at a joint, an early end ..."""
        from lrlab.core.lint import lint

        return lint(self, horizon)

    def over(self, horizon: "int | Horizon | None" = None) -> "Curve":
        """The schedule over a run: a pure function from update to multiplier.

        `horizon` is a number of updates or a `Horizon`; it may be left out if nothing is relative.
        Raises `LrlabError` where the spans do not fit or a unit cannot be resolved.

        >>> import lrlab as lr
        >>> lr.linear().over(4).values().tolist()
        [1.0, 0.75, 0.5, 0.25]
        """
        from lrlab.core.curve import Curve

        return Curve(self, Horizon.of(horizon))

    # -- algebra ------------------------------------------------------------------------------------------------

    def __rshift__(self, other: "Schedule") -> "Schedule":
        """First this, then that."""
        from lrlab.core.combine import sequence

        return sequence(self, other) if isinstance(other, Schedule) else _refuse(">>", other)

    def __rrshift__(self, other: object) -> "Schedule":
        return _refuse(">>", other)

    def __mul__(self, other: "Schedule | float") -> "Schedule":
        """The product; a number scales every value."""
        from lrlab.core.combine import product

        return product(self, other)

    __rmul__ = __mul__

    def __add__(self, other: "Schedule | float") -> "Schedule":
        """The sum; a number shifts every value."""
        from lrlab.core.combine import total

        return total(self, other)

    __radd__ = __add__

    def scale(self, factor: float) -> "Schedule":
        """The same as `factor * self`."""
        return self * factor

    def clip(self, low: float | None = None, high: float | None = None) -> "Schedule":
        """Never below `low` nor above `high`."""
        from lrlab.core.combine import Clip

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
        from lrlab.core.combine import Repeat

        return Repeat(self, times, stretch, gain, cycle)

    def reverse(self) -> "Schedule":
        """Backwards: value(t) = self(n - t) over a phase of n updates."""
        from lrlab.core.combine import Reverse

        return self.schedule if isinstance(self, Reverse) else Reverse(self)

    def lasting(self, span: "int | str | Span") -> "Schedule":
        """As one phase of this length, whatever it is made of."""
        from lrlab.core.combine import Lasting

        return Lasting(self, span)

    def hold(self, span: "int | str | Span | None" = None) -> "Schedule":
        """Then stay at its end value."""
        from lrlab.core.shapes import hold

        return self >> hold(span)


def _refuse(operator: str, other: object) -> Schedule:
    hint = f"constant({other}) for a phase at a level" if isinstance(other, (int, float)) else "parse(text)"
    raise LrlabTypeError(worded(f"{operator} joins two schedules", other, "a schedule", hint))


# -- how a kind of schedule is declared -------------------------------------------------------------------------

_Class = TypeVar("_Class", bound=type)
_Function = TypeVar("_Function", bound=Callable[..., Schedule])


def word(function: _Function) -> _Function:
    """Make a constructor a word of the text form, by its own name."""
    name = getattr(function, "__name__", "")
    if name in VOCABULARY:
        raise RuntimeError(f"two schedules are called {name}")
    VOCABULARY[name] = function
    return function


def preset(function: _Function) -> _Function:
    """Make a function that returns a tree a word of the text form, with the same worded errors as a shape."""
    parameters = inspect.signature(function).parameters.values()
    positional = [p.name for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]

    @functools.wraps(function)
    def made(*args: Any, **kwargs: Any) -> Schedule:
        refuse_arguments(function.__name__, args, kwargs, positional, [p.name for p in parameters], [])
        return function(*args, **kwargs)

    return word(cast(_Function, made))


def argument(*, default: Any, alias: str) -> Any:
    """A field whose argument has another name than its attribute."""
    return dataclasses.field(default=default, kw_only=True, metadata={"alias": alias})


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(dataclasses.field, argument))
def node(cls: _Class) -> _Class:
    """Declare a kind of schedule: a frozen dataclass whose arguments are checked by the kinds of its fields."""
    made: Any = dataclass(frozen=True, repr=False)(cls)
    fields = dataclasses.fields(made)
    attribute = {f.metadata.get("alias", f.name): f.name for f in fields}
    positional = [name for name, f in zip(attribute, fields, strict=True) if not f.kw_only]
    required = [name for name, f in zip(attribute, fields, strict=True) if f.default is dataclasses.MISSING]
    kinds = {name: f.type.__metadata__[0] for name, f in zip(attribute, fields, strict=True)}
    construct = made.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        refuse_arguments(made.__name__, args, kwargs, positional, list(attribute), required)
        construct(self, *args, **{attribute[name]: value for name, value in kwargs.items()})
        for name, kind in kinds.items():
            object.__setattr__(self, attribute[name], kind(getattr(self, attribute[name]), f"{made.__name__}: {name}"))
        self._check()

    made.__init__ = __init__
    made.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY if f.kw_only else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if name in required else f.default,
                annotation=f.type.__origin__,
            )
            for name, f in sorted(zip(attribute, fields, strict=True), key=lambda item: item[1].kw_only)
        ]
    )
    return cls


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(dataclasses.field, argument))
def shape(cls: _Class) -> _Class:
    """Declare a kind of schedule whose name is a word of the text form."""
    word(node(cls))
    return cls


def refuse_arguments(
    what: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    positional: list[str],
    names: list[str],
    required: list[str],
) -> None:
    """Raise a worded error where a call does not fit: unknown, repeated, missing or surplus arguments."""
    allowed = ", ".join(names) or "no arguments"
    for name in kwargs:
        if name not in names:
            hint = FOREIGN.get(name, "") or nearest(name, names)
            raise LrlabTypeError(worded(f"{what} has no argument {name!r}", {name: kwargs[name]}, allowed, hint))
    if len(args) > len(positional):
        rest = [f"{name}=" for name in names if name not in positional]
        raise LrlabTypeError(
            worded(
                f"{what} takes {len(positional)} arguments without a name, {len(args)} were given",
                args,
                allowed,
                "by name: " + ", ".join(rest) if rest else "",
            )
        )
    given = [*positional[: len(args)], *kwargs]
    for name in positional[: len(args)]:
        if name in kwargs:
            raise LrlabTypeError(worded(f"{what} got {name} twice", kwargs[name], allowed))
    for name in required:
        if name not in given:
            raise LrlabTypeError(worded(f"{what} needs {name}", allowed=allowed, hint=f"{what}({name}=...)"))
