"""A noisy valley in 16 dimensions, some steep and some flat, which `lrlab demo` descends: no framework, no data.

A large LR gets along the flat ones, and shakes at the end; a small one never arrives. What wins is a schedule that does
one after the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrlab.lab.task.declaration import task
from lrlab.lab.training.run import TrainingRun

Weights = NDArray[np.float64]
UPDATES = 120
STEEP = np.geomspace(1.0, 0.01, 16)


class _Descent:
    """Weights, and plain SGD on them."""

    def __init__(self, start: Weights) -> None:
        self.weights, self.param_groups = start, [{"lr": 0.9}]

    def step(self, gradient: Weights) -> None:
        self.weights = self.weights - self.param_groups[0]["lr"] * gradient

    def state_dict(self) -> dict[str, list[float]]:
        return {"weights": self.weights.tolist()}

    def load_state_dict(self, state: dict[str, list[float]]) -> None:
        self.weights = np.array(state["weights"])


@task(metric="height", mode="min", updates=UPDATES, folds=12, evals=8)
def train(run: TrainingRun) -> None:
    """Descend by noisy gradients; judged by the height above the floor."""
    noise = np.random.default_rng([run.seed, run.fold])
    descent = _Descent(noise.normal(size=len(STEEP)))
    run.track(descent=descent)
    shakes = list(noise.normal(scale=0.3, size=(UPDATES, len(STEEP))) * np.sqrt(STEEP))
    for _, shake in run.steps(shakes):
        run.log(loss=float(STEEP @ descent.weights**2))
        descent.step(STEEP * descent.weights + shake)
        if run.eval_now:
            run.report(height=float(STEEP @ descent.weights**2))
