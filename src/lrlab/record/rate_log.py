"""The former place of `lrlab.record.logs.rate_log`: kept for one release."""

from lrlab.record.logs.rate_log import RateLog

__all__ = ["RateLog"]
