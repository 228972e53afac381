"""The former place of `lrlab.core.resume.change`: kept for one release."""

from lrlab.core.resume.change import extended, finished, spliced

__all__ = ["extended", "finished", "spliced"]
