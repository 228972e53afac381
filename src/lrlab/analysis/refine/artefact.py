"""What weight decay and normalisation do to the norm of a gradient while the LR changes, apart from the loss.

Behind a normalisation the loss does not see the length of the weights, so that the gradient is inversely proportional
to it. Updates lengthen the weights, weight decay shortens them; where both are equal the length follows the LR. A decay
of the LR therefore shortens the weights, late and as far as there is time, and the norm of the gradient rises although
nothing has become steeper: |g| / |w| = sqrt(2 * decay / LR) in balance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rise(lrs: Floats, updates: float, weight_decay: float, *, normed: bool) -> Floats:
    """The factor by which the norm of the gradient is higher than at the peak LR, in each of equal stretches.

    With q = |w|^2 in units of its balance at the peak LR, L the LR, P its peak, D the weight decay, n updates in each:

        updates of a length of their own, as Adam's (`normed`): q goes to L / P, by exp(-2 L D n);  factor = q ** -1/2
        updates that are LR times the gradient, as SGD's:     q^2 goes to L / P, by exp(-4 L D n);  factor = q ** -1/2

    It begins in balance at the peak, and holds for weights behind a normalisation. Without weight decay it is 1.

    Source: the balance |g| / |w| of arXiv:2506.02285; the way to it follows from the rules of the two optimizers.

    >>> rise(np.array([1.0, 1.0, 0.01]), 1e4, 0.1, normed=True).round(2).tolist()
    [1.0, 1.0, 10.0]
    """
    peak = float(lrs.max())
    speed = 2.0 if normed else 4.0
    held = 1.0
    factors = np.ones(len(lrs))
    for k, lr in enumerate(lrs):
        balance = lr / peak
        held = balance + (held - balance) * float(np.exp(-speed * lr * weight_decay * updates))
        factors[k] = held ** (-0.5 if normed else -0.25)
    return factors
