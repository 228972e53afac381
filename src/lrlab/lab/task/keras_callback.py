"""A training by `model.fit` of Keras: a callback sets the LR of every update and forks at the ends of epochs.

    def train(run):
        model = keras.Sequential([...])
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
        epochs = run.updates // steps_per_epoch
        model.fit(x, y, epochs=epochs, validation_data=held_out, callbacks=[lr.keras_callback(run)])

On PyTorch and JAX the order of the data comes from random numbers that are stored with the model. TensorFlow hides its
random numbers: there every arm is trained alone, with the same results but without saving any updates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.task import keras_fit
from lrlab.lab.training.worked import ONE, TOLERATED

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun


def keras_callback(run: TrainingRun) -> Any:
    """The `keras.callbacks.Callback` by which `model.fit` trains `run`.

    Give it to `fit(callbacks=[...])`. In every optimizer of the model, update i uses the LR that the model was compiled
    with, times the multiple that the arm sets. The logs of an epoch are reported at its end as metrics ("val_loss" if
    there is validation data). Training ends after `run.updates` updates, a whole number of epochs, even if `epochs=` is
    larger. The state that is stored: the model with its seed generators, optimizers, metrics and plain attributes, the
    other callbacks, and the random numbers. A fork begins with the number of its epoch. With data that remembers its
    position (a generator, a `tf.data` pipeline) every arm is trained alone.

    Raises `LrlabError` if one batch of `fit` makes several updates, the epochs do not fit the run, or another callback
    also sets the LR; `MissingExtra` if Keras is not installed.

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
    fit = _Fit(run)
    callback = fit.callback = keras.callbacks.LambdaCallback(on_train_begin=fit.begin)
    # Ours runs before the others at the beginning of an epoch, because training forks there, and after them at its end.
    fit.before = keras.callbacks.LambdaCallback(on_epoch_begin=fit.begin_epoch, on_train_batch_begin=fit.begin_batch)
    fit.after = keras.callbacks.LambdaCallback(on_epoch_end=fit.end_epoch)
    return callback


class _Fit:
    """What the lab does during one `model.fit`."""

    callback: Any
    before: Any
    after: Any

    def __init__(self, run: TrainingRun) -> None:
        self._run = run
        self._steps: Iterator[Any] = iter(())
        self._optimizers: dict[str, Any] = {}
        self._bases: dict[str, float] = {}
        self._stands: dict[str, float] = {}
        self._iterations = (0, 0)  # in this process: the batches, and the optimizers' updates before the first batch

    def begin(self, logs: Mapping[str, Any] | None) -> None:
        """Check and track what is to be trained. Raises `LrlabError`; see `keras_callback`."""
        model, steps, run = self.callback.model, self.callback.params["steps"], self._run
        frame = keras_fit.fit_frame()
        if frame is None:
            raise LrlabError(worded("lr.keras_callback is a callback of model.fit", type(model).__name__))
        self._optimizers = keras_fit.optimizers_of(model)
        keras_fit.refuse_hidden_updates(model, self._optimizers)
        if not steps or run.updates % steps:
            raise LrlabError(
                worded(
                    f"the run has {run.updates} updates, which are not a whole number of epochs",
                    f"{steps} batches in an epoch",
                    hint=f"horizon={max(1, round(run.updates / steps)) * steps}"
                    if steps
                    else "fit(steps_per_epoch=...)",
                )
            )
        callbacks = frame.f_locals["callbacks"]
        others = keras_fit.other_callbacks(callbacks.callbacks, self.callback)
        self._bases = {name: _number(each.learning_rate) for name, each in self._optimizers.items()}
        data, why = keras_fit.data_of(frame)
        parts = {f"the model's {name}": part for name, part in keras_fit.stateful_parts(model).items()}
        optimizers = {f"the {name}": each for name, each in self._optimizers.items()}
        run.track(model=model, **optimizers, **parts, **{f"the callback {name}": each for name, each in others.items()})
        self._steps = run.steps(keras_fit.Epoch(steps, data, why))
        first = frame.f_locals["initial_epoch"] + run.begin // steps
        model._initial_epoch = first or None
        callbacks.callbacks = [self.before, *callbacks.callbacks, self.after]
        for each in (self.before, self.after):
            each.set_model(model)
            each.set_params(self.callback.params)

    def begin_epoch(self, epoch: int, logs: Mapping[str, Any] | None) -> None:
        """Go to the first update of the epoch, before its data is shuffled: here training forks."""
        next(self._steps)

    def begin_batch(self, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Set the LR of the update. Raises `LrlabError` if something else has changed it."""
        if batch:
            next(self._steps)
        for name, optimizer in self._optimizers.items():
            if name in self._stands and _number(optimizer.learning_rate) != self._stands[name]:
                raise LrlabError(
                    worded(
                        f"something other than the lab has set the LR of the {name}, from {self._stands[name]:.6g}",
                        _number(optimizer.learning_rate),
                        "only what the arm sets",
                        "leave out your own scheduler: here the arm is the schedule",
                    )
                )
            optimizer.learning_rate = self._bases[name] * self._run.control["lr"]
            self._stands[name] = _number(optimizer.learning_rate)
        batches, before = self._iterations
        self._iterations = (batches + 1, before if batches else self._made())

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Report the results of the epoch; after the last epoch, end the training."""
        self._check_work()
        if "loss" in logs:
            self._run.log(loss=logs["loss"])
        self._run.report(**logs)
        if self._run.completed == self._run.updates:
            next(self._steps, None)
            self.callback.model.stop_training = True

    def _made(self) -> int:
        """The updates of the optimizer that has made the most of them."""
        return max(int(_number(optimizer.iterations)) for optimizer in self._optimizers.values())

    def _check_work(self) -> None:
        batches, before = self._iterations
        made = self._made() - before
        if abs(made - batches) > TOLERATED * batches:
            raise LrlabError(worded(f"{made} updates were made in {batches} batches of fit", None, ONE))


def _number(variable: Any) -> float:
    import keras

    return float(keras.ops.convert_to_tensor(variable))
