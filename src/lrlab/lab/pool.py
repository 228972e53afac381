"""Worker processes: each trains one job after the other; one that dies loses only the job in hand.

One thread per worker waits for its answers, so that there is nothing to poll, and a job goes to whoever is
free. Workers end with the driver, however it ends: they read its pipe (see `lrlab.lab.worker`).
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.job import Job
from lrlab.lab.task import Task
from lrlab.record.run import Run, from_json

# The number of threads is part of the recipe, and must stand in the environment before any library is loaded.
ONE_THREAD = dict.fromkeys(
    [
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ],
    "1",
)

# A job whose worker died is given to another one; the third time it is the job's fault.
ATTEMPTS = 3


class TaskError(LrlabError):
    """The training function raised; the message holds its traceback."""


class Pool:
    """`workers` processes for one task, for a `with` statement: leaving it ends them all at once."""

    def __init__(self, task: Task, workers: int) -> None:
        self._task = task
        self._workers = workers
        self._waiting: deque[tuple[int, Job]] = deque()
        self._results: queue.Queue[tuple[int, Run | Exception]] = queue.Queue()
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._threads: list[threading.Thread] = []
        self._closed = False

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
            for process in self._processes:
                _kill(process)
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            _bury(process)

    def train(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Run]]:
        """Yield (index of the job, its run) as they are finished, begun in the order given.

        Raises `TaskError` where the training function raised, `LrlabError` where it misused `run` or a job
        took `ATTEMPTS` workers with it.
        """
        self._waiting.extend(enumerate(jobs))
        for _ in range(min(self._workers, len(jobs))):
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            thread.start()
        for _ in jobs:
            index, result = self._results.get()
            if isinstance(result, Exception):
                raise result
            yield index, result

    def _serve(self) -> None:
        """Keep one worker busy until nothing waits; in a thread of its own."""
        process: subprocess.Popen[str] | None = None
        while self._waiting and not self._closed:
            try:
                index, job = self._waiting.popleft()
            except IndexError:  # another thread was quicker
                return
            result: Run | Exception
            try:
                for _ in range(ATTEMPTS):
                    process = process or self._spawn()
                    answer = _ask(process, job)
                    if answer is not None:
                        result = self._read(answer, job)
                        break
                    _bury(process)
                    code, process = process.returncode, None
                else:
                    result = self._fatal(job, code)
            except Exception as error:
                result = error
            self._results.put((index, result))

    def _spawn(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise LrlabError("the pool is closed")
            process = subprocess.Popen(
                # -P: a file of the working directory must not take the place of a library.
                [sys.executable, "-P", "-m", "lrlab.lab.worker", self._task.text],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                env={**os.environ, **ONE_THREAD},
                # A session of its own: Ctrl-C reaches the driver alone, which then ends whole groups.
                start_new_session=True,
            )
            self._processes.append(process)
            return process

    def _read(self, answer: dict[str, Any], job: Job) -> Run | Exception:
        if "run" in answer:
            return from_json(answer["run"])
        if "misuse" in answer:
            return LrlabError(answer["misuse"])
        return TaskError(f"the training function of {_title(self._task, job)} raised:\n\n{answer['failed']}")

    def _fatal(self, job: Job, code: int) -> LrlabError:
        return LrlabError(
            worded(
                f"{ATTEMPTS} worker processes died one after the other in {_title(self._task, job)}",
                f"exit code {code}",
                hint="workers=0 trains in this process and shows why (-9 is mostly a lack of memory)",
            )
        )


def _ask(process: subprocess.Popen[str], job: Job) -> dict[str, Any] | None:
    """The worker's answer, or None where it died."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker is spoken to by pipes")
    try:
        process.stdin.write(json.dumps(job.to_json()) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    line = process.stdout.readline()
    answer: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
    return answer


def _kill(process: subprocess.Popen[str]) -> None:
    """End a worker and all that its task started."""
    if process.returncode is not None:  # its number may be another process's by now
        return
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _bury(process: subprocess.Popen[str]) -> None:
    """Nothing may be left of a worker: no process, no pipe."""
    _kill(process)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def _title(task: Task, job: Job) -> str:
    return f"{task.name} (arm {job.arm.name}, lr {job.lr:g}, seed {job.seed}, fold {job.fold})"
