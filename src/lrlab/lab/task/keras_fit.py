"""The parts of one `model.fit` of Keras: its data, optimizers, other callbacks and everything that has a state."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import repeat
from types import FrameType
from typing import Any

from lrlab.errors import LrlabError, worded

# Callbacks that set learning rates, as the arm does; callbacks that resume from the files of another training.
_RATES = ("LearningRateScheduler", "ReduceLROnPlateau", "SchedulerCallback")
_RESUMES = ("BackupAndRestore",)
# Callbacks that only report.
_TELLS = ("History", "ProgbarLogger", "CSVLogger", "TensorBoard", "RemoteMonitor", "TerminateOnNaN")


def fit_frame() -> FrameType | None:
    """The frame of the `fit` that called us, or None; its variables hold the arguments of `fit`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not (frame.f_code.co_name == "fit" and "epoch_iterator" in frame.f_locals):
        frame = frame.f_back
    return frame


class Epoch:
    """The batches of one epoch; it has a length, so that training forks at the ends of epochs.

    `looked_at` is the data that `fit` was given; a fork must find the same. `why` says why it cannot fork.
    """

    driven_by = "keras"  # the number of the epoch says where its loop is

    def __init__(self, steps: int, data: Any, why: str) -> None:
        self._steps, self.looked_at, self.why = steps, data, why

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[None]:
        return repeat(None, self._steps)


def data_of(frame: FrameType) -> tuple[Any, str]:
    """The data of `fit`, and why it cannot be resumed at the end of an epoch ("" if it can)."""
    given = frame.f_locals
    data: list[Any] = [given.get(name) for name in ("x", "y", "sample_weight")]
    adapter = type(given["epoch_iterator"].data_adapter).__name__
    kind = type(data[0]).__name__
    if sys.modules["keras"].backend.backend() == "tensorflow":
        return data, "TensorFlow keeps the random numbers by which it shuffles out of reach"
    if adapter in ("TFDatasetAdapter", "GeneratorDataAdapter"):
        return data, f"a {kind} cannot be taken up again where an epoch ends"
    if given.get("steps_per_epoch"):
        return data, "with steps_per_epoch the data goes on over the ends of epochs"
    if adapter == "PyDatasetAdapter" and (data[0].workers > 1 or data[0].use_multiprocessing):
        return data, f"a {kind} with workers reads ahead of the end of an epoch"
    return data, ""


def optimizers_of(model: Any) -> dict[str, Any]:
    """The optimizers that a model holds, by their attributes. Raises `LrlabError` if one has no LR to set."""
    kind = sys.modules["keras"].optimizers.Optimizer
    found = {name: value for name, value in sorted(vars(model).items()) if isinstance(value, kind)}
    found = {"optimizer": model.optimizer} | {
        name: value for name, value in found.items() if value is not model.optimizer
    }
    for name, optimizer in found.items():
        if not hasattr(getattr(optimizer, "learning_rate", None), "assign"):
            raise LrlabError(
                worded(
                    "lr.keras_callback sets the LR of optimizers that have a plain one",
                    f"{name}, a {type(optimizer).__name__}",
                    hint="model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), ...)",
                )
            )
    return found


def refuse_hidden_updates(model: Any, optimizers: dict[str, Any]) -> None:
    """Raise `LrlabError` unless one batch is one update."""
    counts = {"steps_per_execution": model.steps_per_execution}
    for optimizer in optimizers.values():
        counts["gradient_accumulation_steps"] = getattr(optimizer, "gradient_accumulation_steps", None) or 1
    for name, found in counts.items():
        if found != 1:
            raise LrlabError(worded("one batch of fit is not one update", f"{name}={found}", f"{name}=1"))


def other_callbacks(callbacks: list[Any], mine: Any) -> dict[str, Any]:
    """The callbacks with a state of their own, by name. Raises `LrlabError` for those that conflict with ours."""
    found: dict[str, Any] = {}
    for callback in callbacks:
        kinds = {kind.__name__ for kind in type(callback).__mro__}
        if callback is mine or kinds & {*_TELLS}:
            continue
        if kinds & {*_RATES}:
            raise LrlabError(
                worded(
                    "something other than the lab sets the LR",
                    type(callback).__name__,
                    "only what the arm sets",
                    "leave out your own callback: here the arm is the schedule",
                )
            )
        if kinds & {*_RESUMES}:
            raise LrlabError(
                worded(
                    f"{type(callback).__name__} goes on from the files of another training",
                    hint="leave it out: the lab goes on by itself from where it was interrupted",
                )
            )
        name = type(callback).__name__
        found[f"{name} {len(found)}" if name in found else name] = callback
    return found


def stateful_parts(model: Any) -> dict[str, Any]:
    """Metrics and random generators in the model's own attributes, by name; Keras may not know of them."""
    keras = sys.modules["keras"]
    kinds = (keras.metrics.Metric, keras.random.SeedGenerator)
    return {name: value for name, value in sorted(vars(model).items()) if isinstance(value, kinds) and name[0] != "_"}
