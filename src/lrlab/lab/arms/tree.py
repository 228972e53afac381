"""The stage tree: what arms have in common is trained once. Pure: numbers in, a tree out.

Arms that stand at one update go on together as long as their control rows agree; where they part, training forks.
Forks lie at multiples of `every`, where the data can be taken up again (1: anywhere; the length of an epoch), at the
last of them before the rows differ. The engine asks `split` as it goes, a plan asks for the whole tree before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lrlab.lab.arms.controls import ControlTrace, agreement

# For two arms, by index: the first update that they set differently (the end of the run, where none is).
Common = Callable[[int, int], int]

# As `every`: forks nowhere but at the beginning, for no run is so long.
NOWHERE = 2**62


@dataclass(frozen=True)
class StageNode:
    """One stage: the updates start ... stop-1, trained once for all `arms` (indexes); then its `children`."""

    start: int
    stop: int
    arms: tuple[int, ...]
    children: tuple[StageNode, ...] = ()

    def walk(self) -> Iterator[StageNode]:
        """This stage and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def split(
    arms: Sequence[int], common: Common, start: int, end: int, every: int = 1
) -> list[tuple[tuple[int, ...], int]]:
    """The parties in which these arms, which are all at `start`, go on, and until where each stays together.

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
    """The stage tree of some arms over a run of `end` updates.

    >>> import lrlab as lr
    >>> from lrlab.lab.arms.controls import ControlSpec
    >>> arms = [ControlTrace(ControlSpec(lr.wsd(decay=d)), 100) for d in (10, 20, 40)]
    >>> [(node.start, node.stop, node.arms) for root in tree(arms, 100) for node in root.walk()]
    [(0, 61, (0, 1, 2)), (61, 81, (0, 1)), (81, 100, (0,)), (81, 100, (1,)), (61, 100, (2,))]
    """
    known: dict[tuple[int, int], int] = {}

    def common(a: int, b: int) -> int:
        if (a, b) not in known:
            known[a, b] = agreement(controls[a], controls[b], 0, end)
        return known[a, b]

    def grow(arms: Sequence[int], start: int) -> tuple[StageNode, ...]:
        if start >= end:
            return ()
        return tuple(
            StageNode(start, stop, party, grow(party, stop)) for party, stop in split(arms, common, start, end, every)
        )

    return grow(range(len(controls)), 0)


def updates_of(roots: Sequence[StageNode]) -> int:
    """The updates that are trained: the size of the tree."""
    return sum(node.stop - node.start for root in roots for node in root.walk())


def stages_of(roots: Sequence[StageNode]) -> int:
    """The number of stages."""
    return sum(1 for root in roots for _ in root.walk())
