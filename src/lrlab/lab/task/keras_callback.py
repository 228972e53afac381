"""A training by `model.fit` of Keras: a callback sets the LR of every update, and forks where an epoch ends.

    def train(run):
        model = keras.Sequential([...])
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
        epochs = run.updates // steps_per_epoch
        model.fit(x, y, epochs=epochs, validation_data=held_out, callbacks=[lr.keras_callback(run)])

On PyTorch and JAX the order of arrays comes from random numbers that are stored with the model. TensorFlow keeps its
own out of reach: there every arm is trained alone, with the same results, and nothing is saved.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.training.bounds import Forked

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun


def keras_callback(run: TrainingRun) -> Any:
    """The `keras.callbacks.Callback` by which `model.fit` trains `run`.

    Update i uses the LR that the model was compiled with, times what the arm sets. The logs of every epoch are its
    metrics ("val_loss" where there is validation data), the loss of an epoch is told at its end. Training ends after
    `run.updates` updates, a whole number of epochs, whatever `epochs=` goes beyond it. What is stored is the model with
    its seed generators, the optimizer, and the random numbers; data that remembers (a generator) cannot be taken up
    again: `fork_every=0`.

    Raises `LrlabError` where several updates hide in one batch of `fit`, or the epochs do not fit the run.

    >>> import keras, lrlab as lr, numpy as np
    >>> from lrlab.lab.training.run import TrainingRun
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    >>> run, x = TrainingRun(lr.linear(), updates=4, metric="loss"), np.ones((4, 1), "float32")
    >>> history = model.fit(x, x, batch_size=2, epochs=100, callbacks=[keras_callback(run)], verbose=0)
    >>> run.evals["loss"].updates
    (2, 4)
    """
    try:
        import keras
    except ModuleNotFoundError:
        raise missing("keras", "keras", "lr.keras_callback") from None
    fit = _Fit(run, alone=keras.backend.backend() == "tensorflow")
    callback = fit.callback = keras.callbacks.LambdaCallback(
        on_train_begin=fit.begin,
        on_epoch_begin=fit.begin_epoch,
        on_train_batch_begin=fit.begin_batch,
        on_epoch_end=fit.end_epoch,
    )
    return callback


class _Fit:
    """What the lab does in the course of one `model.fit`."""

    callback: Any

    def __init__(self, run: TrainingRun, alone: bool) -> None:
        self._run, self._alone = run, alone
        self._steps: Iterator[Any] = iter(())
        self._base = 0.0
        self._model: _Model

    def begin(self, logs: Mapping[str, Any] | None) -> None:
        """Look at what is to be trained."""
        model, steps, updates = self.callback.model, self.callback.params["steps"], self._run.updates
        _refuse_hidden_updates(model)
        if not steps or updates % steps:
            raise LrlabError(
                worded(
                    f"the run has {updates} updates, which are no whole number of epochs",
                    f"{steps} batches in an epoch",
                    hint=f"horizon={max(1, round(updates / steps)) * steps}" if steps else "fit(steps_per_epoch=...)",
                )
            )
        self._base = _number(model.optimizer.learning_rate)
        self._model = _Model(model)
        self._run.track(keras=self._model)
        self._steps = self._run.steps(itertools.repeat(None) if self._alone else _Epoch(steps))

    def begin_epoch(self, epoch: int, logs: Mapping[str, Any] | None) -> None:
        """Go to the first update of the epoch: before its data are shuffled, for here training forks."""
        try:
            next(self._steps)
        except Forked:
            self._model.keep()
            raise

    def begin_batch(self, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Set the LR of the update."""
        if batch:
            next(self._steps)
        self.callback.model.optimizer.learning_rate = self._base * self._run.control["lr"]

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Tell what the epoch came to; after the last one training ends."""
        self._run.log(loss=logs["loss"])
        self._run.report(**logs)
        if self._run.completed == self._run.updates:
            next(self._steps, None)
            self.callback.model.stop_training = True


class _Model:
    """A compiled model as a thing with a state that can be stored: every variable, those of the optimizer too.

    They are looked up each time: on TensorFlow a model may be built in its first batch only.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kept: dict[str, Any] | None = None

    def keep(self) -> None:
        """Hold on to the present state: when `fit` is left, it may still put averaged weights into the model."""
        self._kept = self.state_dict()

    def state_dict(self) -> dict[str, Any]:
        return self._kept or {"variables": [_array(variable) for variable in self._variables()]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for variable, value in zip(self._variables(), state["variables"], strict=True):
            variable.assign(value)

    def _variables(self) -> list[Any]:
        return [*self._model.variables, *self._model.optimizer.variables]


class _Epoch:
    """As many batches as an epoch has: with a length, so that training forks at its ends."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None, self._steps)


def _refuse_hidden_updates(model: Any) -> None:
    """One batch, one update, and one LR to set."""
    optimizer = model.optimizer
    if not hasattr(getattr(optimizer, "learning_rate", None), "assign"):
        raise LrlabError(
            worded(
                "lr.keras_callback sets the LR of one optimizer that has a plain one",
                type(optimizer).__name__,
                hint="model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), ...)",
            )
        )
    for name, found in (
        ("steps_per_execution", model.steps_per_execution),
        ("gradient_accumulation_steps", getattr(optimizer, "gradient_accumulation_steps", None) or 1),
    ):
        if found != 1:
            raise LrlabError(worded("one batch of fit is not one update", f"{name}={found}", f"{name}=1"))


def _array(variable: Any) -> Any:
    """What a variable holds, as an array of its own that the store knows: bfloat16 as float32, without loss."""
    import keras
    import numpy as np

    array = np.array(keras.ops.convert_to_numpy(variable.value))
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _number(variable: Any) -> float:
    import keras

    return float(keras.ops.convert_to_tensor(variable))
