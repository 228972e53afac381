"""Stages on a Ray cluster: one task for each, with the CPUs or the GPU that it needs.

We attach to a cluster that somebody has started, and never start one: Ray's servers listen on every interface of a
machine. Where the process is connected already, that connection is used, and stays. Ray gives a stage to another worker
where its own, or the whole node, is lost.
"""

from __future__ import annotations

import os
from typing import Any

from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.executors.remote import StageRequests, fulfil, reach
from lrlab.lab.stages.executor import ATTEMPTS
from lrlab.lab.stages.stage import Stage, StageResult


class Ray:
    """The Ray cluster at `address`: "ray://host:port" (Ray Client), "host:port" (from one of its nodes), or "auto":
    the one at hand, which is that of the environment variable RAY_ADDRESS, or of this machine.

    `workers` stages are trained at once; by default as many as its CPUs have room for, with `threads` each, or its
    GPUs. The connection is made when the first stage is to be trained.
    """

    def __init__(
        self, address: str = "auto", *, workers: int | None = None, threads: int = 1, device: str = "cpu"
    ) -> None:
        self._address, self._workers, self._threads, self._device = address, workers, threads, device
        self._orders, self._tags = StageRequests(), dict[Any, tuple[int, Stage]]()
        self._ray: Any = None
        self._connected = False

    @property
    def slots(self) -> int:
        """How many stages are trained at once, on the nodes that are there now."""
        if self._workers is not None:
            return self._workers
        there = self._library().cluster_resources()
        return max(1, int(there.get("CPU", 0) // self._threads if self._device == "cpu" else there.get("GPU", 0)))

    def submit(self, tag: int, stage: Stage) -> None:
        """Queue a stage; Ray decides where it runs."""
        request = {"num_cpus": stage.job.threads, "num_gpus": 0 if stage.job.device == "cpu" else 1}
        train = self._library().remote(max_retries=ATTEMPTS - 1, **request)(fulfil)
        self._tags[train.remote(self._orders.of(stage))] = tag, stage

    def wait(self) -> list[tuple[int, StageResult]]:
        """See `lrlab.lab.stages.executor.Executor.wait`. Raises `LrlabError` if the cluster is lost or unfit."""
        ray = self._library()
        try:
            done, _ = ray.wait(list(self._tags))
            return [self._answer(reference, *self._tags.pop(reference)) for reference in done]
        except Exception as error:
            cause = getattr(error, "cause", None)  # of an exception that a task raised
            if isinstance(cause, LrlabError):
                raise cause from None
            raise LrlabError(
                worded("Ray could not train a stage", str(cause or error), hint="the same line goes on where it was")
            ) from error

    def _answer(self, reference: Any, tag: int, stage: Stage) -> tuple[int, StageResult]:
        errors = self._ray.exceptions
        try:
            return tag, StageResult.from_json(self._ray.get(reference))
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as error:
            lost = f"{ATTEMPTS} Ray workers were lost one after the other with it\n\n{error}"
            return tag, StageResult(None, stage.every, 0.0, failed=lost)

    def close(self) -> None:
        """End all stages in hand; the cluster stays."""
        try:
            for reference in self._tags:
                self._ray.cancel(reference, force=True)
        except Exception:  # it is lost, and its tasks with it
            pass
        finally:
            if self._connected:
                self._ray.shutdown()
            self._orders.close()
            self._tags.clear()
            self._ray, self._connected = None, False

    def _library(self) -> Any:
        """Ray, connected."""
        if self._ray is None:
            try:
                import ray
            except ModuleNotFoundError:
                raise missing("ray", "ray", 'executor="ray"') from None
            if not ray.is_initialized():
                self._connect(ray)
            self._ray = ray
        return self._ray

    def _connect(self, ray: Any) -> None:
        address = self._address
        if "://" not in address:  # then Ray asks the environment first
            address = os.environ.get("RAY_ADDRESS") or address
        try:
            if address == "local":
                raise ConnectionError("RAY_ADDRESS=local would start one")
            if place := _at_hand() if address == "auto" else address:
                reach(place)
            ray.init(address=address, logging_level="warning", log_to_driver=False)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise LrlabError(
                worded(
                    f"no Ray cluster can be reached: {error}",
                    self._address,
                    '"ray" (the cluster of this machine, or of RAY_ADDRESS), "ray://host:10001"',
                    "ray start --head",
                )
            ) from error
        self._connected = True


def _at_hand() -> str | None:
    """What Ray takes "auto" for, where this version tells; itself it waits for minutes where that head is dead."""
    try:
        from ray._private.services import canonicalize_bootstrap_address
    except ImportError:
        return None
    found: str | None = canonicalize_bootstrap_address("auto")
    return found
