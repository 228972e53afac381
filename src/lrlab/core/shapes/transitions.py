"""Shapes that go from `start` to `to` over a span: the straight line, powers and roots, and the other decays.

`u` runs from 0 (first update) to 1 (the end); `start` and `to` are multiples of the base LR. A transition declared
`closed` uses u = (i - a)/(n - 1), so that its last update has exactly the end value. After its end it stays there. With
`part=[0.25, 1]` the span shows the shape from u = 0.25 on only; u beyond 1 counts as 1.

The line `value = ...` in each docstring is executed by the tests. Cosines and logarithms have files of their own.
"""

import math
from dataclasses import KW_ONLY

from lrlab.core.expression.fields import Length, Number, Positive
from lrlab.core.expression.maths import Maths, Real
from lrlab.core.expression.vocabulary import shape
from lrlab.core.shapes.base import Transition, Way
from lrlab.core.time.layout import Window
from lrlab.errors import LrlabError, worded


@shape
class linear(Transition):
    """A straight line.

    value = to + (start - to) * (1 - u)

    >>> linear(to=0.2).over(4).values().round(3).tolist()
    [1.0, 0.8, 0.6, 0.4]

    Defazio et al., When, Why and How Much?, 2023, arXiv:2310.07831.
    """

    manner = "linearly"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        return v


@shape
class polynomial(Transition):
    """A power of what is left; with k > 1 it stays high for longer.

    value = to + (start - to) * (1 - u ** k) ** power

    >>> polynomial(power=2).over(4).values().tolist()
    [1.0, 0.5625, 0.25, 0.0625]

    Chen et al., DeepLab, 2017, arXiv:1606.00915, section 4.1 (the 'poly' policy, power 0.9); Zhang & Li, k-decay,
    2020, arXiv:2004.05909 (k).
    """

    _: KW_ONLY
    power: Positive = 0.9
    k: Positive = 1.0

    @property
    def manner(self) -> str:  # type: ignore[override]
        late = "" if self.k == 1 else f" in time to the power of {self.k:g}"
        return f"as a polynomial of power {self.power:g}{late}"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        return m.power(v if self.k == 1 else 1 - m.power(u, self.k), self.power)


@shape
class one_minus_sqrt(Transition):
    """Steep first, slow at the end: the cooldown of WSD.

    value = to + (start - to) * (1 - sqrt(u))

    >>> one_minus_sqrt().over(4).values().round(4).tolist()
    [1.0, 0.5, 0.2929, 0.134]

    Hägele et al., Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations, 2024,
    arXiv:2405.18392, section 3.
    """

    manner = "as one minus a square root"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        return v / (1 + m.sqrt(u))  # 1 - sqrt(u) without the cancellation near the end


@shape
class one_minus_power(Transition):
    """Slow first, steep at the end (power > 1), or the other way round (power < 1).

    value = to + (start - to) * (1 - u ** power)

    >>> one_minus_power().over(4).values().tolist()
    [1.0, 0.9375, 0.75, 0.4375]

    Hägele et al., 2024, arXiv:2405.18392, appendix (the 'square' cooldown, power 2).
    """

    _: KW_ONLY
    power: Positive = 2.0

    @property
    def manner(self) -> str:  # type: ignore[override]
        return f"as one minus a power of {self.power:g}"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        return 1 - m.power(u, self.power)


@shape
class tanh(Transition):
    """A hyperbolic tangent: flat, steep, flat.

    value = to + (start - to) * (1 - tanh(lower * (1 - u) + upper * u)) / 2

    It starts a little below `start` and ends a little above `to` (by 0.0025 of the fall with the paper's -6 and 3).

    >>> tanh().over(4).values().round(4).tolist()
    [1.0, 0.9994, 0.9526, 0.1824]

    Hsueh et al., Stochastic Gradient Descent with Hyperbolic-Tangent Decay, 2019, arXiv:1806.01593.
    """

    _: KW_ONLY
    lower: Number = -6.0
    upper: Number = 3.0

    manner = "as a hyperbolic tangent"
    arrives = False

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        return 1 / (1 + m.exp(2 * (self.lower * v + self.upper * u)))


@shape
class rex(Transition):
    """Reflected exponential: holds high for long and falls late.

    value = to + (start - to) * (1 - u) / (1 - beta + beta * (1 - u))

    >>> rex().over(4).values().round(4).tolist()
    [1.0, 0.8571, 0.6667, 0.4]

    Chen et al., REX: Revisiting Budgeted Training with an Improved Schedule, 2021, arXiv:2107.04197 (beta 1/2).
    """

    _: KW_ONLY
    beta: Number = 0.5

    manner = "as a reflected exponential"

    def _check(self) -> None:
        if not self.beta < 1:
            raise LrlabError(worded("rex: beta must be below 1", self.beta))

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        return v / (1 - self.beta * u)


@shape
class hyperbolic(Transition):
    """A hyperbola whose beginning does not depend on the length of the run, only on `upper`.

    value = start + (start - to) * (sqrt(r * (1 - u) * (2 - r * (1 + u))) - sqrt(r * (2 - r)))

    r = n/upper is the span as a share of `upper`, the longest run that is thought of (at least the span itself). It
    ends at `to` only where upper = n; by default it ends at 0.134 of the fall.

    >>> hyperbolic().over(4).values().round(4).tolist()
    [1.0, 0.852, 0.693, 0.509]

    Kim, HyperbolicLR: Epoch insensitive learning rate scheduler, 2024, arXiv:2407.15200.
    """

    _: KW_ONLY
    upper: Length = "200%"

    manner = "as a hyperbola"
    arrives = False

    def way(self, start: float, to: float, n: int, window: Window) -> Way:
        upper = float(window.updates(self.upper))
        if upper < n:
            raise LrlabError(worded(f"hyperbolic: upper must be at least its span, {n} updates", self.upper))
        r = n / upper
        begin = math.sqrt(r * (2 - r))
        return lambda u, v, m: start + (start - to) * (m.sqrt(r * v * (2 - r * (1 + u))) - begin)
