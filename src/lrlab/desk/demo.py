"""`lrlab demo`: a whole comparison in a few seconds, without data, a framework or a file."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING

from lrlab.desk.experiment import run as trained
from lrlab.errors import missing

try:
    import scipy  # noqa: F401
except ModuleNotFoundError:
    raise missing("scipy", "lab", "lrlab demo") from None

from lrlab.core.text.parse import parse
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.experiment import Experiment
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import task_of
from lrlab.lab.tasks.common import valley

if TYPE_CHECKING:
    from lrlab.desk.result import Result
    from lrlab.lab.stages.progress import Progress

STRATEGIES = {
    "constant": "constant()",
    "step": 'step("33%", gamma=0.1)',
    "cosine": 'warmup("5%") >> cosine()',
    "wsd": 'wsd(decay="40%")',
}


def demo(on_progress: Callable[[Progress], object] = lambda progress: None) -> Result:
    """Compare the four strategies in this process; nothing is kept."""
    arms = tuple(Arm(name, parse(text)) for name, text in STRATEGIES.items())
    task = dataclasses.replace(task_of(valley.train), name="a noisy valley")
    with tempfile.TemporaryDirectory() as store:
        return trained(Experiment(task, arms, task.settings), store, Resources(workers=0), on_progress=on_progress)
