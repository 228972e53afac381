"""A schedule over a run: a pure function from update to multiplier.

The rule of time, stated here and kept everywhere: updates are counted from 0, `curve(i)` is what update i uses. A
phase of n updates that starts at update a covers a ... a+n-1; at update i its shape is evaluated at u = (i - a)/n;
the next phase starts at its own u = 0; after the last the value at u = 1 is held (schedules with a time scale of
their own go on). Time is an integer and nothing accumulates: any update can be evaluated, in any order.

The values that are applied, stored, shared and hashed come from one evaluator, in blocks of `BLOCK` updates that begin
at multiples of it (and end with the run), in float64 by NumPy: always the same bits. `curve(i)` is computed by the
standard library alone and agrees to 2 units in the last place of the peak.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from lrlab.core.expression.fields import not_negative
from lrlab.core.expression.maths import ONES, OPEN_LOOP, JaxMaths, NumpyMaths, TracedMaths
from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.active import ActiveController, active
from lrlab.core.time.horizon import LENGTH, Horizon
from lrlab.core.time.layout import Phase, TimeBase, Window, beyond
from lrlab.core.time.span import counted, rounded
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.shown import Shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 4096
LAST = 2**62  # the greatest update that can be asked for: time is a 64-bit integer
LONGEST = 10**8  # values at once: 0.8 GB
MANY = 2**22  # updates that a run is judged by


class Curve(Shown):
    """What every update of a run uses, as a multiple of the base LR. Made by `schedule.over(horizon)`.

    >>> import lrlab as lr
    >>> c = (lr.warmup(2) >> lr.linear()).over(6)
    >>> c(0), c(5), [str(p.schedule) for p in c.phases]
    (0.3333333333333333, 0.25, ['warmup(2)', 'linear()'])

    If the schedule has controllers, this is the open-loop curve: their factor is 1.
    """

    unit = "updates"  # of its time

    def __init__(self, schedule: Schedule, horizon: Horizon) -> None:
        self.schedule = schedule
        self.horizon = horizon
        self.updates = horizon.total
        clock = TimeBase(horizon, self.updates)
        length = schedule._length(clock)
        if length is not None and self.updates is not None and rounded(length) > self.updates:
            parts = schedule._in_turn()
            raise beyond(parts, [part._length(clock) for part in parts], self.updates)
        window = Window(clock, 0, self.updates).fit(schedule)
        if self.updates is None:
            self.updates = window.length  # the schedule's own length, if it has one
        self._value = schedule._compile(window)
        self.phases: tuple[Phase, ...] = schedule._phases(window)
        self.controllers: tuple[ActiveController, ...] = active(window)

    def __call__(self, update: Any) -> Any:
        """The multiplier of one update (a whole number) or of many (an array; under JAX also traced)."""
        if type(update) is int:
            if not 0 <= update <= LAST:
                raise LrlabError(worded("updates are counted from 0", update, f"0 to {LAST:.1e}"))
            return float(self._value(update, OPEN_LOOP))
        if type(update).__module__.partition(".")[0] in ("jax", "jaxlib"):
            jnp = sys.modules["jax.numpy"]
            if not jnp.issubdtype(update.dtype, jnp.integer):
                return self._of_floats(update, jnp)
            value = self.traced(update.astype(int), JaxMaths(jnp, ONES))  # 8 bits cannot hold what is computed of them
            return jnp.broadcast_to(jnp.asarray(value, dtype=float), update.shape)
        one = counted(update)
        return self._many(update) if one is None else self(one)

    def __getitem__(self, update: Any) -> NoReturn:
        """A curve is a function, not a list: raises `LrlabTypeError`, which says how to get its values."""
        hint = "curve(3), curve([3, 4]), curve.values()[3:]"
        raise LrlabTypeError(worded("a curve is a function of the update", update, hint=hint))

    def at(self, share: Any) -> Any:
        """The multiplier at one or many shares of the run, for libraries that count progress from 0 (its start) to 1
        (its end).

        It is that of the update at this share; at 1 the run is over. If a library's progress goes from 1 to 0, give it
        `lambda left: 3e-4 * curve.at(1 - left)`. Raises `LrlabError` if the length of the run is not known.

        >>> import lrlab as lr
        >>> c = lr.linear().over(4)
        >>> c.at(0), c.at(0.5), c.at(0.7), c.at(1)
        (1.0, 0.5, 0.5, 0.0)
        """
        import numpy as np

        whole = self._length("at()")
        try:
            wanted = np.asarray(share)
            places = wanted.astype(float) * whole
        except (TypeError, ValueError):
            raise LrlabTypeError(worded("at: a share of the run is a number", share, hint="curve.at(0.5)")) from None
        fine = np.finfo(wanted.dtype).eps if wanted.dtype.kind == "f" else 2.0**-52
        close = 16 * fine * whole
        if not np.isfinite(places).all() or (places < -close).any() or (places > LAST).any():
            raise LrlabError(worded("at: this is not a share of the run", share, "0 (its start) to 1 (its end)"))
        near = np.rint(places)
        places = np.where(np.abs(places - near) <= close, near, places)  # 1 - 0.7 times 10 is 3
        return self(np.floor(places).astype(np.int64))

    def _length(self, what: str) -> int:
        """The length of the run, in the time unit of the curve."""
        return self._known(what)

    def _of_floats(self, update: Any, jnp: Any) -> Any:
        """Whole numbers that JAX keeps as floats: refused if they are traced, as they may not be whole."""
        try:
            wanted = self._many(update)
        except LrlabError:
            raise
        except Exception:  # traced: jax's own error, which names neither the schedule nor the way out
            hint = "step.astype(int)"
            raise LrlabTypeError(worded("an update is a whole number", update.dtype, "an integer type", hint)) from None
        return jnp.asarray(wanted, dtype=float)

    def traced(self, update: Any, maths: TracedMaths) -> Any:
        """The multiplier of updates that are not known yet, computed with this arithmetic and its factors: for
        adapters."""
        return self._value(update, maths)

    def _many(self, updates: Any) -> NDArray[np.float64]:
        if not hasattr(updates, "__array__") and not isinstance(updates, Iterable):
            raise LrlabTypeError(worded("an update is a whole number, or an array of them", updates, hint="curve(0)"))
        import numpy as np

        try:
            wanted = np.asarray(updates)
        except ValueError:  # lists of different lengths
            wanted = np.asarray(None)
        if wanted.dtype.kind == "f" and (np.isfinite(wanted) & (wanted == np.rint(wanted))).all():
            wanted = np.where(np.abs(wanted) < LAST, wanted, -1).astype(np.int64)
        if wanted.size and (wanted.dtype.kind not in "iu" or wanted.min() < 0 or wanted.max() > LAST):
            raise LrlabError(worded("updates are whole numbers, counted from 0", updates, hint="np.arange(1000)"))
        return self._evaluate(wanted.astype(np.int64), ONES)

    def _evaluate(self, updates: NDArray[np.int64], factors: Sequence[float]) -> NDArray[np.float64]:
        import numpy as np

        with np.errstate(all="ignore"):  # an overflow gives inf; nothing raises on the LR path
            value = self._value(updates, NumpyMaths(np, factors))
        out = np.empty(updates.shape)
        out[...] = value
        return out

    def block(self, update: int, factors: Sequence[float] = ONES) -> tuple[int, NDArray[np.float64]]:
        """The block that `update` lies in: its start and its values, with the controllers at these factors."""
        import numpy as np

        start = update // BLOCK * BLOCK
        stop = start + BLOCK
        if self.updates is not None and start < self.updates < stop:
            start, stop = (start, self.updates) if update < self.updates else (self.updates, stop)
        return start, self._evaluate(np.arange(start, stop), factors)

    def between(self, start: int, stop: int, factors: Sequence[float] = ONES) -> NDArray[np.float64]:
        """The values of the updates start ... stop-1, with the controllers at these factors: shape (stop-start,)."""
        import numpy as np

        if stop - start > LONGEST:
            raise LrlabError(
                worded(
                    f"{stop - start:.3g} values at once are too many",
                    allowed=f"at most {LONGEST:.0e}",
                    hint="some of them: curve(np.linspace(0, n - 1, 1000, dtype=int))",
                )
            )
        pieces, at = [np.zeros(0)], start
        while at < stop:
            first, values = self.block(at, factors)
            pieces.append(values[at - first : stop - first])
            at = first + len(values)
        return np.concatenate(pieces)

    def values(self) -> NDArray[np.float64]:
        """What every update of the run uses: float64, shape (updates,).

        Raises `LrlabError` if the length of the run is not known.
        """
        return self.between(0, self._known("values()"))

    def some(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The updates to judge a run by, with their values: all, or of a very long run enough of them, evenly spaced.

        The first and the last, and the first of every phase, are always among them.
        """
        import numpy as np

        n = self._known("some()")
        if n <= MANY:
            return np.arange(n), self.values()
        starts = [phase.start for phase in self.phases if phase.start < n]
        times = np.unique(np.concatenate([np.linspace(0, n - 1, MANY // 16, dtype=np.int64), starts, [n - 1]]))
        return times, self(times)

    def lr(self, base_lr: float) -> NDArray[np.float64]:
        """The absolute LR of every update for a group of this base LR: float64, shape (updates,).

        Raises `LrlabError` for a base LR below 0.
        """
        return not_negative(base_lr, "lr: base_lr") * self.values()

    def common_prefix(self, other: Curve) -> int:
        """How many updates, from the first on, have the same value here and in `other`, to the last bit.

        A controller that only one of them has ends the prefix when it begins to act.

        >>> import lrlab as lr
        >>> lr.wsd(warmup=10, decay=20).over(100).common_prefix(lr.wsd(warmup=10, decay=40).over(100))
        61
        """
        import numpy as np

        most = min(self._known("common_prefix()"), other._known("common_prefix()"))
        for mine in set(self.controllers) ^ set(other.controllers):
            most = min(most, mine.start)
        for at in range(0, most, BLOCK):
            stop = min(at + BLOCK, most)
            differ = np.flatnonzero(self.between(at, stop) != other.between(at, stop))
            if differ.size:
                return at + int(differ[0])
        return most

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """Nothing: `LambdaLR(optimizer, curve)` of PyTorch saves this, and a value has no state to go on from."""
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        """What pickle and copy take: the functions are compiled anew."""
        return type(self), (self.schedule, self.horizon)

    def _known(self, what: str) -> int:
        if self.updates is None:
            raise LrlabError(worded(f"{what} needs to know how long the run is", str(self.schedule), hint=LENGTH))
        return self.updates

    def __repr__(self) -> str:
        return f"({self.schedule}).over({self.horizon if self.updates is None else self.updates})"
