"""Optax: `schedule`, an Optax schedule, and `Scheduler`, a gradient transformation with controllers."""

from lrlab.errors import missing

try:
    import optax  # noqa: F401
except ModuleNotFoundError:
    raise missing("optax", "jax", "lrlab.adapters.optax") from None

from lrlab.adapters.optax.scheduler import Scheduler
from lrlab.adapters.optax.state import ScheduleState
from lrlab.adapters.optax.traced import schedule

__all__ = ["ScheduleState", "Scheduler", "schedule"]
