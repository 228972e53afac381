"""The stage tree: what arms have in common is trained once. Pure: numbers in, a tree out.

Arms that stand at one update go on together as long as their control rows agree; where they part, training forks.
Forks lie at multiples of `every`, where the data can be taken up again (1: anywhere; the length of an epoch), at the
last of them before the rows differ. The engine asks `split` as it goes, a plan asks for the whole tree before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise

from lrlab.lab.arms.controls import ControlTrace, agreement, order

# For two arms, by index: the first update that they set differently (the end of the run, where none is).
Common = Callable[[int, int], int]

# As `every`: forks nowhere but at the beginning, for no run is so long.
NOWHERE = 2**62


@dataclass(frozen=True)
class StageNode:
    """One stage: the updates start ... stop-1, trained once for all `arms` (indexes)."""

    start: int
    stop: int
    arms: tuple[int, ...]


def split(
    arms: Sequence[int], common: Common, start: int, end: int, every: int = 1
) -> list[tuple[tuple[int, ...], int]]:
    """The groups in which these arms, all at `start`, go on, and how far each stays together.

    >>> split([0, 1, 2], lambda a, b: 7 if {a, b} == {0, 1} else 3, 0, 10)
    [((0, 1, 2), 3)]
    >>> split([0, 1, 2], lambda a, b: 7 if {a, b} == {0, 1} else 3, 3, 10)
    [((0, 1), 7), ((2,), 10)]
    """
    parties: list[tuple[list[int], int]] = []
    for arm in arms:
        for k, (party, stop) in enumerate(parties):
            shared = aligned(common(party[0], arm), end, every)
            if shared > start:
                parties[k] = ([*party, arm], min(stop, shared))
                break
        else:
            parties.append(([arm], end))
    return [(tuple(party), stop) for party, stop in parties]


def aligned(update: int, end: int, every: int) -> int:
    """The last update at or before this one where training may fork; the end always is one."""
    return end if update >= end else update // every * every


def tree(controls: Sequence[ControlTrace], end: int, every: int = 1) -> tuple[StageNode, ...]:
    """The stages of these arms over a run of `end` updates, in the order in which they begin.

    Arms that begin alike are neighbours once they are sorted, so n arms take n log n comparisons, not n * n; and a
    thousand forks one after the other are not deeper than one.

    >>> import lrlab as lr
    >>> from lrlab.lab.arms.controls import ControlSpec
    >>> arms = [ControlTrace(ControlSpec(lr.wsd(decay=d)), 100) for d in (10, 20, 40)]
    >>> [(node.start, node.stop, node.arms) for node in tree(arms, 100)]
    [(0, 61, (0, 1, 2)), (61, 81, (0, 1)), (61, 100, (2,)), (81, 100, (0,)), (81, 100, (1,))]
    """

    def compare(a: int, b: int) -> int:
        return order(controls[a], controls[b], end)

    ranked = sorted(range(len(controls)), key=cmp_to_key(compare))
    common = [agreement(controls[a], controls[b], 0, end) for a, b in pairwise(ranked)]
    shared = [0, *(aligned(update, end, every) for update in common)]  # each with the one before it
    found = []
    waiting = [(0, 0, len(ranked))]
    while waiting:
        start, low, high = waiting.pop()
        edges = [low, *(k for k in range(low + 1, high) if shared[k] <= start), high]
        for first, last in pairwise(edges):
            stop = min(shared[first + 1 : last], default=end)
            found.append(StageNode(start, stop, tuple(sorted(ranked[first:last]))))
            if stop < end:
                waiting.append((stop, first, last))
    return tuple(sorted(found, key=lambda node: (node.start, node.arms)))


def updates_of(stages: Sequence[StageNode]) -> int:
    """The number of updates to train: the size of the tree."""
    return sum(stage.stop - stage.start for stage in stages)
