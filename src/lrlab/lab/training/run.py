"""The run that a training function receives: its settings, its reports, and its LR, which is set before each update.

    def train(run):
        model, opt = ...
        run.track(model=model, opt=opt)
        for update, batch in run.steps(loader):
            loss = ...; opt.zero_grad(); loss.backward(); opt.step()
            run.log(loss=loss)
            if run.eval_now:
                run.report(val_loss=evaluate(model))

The function is called once for each stage of the run. Each call builds everything from the beginning. At the first
update of a stage the lab restores the tracked objects and the random numbers, and resumes the data where it was.

The lab imports no framework: an optimizer is any object with `param_groups`, a model any object with `state_dict` and
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
from lrlab.lab.arms.average import average_of
from lrlab.lab.arms.controls import ControlSpec, replayed, together
from lrlab.lab.arms.tree import NOWHERE, aligned
from lrlab.lab.training.averaging import WeightAverage
from lrlab.lab.training.batches import Batches, BatchSource, batch_source, generators_of, set_generators
from lrlab.lab.training.bounds import Diverged, Forked, StageBounds
from lrlab.lab.training.fork import Alone, Lookout, Standing, held_to
from lrlab.lab.training.log import TrainingLog
from lrlab.lab.training.snapshot import TrainingSnapshot, drawn_state, restored, set_random_state, taken
from lrlab.lab.training.tracked import Tracked
from lrlab.lab.training.values import Unholdable, number_of
from lrlab.lab.training.worked import Worked
from lrlab.record.runs.run import Series

_Batch = TypeVar("_Batch")

# A stage that takes longer than this is stored on the way, in seconds.
KEEP_EVERY = 300.0

CONTRACT = "run.track(model=model, opt=opt);  for update, batch in run.steps(loader): ..."


class TrainingRun:
    """What `train(run)` receives.

    Attributes: `seed`, `fold` (0 ... folds-1: the part to hold out), `folds`, `config` (a read-only mapping),
    `device`, `updates` (the length of this run) and `completed` (the updates done, including the current one).

    The random numbers of Python, NumPy and PyTorch are seeded from seed and fold before the function is called.
    Therefore every arm and every LR begins with the same weights and sees the same batches.
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
        averaging: float | str | None = None,
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
        self.standing: Standing | None = None  # where the stage has ended; other stages continue from there
        self._lookout = Lookout(stretch.function, stretch.cell)
        self._steps: Any = None  # the generator of the updates
        self._feed: BatchSource | None = None
        self._worked = Worked(())
        self._asked = False  # whether `control` was read: then no optimizer is needed
        self._generators: list[Any] = []
        self._own = {*vars(self), "_own"}  # any other attribute was added by the training function

    # -- what the training function calls --------------------------------------------------------------------

    def track(self, *things: Any, **named: Any) -> None:
        """Track the optimizers, whose LR is set from now on, and everything else with a state; names are optional.

        The present LR of each parameter group is its base: update i uses base x LR multiple x schedule(i). For what can
        be tracked, see `lrlab.lab.training.held`. Raises `LrlabError` after `run.steps`, or for what has no state.
        """
        if self._steps is not None:
            given = sorted(named) or [type(thing).__name__ for thing in things]
            raise LrlabError(worded("run.track was called after run.steps: too late to go on from", given))
        for thing in things:
            self._tracked.add(self._tracked.name_for(thing), thing)
        for name, value in named.items():
            self._tracked.add(name, value)

    def batches(self, items: int, size: int) -> Batches:
        """Batches of `size` indexes of `items` items, for `run.steps` or as the `batch_sampler` of a DataLoader.

        They depend only on seed, fold and update, so training can fork anywhere. Raises `LrlabError` for a wrong size.
        """
        return Batches(items, size, self.seed, self.fold)

    def steps(self, loader: Iterable[_Batch]) -> Iterator[tuple[int, _Batch]]:
        """Yield (update, batch) for each update of the run, going through `loader` as often as needed.

        The LR is set in every tracked optimizer before the update is yielded. The loader decides where training may
        fork: see `lrlab.lab.training.batches`. Raises `LrlabError` if it is called twice.
        """
        if self._steps is not None:
            hint = "one loop for all epochs: it goes through the loader itself"
            raise LrlabError(worded("run.steps was called again", hint=hint))
        self._steps = steps = self._updates(loader)
        return steps

    def _updates(self, loader: Iterable[Any]) -> Generator[tuple[int, Any], None, None]:
        feed, begin, shared = self._enter(loader), self.begin, self._shared
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

    def log(self, *, loss: Any = None, grad_norm: Any = None) -> None:
        """Log this update's training loss, and the norm of its gradient: numbers, or arrays of one, or `LrlabError`."""
        self._in_an_update("run.log")
        if grad_norm is not None:
            self.ledger.add_value("grad_norm", self.completed - 1, number_of(grad_norm))
        if loss is not None or grad_norm is None:
            self.ledger.add_loss(self.completed - 1, value := number_of(loss))
            if self.ledger.exploded(value):
                raise Diverged

    @property
    def begin(self) -> int:
        """The first update of this call of the training function."""
        return self._start.record["at"] if self._start else 0

    @property
    def control(self) -> Mapping[str, float]:
        """The values of this update, for a loop without an optimizer: {"lr": 0.5}, a multiple of the task's own LR."""
        self._asked = True
        return self.controls[0].row(max(0, self.completed - 1))

    @property
    def eval_now(self) -> bool:
        """Whether to evaluate after this update: at evenly spaced updates, and always after the last.

        Read it after `opt.step()`. In an arm with weight averaging, the model then holds the averaged weights until
        `run.report`.
        """
        due = self.completed in self._evaluate_at
        if due and self._average is not None:
            self._take_into_average()
            self._average.swap_in()
        return due

    @property
    def averaged(self) -> bool:
        """Whether the model holds averaged weights now: statistics such as BatchNorm's are to be recomputed."""
        return self._average is not None and self._average.inside

    def report(self, **metrics: Any) -> None:
        """Report metrics by name, also to controllers (plateau). Raises `LrlabError` without the task's metric."""
        self._in_an_update("run.report")
        if self._average is not None:
            self._average.judged()
        values = {name: number_of(value) for name, value in metrics.items()}
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
            raise RuntimeError("two arms separate at an update where training could not fork")
        if not math.isfinite(values[self._metric]):
            raise Diverged

    # -- what the lab asks afterwards ------------------------------------------------------------------------

    @property
    def own_lrs(self) -> tuple[float, ...]:
        """The LR of each parameter group of each tracked optimizer, as the training function made it."""
        return self._tracked.own_lrs

    @property
    def loss(self) -> Series:
        """The training loss, at most `lrlab.lab.training.log.LOSS_POINTS` points."""
        return self.ledger.loss

    @property
    def evals(self) -> dict[str, Series]:
        """Every reported metric, by the number of completed updates."""
        return self.ledger.evals

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers of the schedule did."""
        return self.controls[0].decisions

    @property
    def score(self) -> float:
        """The judged metric after the last update. Raises `LrlabError` if the run did not end or report it."""
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

    def result(self) -> TrainingSnapshot:
        """The result of the training: everything that is tracked, and the average."""
        return taken({"tracked": self._tracked.declared(), "average": self._average_state()}, "the run")

    # -- internal --------------------------------------------------------------------------------------------

    def _enter(self, loader: Iterable[Any]) -> BatchSource:
        """Begin where the stage begins. Raises `Forked` or `Alone` where nothing can be trained from there."""
        self._tracked.refuse_hidden()
        self._lookout.note_random_numbers(drawn_state(self.seed, self.fold))
        if self._averaging is not None:
            self._average = WeightAverage(self._averaged_model(), average_of(self._averaging), self.updates)
        self._feed = feed = batch_source(loader)
        self._generators = generators_of(loader)
        self._worked = Worked(self._tracked[name] for name in self._tracked.names)
        self.every = math.lcm(feed.every, self._fork_every)
        self._stop = aligned(self._stop, self.updates, self.every)
        if self._shared and feed.every == NOWHERE:
            raise Alone(feed.why)
        if self._stop <= self.begin or (self.every != self._fork_every and len(self.controls) > 1):
            raise Forked  # the arms part before training may fork, or it is not known yet how far they can be watched
        feed.start(self.begin, self._restore)
        return feed

    @property
    def _shared(self) -> bool:
        """Whether other stages come before or after, or other arms share this one."""
        return self.begin > 0 or self._stop < self.updates or len(self.controls) > 1

    def _snapshot(self) -> TrainingSnapshot:
        """Everything that this run continues from. Raises `Alone` if a state cannot be stored."""
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
                "random": drawn_state(self.seed, self.fold),
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
            set_generators(self._generators, state["generators"])
        except Unholdable as error:
            raise Alone(str(error)) from error
        self._worked.go_on(state["worked"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])
            self._averaged = self._start.record["at"]
        set_random_state(state["random"])

    def _in_an_update(self, what: str) -> None:
        """Refuse reports before the first update: every stage calls the training function, and would repeat them."""
        if not self.completed:
            raise LrlabError(worded(f"{what} was called before the first update of run.steps", hint=CONTRACT))

    def _averaged_model(self) -> Any:
        if "model" not in self._tracked:
            hint, pure = "run.track(model=model, opt=opt)", 'with lr.functional_torch a state {"model": ...}'
            raise LrlabError(worded("weight averaging needs the model", self._tracked.names, pure, hint))
        return self._tracked["model"]

    def _close_update(self) -> None:
        if self._average is not None:
            self._average.swap_out()
            self._take_into_average()
        self._worked.close()

    def _take_into_average(self) -> None:
        """Extend the average once per update, when first needed: at an evaluation, or at the end of the update."""
        if self._average is not None and self._averaged < self.completed:
            self._average.update()
            self._averaged = self.completed


def evaluation_points(updates: int, evals: int) -> frozenset[int]:
    """The numbers of completed updates after which to evaluate: evenly spaced, always including the last.

    >>> sorted(evaluation_points(10, 4))
    [2, 5, 7, 10]
    """
    return frozenset(max(1, k * updates // evals) for k in range(1, evals + 1))
