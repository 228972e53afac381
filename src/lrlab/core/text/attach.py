"""What is looked at before a curve is attached to an optimizer: what cannot be meant is refused there."""

from __future__ import annotations

from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import sampled
from lrlab.core.text.lint import SMALL
from lrlab.errors import LrlabError, worded


def refuse_odd(curve: Curve, absolute: bool) -> None:
    """Raise `LrlabError` where a curve is negative somewhere, not finite, or an absolute LR by mistake.

    >>> import lrlab as lr
    >>> refuse_odd((3e-4 * lr.cosine()).over(100), absolute=False)
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: the largest multiplier of the base LR is 0.0003: it looks like an absolute LR
      given:   '0.0003 * cosine()'
      allowed: multiples of each group's own LR, 1 for the LR itself
      try:     the schedule without the factor 0.0003 and lr=0.0003 in the optimizer, or absolute=True
    """
    import numpy as np

    _, values = sampled(curve)
    if not np.isfinite(values).all() or values.min() < 0:
        odd = values[~(np.isfinite(values) & (values >= 0))][0]
        raise LrlabError(worded(f"the schedule gives {odd:g} times the LR", str(curve.schedule), hint=".clip(low=0)"))
    peak = float(values.max())
    if not absolute and peak < SMALL:
        raise LrlabError(
            worded(
                f"the largest multiplier of the base LR is {peak:g}: it looks like an absolute LR",
                str(curve.schedule),
                "multiples of each group's own LR, 1 for the LR itself",
                f"the schedule without the factor {peak:g} and lr={peak:g} in the optimizer, or absolute=True",
            )
        )
