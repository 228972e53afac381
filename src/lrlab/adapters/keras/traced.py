"""Keras: a schedule that is traced into the train step, on the TensorFlow, JAX and PyTorch back ends.

    rate = LearningRateSchedule(lr.warmup("2%") >> lr.cosine(), base_lr=3e-4, horizon=10_000)
    model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=rate), loss="mse")

`SchedulerCallback` drives a plain `learning_rate=3e-4` from the host instead: for schedules with controllers, for an LR
that you change by hand, and for the LR in the logs.

A model saved with the schedule in it can be loaded and trained once `lrlab.adapters.keras` has been imported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import keras

from lrlab.adapters.called import called
from lrlab.adapters.counted import open_loop, within_int32
from lrlab.core.expression.fields import count, positive
from lrlab.core.expression.maths import ONES, KerasMaths
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.tables import Function
from lrlab.core.text.document import dumps, loads
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

# Of time and of floats; TensorFlow does not multiply whole numbers by floats, an Apple GPU has no float64.
TYPES = {"tensorflow": ("float64", "float64"), "torch": ("int64", "float32")}
INSTEAD = "optimizer with learning_rate=3e-4, and model.fit(..., callbacks=[SchedulerCallback(schedule, horizon)])"


@keras.saving.register_keras_serializable(package="lrlab")
class LearningRateSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # not followed
    """The LR of an update: base_lr * schedule(update).

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`. Computed within 1e-6 of the peak
    (in float32; on TensorFlow in float64, and rounded). Keras gives its schedules the number of *batches*: if the
    optimizer has `gradient_accumulation_steps=4`, say so here too, and the schedule counts updates.

    Raises `LrlabError` for a schedule with controllers, or with your own function, which is not saved with a model: use
    `SchedulerCallback` for both.

    >>> rate = LearningRateSchedule("warmup(3) >> cosine()", base_lr=0.1, horizon=10)
    >>> round(float(rate(0)), 4), round(float(rate(3)), 4)
    (0.025, 0.1)
    """

    @called("LearningRateSchedule", "LearningRateSchedule(lr.cosine(), base_lr=0.1, horizon=10_000)")
    def __init__(
        self,
        schedule: Schedule | str,
        base_lr: float,
        horizon: int | Horizon | None = None,
        *,
        gradient_accumulation_steps: int = 1,
    ) -> None:
        self.curve = open_loop(schedule, horizon, INSTEAD)
        if keras.backend.backend() == "jax":
            within_int32(self.curve)
        self.base_lr = positive(base_lr, "base_lr")
        self.gradient_accumulation_steps = count(gradient_accumulation_steps, "gradient_accumulation_steps")
        for part in self.curve.schedule.walk():
            if isinstance(part, Function):
                raise LrlabError(worded(f"{part} is not saved with a model", str(self.curve.schedule), hint=INSTEAD))

    def __call__(self, step: Any) -> Any:
        """The LR of a step (a whole number, a tensor or a variable): a tensor of its shape, in float32 or better."""
        ops, types = keras.ops, TYPES.get(keras.backend.backend())
        batches = ops.convert_to_tensor(step)
        if types is None:
            return self.base_lr * self.curve(batches // self.gradient_accumulation_steps)
        update = ops.cast(batches, types[0]) // self.gradient_accumulation_steps
        value = ops.broadcast_to(self.curve.traced(update, KerasMaths(ops, ONES, *types)), ops.shape(update))
        return ops.cast(self.base_lr * value, "float64" if keras.config.floatx() == "float64" else "float32")

    def get_config(self) -> dict[str, Any]:
        """The schedule as its JSON document, and the other arguments."""
        return {
            "schedule": json.loads(dumps(self.curve.schedule)),
            "base_lr": self.base_lr,
            "horizon": self.curve.horizon.record(),
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LearningRateSchedule:
        """From `get_config()`."""
        facts = {**config, "schedule": loads(json.dumps(config["schedule"])), "horizon": Horizon(**config["horizon"])}
        return cls(**facts)

    def __repr__(self) -> str:
        return f"LearningRateSchedule({self.curve.schedule}, {self.base_lr:g}, {self.curve.horizon!r})"
