"""The schedule in PyTorch: `Scheduler`, and what goes with it."""

from lrlab.errors import missing

try:
    import torch  # noqa: F401
except ModuleNotFoundError:
    raise missing("torch", "torch", "lrlab.adapters.torch") from None

from lrlab.adapters.torch.names import get_scheduler
from lrlab.adapters.torch.parameter_groups import parameter_groups
from lrlab.adapters.torch.rescue import Rescue
from lrlab.adapters.torch.scheduler import PlanScheduler, Scheduler

__all__ = ["PlanScheduler", "Rescue", "Scheduler", "get_scheduler", "parameter_groups"]
