"""A schedule as code for a framework: its own classes where they have exactly this curve, else the adapter of lrlab.

Behind it stands the average of the weights, where there is one.
"""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.desk.averaged import averaged
from lrlab.dialects.write.targets import ABSOLUTE, refuse_multiples, refuse_no_rate, to_code
from lrlab.errors import LrlabError, nearest, worded

FRAMEWORKS = ("torch", "keras", "optax", "transformers")

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
    schedule: Schedule,
    framework: str,
    *,
    horizon: int | Horizon | None = None,
    base_lr: float | None = None,
    averaging: float | str | None = None,
) -> str:
    """Code that makes the same LRs in a framework, and the same average of the weights (as an arm's `averaging`).

    Raises `LrlabError` where the length of the run or the base LR is needed and not given, or the base LR is none.

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
    schedule.over(run)  # a share of a length that is not known is refused, whoever writes
    refuse_multiples(framework, base_lr)
    refuse_no_rate(base_lr)
    beside = "" if averaging is None else f"\n\n{averaged(averaging, framework, run.total)}"
    return _rates(schedule, framework, run, base_lr) + beside


def _rates(schedule: Schedule, framework: str, run: Horizon, base_lr: float | None) -> str:
    """Code that makes the LRs."""
    try:
        return to_code(schedule, framework, horizon=run, base_lr=base_lr)
    except LrlabError:
        given = repr(str(schedule))
        if framework != "transformers":  # whose Trainer knows the length and the LR
            given += f", base_lr={base_lr!r}" if framework in ABSOLUTE else ""
            given += "" if run.total is None else f", horizon={run.total}"
        return _ADAPTERS[framework, bool(schedule.over(run).controllers)].format(given)
