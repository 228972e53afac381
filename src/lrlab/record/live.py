"""The former place of `lrlab.record.process.orders`: kept for one release."""

from lrlab.record.process.orders import FactorOrder as Order
from lrlab.record.process.orders import ManualOrders as Live
from lrlab.record.process.orders import give, orders

__all__ = ["Live", "Order", "give", "orders"]
