"""The run as the training function meets it: who it is, what it tells; the LR is set before each update.

The lab imports no framework: an optimizer is anything with `param_groups`, a model anything with `state_dict`
and `load_state_dict`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from lrlab.core.pacer import Decision, Pacer
from lrlab.core.schedule import Schedule
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.averaging import WeightAverage
from lrlab.record.run import Series

_Batch = TypeVar("_Batch")

# A run has diverged when a loss is not finite, or above DIVERGENCE times the greatest of the FIRST_LOSSES.
# Generous, for this is the only reason to stop a run early: a spike that heals must not cost an arm its
# place, and a first batch may be an easy one.
DIVERGENCE = 10.0
FIRST_LOSSES = 10

# The loss of every update is kept up to this many; of longer runs the means of equal stretches.
LOSS_POINTS = 1000

CONTRACT = "run.track(model=model, opt=opt);  for update, batch in run.steps(loader): ..."


class Diverged(BaseException):
    """Ends the training function early. No error, so that `except Exception` in it does not catch it."""


class LiveRun:
    """What `train(run)` receives.

    Attributes: `seed`, `fold` (0 ... folds-1: the part to hold out), `folds`, `config` (a read-only mapping),
    `device`, `updates` (how many this run has). `completed` counts the updates done, this one included.

    The random numbers of Python, NumPy and PyTorch are seeded from seed and fold before the function is
    called: every arm and every LR begins with the same weights and sees the same batches.
    """

    device = "cpu"

    def __init__(
        self,
        schedule: Schedule,
        updates: int,
        *,
        lr: float = 1.0,
        seed: int = 0,
        fold: int = 0,
        folds: int = 1,
        config: Mapping[str, Any] = MappingProxyType({}),
        evals: int = 1,
        metric: str = "val_loss",
        mode: Literal["min", "max"] = "min",
        averaging: float | None = None,
    ) -> None:
        self.seed, self.fold, self.folds = seed, fold, folds
        self.config = MappingProxyType(dict(config))
        self.updates = updates
        self.completed = 0
        self._pacer = Pacer(schedule.over(updates))
        self._lr = lr
        self._metric, self._mode = metric, mode
        self._evaluate_at = evaluation_points(updates, evals)
        self._averaging = averaging
        self._average: WeightAverage | None = None
        self._averaged = 0
        self._groups: list[tuple[dict[str, Any], float]] = []
        self._tracked: dict[str, Any] = {}
        self._started = False
        self._loss: dict[int, float] = {}
        self._first_losses: list[float] = []
        self._evals: dict[str, dict[int, float]] = {}

    # -- what the training function calls --------------------------------------------------------------------

    def track(self, **tracked: Any) -> None:
        """Name the optimizers, whose LR is set from here on, and all else that holds state.

        The LR that each parameter group has now is its base: update i uses base x LR multiple x schedule(i).
        """
        for name, value in tracked.items():
            if hasattr(value, "param_groups"):
                for k, group in enumerate(value.param_groups):
                    if "lr" not in group:
                        raise LrlabError(worded(f"group {k} of the optimizer {name} has no lr", sorted(group)))
                    self._groups.append((group, float(group["lr"])))
            elif not (hasattr(value, "state_dict") and hasattr(value, "load_state_dict")):
                raise LrlabTypeError(
                    worded(
                        f"run.track: {name} holds no state",
                        type(value).__name__,
                        "optimizers (param_groups), or anything with state_dict and load_state_dict",
                        "run.track(model=model, opt=opt)",
                    )
                )
            self._tracked[name] = value

    def steps(self, loader: Iterable[_Batch]) -> Iterator[tuple[int, _Batch]]:
        """Yield (update, batch) for each update of the run, again and again through `loader`.

        The LR stands in every tracked optimizer before the update is yielded.
        """
        if not self._groups:
            raise LrlabError(
                worded("run.steps without an optimizer: no LR to set", sorted(self._tracked), hint=CONTRACT)
            )
        if self._started:
            raise LrlabError(
                worded(
                    "run.steps was called again",
                    hint="one loop for all epochs: it goes through the loader itself",
                )
            )
        self._started = True
        if self._averaging is not None:
            self._average = WeightAverage(self._averaged_model(), self._averaging * self.updates)
        for update, batch in zip(range(self.updates), _cycled(loader), strict=False):
            self._set_lr(self._lr * self._pacer.value)
            self._pacer.advance()
            self.completed = update + 1
            yield update, batch
            self._close_update()

    def log(self, *, loss: Any) -> None:
        """Tell the training loss of this update (a number, or an array that holds one)."""
        value = _number(loss)
        self._loss[max(0, self.completed - 1)] = value
        if len(self._first_losses) < FIRST_LOSSES:
            self._first_losses.append(value)
        # A loss that can be negative has no multiple to go by.
        exploded = min(self._first_losses) > 0 and value > DIVERGENCE * max(self._first_losses)
        if exploded or not math.isfinite(value):
            raise Diverged

    @property
    def eval_now(self) -> bool:
        """Whether to evaluate after this update: at evenly spaced ones, and always after the last.

        Ask after `opt.step()`: in an arm with weight averaging the model holds the averaged weights from here
        to `run.report`.
        """
        due = self.completed in self._evaluate_at
        if due and self._average is not None:
            self._take_into_average()
            self._average.swap_in()
        return due

    def report(self, **metrics: Any) -> None:
        """Tell the result of an evaluation; it feeds the controllers of the schedule (plateau), too."""
        if self._average is not None:
            self._average.swap_out()
        values = {name: _number(value) for name, value in metrics.items()}
        if self._metric not in values:
            raise LrlabError(
                worded(
                    f"the task is judged by {self._metric}, which run.report was not told",
                    sorted(values),
                    hint=f"run.report({self._metric}=...), or name another metric by @task(metric=...)",
                )
            )
        for name, value in values.items():
            self._evals.setdefault(name, {})[self.completed] = value
        # The judged metric also without its name: a controller that names no metric listens to that.
        self._pacer.observe(values[self._metric], **values)
        if not math.isfinite(values[self._metric]):
            raise Diverged

    # -- what the lab asks afterwards ------------------------------------------------------------------------

    @property
    def loss(self) -> Series:
        """The training loss, at most `LOSS_POINTS` points."""
        items = list(self._loss.items())
        width = math.ceil(len(items) / LOSS_POINTS)
        if width <= 1:
            return Series(tuple(self._loss), tuple(self._loss.values()))
        parts = [items[k : k + width] for k in range(0, len(items), width)]
        return Series(tuple(p[0][0] for p in parts), tuple(sum(v for _, v in p) / len(p) for p in parts))

    @property
    def evals(self) -> dict[str, Series]:
        """Every reported metric by completed updates."""
        return {name: Series(tuple(points), tuple(points.values())) for name, points in self._evals.items()}

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers of the schedule did."""
        return self._pacer.decisions

    @property
    def score(self) -> float:
        """The judged metric after the last update; raises `LrlabError` where it was not reported."""
        if not self._started:
            raise LrlabError(worded("the training function made no update", hint=CONTRACT))
        if self.completed < self.updates:
            raise LrlabError(
                worded(
                    f"the training function ended after {self.completed} of {self.updates} updates",
                    hint="leave the loop over run.steps to end by itself",
                )
            )
        if self.updates not in self._evals.get(self._metric, {}):
            raise LrlabError(
                worded(
                    "run.report was not called after the last update",
                    hint=f"if run.eval_now: run.report({self._metric}=evaluate(model))",
                )
            )
        return self._evals[self._metric][self.updates]

    @property
    def worst(self) -> float:
        """The score of a run that diverged."""
        return math.inf if self._mode == "min" else -math.inf

    # -- within ----------------------------------------------------------------------------------------------

    def _set_lr(self, factor: float) -> None:
        for group, base in self._groups:
            if hasattr(group["lr"], "fill_"):  # a tensor stays the same object: no recompilation
                group["lr"].fill_(base * factor)
            else:
                group["lr"] = base * factor

    def _averaged_model(self) -> Any:
        if "model" not in self._tracked:
            raise LrlabError(
                worded(
                    "weight averaging needs the model",
                    sorted(self._tracked),
                    hint="run.track(model=model, opt=opt)",
                )
            )
        return self._tracked["model"]

    def _close_update(self) -> None:
        if self._average is not None:
            self._average.swap_out()
            self._take_into_average()

    def _take_into_average(self) -> None:
        """Once per update, from where it is first needed: an evaluation, or the end of the loop's body."""
        if self._average is not None and self._averaged < self.completed:
            self._average.update()
            self._averaged = self.completed


def evaluation_points(updates: int, evals: int) -> frozenset[int]:
    """The numbers of completed updates after which to evaluate: evenly spaced, the last one always.

    >>> sorted(evaluation_points(10, 4))
    [2, 5, 7, 10]
    """
    return frozenset(max(1, k * updates // evals) for k in range(1, evals + 1))


def _cycled(loader: Iterable[_Batch]) -> Iterator[_Batch]:
    """Through the loader again and again. Raises `LrlabError` where a pass gives nothing."""
    given = 0
    while True:
        before = given
        for batch in loader:
            given += 1
            yield batch
        if given == before:
            raise LrlabError(
                worded(
                    f"the loader of run.steps is used up after {given} batches"
                    if given
                    else "the loader of run.steps is empty",
                    type(loader).__name__,
                    "a DataLoader or list, gone through once per epoch, or an iterator without end",
                )
            )


def _number(value: Any) -> float:
    """A number, or the one entry of an array; `item` does not warn where a gradient is attached."""
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise LrlabTypeError(worded("a loss or metric must be one number", value)) from error
