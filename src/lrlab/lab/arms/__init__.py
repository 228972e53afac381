"""The arms of a comparison, what each sets at each update, and what they have in common."""

from lrlab.lab.arms.arms import Arm, arms_named, default_arms, optimizer_arms

__all__ = ["Arm", "arms_named", "default_arms", "optimizer_arms"]
