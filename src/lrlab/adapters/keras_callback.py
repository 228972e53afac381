"""Keras: drive an optimizer's learning rate from the host, update by update.

    callback = SchedulerCallback(lr.cosine() * lr.plateau(metric="val_loss"), horizon=10_000)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.fit(x, y, validation_split=0.1, callbacks=[callback])
    record = callback.state_dict()             # JSON, beside model.save(...)

The optimizer has a plain LR, which stays settable: whoever assigns `optimizer.learning_rate`, a person or another
callback, scales the schedule from there on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from lrlab.adapters.counted import counted
from lrlab.core.expression.fields import optional_positive
from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.manual import manual
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.policy import OnChange, resumed
from lrlab.core.run.pacer import Change, Decision, Pacer
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, missing, worded

try:
    import keras
except ModuleNotFoundError:
    raise missing("keras", "keras", "lrlab.adapters.keras") from None

log = logging.getLogger(__name__)


class SchedulerCallback(keras.callbacks.Callback):  # type: ignore[misc]  # keras is not followed
    """Writes base_lr * schedule(update) into `model.optimizer` before every batch, in float64 closed form.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`; `base_lr` None: the LR that
    the model was compiled with. Only completed updates count: neither the micro-batches of Keras' gradient
    accumulation, nor steps that a loss scale skips. A controller hears the entry of the epoch's logs that its
    `metric=` names. The LR that was used is in the logs of every batch and epoch as "learning_rate", so also in the
    history.

    Several `fit()` go on with the count. A fresh callback takes over at `optimizer.iterations`, so that it goes on
    with a loaded model; with controllers, or without `base_lr`, it needs its own record for that:
    `load_state_dict()`. An LR that something else has assigned scales what follows, and stands in `changes`.

    >>> import numpy as np
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    >>> callback = SchedulerCallback("linear()", horizon=4)
    >>> x = np.ones((4, 1), "float32")
    >>> history = model.fit(x, x, batch_size=2, epochs=2, callbacks=[callback], verbose=0)
    >>> callback.update, [round(rate, 4) for rate in history.history["learning_rate"]]
    (4, [0.075, 0.025])
    """

    def __init__(
        self, schedule: Schedule | str, horizon: int | Horizon | None = None, base_lr: float | None = None
    ) -> None:
        super().__init__()
        self.pacer = Pacer(counted(schedule, horizon))
        self.base_lr = optional_positive(base_lr, "base_lr")
        self._driven: Any = None  # the optimizer
        self._restored = False
        self._made = 0  # updates that the optimizer has made, when it was last seen
        self._written: float | None = None  # as the optimizer has stored it
        self._heard: set[str | None] = set()
        for placed in self.pacer.curve.controllers:
            if placed.controller.metric is None:
                word = type(placed.controller).__name__
                hint = f'{word}(metric="val_loss")'
                raise LrlabError(worded(f"{placed.controller} does not say which of the logs it hears", hint=hint))

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def update(self) -> int:
        """How many updates are completed: the next one is number `update`, counted from 0."""
        return self.pacer.update

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each."""
        return self.pacer.decisions

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed from outside: an LR that was assigned."""
        return self.pacer.changes

    @property
    def base_lrs(self) -> list[float]:
        """What the schedule multiplies, as in the other adapters: one number, or none before the first batch."""
        return [] if self.base_lr is None else [self.base_lr]

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers by hand; the next batch has the LR that they decide on."""
        self._heard |= metrics.keys()
        self.pacer.observe(value, **metrics)

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The position as the record that every adapter writes and reads (JSON).

        Raises `LrlabError` where no batch has told the base LR yet.
        """
        if self.base_lr is None:
            hint = "SchedulerCallback(schedule, horizon, base_lr=0.1), or after the first batch"
            raise LrlabError(worded("the base LR is not known before the first batch", hint=hint))
        return Checkpoint.of(self.pacer, self.base_lrs).record()

    def load_state_dict(self, state_dict: Mapping[str, Any], on_change: OnChange = "stop") -> None:
        """Go to a recorded position; its LR is in the optimizer before the next batch.

        Where the record is of another schedule, horizon or base LR, `on_change` says which way to go on ("keep",
        "take", "splice"); without it this raises `LrlabError` with each difference, and changes nothing.
        """
        there = Checkpoint.read(state_dict)
        went = resumed(there, self.pacer.curve, self.base_lrs or there.base_lrs, on_change)
        if len(went.base_lrs) != 1:
            raise LrlabError(worded("Keras has one LR for all variables", went.base_lrs, "a record of one base LR"))
        self.pacer, self.base_lr = went.pacer, 1.0 if went.absolute else went.base_lrs[0]
        self._restored, self._driven = True, None

    # -- the loop -----------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Look at what the model was compiled with."""
        optimizer = self.model.optimizer
        if hasattr(optimizer, "optimizers") or not hasattr(optimizer.learning_rate, "assign"):
            raise LrlabError(
                worded(
                    "SchedulerCallback writes the LR of one optimizer that has a plain one",
                    type(optimizer).__name__,
                    hint="model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), ...)",
                )
            )
        if self.model.steps_per_execution != 1:
            raise LrlabError(
                worded(
                    "several steps are executed at once, between which no callback is asked for the LR",
                    f"steps_per_execution={self.model.steps_per_execution}",
                    hint="steps_per_execution=1, or learning_rate=LearningRateSchedule(schedule, base_lr, horizon)",
                )
            )

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the LR of the next update."""
        optimizer = self.model.optimizer
        made = _updates(optimizer)
        if optimizer is not self._driven:
            self._take(optimizer, made)
        elif made != self._made:  # the optimizer was loaded, or trained without this callback: its LR is nobody's wish
            self.pacer.update = max(self.pacer.update + made - self._made, 0)
            self._written = None
        self._made = made
        self._write(optimizer)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the update, if it was one."""
        if logs is not None:
            logs["learning_rate"] = self._written
        made = _updates(self.model.optimizer)
        self.pacer.advance(made - self._made)
        self._made = made

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Feed the controllers, and write the LR that they decide on."""
        logs = logs if logs is not None else {}
        logs["learning_rate"] = self._written
        wanted = {placed.controller.metric for placed in self.pacer.curve.controllers}
        found = {name: float(logs[name]) for name in wanted if name in logs}
        if found:
            self.observe(**found)
        self._write(self.model.optimizer)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Say where a controller was never given what it waits for."""
        for placed in self.pacer.curve.controllers:
            if placed.controller.metric not in self._heard and not isinstance(placed.controller, manual):
                log.warning("%s has heard nothing: no epoch had it in its logs.", placed.controller)

    # -- the optimizer ------------------------------------------------------------------------------------------

    def _take(self, optimizer: Any, made: int) -> None:
        """Begin to drive an optimizer."""
        if self._driven is None and not self._restored and made:
            if self.base_lr is None or self.pacer.curve.controllers:
                raise LrlabError(
                    worded(
                        f"the optimizer has made {made} updates already, of which this callback knows nothing",
                        str(self.pacer.curve.schedule),
                        hint="callback.load_state_dict(record), or compile the model again to start anew; "
                        "without controllers also base_lr=",
                    )
                )
            self.pacer.update = made
        if self.base_lr is None:
            self.base_lr = _typed(_number(optimizer.learning_rate))
        self._driven, self._written = optimizer, None

    def _write(self, optimizer: Any) -> None:
        """Write the LR of the next update; an LR that something else has put there scales it first."""
        found = _number(optimizer.learning_rate)
        if self._written is not None and found != self._written:
            if self._written == 0:
                raise LrlabError(
                    worded("the schedule's LR is 0 here: an assigned LR cannot scale it", found, hint="base_lr=")
                )
            self.pacer.rescale(self.pacer.scale * found / self._written)
        optimizer.learning_rate = self.base_lrs[0] * self.pacer.value
        self._written = _number(optimizer.learning_rate)


def _updates(optimizer: Any) -> int:
    """How many updates it has completed; a LossScaleOptimizer of older versions leaves that to the one it wraps."""
    return int(_number(getattr(optimizer, "inner_optimizer", optimizer).iterations))


def _number(variable: Any) -> float:
    return float(keras.ops.convert_to_tensor(variable))


def _typed(stored: float) -> float:
    """A number as it was typed: 0.1, not the float32 next to it."""
    return float(str(np.float32(stored))) if np.float32(stored) == stored else stored
