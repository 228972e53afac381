"""Stages on a Dask cluster: one task for each, on whichever worker has a thread free.

Dask gives a stage to another worker where its own is lost. A stage takes one thread of a worker, whatever it trains
with: start workers with one thread for every `threads` cores (`dask worker --nthreads`), and for GPUs one worker for
each, with `--resources GPU=1`.
"""

from __future__ import annotations

import contextlib
from typing import Any

from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.executors.remote import PATIENCE, StageRequests, end, fulfil, reach
from lrlab.lab.stages.stage import Stage, StageResult


class Dask:
    """The Dask cluster whose scheduler is at "host:port".

    `workers` stages are trained at once; by default as many as its workers have threads. The connection is made when
    the first stage is to be trained.
    """

    def __init__(self, address: str, *, workers: int | None = None) -> None:
        self._address, self._workers = address, workers
        self._orders, self._tags = StageRequests(), dict[Any, tuple[int, Stage]]()
        self._client: Any = None

    @property
    def slots(self) -> int:
        """How many stages are trained at once, by the workers that are there now."""
        there = self._connected().nthreads()
        return self._workers if self._workers is not None else max(1, sum(there.values()))

    def submit(self, tag: int, stage: Stage) -> None:
        """Queue a stage; Dask decides where it runs."""
        resources = None if stage.job.device == "cpu" else {"GPU": 1}
        order = self._orders.of(stage)
        self._tags[self._connected().submit(fulfil, order, pure=False, resources=resources)] = tag, stage

    def wait(self) -> list[tuple[int, StageResult]]:
        """See `lrlab.lab.stages.executor.Executor.wait`. Raises `LrlabError` if the cluster is lost or unfit."""
        from distributed import wait

        try:
            with self._client.as_current():
                done = wait(list(self._tags), return_when="FIRST_COMPLETED").done
            return [_answer(future, *self._tags.pop(future)) for future in done]
        except LrlabError:
            raise
        except Exception as error:
            raise LrlabError(
                worded(
                    f"Dask could not train a stage ({type(error).__name__})",
                    str(error),
                    hint="the same line goes on where it was",
                )
            ) from error

    def close(self) -> None:
        """End all stages in hand; the cluster stays."""
        if self._client is not None:
            with contextlib.suppress(Exception):  # it is lost, and its tasks with it
                self._client.cancel(list(self._tags), force=True)
                self._client.run(end, self._orders.marks, on_error="ignore")
            self._tags.clear()
            self._client.close()
            self._client = None
        self._orders.close()

    def _connected(self) -> Any:
        if self._client is None:
            try:
                from distributed import Client
            except ModuleNotFoundError:
                raise missing("distributed", "dask", 'executor="dask://host:port"') from None
            try:
                reach(self._address)
                self._client = Client(f"tcp://{self._address}", timeout=PATIENCE, set_as_default=False)
            except (OSError, ValueError) as error:
                raise LrlabError(
                    worded(
                        f"no Dask scheduler can be reached: {error}",
                        self._address,
                        "the address that `dask scheduler` prints",
                        'executor="dask://host:8786"',
                    )
                ) from error
        return self._client


def _answer(future: Any, tag: int, stage: Stage) -> tuple[int, StageResult]:
    from distributed import KilledWorker

    try:
        return tag, StageResult.from_json(future.result())
    except KilledWorker as error:
        lost = f"Dask workers were lost one after the other with it\n\n{error}"
        return tag, StageResult(None, stage.every, 0.0, failed=lost)
