"""Keras: drive an optimizer's learning rate from the host, update by update.

    callback = SchedulerCallback(lr.cosine() * lr.plateau(metric="val_loss"), horizon=10_000)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.fit(x, y, validation_split=0.1, callbacks=[callback])
    record = callback.state_dict()             # JSON, beside model.save(...)

The optimizer keeps a plain LR that can be set: assigning `optimizer.learning_rate`, by hand or in another callback,
scales the schedule from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from os import PathLike
from typing import Any
from weakref import WeakKeyDictionary

import keras

from lrlab.adapters.called import called
from lrlab.adapters.counted import counted, unheard
from lrlab.adapters.ending import ending
from lrlab.adapters.epochs import other_epochs
from lrlab.adapters.keras.backup import Backup
from lrlab.adapters.keras.optimizers import between_updates, chosen, kept, optimizers, rate, typed, updates
from lrlab.core.expression.fields import optional_positive
from lrlab.core.expression.node import Schedule
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.resume.policy import OnChange, resumed
from lrlab.core.run.pacer import Change, Decision, Pacer
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, nearest, worded

log = logging.getLogger(__name__)

IDLE = 100  # batches without an update, of an optimizer that should make one in each
_BEGINNING: WeakKeyDictionary[Any, SchedulerCallback] = WeakKeyDictionary()  # who begins to drive an optimizer


class SchedulerCallback(keras.callbacks.Callback):  # type: ignore[misc]  # keras is not followed
    """Writes base_lr * schedule(update) into the model's optimizer before every batch, in float64 closed form.

    `schedule` is a schedule or its text, `horizon` a number of updates or a `Horizon`; With `base_lr=None` it is the LR
    that the model was compiled with. Only completed updates count: neither the micro-batches of Keras' gradient
    accumulation, nor steps that a loss scale skips. A controller receives the entry of the epoch's logs that its
    `metric=` names. The LR that was used is in the logs of every batch and epoch as "learning_rate", and so in the
    history.

    `optimizer` is the name of the model's attribute if the model has several (`optimizer="d_optimizer"`); each has its
    own callback, and its LR is in the logs as "learning_rate/d_optimizer".

    A further `fit()` continues the count. A model that is compiled again brings its own LR: the schedule goes on and
    multiplies that one. A new callback starts at `optimizer.iterations`, so it continues a model that was loaded or
    restored by Keras' BackupAndRestore; with controllers it also needs its own record: `load_state_dict()`, or
    `backup=`, the name of a file that it keeps. An LR that something else assigns scales what follows, and is recorded
    in `changes`.

    >>> import numpy as np
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    >>> callback = SchedulerCallback("linear()", horizon=4)
    >>> x = np.ones((4, 1), "float32")
    >>> history = model.fit(x, x, batch_size=2, epochs=2, callbacks=[callback], verbose=0)
    >>> callback.update, [round(rate, 4) for rate in history.history["learning_rate"]]
    (4, [0.075, 0.025])
    """

    @called("SchedulerCallback", "SchedulerCallback(lr.cosine(), horizon=10_000)")
    def __init__(
        self,
        schedule: Schedule | str,
        horizon: int | Horizon | None = None,
        base_lr: float | None = None,
        *,
        optimizer: Any = None,
        backup: str | PathLike[str] | None = None,
    ) -> None:
        super().__init__()
        self.pacer = Pacer(counted(schedule, horizon))
        self.base_lr = optional_positive(base_lr, "base_lr")
        self.optimizer = optimizer
        self._given = base_lr is not None
        self._bounded = horizon is not None
        self._backup = None if backup is None else Backup(backup)
        self._driven: Any = None  # the optimizer
        self._compiled: tuple[Any, float] | None = None  # an optimizer before its first update, and its LR
        self._restored: OnChange | None = None  # how a record was loaded that no optimizer has met yet
        self._made = 0  # updates that the optimizer has made, when it was last seen
        self._written: float | None = None  # as the optimizer has stored it
        self._idle = 0  # batches since its last update
        self._since = 0  # the update at which this fit() began
        self._said: set[str] = set()
        for placed in self.pacer.curve.controllers:
            if placed.controller.metric is None:
                word = type(placed.controller).__name__
                hint = f'{word}(metric="val_loss")'
                raise LrlabError(
                    worded(f"{placed.controller} does not say which entry of the logs it needs", hint=hint)
                )

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def update(self) -> int:
        """The number of completed updates; the next one is number `update`, counted from 0."""
        return self.pacer.update

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers decided, with the cause of each."""
        return self.pacer.decisions

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed from outside: each LR that was assigned."""
        return self.pacer.changes

    @property
    def base_lrs(self) -> list[float]:
        """What the schedule multiplies, as in the other adapters: one number, or an empty list before the first
        batch."""
        return [] if self.base_lr is None else [self.base_lr]

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers by hand; the next batch uses the LR that they decide on."""
        self.pacer.observe(value, **metrics)

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The position, as the record that every adapter reads and writes (JSON).

        Raises `LrlabError` if the base LR is not known yet, before the first batch.
        """
        if self.base_lr is None:
            hint = "SchedulerCallback(schedule, horizon, base_lr=0.1), or after the first batch"
            raise LrlabError(worded("the base LR is not known before the first batch", hint=hint))
        return Checkpoint.of(self.pacer, self.base_lrs).record()

    def load_state_dict(self, state_dict: Mapping[str, Any], on_change: OnChange = "stop") -> None:
        """Go to a recorded position; its LR is in the optimizer before the next batch.

        If the record belongs to another schedule, horizon or base LR, `on_change` says how to go on ("keep", "take",
        "splice"); without it this raises `LrlabError` with each difference, and changes nothing.
        """
        there = Checkpoint.read(state_dict)
        went = resumed(there, self.pacer.curve, self.base_lrs or there.base_lrs, on_change)
        if len(went.base_lrs) != 1:
            raise LrlabError(worded("Keras has one LR for all variables", went.base_lrs, "a record of one base LR"))
        self.pacer, self.base_lr = went.pacer, 1.0 if went.absolute else went.base_lrs[0]
        self._restored = on_change

    # -- the loop -----------------------------------------------------------------------------------------------

    def set_model(self, model: Any) -> None:
        """Look at what the model was compiled with, before anything is restored into it."""
        super().set_model(model)
        optimizer = getattr(model, "optimizer", None) if self.optimizer is None else self.optimizer
        optimizer = optimizers(model).get(optimizer) if isinstance(optimizer, str) else optimizer
        if hasattr(getattr(optimizer, "learning_rate", None), "assign") and updates(optimizer) == 0:
            self._compiled = optimizer, rate(optimizer)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Refuse what cannot work."""
        optimizer = chosen(self.model, self.optimizer)
        if self.model.steps_per_execution != 1:
            raise LrlabError(
                worded(
                    "several steps are executed at once, and no callback can set the LR between them",
                    f"steps_per_execution={self.model.steps_per_execution}",
                    hint="steps_per_execution=1, or learning_rate=LearningRateSchedule(schedule, base_lr, horizon)",
                )
            )
        steps = (self.params or {}).get("steps")
        if steps and self.pacer.update == 0 and self.optimizer is None:
            self._refuse_epochs(steps // (getattr(optimizer, "gradient_accumulation_steps", None) or 1))
        if _BEGINNING.pop(optimizer, self) is not self:
            raise LrlabError(
                worded(
                    "two SchedulerCallbacks in one fit() write the LR of one optimizer",
                    str(self.pacer.curve.schedule),
                    hint='one schedule of both: SchedulerCallback("cosine() * plateau(...)", ...)',
                )
            )
        _BEGINNING[optimizer] = self
        self._since, self._idle = self.pacer.update, 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the LR of the next update."""
        optimizer = self._target()
        made = updates(optimizer)
        _BEGINNING.pop(optimizer, None)
        if optimizer is not self._driven or self._restored is not None:
            self._take(optimizer, made)
        elif made != self._made:  # the optimizer was loaded, or trained without this callback: its LR is nobody's wish
            self.pacer.update = max(self.pacer.update + made - self._made, 0)
            self._written = None
        self._made = made
        self._write(optimizer)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the update, if it was one."""
        if logs is not None:
            logs[self._column] = self._written
        optimizer = self._target()
        made = updates(optimizer)
        self.pacer.advance(made - self._made)
        self._idle = self._idle + 1 if made == self._made else 0
        self._made = made
        if self._idle >= max(IDLE, 2 * between_updates(optimizer)):
            self._refuse_idle(optimizer)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Feed the controllers, and write the LR that they decide on."""
        logs = logs if logs is not None else {}
        logs[self._column] = self._written
        optimizer = self._target()
        if self._idle > between_updates(optimizer):
            self._refuse_idle(optimizer)
        if self._since == 0 and epoch == 0:
            self._refuse_epochs(self.pacer.update)
        wanted = {placed.controller.metric for placed in self.pacer.curve.controllers}
        found = {name: float(logs[name]) for name in wanted if name in logs}
        if found:
            self.observe(**found)
        self._say_unheard(logs)
        self._write(optimizer)
        if self._backup is not None:
            self._backup.keep(self._made, self.state_dict())

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Log what training has left over: a schedule that is not finished, or controllers that received nothing."""
        self._say_unheard(logs or {}, last=True)
        after = ending(self.pacer.update, self.pacer.curve.updates, self.pacer.value, self._since)
        if after:
            self._say(after[:20], f"{after}; a further fit() with this callback goes on.")

    # -- the optimizer ------------------------------------------------------------------------------------------

    def _target(self) -> Any:
        """The optimizer to be driven, as the model has it now."""
        if self.optimizer is None:
            return self.model.optimizer
        return chosen(self.model, self.optimizer) if isinstance(self.optimizer, str) else self.optimizer

    @property
    def _column(self) -> str:
        """The name of the LR in the logs."""
        held = {id(value): name for name, value in optimizers(self.model).items()} if self.optimizer is not None else {}
        name = held.get(id(self._target()))
        return "learning_rate" if name is None else f"learning_rate/{name}"

    def _take(self, optimizer: Any, made: int) -> None:
        """Start to drive an optimizer."""
        found = rate(optimizer)
        if self._restored is None and self._driven is None:
            self._begin(optimizer, made, found)
        elif not self._given and not self._is_ours(optimizer, made, found):
            self._take_over(made, found)
        elif self._restored is None and not made and self.pacer.update:
            at = f"A new optimizer goes on at update {self.pacer.update} of the schedule"
            self._say("a new optimizer", f"{at}; to start training again, make a new SchedulerCallback.")
        self._driven, self._written, self._restored = optimizer, None, None

    def _begin(self, optimizer: Any, made: int, found: float) -> None:
        """At the first optimizer: its LR is the base LR, its updates are the position."""
        if made and self._compiled is not None and self._compiled[0] is optimizer:
            found = self._compiled[1]  # it was restored since: what is in there now is the LR of an update
        elif made and self.base_lr is None:
            raise LrlabError(self._unknown(made))
        if made and self.pacer.curve.controllers:
            kept = None if self._backup is None else self._backup.at(made)
            if kept is None:
                raise LrlabError(self._unknown(made))
            self.base_lr = self.base_lr or typed(found)
            self.load_state_dict(kept[1])
            self.pacer.update += made - kept[0]
            return
        if self._backup is not None and not made:
            self._backup.clear()
        self.base_lr = self.base_lr or typed(found)
        self.pacer.update = made

    def _is_ours(self, optimizer: Any, made: int, found: float) -> bool:
        """Whether an LR found in an optimizer is nothing new: it is the base LR, or was written here."""
        (base,) = self.base_lrs
        if found == kept(optimizer, base) and (made == 0 or self._restored is not None):
            return True
        return found == kept(optimizer, base * self.pacer.value) or (
            found == self._written and optimizer is self._driven
        )

    def _take_over(self, made: int, found: float) -> None:
        """Go on with an optimizer that has another LR: it becomes the base LR if the optimizer is new and nothing
        forbids it."""
        if self._restored == "keep":
            return
        if self._restored in ("stop", "splice") or (self._restored is None and made):
            raise LrlabError(
                worded(
                    f"the schedule is at update {self.pacer.update} with a base LR of {self.base_lr:g}, and the "
                    f"optimizer has another LR, after {made} updates of its own",
                    typed(found),
                    f"{self.base_lr:g}, or its LR {self.base_lrs[0] * self.pacer.value:g}",
                    f"SchedulerCallback(..., base_lr={self.base_lr:g}); a new callback, to begin anew; "
                    'or load_state_dict(record, on_change="take" or "keep")',
                )
            )
        new = typed(found)
        self.pacer.note("base_lrs", {"base_lrs": self.base_lrs}, {"base_lrs": [new]})
        log.warning(
            "A new optimizer has the LR %g in place of %g: the schedule goes on at update %d with that base LR; "
            "a new SchedulerCallback begins anew, base_lr= keeps one LR.",
            new,
            self.base_lr,
            self.pacer.update,
        )
        self.base_lr = new

    def _write(self, optimizer: Any) -> None:
        """Write the LR of the next update; an LR that something else has put there first scales the schedule."""
        found = rate(optimizer)
        if self._written is not None and found != self._written:
            if self._written == 0:
                raise LrlabError(
                    worded("the schedule's LR is 0 here: an assigned LR cannot scale it", found, hint="base_lr=")
                )
            self.pacer.rescale(self.pacer.scale * found / self._written)
        optimizer.learning_rate = self.base_lrs[0] * self.pacer.value
        self._written = rate(optimizer)

    # -- what cannot be meant -----------------------------------------------------------------------------------

    def _unknown(self, made: int) -> str:
        return worded(
            f"the optimizer has already made {made} updates that this callback knows nothing about",
            str(self.pacer.curve.schedule),
            hint="callback.load_state_dict(record), or compile the model again to start anew; "
            'without controllers also base_lr=, with them backup="schedule.json" from the start',
        )

    def _refuse_epochs(self, in_one: int) -> None:
        """Refuse a horizon that ends within the first of several epochs: it is counted in epochs.

        Log that an epoch has another number of updates than the horizon says."""
        end, epochs = self.pacer.curve.updates, (self.params or {}).get("epochs") or 1
        rate = self.pacer.curve.horizon.rate("epochs")
        other = other_epochs(rate, in_one)
        if self._bounded and end is not None and end <= in_one and epochs > 1 and (rate is None or other):
            raise LrlabError(
                worded(
                    f"the schedule is over within the first of {epochs} epochs: a horizon counts updates",
                    f"{end} updates, and an epoch has {in_one}",
                    hint=f"Horizon(epochs={epochs}, updates_per_epoch={in_one}), or {epochs * in_one} updates",
                )
            )
        if other is not None:
            self._say("epochs", other)

    def _refuse_idle(self, optimizer: Any) -> None:
        """Refuse an optimizer that makes no updates: another one trains. One that was named may wait for its turn."""
        what = f"the optimizer has made no update in the last {self._idle} batches"
        if self.optimizer is not None:
            self._say("idle", f"{what}: {self.optimizer}")
            return
        raise LrlabError(
            worded(
                f"{what}: the model trains with another one",
                type(optimizer).__name__,
                hint='SchedulerCallback(..., optimizer="d_optimizer"), the attribute of the model that holds it',
            )
        )

    def _say_unheard(self, logs: Mapping[str, Any], last: bool = False) -> None:
        """Log once that a controller waits for an entry that the logs do not have: at once if there are others."""
        for placed in unheard(self.pacer):
            metric = str(placed.controller.metric)
            there = [name for name in logs if name != self._column]
            due = any(name.startswith("val_") for name in there) or not metric.startswith("val_")
            if last or (due and metric not in logs):
                near = nearest(metric, there)
                meant = f' Did you mean metric="{near}"?' if near else ""
                has = f" They have {', '.join(there)}." if there else ""
                what = f"{placed.controller} has heard nothing: no epoch had it in its logs."
                self._say(placed.name, f"{what}{has}{meant}")

    def _say(self, about: str, sentence: str) -> None:
        if about not in self._said:
            self._said.add(about)
            log.warning("%s", sentence[0].upper() + sentence[1:])
