"""A lane: one of several runs whose updates are made at once, by one vectorised step.

It begins, is evaluated, reports, forks and ends like any run. Only its updates are made elsewhere, a block at a time
(see `lrlab.lab.training.together`), and its random numbers are its own: what shares the step with it changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.lab.training.bounds import Diverged, Forked
from lrlab.lab.training.fork import Alone, Standing, held_to
from lrlab.lab.training.run import KEEP_EVERY, TrainingRun
from lrlab.lab.training.snapshot import random_state, set_random_state

LONGEST = 64  # updates of a block: so many batches are held at once


class HandedOver(BaseException):
    """Ends a training function whose pure functions are known now; not an `Exception`, as `Diverged` is none."""


class Arrays(Protocol):
    """A library of arrays: trees of them can be stacked, taken apart, and stepped at once."""

    def stacked(self, trees: Sequence[Any], shape: tuple[int, ...]) -> Any:
        """One tree of arrays of these shapes in front; `trees` are in their order. `ValueError` if they differ."""
        ...

    def each(self, tree: Any, count: int) -> Sequence[Any]:
        """The parts of a stacked tree, of which there are `count`, in their order; they may be views of it."""
        ...

    def at(self, tree: Any, index: int) -> Any:
        """The part of a stacked tree at one place in front, as a copy."""
        ...

    def controls(self, rows: Mapping[str, NDArray[np.float64]]) -> Any:
        """What is set, by name, as arrays of this library."""
        ...

    def vectorised(self, step: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
        """`step` for many at once: (states, batches, keys, updates, controls) to the next states and the losses.

        It may overwrite the states.
        """
        ...

    def numbers(self, losses: Sequence[Any]) -> NDArray[np.float64]:
        """The losses of some updates, as numbers: shape (updates, runs)."""
        ...


class Held(Protocol):
    """The state of a training by pure functions."""

    state: Any

    def set(self, state: Any) -> None:
        """Take the next state. Raises `LrlabError` if it has another structure."""
        ...

    def watch(self, state: Any, run: TrainingRun) -> None:
        """Raise `LrlabError` if the next states do not differ."""
        ...


@dataclass(frozen=True)
class PureTraining:
    """A training by pure functions, as it is handed over: `key` is what `step` draws from, for each update anew."""

    held: Held
    key: Any
    step: Callable[..., Any]
    evaluate: Callable[[Any], Mapping[str, Any]]
    batches: Iterable[Any]
    arrays: Arrays


class Lane(TrainingRun):
    """A run that is trained together with others.

    `ended` says how: by an exception, or with True where it is finished; None as long as it goes on.
    """

    training: PureTraining
    ended: Forked | Diverged | Alone | Literal[True] | None = None

    # -- what the training function calls --------------------------------------------------------------------

    def steps(self, loader: Iterable[Any]) -> NoReturn:
        """Refuse a loop: its updates cannot be made elsewhere."""
        raise LrlabError(
            worded(
                "vectorise trains many runs by one step, and this task is a loop of its own",
                "a loop over run.steps",
                "a training by pure functions: lr.functional in JAX, lr.functional_torch in PyTorch",
                "leave out vectorise: the loop is trained as it is",
            )
        )

    def hand_over(self, training: PureTraining) -> NoReturn:
        """Take the pure functions of the training; ends the training function."""
        self.training = training
        raise HandedOver

    # -- what the lab calls, under the conditions of the run -------------------------------------------------

    def enter(self) -> None:
        """Begin where the stage begins. Raises `Forked` or `Alone` where nothing can be trained from there."""
        self.completed = self.begin
        self._enter(self.training.batches)
        self._lookout.watch_outside(self._tracked)
        self._ahead = [self._feed.next()]  # type: ignore[union-attr]
        self._random = random_state()
        if self._start is None:
            self._lookout.watch_beginning(self._tracked, self._ahead[0])
        else:
            held_to(self._start.record["seen"], self._lookout.inner(self._tracked, self._ahead[0]))
        if not self.room:
            self._give_up()

    @property
    def room(self) -> int:
        """How many updates it makes before anything but the loss is asked of it; 0 where a controller has given up."""
        at, longest = self.completed, 1 if self._average else LONGEST  # an average takes in every state
        until = min(self._stop, at + longest, *(point for point in self._evaluate_at if point > at))
        given_up = np.isnan(self.controls[0].rows(at, until)).any(axis=1)
        return int(given_up.argmax()) if given_up.any() else until - at

    def take(self, updates: int) -> tuple[list[Any], NDArray[np.float64]]:
        """The batches of the next updates, and what is set in each: shape (updates, names)."""
        with self._own_random_numbers():
            drawn = [self._feed.next() for _ in range(updates - len(self._ahead))]  # type: ignore[union-attr]
        batches, self._ahead = [*self._ahead, *drawn], []
        return batches, self.controls[0].rows(self.completed, self.completed + updates)

    def give(self, state: Any, losses: Iterable[float]) -> None:
        """Take the state after some updates, and the loss of each; then evaluate, fork or end where it is time."""
        try:
            for loss in losses:
                self.completed += 1
                self.log(loss=loss)
            self.training.held.watch(state, self)
            self.training.held.set(state)
            with self._own_random_numbers():
                if self.eval_now:
                    self.report(**self.training.evaluate(self.training.held.state))
                self._close_update()
                self._look_up()
        except (Forked, Diverged, Alone) as ending:
            self.ended = ending

    # -- internal --------------------------------------------------------------------------------------------

    def _look_up(self) -> None:
        """Fork, end, give up, or store the state, where it is time."""
        at = self.completed
        if at == self.updates:
            self.ended = True
        elif at == self._stop:
            self._stand()
            raise Forked
        elif not self.room:
            self._give_up()
        elif at % self.every == 0 and time.monotonic() >= self._keep_at:
            self._stand()
            self._keep(self)
            self._keep_at = time.monotonic() + KEEP_EVERY

    def _give_up(self) -> None:
        """End in an update for which nothing is set, as a loop does."""
        self.completed += 1
        self.ended = Diverged()

    def _stand(self) -> None:
        snapshot = self._snapshot()
        self._ahead = [self._feed.next()]  # type: ignore[union-attr]
        self.standing = Standing(snapshot, self._lookout.inner(self._tracked, self._ahead[0]))

    @contextmanager
    def _own_random_numbers(self) -> Iterator[None]:
        set_random_state(self._random)
        yield
        self._random = random_state()
