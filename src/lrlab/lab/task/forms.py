"""The forms in which a training may be written; each becomes the one function `train(run)` that the engine calls.

A function is used as it is. For a class, lrlab writes the loop:

    class Mine:
        def setup(self, run): ...; run.track(opt=self.opt); return loader       # builds; returns what run.steps takes
        def step(self, update, batch, control): ...; return loss                # one update; None: no loss to log
        def evaluate(self): return {"val_loss": ...}                            # the metrics
        def state_dict(self): ...                                               # optional: the state that setup
        def load_state_dict(self, state): ...                                   # does not track

`control` is what this update uses, {"lr": multiple}; the LR of the tracked optimizers is already set. Add another form
here: a function that recognizes it, and one that turns it into a `train(run)`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.errors import LrlabTypeError, worded


def function_of(training: Any) -> Callable[[Any], object]:
    """The function `train(run)` of a training in any form.

    >>> def train(run): ...
    >>> function_of(train) is train
    True
    """
    if inspect.isclass(training):
        return _of_class(training)
    if callable(training):
        return training  # type: ignore[no-any-return]
    raise LrlabTypeError(
        worded("a training is a function or a class", training, "train(run), or a class with setup, step and evaluate")
    )


def _of_class(made: type) -> Callable[[Any], object]:
    lacking = [name for name in ("setup", "step", "evaluate") if not callable(getattr(made, name, None))]
    if lacking:
        raise LrlabTypeError(
            worded(
                f"{made.__name__} has no {', '.join(lacking)}", made.__name__, "a class with setup, step and evaluate"
            )
        )

    def train(run: Any) -> None:
        trainer = made()
        loader = trainer.setup(run)
        if hasattr(trainer, "state_dict"):
            run.track(trainer=trainer)
        for update, batch in run.steps(loader):
            loss = trainer.step(update, batch, run.control)
            if loss is not None:
                run.log(loss=loss)
            if run.eval_now:
                run.report(**by_name(trainer.evaluate()))

    return train


def by_name(metrics: Any) -> Mapping[str, Any]:
    """The metrics that an `evaluate` returned. Raises `LrlabTypeError` if they have no names.

    >>> by_name({"val_loss": 0.5})
    {'val_loss': 0.5}
    """
    if not isinstance(metrics, Mapping):
        raise LrlabTypeError(worded("evaluate gives the metrics by name", metrics, hint='return {"val_loss": loss}'))
    return metrics
