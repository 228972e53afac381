"""The former place of `lrlab.adapters.torch.rescue`: kept for one release."""

from lrlab.adapters.torch.rescue import Rescue, Snapshot

__all__ = ["Rescue", "Snapshot"]
