"""The former place of `lrlab.core.feedback.base`: kept for one release."""

from lrlab.core.feedback.base import Controller, State, better, restored

__all__ = ["Controller", "State", "better", "restored"]
