"""The contents of the parameter groups: the values written last, and whether something else has written since.

A value from elsewhere would silently be used by the next update, or silently be lost at the next step.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lrlab.adapters.torch.layout import Known, Layout, Share
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.param_group import is_tensor, kept, read
from lrlab.core.run.pacer import Ahead

AGAIN = 100  # updates without a foreign value, after which one is told again


class Foreign(NamedTuple):
    """What something else has written: the group, the hyper-parameter, its value, and the value written here."""

    group: str
    hyper: str
    found: float
    mine: float

    def __str__(self) -> str:
        name, way = self.hyper, "Leave it out of the plan, or change the plan."
        if self.hyper == "lr":
            name, way = "LR", "scheduler.base_lrs = [...] changes it for good."
        return (
            f"Something else has set the {name} of group {self.group} to {self.found:g}; the schedule goes on from "
            f"{self.mine:g}. {way}"
        )


class Told:
    """What was already logged: a foreign value is logged once for each group and hyper-parameter, and again after a
    while without one. So a loop that writes at every update is reported once, and a later deliberate change each
    time."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], int] = {}  # the update at which each was found last

    def new(self, found: Iterable[Foreign], update: int) -> list[Foreign]:
        """Those to log: for each hyper-parameter the first group."""
        first: dict[str, Foreign] = {}
        for one in found:
            before = self._at.get(one[:2])
            self._at[one[:2]] = update
            if before is None or update - before > AGAIN:
                first.setdefault(one.hyper, one)
        return [*first.values()]


class Row(NamedTuple):
    """What one share is given: a value for each update that is known, and the factor to it."""

    hyper: str
    groups: Sequence[dict[str, Any]]
    values: Sequence[float]
    factor: float


class Written:
    """The values written last, and those that follow as long as the run and the layout of its groups stay the same."""

    def __init__(self, pacer: PlanPacer, layout: Layout) -> None:
        ahead = pacer.ahead
        self.layout, self.ahead = layout, ahead
        self.now, self.start, self.length = ahead.now, ahead.start, ahead.stop - ahead.start
        self.rows = [_row(pacer, ahead, share) for share in layout.shares]
        pairs = list(zip(self.rows, layout.shares, strict=True))
        plain = [row for row, share in pairs if share.plain]
        # Of each row a plain tuple: at every step it is taken apart twice as fast.
        self.numbers = [(row.hyper, row.groups, row.values, row.factor) for row in plain]
        self.others = [row for row, share in pairs if not share.plain]
        self.plain = not self.others and not layout.several  # numbers in the groups of one optimizer
        self.count, self.last, self.end = layout.count, layout.last, layout.count - 1
        self.offset = -1  # of the update whose values were written, all of them
        self.writes = 0
        there = [kept(group, row.hyper) for row in self.others for group in row.groups]
        self._times = Counter(id(one) for one in there if is_tensor(one))  # how often each is written at a time
        self._before = {id(one): (one, _version(one)) for one in there if is_tensor(one)}

    def ended(self) -> Written:
        """The same last values, while the next ones come from another run or other groups."""
        made = copy.copy(self)
        made.length = 0
        return made

    def value(self, known: Known, hyper: str) -> float:
        """What a group was given last; if nothing drives it, what it has."""
        k = self.layout.share_of.get((id(known.group), hyper))
        if k is None:
            return read(known.group, hyper)
        return self.rows[k].factor * self.rows[k].values[self.offset]

    def untouched(self) -> bool:
        """Whether every group still has what was written."""
        offset = self.offset
        if offset < 0:
            return True
        for hyper, groups, values, factor in self.numbers:
            mine = factor * values[offset]
            for group in groups:
                there = group[hyper]
                if there.__class__ is not float or there != mine:
                    return False
        for hyper, groups, values, factor in self.others:
            mine = factor * values[offset]
            if not all(self._stands(kept(group, hyper), mine) for group in groups):
                return False
        return True

    def foreign(self) -> Iterator[Foreign]:
        """What something else has written."""
        for one in self.layout.known:
            for hyper in one.driven:
                there, mine = kept(one.group, hyper), self.value(one, hyper)
                if not self._stands(there, mine) and (found := read(one.group, hyper)) != as_stored(mine, there):
                    yield Foreign(one.name, hyper, found, mine)

    def _stands(self, there: Any, mine: float) -> bool:
        """Whether a number is the one that was written, or nothing else has written to a tensor."""
        if not is_tensor(there):
            return bool(there == mine)
        _, version = self._before.get(id(there), (there, -1))
        return version is None or _version(there) == version + self.writes * self._times[id(there)]

    def used(self, pacer: PlanPacer, stop: int) -> bool:
        """Whether all updates until `stop` had what the plan gives them, although nothing was written in between."""
        start = self.start + self.offset
        pairs = zip(pacer.now.tracks, self.ahead.plain, strict=True)
        return all((track.between(start, stop) == values[self.offset]).all() for track, values in pairs)


def _row(pacer: PlanPacer, ahead: Ahead, share: Share) -> Row:
    values = (ahead.scaled if share.hyper == "lr" else ahead.plain)[share.schedule]
    if not share.joined:
        return Row(share.hyper, share.groups, values, share.factor)
    factors = pacer.joined(share.joined, ahead.start, ahead.stop).tolist()
    values = [share.factor * value * joined for value, joined in zip(values, factors, strict=True)]
    return Row(share.hyper, share.groups, values, 1.0)


def as_stored(value: float, there: Any) -> float:
    """A value as its group stores it: a tensor rounds it to its own precision."""
    return float(there.new_tensor(value)) if is_tensor(there) else value


def _version(tensor: Any) -> int | None:
    """How often a tensor was written; None if it does not count (made under `torch.inference_mode()`)."""
    return None if tensor.is_inference() else int(tensor._version)
