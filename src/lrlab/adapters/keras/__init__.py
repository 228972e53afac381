"""Keras: `LearningRateSchedule`, traced into the train step, and `SchedulerCallback`, which writes a plain LR."""

from lrlab.errors import missing

try:
    import keras  # noqa: F401
except ModuleNotFoundError:
    raise missing("keras", "keras", "lrlab.adapters.keras") from None

from lrlab.adapters.keras.callback import SchedulerCallback
from lrlab.adapters.keras.traced import LearningRateSchedule

__all__ = ["LearningRateSchedule", "SchedulerCallback"]
