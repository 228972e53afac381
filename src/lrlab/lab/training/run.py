"""The run as the training function meets it: who it is, what it tells; the LR is set before each update.

    def train(run):
        model, opt = ...
        run.track(model=model, opt=opt)
        for update, batch in run.steps(loader):
            loss = ...; opt.zero_grad(); loss.backward(); opt.step()
            run.log(loss=loss)
            if run.eval_now:
                run.report(val_loss=evaluate(model))

The function is called once for each stage of the run. It builds everything as always; at the first update of a stage
the lab puts the stored state into what is tracked, sets the random numbers, and takes up the data where they were.

The lab imports no framework: an optimizer is anything with `param_groups`, a model anything with `state_dict` and
`load_state_dict`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from lrlab.core.expression.node import Schedule
from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.arms.controls import ControlSpec, replayed, together
from lrlab.lab.arms.tree import NOWHERE, aligned
from lrlab.lab.training.averaging import WeightAverage
from lrlab.lab.training.batches import Batches, BatchSource, batch_source, generators_of
from lrlab.lab.training.bounds import Diverged, Forked, StageBounds
from lrlab.lab.training.fork import Alone, Lookout, Standing, held_to
from lrlab.lab.training.log import TrainingLog
from lrlab.lab.training.snapshot import TrainingSnapshot, random_state, restored, set_random_state, taken
from lrlab.lab.training.tracked import Tracked
from lrlab.lab.training.values import Unholdable
from lrlab.lab.training.worked import Worked
from lrlab.record.runs.run import Series

_Batch = TypeVar("_Batch")

# A stage that takes longer than so many seconds is stored on the way.
KEEP_EVERY = 300.0

CONTRACT = "run.track(model=model, opt=opt);  for update, batch in run.steps(loader): ..."


class TrainingRun:
    """What `train(run)` receives.

    Attributes: `seed`, `fold` (0 ... folds-1: the part to hold out), `folds`, `config` (a read-only mapping),
    `device`, `updates` (how many this run has). `completed` counts the updates done, this one included.

    The random numbers of Python, NumPy and PyTorch are seeded from seed and fold before the function is
    called: every arm and every LR begins with the same weights and sees the same batches.
    """

    def __init__(
        self,
        sets: ControlSpec | Schedule,
        updates: int,
        *,
        seed: int = 0,
        fold: int = 0,
        folds: int = 1,
        config: Mapping[str, Any] = MappingProxyType({}),
        device: str = "cpu",
        evals: int = 1,
        metric: str = "val_loss",
        mode: Literal["min", "max"] = "min",
        averaging: float | None = None,
        stretch: StageBounds | None = None,
    ) -> None:
        self.seed, self.fold, self.folds = seed, fold, folds
        self.config = MappingProxyType(dict(config))
        self.device = device
        self.updates = updates
        self.completed = 0
        self.every = 1
        stretch = stretch or StageBounds(updates)
        self._start, self._stop, self._fork_every = stretch.start, stretch.stop, stretch.every
        self._keep, self._keep_at = stretch.keep, time.monotonic() + KEEP_EVERY
        record = stretch.start.record if stretch.start else None
        self.ledger = TrainingLog.of(record["ledger"], updates) if record else TrainingLog(updates)
        regimes = (sets if isinstance(sets, ControlSpec) else ControlSpec(sets), *stretch.others)
        self.controls = [replayed(regime, updates, self.ledger.reports, metric) for regime in regimes]
        self._metric, self._mode = metric, mode
        self._evaluate_at = evaluation_points(updates, evals)
        self._averaging = averaging
        self._average: WeightAverage | None = None
        self._averaged = 0
        self._tracked = Tracked(self.controls[0].names)
        self.standing: Standing | None = None  # where the stage has ended, for others to go on from
        self._lookout = Lookout(stretch.function, stretch.cell)
        self._steps: Any = None  # the generator of the updates
        self._feed: BatchSource | None = None
        self._worked = Worked(())
        self._asked = False  # for what an update uses: then it need not be set
        self._generators: list[Any] = []
        self._own = {*vars(self), "_own"}  # what a training function adds is its own

    # -- what the training function calls --------------------------------------------------------------------

    def track(self, *things: Any, **named: Any) -> None:
        """Name the optimizers, whose LR is set from here on, and all else that holds state; names may be left out.

        The LR that each parameter group has now is its base: update i uses base x LR multiple x schedule(i). What else
        can be held, also loop variables, see `lrlab.lab.training.held`.
        """
        if self._steps is not None:
            given = sorted(named) or [type(thing).__name__ for thing in things]
            raise LrlabError(worded("run.track was called after run.steps: too late to go on from", given))
        for thing in things:
            self._tracked.add(self._tracked.name_for(thing), thing)
        for name, value in named.items():
            self._tracked.add(name, value)

    def batches(self, items: int, size: int) -> Batches:
        """Batches of indexes of `items` items, for `run.steps`, or for a DataLoader as its `batch_sampler`.

        They depend on seed, fold and update alone, so that training can fork anywhere.
        """
        return Batches(items, size, self.seed, self.fold)

    def steps(self, loader: Iterable[_Batch]) -> Iterator[tuple[int, _Batch]]:
        """Yield (update, batch) for each update of the run, again and again through `loader`.

        The LR stands in every tracked optimizer before the update is yielded. Where training may fork depends on the
        loader: see `lrlab.lab.training.batches`.
        """
        if self._steps is not None:
            raise LrlabError(
                worded(
                    "run.steps was called again",
                    hint="one loop for all epochs: it goes through the loader itself",
                )
            )
        self._steps = steps = self._updates(loader)
        return steps

    def _updates(self, loader: Iterable[Any]) -> Generator[tuple[int, Any], None, None]:
        self._tracked.refuse_hidden()
        self._lookout.note_random_numbers()
        if self._averaging is not None:
            self._average = WeightAverage(self._averaged_model(), self._averaging * self.updates)
        self._feed = feed = batch_source(loader)
        self._generators = generators_of(loader)
        self._worked = Worked(self._tracked[name] for name in self._tracked.names)
        self.every = math.lcm(feed.every, self._fork_every)
        self._stop = aligned(self._stop, self.updates, self.every)
        begin = self.begin
        shared = begin > 0 or self._stop < self.updates or len(self.controls) > 1
        if shared and feed.every == NOWHERE:
            raise Alone(feed.why)
        if self._stop <= begin or (self.every != self._fork_every and len(self.controls) > 1):
            raise Forked  # the arms part before training may fork, or nobody knows yet how long they can be watched
        feed.start(begin, self._restore)
        for update in range(begin, self.updates):
            ends = update == self._stop
            due = ends or (update > begin and update % self.every == 0 and time.monotonic() >= self._keep_at)
            snapshot = self._snapshot() if due else None
            batch = feed.next()
            if update == 0:
                self._lookout.watch_beginning(self._tracked, batch)
            seen = self._look(loader, batch) if due or (update == begin and shared) else {}
            if snapshot is not None:
                self.standing = Standing(snapshot, seen)
                if ends:
                    raise Forked
                self._keep(self)
                self._keep_at = time.monotonic() + KEEP_EVERY
            if update == begin:
                self._lookout.watch_outside(self._tracked)
            if update == begin and self._start:
                held_to(self._start.record["seen"], seen)
            self.completed = update + 1
            row = self.controls[0].row(update)
            if any(map(math.isnan, row.values())):  # a controller has given up
                raise Diverged
            self._tracked.set(row)
            yield update, batch
            if not self._tracked.sets_lr and not self._asked:
                raise LrlabError(
                    worded("an update without an optimizer: no LR to set", self._tracked.names, hint=CONTRACT)
                )
            self._close_update()
        self._lookout.watch_outside(self._tracked)

    def log(self, *, loss: Any) -> None:
        """Tell the training loss of this update (a number, or an array that holds one)."""
        self._in_an_update("run.log")
        value = _number(loss)
        self.ledger.add_loss(self.completed - 1, value)
        if self.ledger.exploded(value):
            raise Diverged

    @property
    def begin(self) -> int:
        """The first update of this call of the training function."""
        return self._start.record["at"] if self._start else 0

    @property
    def control(self) -> Mapping[str, float]:
        """What this update uses, for who sets it without an optimizer: {"lr": 0.5}, a multiple of the task's own."""
        self._asked = True
        return self.controls[0].row(max(0, self.completed - 1))

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
        self._in_an_update("run.report")
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
        if len(self.controls) > 1 and self.completed % self.every and self.completed not in self._evaluate_at:
            raise LrlabError(
                worded(
                    "an evaluation that nobody expects, where schedules listen to it and training cannot fork",
                    f"run.report after {self.completed} updates",
                    "where run.eval_now is true (evals= says how often), and at the ends of epochs",
                    "if run.eval_now: run.report(...)",
                )
            )
        self.ledger.add_report(self.completed, values)
        for control in self.controls:
            control.hear(self.completed, values, self._metric)
        self._stop = aligned(together(self.controls, self.completed, self._stop), self.updates, self.every)
        if self._stop < self.completed:
            raise RuntimeError("arms part where training could not fork")
        if not math.isfinite(values[self._metric]):
            raise Diverged

    # -- what the lab asks afterwards ------------------------------------------------------------------------

    @property
    def loss(self) -> Series:
        """The training loss, at most `lrlab.lab.training.log.LOSS_POINTS` points."""
        return self.ledger.loss

    @property
    def evals(self) -> dict[str, Series]:
        """Every reported metric by completed updates."""
        return self.ledger.evals

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers of the schedule did."""
        return self.controls[0].decisions

    @property
    def score(self) -> float:
        """The judged metric after the last update; raises `LrlabError` where it was not reported."""
        if self._feed is None:
            raise LrlabError(worded("the training function made no update", hint=CONTRACT))
        if self.completed < self.updates:
            raise LrlabError(
                worded(
                    f"the training function ended after {self.completed} of {self.updates} updates",
                    None,
                    "every update: a schedule that was stopped early is another one, no longer comparable",
                    "leave out the break; to be judged by the best evaluation: "
                    f'run.report(best=...), with it in what is tracked, and @task(metric="best", mode="{self._mode}")',
                )
            )
        self._worked.check_all()
        judged = self.ledger.evals.get(self._metric, Series())
        if self.updates not in judged.updates:
            raise LrlabError(
                worded(
                    "run.report was not called after the last update",
                    hint=f"if run.eval_now: run.report({self._metric}=evaluate(model))",
                )
            )
        return judged.values[-1]

    @property
    def worst(self) -> float:
        """The score of a run that diverged."""
        return math.inf if self._mode == "min" else -math.inf

    def result(self) -> TrainingSnapshot:
        """What has been trained: everything that is tracked, and the average."""
        return taken({"tracked": self._tracked.declared(), "average": self._average_state()}, "the run")

    # -- within ----------------------------------------------------------------------------------------------

    def _snapshot(self) -> TrainingSnapshot:
        """Everything that this run goes on from. Raises `Alone` where something has a state that cannot be stored."""
        for name in self._tracked.orphans():
            raise LrlabError(
                worded(
                    f"the optimizer {name} trains weights that nothing tracked holds: a fork would lose them",
                    self._tracked.names,
                    hint="run.track(model=model, opt=opt), with every model that it was given parameters of",
                )
            )
        if self._feed:
            self._feed.settle()
        try:
            state = {
                "tracked": self._tracked.state(),
                "average": self._average_state(),
                "generators": [generator.get_state() for generator in self._generators],
                "random": random_state(),
                "worked": self._worked.record(),
            }
            return taken(state, "the run")
        except (Unholdable, LrlabTypeError) as error:
            raise Alone(str(error).partition("\n")[0]) from error

    def _look(self, loader: Any, batch: Any) -> dict[str, str]:
        self._lookout.watch_outside(self._tracked)
        added = {name: value for name, value in vars(self).items() if name not in self._own}
        return self._lookout.look(self._steps, self._tracked, loader, batch, added)

    def _average_state(self) -> dict[str, Any] | None:
        return self._average.state_dict() if self._average else None

    def _restore(self) -> None:
        if self._start is None:
            return
        state = restored(TrainingSnapshot(self._start.record["plain"], self._start.tensors))
        try:
            self._tracked.load(state["tracked"])
        except Unholdable as error:
            raise Alone(str(error)) from error
        self._worked.go_on(state["worked"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])
            self._averaged = self._start.record["at"]
        for generator, kept in zip(self._generators, state["generators"], strict=True):
            generator.set_state(kept)
        set_random_state(state["random"])

    def _in_an_update(self, what: str) -> None:
        """Every stage calls the training function anew: what it tells before its first update would be told again."""
        if not self.completed:
            raise LrlabError(worded(f"{what} was called before the first update of run.steps", hint=CONTRACT))

    def _averaged_model(self) -> Any:
        if "model" not in self._tracked:
            hint = "run.track(model=model, opt=opt)"
            raise LrlabError(worded("weight averaging needs the model", self._tracked.names, hint=hint))
        return self._tracked["model"]

    def _close_update(self) -> None:
        if self._average is not None:
            self._average.swap_out()
            self._take_into_average()
        self._worked.close()

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


def _number(value: Any) -> float:
    """A number, or the one entry of an array; `item` does not warn where a gradient is attached."""
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise LrlabTypeError(worded("a loss or metric must be one number", value)) from error
