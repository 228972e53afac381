"""The least or the greatest of several schedules at every update: one phase, its terms in one order, each once."""

from typing import Any

from lrlab.core.expression.algebra import Several, Terms, one, ordered
from lrlab.core.expression.maths import Maths, Real, Time, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import node, preset
from lrlab.core.time.layout import Window
from lrlab.errors import LrlabError, worded


class _Extreme(Terms):
    """Abstract: one of the terms at every update, by `pick` of two of them."""

    said = ""

    @staticmethod
    def pick(x: Real, y: Real, m: Maths) -> Real:
        """The one of the two that counts."""
        raise NotImplementedError

    def _text(self) -> str:
        return f"{self.kind}({', '.join(map(str, self.terms))})"

    def _canonical(self) -> Schedule:
        return _bound(type(self), self.terms)

    def _compile(self, window: Window) -> Value:
        values = self._values(window)

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = self.pick(out, term(t, m), m)
            return out

        return value

    def words(self) -> str:
        return f"takes the {self.said} of: " + "; ".join(term.words() for term in self.terms)


@node
class Minimum(_Extreme):
    """The least of several schedules at every update."""

    terms: Several

    said = "least"

    @staticmethod
    def pick(x: Real, y: Real, m: Maths) -> Real:
        return m.minimum(x, y)


@node
class Maximum(_Extreme):
    """The greatest of several schedules at every update."""

    terms: Several

    said = "greatest"

    @staticmethod
    def pick(x: Real, y: Real, m: Maths) -> Real:
        return m.maximum(x, y)


def _bound(kind: Any, schedules: tuple[Schedule, ...]) -> Schedule:
    what = kind.kind
    terms = {
        str(part): part
        for k, s in enumerate(schedules)
        for part in (s.terms if isinstance(s, kind) else (one(s, f"{what}[{k}]"),))
    }
    if not terms:
        raise LrlabError(worded(f"{what} needs at least one schedule", hint=f"{what}(cosine(), linear())"))
    made: Schedule = next(iter(terms.values())) if len(terms) == 1 else kind(ordered(list(terms.values())))
    return made


@preset
def minimum(*schedules: Schedule) -> Schedule:
    """The least of several schedules at every update.

    value = min(a, b, ...)

    >>> from lrlab import *
    >>> minimum(linear(), constant(level=0.6)).over(4).values().tolist()
    [0.6, 0.6, 0.5, 0.25]

    Source: Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762, eq. 3, is the least of two curves.
    """
    return _bound(Minimum, schedules)


@preset
def maximum(*schedules: Schedule) -> Schedule:
    """The greatest of several schedules at every update.

    value = max(a, b, ...)

    >>> from lrlab import *
    >>> maximum(linear(), constant(level=0.6)).over(4).values().tolist()
    [1.0, 0.75, 0.6, 0.6]

    Source: the floor of many training scripts, max(lr, min_lr).
    """
    return _bound(Maximum, schedules)
