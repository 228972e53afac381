"""Transitions that are straight lines where one of the axes is logarithmic."""

import math
from dataclasses import KW_ONLY

from lrlab.core.expression.fields import Positive
from lrlab.core.expression.maths import Maths, Real
from lrlab.core.expression.vocabulary import shape
from lrlab.core.shapes.base import Transition, Way
from lrlab.core.time.layout import Window
from lrlab.errors import LrlabError, worded


@shape
class geometric(Transition):
    """A straight line on a logarithmic axis: the same factor at every update.

    value = start ** (1 - u) * to ** u

    Both ends must be above 0.

    >>> geometric(to=0.0001).over(4).values().round(4).tolist()
    [1.0, 0.1, 0.01, 0.001]

    Smith, Cyclical Learning Rates, 2017, arXiv:1506.01186 (range test); Luo et al., A Multi-Power Law, 2025,
    arXiv:2503.12811 (WSD decay).
    """

    _: KW_ONLY
    to: Positive = 0.01

    manner = "geometrically"

    def _check(self) -> None:
        if self.start != "here" and self.start <= 0:
            raise LrlabError(worded("geometric: start must be above 0", self.start))

    def way(self, start: float, to: float, n: int, window: Window) -> Way:
        if start <= 0:
            raise LrlabError(
                worded("geometric starts here, at 0, and can only start above 0", start, hint="linear(...)")
            )
        ratio = math.log(to) - math.log(start)
        return lambda u, v, m: m.where(u == 1, to, start * m.exp(ratio * u))


@shape
class logarithmic(Transition):
    """A straight line on a logarithmic time axis: fast first, slow at the end.

    value = to + (start - to) * (1 - log(1 + (ratio - 1) * u) / log(ratio))

    `ratio` says how much faster it goes at the beginning than at the end.

    >>> logarithmic(4, start=0, to=1, ratio=4, closed=True).over(4).values().round(4).tolist()
    [0.0, 0.5, 0.7925, 1.0]

    Source: the default warmup of DeepSpeed's WarmupLR, over n updates with ratio = n.
    """

    _: KW_ONLY
    ratio: Positive = 100.0

    manner = "as a logarithm of time"

    def _check(self) -> None:
        if self.ratio == 1:
            raise LrlabError(worded("logarithmic: ratio must not be 1", self.ratio, hint="linear(...)"))

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        whole = self.ratio + 0 * u  # by the same logarithm, so that the end is exact
        return 1 - m.log(v + self.ratio * u) / m.log(whole)  # v + ratio * u: no cancellation where ratio is small
