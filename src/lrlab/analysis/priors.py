"""Priors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    mean: Floats
    sd: Floats
    coefficients: tuple[tuple[float, float], ...]
    shifts: tuple = ()

    def starts(self):
        return [self.mean] + [self.mean + self.sd * np.array(s) for s in self.shifts]

    def outer(self, least: float):
        (f, fs), (a, as_), (b, bs) = self.coefficients
        return np.array([f * least, a, b]), np.array([fs * least, as_, bs])


LLM = Prior(
    np.array([0.53, 4.5, 0.4, 0.1, 0.8, -0.3, 0.3, -3.0]),
    np.array([0.06, 1.8, 0.3, 0.2, 0.08, 0.35, 0.7, 1.3]),
    ((0.93, 0.05), (0.55, 0.4), (0.6, 0.6)),
    ((0, 1, -0.7, 1, 0, 0, -1, 0), (0, -1, 0.7, -1, 0, 0, 1, 0)),
)
