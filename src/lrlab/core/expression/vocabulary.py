"""How a kind of schedule is declared: text, JSON, CLI and docs need only one class or one function.

    @shape
    class linear(Transition): ...

The decorators check the arguments by the kinds of the fields, and word the errors.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast, dataclass_transform, get_type_hints

from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

if TYPE_CHECKING:
    from lrlab.core.expression.node import Schedule

DEEPEST = 90  # levels of schedules in schedules: text, hash, copies and values stay within Python's own depth

# Every word of the text form, with what it makes, and every kind of schedule: filled by the decorators below.
VOCABULARY: dict[str, Callable[..., Schedule]] = {}
KINDS: dict[str, type[Schedule]] = {}

# The names that other libraries use, with what to write here instead.
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
    "min_lr_rate": "to=, as a multiple of the base LR",
    "lr_end": "to=, as a multiple of the base LR",
    "num_cycles": "times=, or .repeat(3)",
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
    "min_delta": 'threshold=, with threshold_mode="abs"',
    "rtol": "threshold=",
    "atol": "margin=",
    "accumulation_size": "average=",
    "window_size": "window=",
    "reset_start": "reset=",
    "monitor": "metric=",
    "verbose": "nothing: it has no effect in PyTorch any more; scheduler.decisions has every cut",
    "last_epoch": "nothing: a position is state, not configuration",
}


_Class = TypeVar("_Class", bound=type)
_Function = TypeVar("_Function", bound="Callable[..., Schedule]")


def import_all(package: str, path: Iterable[str]) -> None:
    """Import every module of a folder, so that the words it declares are known."""
    for module in pkgutil.iter_modules(path):
        importlib.import_module(f"{package}.{module.name}")


def word(function: _Function) -> _Function:
    """Make a constructor a word of the text form, by its own name."""
    name = getattr(function, "__name__", "")
    if name in VOCABULARY:
        raise RuntimeError(f"two schedules are called {name}")
    VOCABULARY[name] = function
    return function


def preset(function: _Function) -> _Function:
    """Make a function that returns a schedule a word of the text form, with the same errors as a shape."""
    parameters = inspect.signature(function).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    required = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]

    @functools.wraps(function)
    def made(*args: Any, **kwargs: Any) -> Schedule:
        refuse_arguments(function.__name__, () if any_number else args, kwargs, positional, names, required)
        return function(*args, **kwargs)

    return word(cast(_Function, made))


def argument(*, default: Any, alias: str) -> Any:
    """A field whose argument has another name than its attribute."""
    return dataclasses.field(default=default, kw_only=True, metadata={"alias": alias})


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(dataclasses.field, argument))
def node(cls: _Class) -> _Class:
    """Declare a kind of schedule: a frozen dataclass whose arguments are checked by the kinds of its fields."""
    made: Any = dataclass(frozen=True, repr=False)(cls)
    made.kind = made.__name__ if made.__name__ in VOCABULARY else made.__name__.lower()
    KINDS[made.kind] = made
    fields: Any = dataclasses.fields(made)
    attribute = {f.metadata.get("alias", f.name): f.name for f in fields}
    positional = [name for name, f in zip(attribute, fields, strict=True) if not f.kw_only]
    required = [name for name, f in zip(attribute, fields, strict=True) if f.default is dataclasses.MISSING]
    postponed = any(isinstance(f.type, str) for f in fields)  # from __future__ import annotations
    types = get_type_hints(made, include_extras=True) if postponed else {f.name: f.type for f in fields}
    kinds = {name: types[f.name].__metadata__[0] for name, f in zip(attribute, fields, strict=True)}
    construct, label = made.__init__, made.kind

    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        refuse_arguments(label, args, kwargs, positional, list(attribute), required)
        construct(self, *args, **{attribute[name]: value for name, value in kwargs.items()})
        for name, kind in kinds.items():
            object.__setattr__(self, attribute[name], kind(getattr(self, attribute[name]), f"{label}: {name}"))
        self._check()
        depth = 1 + max((part._depth for part in self.parts()), default=0)
        if depth > DEEPEST:
            raise LrlabError(worded(f"{label}: schedules are nested too deeply", allowed=f"at most {DEEPEST} levels"))
        object.__setattr__(self, "_depth", depth)

    made.__init__ = __init__
    made.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY if f.kw_only else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if name in required else f.default,
                annotation=types[f.name].__origin__,
            )
            for name, f in sorted(zip(attribute, fields, strict=True), key=lambda item: bool(item[1].kw_only))
        ]
    )
    return cls


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(dataclasses.field, argument))
def shape(cls: _Class) -> _Class:
    """Declare a kind of schedule whose name is a word of the text form."""
    return node(word(cls))


def refuse_arguments(
    what: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    positional: list[str],
    names: list[str],
    required: list[str],
) -> None:
    """Raise a readable error for a call that does not fit: unknown, repeated, missing or surplus arguments."""
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


# -- what a word's docstring says ---------------------------------------------------------------------------------


def sentence(name: str) -> str:
    """The first sentence of a word's docstring."""
    return inspect.cleandoc(VOCABULARY[name].__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def formula(name: str) -> str:
    """The formula in a word's docstring: what follows `value =`, to the next blank line.

    >>> formula("linear")
    'to + (start - to) * (1 - u)'
    """
    paragraphs = inspect.cleandoc(VOCABULARY[name].__doc__ or "").split("\n\n")
    found = [p.removeprefix("value = ").replace("\n", " ") for p in paragraphs if p.startswith("value = ")]
    return found[0] if found else ""


def signature(name: str) -> str:
    """How a word is called, with its defaults.

    >>> signature("warmup")
    'warmup(span=None, *, start=None)'
    """
    parameters = inspect.signature(VOCABULARY[name]).parameters.values()
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return f"{name}{inspect.Signature(plain)}"
