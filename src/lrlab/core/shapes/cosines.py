"""Transitions along a cosine: half of it, the whole, of a power of time, mirrored."""

import math
from dataclasses import KW_ONLY

from lrlab.core.expression.fields import Positive
from lrlab.core.expression.maths import Maths, Real
from lrlab.core.expression.vocabulary import shape
from lrlab.core.shapes.base import Transition, spoken


@shape
class cosine(Transition):
    """Half a cosine, or a power of it.

    value = to + (start - to) * ((1 + cos(pi * u)) / 2) ** power

    >>> cosine(to=0.1).over(4).values().round(4).tolist()
    [1.0, 0.8682, 0.55, 0.2318]

    Loshchilov & Hutter, SGDR, 2017, arXiv:1608.03983, eq. 5; `power` is the exponent of Optax's cosine_decay_schedule.
    """

    _: KW_ONLY
    power: Positive = 1.0

    @property
    def manner(self) -> str:  # type: ignore[override]
        return "as half a cosine" if self.power == 1 else f"as half a cosine to the power of {self.power:g}"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        s = m.sin(math.pi / 2 * v)  # (1 + cos(pi u))/2 without the cancellation near the end
        return s * s if self.power == 1 else m.power(s * s, self.power)


@shape
class cosine_cycle(Transition):
    """A full cosine: from `start` down to `to` in the middle and up again.

    value = to + (start - to) * (1 + cos(2 * pi * u)) / 2

    >>> cosine_cycle().over(4).values().round(3).tolist()
    [1.0, 0.5, 0.0, 0.5]

    Source: one period of PyTorch's CosineAnnealingLR, which goes on as a wave after its T_max.
    """

    manner = "as a full cosine"
    returns, arrives = True, False

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        c = m.cos(math.pi * u)
        return c * c

    def words(self) -> str:
        return f"swings {self.manner} from {spoken(self.start)} to {spoken(self.to)} and back"


@shape
class mirror_cosine(Transition):
    """The half cosine mirrored at the straight line: steep, flat, steep.

    value = to + (start - to) * (2 * (1 - u) - (1 + cos(pi * u)) / 2)

    >>> mirror_cosine().over(4).values().round(4).tolist()
    [1.0, 0.6464, 0.5, 0.3536]

    Hägele et al., 2024, arXiv:2405.18392.
    """

    manner = "as a mirrored cosine"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        s = m.sin(math.pi / 2 * v)
        return 2 * v - s * s


@shape
class k_decay(Transition):
    """Half a cosine of a power of time: k > 1 stays high for longer.

    value = to + (start - to) * (1 + cos(pi * u ** k)) / 2

    >>> k_decay(k=2).over(4).values().round(4).tolist()
    [1.0, 0.9904, 0.8536, 0.4025]

    Zhang & Li, k-decay: A New Method for Learning Rate Schedule, 2020, arXiv:2004.05909.
    """

    _: KW_ONLY
    k: Positive = 1.5

    @property
    def manner(self) -> str:  # type: ignore[override]
        return f"as half a cosine in time to the power of {self.k:g}"

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        s = m.sin(math.pi / 2 * (1 - m.power(u, self.k)))
        return s * s
