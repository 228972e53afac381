"""The former place of `lrlab.record.process.orders`: kept for one release."""

from lrlab.record.process.orders import Live, Order, give, orders

__all__ = ["Live", "Order", "give", "orders"]
