"""Variants of a built-in task, so that nothing is tuned to the task alone: its batch, noise, width, or amount of data.

A strategy that wins on a task and loses on its variants was chosen for the task.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrlab.lab.tasks.common.problem import Problem

PLAIN, BATCH, NOISY, WIDE, LESS = "plain", "batch", "noisy", "wide", "less"
VARIANTS = (BATCH, NOISY, WIDE, LESS)
REPLACED = 0.1  # of the values of a noisy batch: the share that comes from another row of it
DATA = ("trained", "text")  # what a size calls the amount of training data


def variants_of(size: Any) -> tuple[str, ...]:
    """The variants of a task whose size is this, the task itself first.

    >>> from lrlab.lab.tasks.common.data import Size
    >>> variants_of(Size(1000, 500, 8)), variants_of(442)
    (('plain', 'batch', 'noisy', 'wide', 'less'), ('plain', 'batch', 'noisy'))
    """
    wide = (WIDE,) if hasattr(size, "width") else ()
    less = (LESS,) if any(hasattr(size, name) for name in DATA) else ()
    return (PLAIN, BATCH, NOISY, *wide, *less)


def sized(size: Any, variant: str) -> Any:
    """The size of a variant: twice as wide, or a quarter of the training data.

    >>> from lrlab.lab.tasks.common.data import Size
    >>> sized(Size(1000, 500, 8), "wide"), sized(Size(1000, 500, 8), "less").trained
    (Size(trained=1000, judged=500, width=16), 250)
    """
    if variant == WIDE:
        return dataclasses.replace(size, width=2 * size.width)
    if variant == LESS:
        return dataclasses.replace(size, **{name: getattr(size, name) // 4 for name in DATA if hasattr(size, name)})
    return size


def varied(problem: Problem, variant: str) -> Problem:
    """The problem with half of each batch, or with noise in what it is trained on; it is judged as ever."""
    change = {BATCH: _halved, NOISY: _noisy}.get(variant)
    return problem if change is None else dataclasses.replace(problem, batches=_changed(problem.batches, change))


def _changed(
    batches: Iterable[tuple[Any, ...]], change: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Its own generator, for these go on from any update: see `lrlab.lab.training.batches`."""
    for batch in batches:
        yield change(batch)


def _halved(batch: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(column[: max(1, len(column) // 2)] for column in batch)


def _noisy(batch: tuple[Any, ...]) -> tuple[Any, ...]:
    """Some values of the first column are those that another row has there: of its own kind, and of its own spread."""
    import torch

    first, *others = batch
    other = first[torch.randperm(len(first))]
    return torch.where(torch.rand(first.shape) < REPLACED, other, first), *others
