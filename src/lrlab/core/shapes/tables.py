"""Schedules whose values come from outside: a list, or a named function."""

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import field
from fractions import Fraction
from typing import Any

from lrlab.core.expression.fields import Name, Numbers
from lrlab.core.expression.maths import Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import node, preset, shape
from lrlab.core.shapes.timescales import Timed
from lrlab.core.time.layout import TimeBase, Window
from lrlab.errors import LrlabError, LrlabTypeError, worded


@shape
class table(Schedule):
    """Any list of values: one update each, in turn; the last is kept.

    value = values[min(t, len(values) - 1)]

    >>> table([0.1, 1, 0.5]).over(4).values().tolist()
    [0.1, 1.0, 0.5, 0.5]

    Source: fairseq's `fixed` takes such a list, one value an epoch.
    """

    values: Numbers

    def _length(self, clock: TimeBase) -> Fraction | None:
        return Fraction(len(tuple(self.values)))

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        return table(tuple(self.values)[:n])

    def _compile(self, window: Window) -> Value:
        values = tuple(self.values)
        last = len(values) - 1
        return lambda t, m: m.take(values, m.minimum(t, last))

    def words(self) -> str:
        return f"takes {len(tuple(self.values))} listed values in turn"


@node
class Function(Timed):
    """A named user function: value = f(t), t = updates since the phase began.

    It is identified by its name and the hash of its source, so that a checkpoint or a text can be checked against the
    code. Two functions with the same name and hash are equal. Made by `function`.
    """

    name: Name = field(kw_only=False)
    digest: Name = field(kw_only=False)

    @property
    def target(self) -> Callable[[int], float] | None:
        """The user's function, or None if only its name and hash are known."""
        return getattr(self, "_target", None)

    def _bound(self, functions: Mapping[str, Callable[[int], float]]) -> Schedule:
        return self.bound(functions[self.name]) if self.name in functions else self

    def bound(self, target: Callable[[int], float]) -> "Function":
        """The same schedule with its function, refused if the hash of its source differs."""
        found = source_digest(target)
        if found != self.digest:
            raise LrlabError(
                worded(
                    f"function {self.name!r} is not the one that is meant: the hash of its source is {found}",
                    self.digest,
                    hint=f"bring back the old source, or write function({self.name}) in Python to take the new one",
                )
            )
        return self._with(target)

    def _with(self, target: Callable[[int], float] | None) -> "Function":
        made = Function(self.name, self.digest, span=self.span)
        object.__setattr__(made, "_target", target)
        return made

    def replace(self, **changes: Any) -> "Function":
        made = Function(**{**self.arguments(), **changes})
        same = (made.name, made.digest) == (self.name, self.digest)
        return made._with(self.target) if same else made

    def _formula(self, window: Window) -> Value:
        target = self.target
        if target is None:
            raise LrlabError(
                worded(
                    f"function {self.name!r} is known by name and hash only",
                    str(self),
                    hint=f'lr.parse(text, functions={{"{self.name}": {self.name}}}), or lr.loads(..., functions=...)',
                )
            )
        return lambda t, m: m.call(target, t)

    def words(self) -> str:
        return f"follows the function {self.name}"


@preset
def function(
    target: "Callable[[int], float] | str",
    digest: str | None = None,
    *,
    name: str | None = None,
    span: object = None,
) -> Function:
    """A named user function of the update number, counted from the beginning of its phase.

    value = f(t)

    `target` is a function (or, in the text form, its name with the hash of its source). A lambda needs `name=`.

    >>> def halves(t): return 0.5 ** t
    >>> function(halves).over(3).values().tolist()
    [1.0, 0.5, 0.25]

    Source: PyTorch's LambdaLR and Keras' LearningRateScheduler take such a function.
    """
    if isinstance(target, str):
        if name is not None:
            raise LrlabError(worded("function: name= goes with a function, not with a text", name, hint=f'"{target}"'))
        if digest is None:
            raise LrlabError(
                worded("function by its name needs the hash of its source", target, hint="function(f) in Python")
            )
        return Function(target, digest, span=span)  # type: ignore[arg-type]
    if not callable(target) or isinstance(target, Schedule):
        raise LrlabTypeError(worded("function needs a function of the update number", target, hint="function(f)"))
    if digest is not None:
        raise LrlabError(worded("function: the hash is taken from the function itself", digest, hint="function(f)"))
    called = name or getattr(target, "__name__", type(target).__name__)
    if called == "<lambda>":
        raise LrlabError(
            worded(
                "a lambda has no name to be known by",
                allowed="a named function",
                hint='function(f, name="mine")',
            )
        )
    return Function(called, source_digest(target), span=span)._with(target)  # type: ignore[arg-type]


def source_digest(target: Callable[..., object]) -> str:
    """The first 16 hex digits of the SHA-256 of a function's source and of the numbers and texts that it captures.

    Without a source (typed at a prompt) its bytecode is used instead. Raises `LrlabError` for a partial, because its
    arguments are in no source.
    """
    if isinstance(target, functools.partial):
        hint = "def mine(t): return f(t, 0.5)"
        raise LrlabError(worded("the arguments of a partial are in no source to be known by", target, hint=hint))
    function: Any = inspect.unwrap(target)
    if not hasattr(function, "__code__"):
        function = type(target).__call__  # a callable object is identified by its __call__
    try:
        source = inspect.getsource(function).strip()
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        source = repr((code.co_code, code.co_consts, code.co_names)) if code else repr(type(target))
    captured = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    captured += [*(getattr(function, "__defaults__", None) or ()), *getattr(target, "__dict__", {}).values()]
    known = [value for value in captured if isinstance(value, (bool, int, float, str))]
    return hashlib.sha256(source.encode() + (repr(known).encode() if known else b"")).hexdigest()[:16]
