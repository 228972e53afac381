"""The former place of `PlanScheduler` and `parameter_groups`: kept for one release."""

from lrlab.adapters.torch.parameter_groups import parameter_groups
from lrlab.adapters.torch.scheduler import PlanScheduler

__all__ = ["PlanScheduler", "parameter_groups"]
