"""The former place of `lrlab.core.resume.checkpoint`: kept for one release."""

from lrlab.core.resume.checkpoint import Checkpoint, Difference, digest, upgraded

__all__ = ["Checkpoint", "Difference", "digest", "upgraded"]
