"""The live factor of a running process: orders in a file in its folder, which it reads before each update.

    runs/x/live.jsonl
        {"lrlab": 1, "live": "orders"}
        {"factor": 0.5, "at": "2026-11-21T11:50:00+00:00"}       the first order of a user
        {"taken": 1, "update": 1200}                             the run's answer: it holds from update 1200 on

The file only grows, by whole lines; a line without a line end is not read yet. The answer makes an order part of the
run's history: a run that is resumed from before update 1200 takes it again at update 1200.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lrlab.core.time.span import MOST
from lrlab.errors import LrlabError, LrlabTypeError, printable, worded
from lrlab.record.process.lines import append
from lrlab.record.process.seen import FILE, MOST_OF_A_FACTOR, Seen, is_factor, read, read_all
from lrlab.record.regular import is_regular
from lrlab.record.runs.files import in_words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FactorOrder:
    """One order, numbered from 1: a factor, when it was given, and the update from which it holds (None: not yet)."""

    number: int
    factor: float
    at: str
    taken: int | None


class ManualOrders:
    """Reads the orders for a run; the run listens from then on. Raises `LrlabError` if the folder cannot be used.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     live = ManualOrders(folder)
    ...     number = give(folder, 0.5).number
    ...     live.due(1200), live.due(1201), orders(folder)[0].taken
    (0.5, None, 1200)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = Path(folder) / FILE
        with in_words("live orders cannot be heard", str(folder)):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not _is_file(self._path):
                append(self._path, {"lrlab": 1, "live": "orders"})
        self._seen = Seen()
        self._heard: _Heard | None = None

    def resumed(self) -> None:
        """Note that the run continues from another position: find again which orders its state already includes."""
        self._heard = None

    def due(self, update: int, heard_so_far: int | None = None) -> float | None:
        """The factor to set before this update, or None. Of several orders the last counts; a repeat gives the same.

        `heard_so_far` is the number of factors that the run has set: a factor that was returned here but not set,
        because the run was interrupted in between, is returned again. None: every returned factor was set.
        """
        seen = self._seen = (read if self._heard else read_all)(self._path, self._seen)
        heard = self._heard or _heard_before(update, seen)
        again = update == heard.update or (heard_so_far is not None and heard_so_far == heard.count)
        known = heard.before if again else heard.then
        if seen is heard.all_of:
            return None
        left = [k for k, order in enumerate(seen.orders) if order.name not in known]
        # An unanswered order before the last answered one was overtaken, and never took effect.
        last = max((k for k, order in enumerate(seen.orders) if order.name in heard.history), default=-1)
        due = [k for k in left if heard.history.get(seen.orders[k].name, update if k > last else MOST) <= update]
        if not due:
            self._heard = _Heard(heard.history, known, known, -1, seen if not left else None, None)
            return None
        order = seen.orders[due[-1]]
        then = known.union(order.name for order in seen.orders[: due[-1] + 1])
        self._heard = _Heard(
            heard.history, known, then, update, None, heard_so_far
        )  # before the answer, which may take long
        if order.name not in heard.history and seen.taken.get(order.name) != update:
            self._answer({"taken": due[-1] + 1, "order": order.name, "update": update})
        return order.factor

    def _answer(self, row: dict[str, Any]) -> None:
        try:
            append(self._path, row)
        except OSError as error:
            log.warning(
                "%s: the order is obeyed, but its record cannot be written: %s", printable(str(self._path)), error
            )


@dataclass(frozen=True)
class _Heard:
    """What the run has heard: `history` holds the answers from before it began to listen; `before` and `then` are the
    orders known before and after the last `update` at which it got one; `all_of` is what was seen when no order was
    left; `count` is how many factors were set when it got one."""

    history: Mapping[str, int]
    before: frozenset[str]
    then: frozenset[str]
    update: int
    all_of: Seen | None
    count: int | None


def _heard_before(update: int, seen: Seen) -> _Heard:
    """The orders that a state at this update includes: those answered before it, and those they overtook."""
    answered = [k for k, order in enumerate(seen.orders) if seen.taken.get(order.name, update) < update]
    known = frozenset(order.name for order in seen.orders[: max(answered, default=-1) + 1])
    return _Heard(seen.taken, known, known, -1, None, None)


def give(folder: str | os.PathLike[str], factor: float) -> FactorOrder:
    """Order a factor for the run that listens in this folder.

    Raises `LrlabError` if no run has ever listened there, if the order cannot be written, and for a factor that an LR
    cannot be multiplied by.
    """
    if isinstance(factor, bool) or not isinstance(factor, (int, float)):
        raise LrlabTypeError(worded("a live factor is a number", factor, hint="0.5"))
    if not is_factor(factor):
        allowed = f"0 to {MOST_OF_A_FACTOR:,}; 0.5 halves the LR, 1 undoes it"
        raise LrlabError(worded("a live factor is finite, and not below 0", factor, allowed))
    path = _listening(folder)
    with in_words("the order cannot be written", str(folder)):
        name = append(path, {"factor": float(factor), "at": datetime.now(UTC).isoformat(timespec="microseconds")})
    given = [order.name for order in read_all(path, Seen()).orders]
    if name not in given:
        raise LrlabError(worded("no more orders are heard in this folder", len(given), hint="another folder"))
    return orders(folder)[given.index(name)]


def orders(folder: str | os.PathLike[str]) -> tuple[FactorOrder, ...]:
    """All orders for a run, the oldest first. Raises `LrlabError` if no run has ever listened in this folder."""
    seen = read_all(_listening(folder), Seen())
    return tuple(
        FactorOrder(n, each.factor, each.at, seen.taken.get(each.name)) for n, each in enumerate(seen.orders, 1)
    )


def _listening(folder: str | os.PathLike[str]) -> Path:
    path = Path(folder) / FILE
    if not _is_file(path):
        hint = f'Scheduler(..., live="{Path(folder)}") in the script of the run'
        raise LrlabError(worded("no run listens in this folder", str(folder), f"a folder with {FILE} in it", hint))
    return path


def _is_file(path: Path) -> bool:
    return is_regular(path) and not path.is_symlink()
