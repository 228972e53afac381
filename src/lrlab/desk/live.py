"""The verbs about a current or past run: set a live factor, replay what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict

from lrlab.core.run.log import Decision
from lrlab.record.process import orders as orders_of
from lrlab.record.process.orders import FactorOrder
from lrlab.record.process.replay import Replay, replay


class OrdersDocument(TypedDict):
    """The factors that were ordered, in order."""

    version: Literal[1]
    orders: list[FactorOrder]


class ReplayDocument(TypedDict):
    """A journal, computed again; `heard`: how many observations each controller received."""

    version: Literal[1]
    schedule: str
    updates: int
    observations: int
    heard: dict[str, int]
    decisions: list[Decision]
    differences: list[str]


def live(run: str | Path, factor: float | None = None) -> tuple[FactorOrder, ...]:
    """Order a factor for the run that listens in this folder (None: order nothing); returns every order so far.

    Raises `LrlabError` if no run has ever listened there.
    """
    if factor is not None:
        orders_of.give(run, factor)
    return orders_of.orders(run)


def replayed(journal: str | Path, updates: int | None = None) -> Replay:
    """What a run decided and used, computed again from its journal; see `lrlab.record.process.replay`."""
    return replay(journal, updates)
