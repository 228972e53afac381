"""The former place of `lrlab.adapters.torch.plan`: kept for one release."""

from lrlab.adapters.torch.plan import PlanScheduler, parameter_groups

__all__ = ["PlanScheduler", "parameter_groups"]
