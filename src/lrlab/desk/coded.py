"""A schedule as code for a framework: its own classes where they have exactly this curve, else the adapter of lrlab."""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.write.targets import to_code
from lrlab.errors import LrlabError, nearest, worded

FRAMEWORKS = ("torch", "keras", "optax", "transformers")
ABSOLUTE = ("keras", "optax")  # their schedules are LRs, not multiples

_TORCH = "from lrlab.adapters.torch import Scheduler\n\nscheduler = Scheduler(optimizer, {0})"
_TRAINER = """from lrlab.adapters.transformers import Scheduled
from transformers import Trainer


class ScheduledTrainer(Scheduled, Trainer):
    schedule = {0}
"""
# By framework, and whether the schedule has a controller, which listens to a metric.
_ADAPTERS = {
    ("torch", False): f"{_TORCH}  # scheduler.step() after optimizer.step()\n",
    (
        "torch",
        True,
    ): f"{_TORCH}  # scheduler.step() after optimizer.step(), scheduler.observe(loss) after an evaluation\n",
    ("keras", False): "from lrlab.adapters.keras import LearningRateSchedule\n\nrate = LearningRateSchedule({0})\n",
    ("keras", True): "from lrlab.adapters.keras import SchedulerCallback\n\ncallback = SchedulerCallback({0})\n",
    ("optax", False): "from lrlab.adapters.optax import schedule\n\nrate = schedule({0})\n",
    ("optax", True): "from lrlab.adapters.optax import Scheduler\n\nscheduler = Scheduler({0})\n",
    ("transformers", False): _TRAINER,
    (
        "transformers",
        True,
    ): f"{_TRAINER}\n\n# ScheduledTrainer(..., callbacks=[Observe('eval_loss')]), of the same module\n",
}


def code(
    schedule: Schedule, framework: str, *, horizon: int | Horizon | None = None, base_lr: float | None = None
) -> str:
    """Code that makes the same LRs in a framework.

    Raises `LrlabError` where the length of the run or the base LR is needed and not given.

    >>> from lrlab import *
    >>> print(code(warmup("5%") >> linear(), "transformers", horizon=1000))
    from lrlab.adapters.transformers import Scheduled
    from transformers import Trainer
    <BLANKLINE>
    <BLANKLINE>
    class ScheduledTrainer(Scheduled, Trainer):
        schedule = 'warmup("5%") >> linear()'
    <BLANKLINE>
    """
    if framework not in FRAMEWORKS:
        raise LrlabError(worded("no code for this", framework, ", ".join(FRAMEWORKS), nearest(framework, FRAMEWORKS)))
    run = Horizon.of(horizon)
    curve = schedule.over(run)  # a share of a length that is not known is refused, whoever writes
    if framework in ABSOLUTE and base_lr is None:
        raise LrlabError(worded(f"a schedule of {framework} has absolute LRs", hint="base_lr=0.001, or --lr 0.001"))
    try:
        return to_code(schedule, framework, horizon=run, base_lr=base_lr)
    except LrlabError:
        given = repr(str(schedule))
        if framework != "transformers":  # whose Trainer knows the length and the LR
            given += f", base_lr={base_lr!r}" if framework in ABSOLUTE else ""
            given += "" if run.total is None else f", horizon={run.total}"
        return _ADAPTERS[framework, bool(curve.controllers)].format(given)
