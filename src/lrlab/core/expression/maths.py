"""The arithmetic that a schedule is computed with: Python floats, NumPy arrays, or traced arrays of JAX and Keras.

A formula is written once against these few functions. `factors` are the present factors of the schedule's controllers,
in the order in which the curve met them (all 1 for the open-loop curve). Nothing here raises on overflow: computing the
LR must not stop a run.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Protocol, TypeAlias

Time: TypeAlias = Any  # an integer, or an integer array: updates since the start of the phase
Real: TypeAlias = Any  # a float, or a float array
Value: TypeAlias = Callable[[Time, "Maths"], Real]


class Maths(Protocol):
    """What a formula may use."""

    factors: Sequence[float]

    def sin(self, x: Real) -> Real: ...
    def cos(self, x: Real) -> Real: ...
    def exp(self, x: Real) -> Real: ...
    def log(self, x: Real) -> Real: ...
    def sqrt(self, x: Real) -> Real: ...
    def power(self, x: Real, y: Real) -> Real: ...
    def ceil(self, x: Real) -> Real: ...
    def floor(self, x: Real) -> Time:
        """The whole number at or below `x`, as an integer."""
        ...

    def minimum(self, x: Real, y: Real) -> Real: ...
    def maximum(self, x: Real, y: Real) -> Real: ...
    def where(self, condition: Any, x: Real, y: Real) -> Real: ...
    def passed(self, bounds: Sequence[int], t: Time) -> Time:
        """How many of the rising `bounds` are at or before `t`."""
        ...

    def take(self, values: Sequence[float], index: Time) -> Real: ...
    def call(self, function: Callable[[int], float], t: Time) -> Real: ...
    def choose(self, starts: Sequence[int], phases: Callable[[int], Value], t: Time) -> Real:
        """The value of the phase that `t` lies in; phase k begins at starts[k] and has its own time."""
        ...


class ScalarMaths:
    """One update, by the standard library."""

    sin = staticmethod(math.sin)
    minimum, maximum = staticmethod(min), staticmethod(max)

    def __init__(self, factors: Sequence[float]) -> None:
        self.factors = factors

    @staticmethod
    def cos(x: float) -> float:
        return math.cos(x) if math.isfinite(x) else math.nan

    @staticmethod
    def exp(x: float) -> float:
        return math.exp(x) if x < 709.0 else _overflowing(math.exp, x)

    @staticmethod
    def log(x: float) -> float:
        return math.log(x) if x > 0 else math.nan

    @staticmethod
    def sqrt(x: float) -> float:
        return math.sqrt(x) if x >= 0 else math.nan

    @staticmethod
    def power(x: float, y: float) -> float:
        return _overflowing(math.pow, x, y)

    @staticmethod
    def ceil(x: float) -> int:
        return math.ceil(x)

    @staticmethod
    def floor(x: float) -> int:
        return math.floor(x)

    @staticmethod
    def where(condition: bool, x: float, y: float) -> float:
        return x if condition else y

    @staticmethod
    def passed(bounds: Sequence[int], t: int) -> int:
        return bisect_right(bounds, t)

    @staticmethod
    def take(values: Sequence[float], index: int) -> float:
        return values[index]

    @staticmethod
    def call(function: Callable[[int], float], t: int) -> float:
        return float(function(t))

    def choose(self, starts: Sequence[int], phases: Callable[[int], Value], t: int) -> float:
        k = max(bisect_right(starts, t) - 1, 0)
        value: float = phases(k)(t - starts[k], self)
        return value


def _overflowing(function: Callable[..., float], *arguments: float) -> float:
    try:
        return function(*arguments)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


class _Ones:
    """The factors of an open-loop curve: 1, as many as are asked for."""

    def __getitem__(self, index: int) -> float:
        return 1.0


ONES: Any = _Ones()
OPEN_LOOP = ScalarMaths(ONES)


class _ArrayMaths:
    """What NumPy and JAX have in common."""

    def __init__(self, library: ModuleType, factors: Sequence[float]) -> None:
        self.factors = factors
        self.library = library
        self.sin, self.cos, self.sqrt = library.sin, library.cos, library.sqrt
        self.exp, self.log = library.exp, library.log
        self.minimum, self.maximum, self.ceil = library.minimum, library.maximum, library.ceil

    def power(self, x: Real, y: Real) -> Real:
        return self.library.power(x, y)

    def where(self, condition: Any, x: Real, y: Real) -> Real:
        return self.library.where(condition, x, y)

    def floor(self, x: Real) -> Time:
        return self.library.floor(x).astype(int)

    def passed(self, bounds: Sequence[int], t: Time) -> Time:
        return self.library.searchsorted(self.library.asarray(bounds), t, side="right")

    def take(self, values: Sequence[float], index: Time) -> Real:
        return self.library.asarray(values, dtype=_kind(values))[index]


def _kind(values: Sequence[float]) -> type:
    """Whole numbers stay whole: an update beyond 2**24 must not be rounded to a 32-bit float."""
    return int if all(isinstance(value, int) for value in values) else float


class NumpyMaths(_ArrayMaths):
    """Many updates at once, in float64."""

    def take(self, values: Sequence[float], index: Time) -> Real:
        if index.size == 0:
            return self.library.zeros(index.shape)
        low, high = int(index.min()), int(index.max())  # a long table is not converted for every block
        return self.library.asarray(values[low : high + 1], dtype=float)[index - low]

    def call(self, function: Callable[[int], float], t: Time) -> Real:
        flat = [float(function(i)) for i in t.ravel().tolist()]
        return self.library.array(flat, dtype=float).reshape(t.shape)

    def choose(self, starts: Sequence[int], phases: Callable[[int], Value], t: Time) -> Real:
        np = self.library
        if t.size == 0:
            return np.zeros(t.shape)
        first = max(bisect_right(starts, int(t.min())) - 1, 0)
        last = max(bisect_right(starts, int(t.max())) - 1, 0)
        if first == last:
            return phases(first)(t - starts[first], self)
        index = np.searchsorted(np.asarray(starts[first : last + 1]), t, side="right") - 1 + first
        out = np.empty(t.shape)
        for k in range(first, last + 1):
            inside = index == k
            if inside.any():
                out[inside] = phases(k)(t[inside] - starts[k], self)
        return out


class TracedMaths(_ArrayMaths):
    """Traced: every phase is computed and the right one is selected, because time is not known yet."""

    def power(self, x: Real, y: Real) -> Real:
        if isinstance(y, float) and isinstance(x, float):
            return ScalarMaths.power(x, y)
        if isinstance(x, float) and x > 0:  # in float32 a base of 0.9999 would lose what its powers need
            return self.exp(math.log(x) * y)
        return self.library.power(x, y)

    def call(self, function: Callable[[int], float], t: Time) -> Real:
        return function(t)

    def choose(self, starts: Sequence[int], phases: Callable[[int], Value], t: Time) -> Real:
        out = phases(0)(t, self)
        for k in range(1, len(starts)):
            local = self.maximum(t - starts[k], 0)
            out = self.where(t >= starts[k], phases(k)(local, self), out)
        return out


class JaxMaths(TracedMaths):
    """JAX arrays; without x64 floats and integers have 32 bits."""


class KerasMaths(TracedMaths):
    """Tensors of Keras' TensorFlow and PyTorch back ends, by `keras.ops`: time of one type, floats of another."""

    def __init__(self, library: ModuleType, factors: Sequence[float], time: str, real: str) -> None:
        super().__init__(library, factors)
        self.time, self.real = time, real

    def _tensor(self, x: Real) -> Real:
        return x if self.library.is_tensor(x) else self.library.convert_to_tensor(x, dtype=self.real)

    def where(self, condition: Any, x: Real, y: Real) -> Real:
        return self.library.where(condition, self._tensor(x), self._tensor(y))

    def floor(self, x: Real) -> Time:
        return self.library.cast(self.library.floor(x), self.time)

    def passed(self, bounds: Sequence[int], t: Time) -> Time:
        ops = self.library
        steps = ops.convert_to_tensor(bounds, dtype=self.time)
        return ops.cast(ops.sum(ops.cast(ops.expand_dims(t, -1) >= steps, "int32"), axis=-1), self.time)

    def take(self, values: Sequence[float], index: Time) -> Real:
        ops = self.library
        kind = self.time if _kind(values) is int else self.real
        return ops.take(ops.convert_to_tensor(values, dtype=kind), ops.cast(index, "int32"))
