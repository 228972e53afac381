"""A stage on a node of a cluster: what is sent there, and how it is trained there exactly as on one machine.

A cluster's own worker process is not a place to train in: its threads were pinned, or not, before anybody asked, and
several stages may meet in it. It hands each stage on to a process of `lrlab.lab.executors.local` beside it, which has
the right environment from its start and ends with it. What goes over the network is a `StageRequest` and the name of
the place that was reached; states stay in the store, which all nodes see under one path or URL.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lrlab.errors import LrlabError, worded
from lrlab.lab.executors.local import Local
from lrlab.lab.identity.libraries import SWITCHES, versions
from lrlab.lab.stages.recipe import changed
from lrlab.lab.stages.stage import Stage
from lrlab.record.runs.files import in_words
from lrlab.record.runs.opened import opened
from lrlab.version import __version__

PATIENCE = 10.0  # seconds for a cluster to answer


@dataclass(frozen=True)
class StageRequest:
    """A stage in plain values, and what a node must have in common with the driver: its versions, and its store,
    where the driver has put a file called `mark`."""

    stage: Mapping[str, Any]
    mark: str
    versions: Mapping[str, str]


class StageRequests:
    """Writes the orders of one driver; `close` takes its marks away again."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def of(self, stage: Stage) -> StageRequest:
        """The order to train this stage. Raises `LrlabError` if no file holds the training function."""
        if not stage.task:
            raise LrlabError(
                worded(
                    "the training function is in no file, so that the nodes of a cluster cannot find it",
                    allowed="a function of a file that every node sees (no lambda, no notebook cell)",
                )
            )
        if stage.store not in self._marks:
            mark = f".driver-{secrets.token_hex(8)}"
            with in_words("nothing can be stored", stage.store):
                opened(stage.store).write(mark, b"")
            self._marks[stage.store] = mark
        return StageRequest(stage.to_json(), self._marks[stage.store], _versions())

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of this driver, one for each store."""
        return tuple(self._marks.values())

    def close(self) -> None:
        """Take the marks out of the stores."""
        for store, mark in self._marks.items():
            with contextlib.suppress(OSError):  # the store is lost
                opened(store).drop(mark)
        self._marks.clear()


# What trains for each thread of this process, under which conditions, and for which driver.
_HELD: dict[int, tuple[Any, str, Local]] = {}

# Seconds for which it waits for another stage: a driver that was killed says nothing.
IDLE = 15.0
_TIMERS: dict[int, threading.Timer] = {}


def fulfil(order: StageRequest) -> dict[str, Any]:
    """Train the stage of an order on this node, in a process of its own; gives `StageResult.to_json()`.

    Raises `LrlabError` if this node has other versions or does not see the store, and what the stage raises: see
    `lrlab.lab.stages.executor.Executor.wait`. Done twice, it gives the same.
    """
    _refuse_another_world(order)
    stage = Stage.from_json(order.stage)
    if timer := _TIMERS.pop(threading.get_ident(), None):
        timer.cancel()
    switches = {name: value for name, value in order.versions.items() if name in SWITCHES}
    local = _local(stage.job.threads, stage.job.device, switches, order.mark)
    try:
        local.submit(0, stage)
        ((_, reached),) = local.wait()
    except BaseException:  # also an interruption: its answer must not be taken for that of the next stage
        _HELD.pop(threading.get_ident(), None)
        local.close()
        raise
    timer = threading.Timer(IDLE, _end_idle, (threading.get_ident(), local))
    timer.daemon = True
    _TIMERS[threading.get_ident()] = timer
    timer.start()
    return reached.to_json()


def _end_idle(thread: int, local: Local) -> None:
    """End what has trained for a thread that has got nothing more since."""
    if thread in _HELD and _HELD[thread][2] is local:
        _HELD.pop(thread, None)
        local.close()


def end(marks: tuple[str, ...]) -> None:
    """End what trains on this node for the driver of these marks, stages in hand included."""
    for thread, (_, mark, local) in list(_HELD.items()):
        if mark in marks:
            _HELD.pop(thread, None)
            local.close()


def reach(address: str) -> None:
    """Raise `OSError` where nobody listens at this address, host:port; the libraries themselves would wait for long."""
    place = urlsplit(address if "://" in address else f"//{address}")
    socket.create_connection((place.hostname, place.port), timeout=PATIENCE).close()


def _local(threads: int, device: str, switches: Mapping[str, str], mark: str) -> Local:
    """The process that trains for this thread: the last one, where its conditions are the same."""
    conditions = threads, device, switches, os.environ.get("CUDA_VISIBLE_DEVICES")
    held = _HELD.get(threading.get_ident())
    if held and held[0] != conditions:
        held[2].close()
        held = None
    local = held[2] if held else Local(1, threads=threads, device=device, switches=switches)
    _HELD[threading.get_ident()] = conditions, mark, local
    return local


def _refuse_another_world(order: StageRequest) -> None:
    """What differs here would change bits, or leave every state unfound; the switches are set as the driver's are."""
    node = platform.node()
    mine, there = (
        {name: value for name, value in each.items() if name not in SWITCHES} for each in (_versions(), order.versions)
    )
    if differ := changed(there, mine):
        found = ", ".join(f"{name} {here}, the driver has {there}" for name, (there, here) in differ.items())
        raise LrlabError(
            worded(
                f"the node {node} has other versions installed than the driver",
                found,
                "the same environment on all nodes",
            )
        )
    store, cause = order.stage["store"], ""
    try:
        seen = opened(store).stat(order.mark)
    except (OSError, LrlabError) as error:
        seen, cause = None, f": {error}".partition("\n")[0]
    if not seen:
        raise LrlabError(
            worded(
                f"the node {node} does not see the store of the driver{cause}",
                store,
                "a folder on a file system that all nodes share, under one path; a URL that all nodes can read",
                'store="/shared/runs", store="s3://bucket/runs"',
            )
        )


def _versions() -> dict[str, str]:
    return {"lrlab": __version__, **versions()}
