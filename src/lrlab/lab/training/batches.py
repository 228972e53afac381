"""Where the batches come from, and how to resume them at an update in the middle of a run.

| what `run.steps` is given | training may fork | resumed by |
|---|---|---|
| a list or another sequence | anywhere | its index |
| `run.batches(items, size)`, or a loader with it as its batch_sampler | anywhere | its update |
| an endless generator whose only state is the global random numbers | anywhere | calling it again |
| anything else with a length, such as a DataLoader | at the end of each pass | a new pass |
| anything else | nowhere: every arm is trained alone | |

The last row includes a DataLoader with `persistent_workers`, which keeps its workers from pass to pass: a new pass of a
fork would begin with new workers and other random numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.arms.tree import NOWHERE
from lrlab.lab.training.values import Unholdable

Restore = Callable[[], None]


class Batches:
    """Indexes of `size` of `items` items, one array for each update, as a pure function of (seed, fold, update).

    Every pass is shuffled again, without an incomplete last batch. Iteration begins at `start`; `size` is 1 to `items`.

    >>> batches = Batches(items=10, size=4, seed=0, fold=0)
    >>> sorted([*batches[0], *batches[1]]) == sorted(set([*batches[0], *batches[1]])), batches[7].shape
    (True, (4,))
    """

    def __init__(self, items: int, size: int, seed: int, fold: int) -> None:
        for name, given in (("items", items), ("size", size)):
            if isinstance(given, bool) or not isinstance(given, int | np.integer):
                what = f"run.batches counts: {name} is a number"
                hint = "run.batches(len(items), 16)" if hasattr(given, "__len__") else "run.batches(160, 16)"
                raise LrlabTypeError(worded(what, given, "a whole number, of all items or of a batch", hint))
        if not 0 < size <= items:
            raise LrlabError(worded("a batch has at least one item, and at most all", size, f"1 to {items}"))
        self.start = 0
        self._items, self._size, self._per_pass = items, size, items // size
        self._named = (seed, fold)
        self._pass, self._order = -1, np.empty(0, np.int64)

    @property
    def per_pass(self) -> int:
        """The number of updates in one pass through all items."""
        return self._per_pass

    def __getitem__(self, update: int) -> NDArray[np.int64]:
        """The indexes of the batch of this update: shape (size,)."""
        number, place = divmod(update, self._per_pass)
        if number != self._pass:
            self._pass, self._order = number, np.random.default_rng([*self._named, number]).permutation(self._items)
        return self._order[place * self._size : (place + 1) * self._size]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        update = self.start
        while True:
            yield self[update]
            update += 1


class BatchSource:
    """Abstract: the batches of a run from any update on; training may fork at multiples of `every`."""

    every: int
    why = ""  # the reason if training can fork nowhere

    def start(self, at: int, restore: Restore) -> None:
        """Prepare for the batch of update `at`; `restore` sets the random numbers to their state at that update."""
        raise NotImplementedError

    def next(self) -> Any:
        """The batch of the next update."""
        raise NotImplementedError

    def settle(self) -> None:
        """Finish the pass if it is at its end: there a sampler may still draw random numbers."""


class _Sequence(BatchSource):
    every = 1

    def __init__(self, batches: Sequence[Any]) -> None:
        if not len(batches):
            raise _used_up(batches, 0)
        self._batches, self._at = batches, 0

    def start(self, at: int, restore: Restore) -> None:
        restore()
        self._at = at

    def next(self) -> Any:
        self._at += 1
        return self._batches[(self._at - 1) % len(self._batches)]


class _Positioned(BatchSource):
    every = 1

    def __init__(self, loader: Iterable[Any], batches: Batches) -> None:
        self._loader, self._batches = loader, batches
        self._iterator: Iterator[Any] = iter(())

    def start(self, at: int, restore: Restore) -> None:
        self._batches.start = at
        self._iterator = iter(self._loader)  # a DataLoader draws one random number here
        restore()

    def next(self) -> Any:
        return next(self._iterator)


class _Stream(BatchSource):
    def __init__(self, loader: Iterable[Any]) -> None:
        self.every = 1 if inspect.isgenerator(loader) else NOWHERE
        self.why = getattr(loader, "why", "") or f"a {type(loader).__name__} cannot be taken up again in the middle"
        self._loader, self._given = loader, 0
        self._iterator: Iterator[Any] | None = None

    def start(self, at: int, restore: Restore) -> None:
        restore()

    def next(self) -> Any:
        for _ in range(2):  # if it is used up, try once more from its beginning
            if self._iterator is None:
                self._iterator = iter(self._loader)
            for batch in self._iterator:
                self._given += 1
                return batch
            self._iterator = None
        raise _used_up(self._loader, self._given)


class _Passes(BatchSource):
    def __init__(self, loader: Any) -> None:
        self.every = len(loader)
        if not self.every:
            raise _used_up(loader, 0)
        self._loader = loader
        self._pass: Iterator[Any] | None = None

    def start(self, at: int, restore: Restore) -> None:
        restore()

    def next(self) -> Any:
        self.settle()
        if self._pass is None:
            self._pass, self._given = iter(self._loader), 0
        for batch in self._pass:
            self._given += 1
            return batch
        raise self._uneven(self._given)

    def settle(self) -> None:
        if self._pass is not None and self._given == self.every:
            for _ in self._pass:
                raise self._uneven("more")
            self._pass = None

    def _uneven(self, given: object) -> LrlabError:
        return LrlabError(
            worded(
                f"the loader says that it has {self.every} batches, and gives {given}",
                type(self._loader).__name__,
                "as many batches in every pass as len(loader) says",
                "a generator without end around the loader, and fork_every=0: no forks",
            )
        )


def batch_source(loader: Iterable[Any]) -> BatchSource:
    """The source of the batches of a loader. Raises `LrlabTypeError` for anything that is not a loader."""
    batches = loader if isinstance(loader, Batches) else getattr(loader, "batch_sampler", None)
    if isinstance(batches, Batches):
        return _Positioned(loader, batches)
    if isinstance(loader, Sequence):
        return _Sequence(loader)
    if not isinstance(loader, Iterable) and not hasattr(loader, "__getitem__"):
        raise LrlabTypeError(
            worded(
                "run.steps goes through a loader",
                loader,
                "a DataLoader, a list, run.batches(items, size), a generator",
                "run.steps(batches())" if callable(loader) else "",
            )
        )
    return _Passes(loader) if _in_passes(loader) else _Stream(loader)


def _in_passes(loader: Any) -> bool:
    """Whether it can be iterated repeatedly, each time from its beginning and for the length that it states."""
    if isinstance(loader, Iterator) or getattr(loader, "persistent_workers", False) or getattr(loader, "why", ""):
        return False
    try:
        len(loader)
    except TypeError:  # a DataLoader over an IterableDataset has the method, but no length
        return False
    return True


def updates_of_a_pass(loader: Any) -> int | None:
    """The number of batches in one pass through a loader; None if the loader does not state it.

    >>> updates_of_a_pass([1, 2, 3]), updates_of_a_pass(Batches(10, 4, seed=0, fold=0)), updates_of_a_pass(iter([1]))
    (3, 2, None)
    """
    batches = loader if isinstance(loader, Batches) else getattr(loader, "batch_sampler", None)
    if isinstance(batches, Batches):
        return batches.per_pass
    try:
        return None if isinstance(loader, Iterator) else len(loader) or None
    except TypeError:
        return None


def generators_of(loader: Any) -> list[Any]:
    """The loader's own random number generators (PyTorch's `generator=`), each once."""
    parts = [loader, getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)]
    parts.append(getattr(parts[-1], "sampler", None))
    found = [getattr(part, "generator", None) for part in parts]
    return list({id(each): each for each in found if hasattr(each, "get_state")}.values())


def set_generators(generators: Sequence[Any], states: Sequence[Any]) -> None:
    """Set the loader's own generators to what they were. Raises `Unholdable` if there are not as many."""
    try:
        pairs = [*zip(generators, states, strict=True)]
    except ValueError:
        now, before = len(generators), len(states)
        what = f"the loader has {now} random generators of its own, and had {before} before the fork"
        raise Unholdable(what) from None
    for generator, state in pairs:
        generator.set_state(state)


def _used_up(loader: object, given: int) -> LrlabError:
    return LrlabError(
        worded(
            f"the loader of run.steps is used up after {given} batches"
            if given
            else "the loader of run.steps is empty",
            type(loader).__name__,
            "a DataLoader or list, gone through once per epoch, or an iterator without end",
        )
    )
