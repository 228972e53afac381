"""`lrlab demo`: a whole comparison in a few seconds, without data, a framework or a file.

A noisy valley in 16 dimensions, some steep and some flat: a large LR gets along the flat ones, and shakes at the end; a
small one never arrives. What wins is a schedule that does one after the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrlab.desk.experiment import run as trained
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.experiment import Experiment
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import task, task_of

if TYPE_CHECKING:
    from lrlab.desk.result import Result
    from lrlab.lab.stages.engine import Progress
    from lrlab.lab.training.run import TrainingRun

Weights = NDArray[np.float64]

STRATEGIES = {
    "constant": "constant()",
    "step": 'step("33%", gamma=0.1)',
    "cosine": 'warmup("5%") >> cosine()',
    "wsd": 'wsd(decay="40%")',
}
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


@task(metric="height", mode="min", updates=UPDATES, folds=8, lrs=(0.125, 0.25, 0.5, 1.0, 2.0), evals=8)
def valley(run: TrainingRun) -> None:
    """Descend the valley by noisy gradients; judged by the height above its floor."""
    noise = np.random.default_rng([run.seed, run.fold])
    descent = _Descent(noise.normal(size=16))
    run.track(descent=descent)
    shakes = list(noise.normal(scale=0.3, size=(UPDATES, 16)) * np.sqrt(STEEP))
    for _, shake in run.steps(shakes):
        run.log(loss=float(STEEP @ descent.weights**2))
        descent.step(STEEP * descent.weights + shake)
        if run.eval_now:
            run.report(height=float(STEEP @ descent.weights**2))


def demo(on_progress: Callable[[Progress], object] = lambda progress: None) -> Result:
    """Compare the four strategies in this process; nothing is kept."""
    from lrlab.core.text.parse import parse

    arms = tuple(Arm(name, parse(text)) for name, text in STRATEGIES.items())
    found = task_of(valley)
    with tempfile.TemporaryDirectory() as store:
        return trained(Experiment(found, arms, found.settings), store, Resources(workers=0), on_progress=on_progress)
