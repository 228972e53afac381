"""Worker processes of this machine: each trains one stage after the other; one that dies loses only the stage in hand.

One thread per worker waits for its answers, so that there is nothing to poll, and a stage goes to whoever is
free. Workers end with the driver, however it ends: they read its pipe (see `lrlab.lab.executors.worker`).
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
from collections.abc import Mapping
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.identity.libraries import SWITCHES
from lrlab.lab.stages.executor import ATTEMPTS
from lrlab.lab.stages.stage import Stage, StageResult
from lrlab.lab.training.determinism import environment

_Answer = tuple[int, StageResult | Exception]
_CLOSED = "the workers are closed"


class Local:
    """`workers` processes with `threads` threads each. On a GPU machine each worker sees one device, in turn.

    `switches` are what libraries find in the environment instead of `lrlab.lab.identity.libraries.SWITCHES` of here.
    """

    def __init__(
        self, workers: int, *, threads: int = 1, device: str = "cpu", switches: Mapping[str, str] | None = None
    ) -> None:
        if workers < 1:
            raise LrlabError(worded("workers is a number of processes", workers, "1, 2 ..., or 0: this process"))
        self.slots = workers
        here = {name: value for name, value in os.environ.items() if switches is None or name not in SWITCHES}
        common = {**here, **(switches or {}), **environment(threads)}
        self._environments = [{**common, **gpu} for gpu in _devices(workers, device)]
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        """Without workers, and without a stage or an answer of before."""
        self._waiting: queue.SimpleQueue[tuple[int, Stage] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[str]] = []
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, tag: int, stage: Stage) -> None:
        """Give a stage to the next free worker."""
        self._waiting.put((tag, stage))
        if len(self._threads) < self.slots:
            thread = threading.Thread(target=self._serve, args=(self._environments[len(self._threads)],), daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self) -> list[tuple[int, StageResult]]:
        """See `lrlab.lab.stages.executor.Executor.wait`."""
        if not self._threads:
            raise LrlabError(_CLOSED)
        tag, answer = self._answers.get()
        if isinstance(answer, Exception):
            raise answer
        return [(tag, answer)]

    def close(self) -> None:
        """End all workers at once, with everything that they have started. Later stages get new workers."""
        with self._lock:
            self._closed = True
            for process in self._processes:
                _kill(process)
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            _bury(process)
        self._answers.put((0, LrlabError(_CLOSED)))  # for whoever still waits
        self._begin()

    def _serve(self, environment: dict[str, str]) -> None:
        """Keep one worker busy until the end; in a thread of its own."""
        process: subprocess.Popen[str] | None = None
        while (given := self._waiting.get()) is not None and not self._closed:
            tag, stage = given
            result: StageResult | Exception
            try:
                for _ in range(ATTEMPTS):
                    process = process or self._spawn(environment)
                    answer = _ask(process, stage)
                    if answer is not None:
                        result = _read(answer, stage)
                        break
                    _bury(process)
                    code, process = process.returncode, None
                else:
                    result = _failed(stage, _death(code))
            except Exception as error:
                result = error
            self._answers.put((tag, result))

    def _spawn(self, environment: dict[str, str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise LrlabError(_CLOSED)
            process = subprocess.Popen(
                # -P: a file of the working directory must not take the place of a library.
                [sys.executable, "-P", "-m", "lrlab.lab.executors.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                env=environment,
                # A session of its own: Ctrl-C reaches the driver alone, which then ends whole groups.
                start_new_session=True,
            )
            self._processes.append(process)
            threading.Thread(target=_watch, args=(process.pid,), daemon=True).start()
            return process


def _death(code: int) -> str:
    """What ended the last of the processes, by its exit code.

    >>> _death(3)
    '3 worker processes died of it, exit code 3: the task, or a library of it, ended its process by os._exit(3)'
    """
    if code >= 0:
        what = f"the task, or a library of it, ended its process by os._exit({code})"
    elif code == -signal.SIGKILL:
        what = "killed from outside, mostly for a lack of memory"
    else:
        what = f"a crash in compiled code ({signal.Signals(-code).name}); with workers=0 it is seen where"
    return f"{ATTEMPTS} worker processes died of it, exit code {code}: {what}"


def _devices(workers: int, device: str) -> list[dict[str, str]]:
    """What each worker finds in its environment about GPUs."""
    if device == "cpu":
        return [{}] * workers
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    if not visible:
        import torch

        visible = [str(k) for k in range(torch.cuda.device_count())]
    if not visible:
        raise LrlabError(worded(f"there is no device {device} here", hint='device="cpu"'))
    return [{"CUDA_VISIBLE_DEVICES": visible[k % len(visible)]} for k in range(workers)]


def _ask(process: subprocess.Popen[str], stage: Stage) -> dict[str, Any] | None:
    """The worker's answer, or None if it died."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker is spoken to by pipes")
    try:
        process.stdin.write(json.dumps(stage.to_json()) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    line = process.stdout.readline()
    answer: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
    return answer


def _read(answer: dict[str, Any], stage: Stage) -> StageResult | Exception:
    if "reached" in answer:
        return StageResult.from_json(answer["reached"])
    if "misuse" in answer:
        return LrlabError(answer["misuse"])
    return _failed(stage, answer["failed"])


def _failed(stage: Stage, cause: str) -> StageResult:
    return StageResult(None, stage.every, 0.0, failed=cause)


def _watch(pid: int) -> None:
    """Wait for the end of a worker, and end what it has started: that may hold its pipe open, so that nobody would
    learn of its death. The worker is not reaped here: so long its number is its own, and that of its group."""
    if not hasattr(os, "waitid"):
        return
    with contextlib.suppress(ChildProcessError, ProcessLookupError, PermissionError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        os.killpg(pid, signal.SIGKILL)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a worker and everything that its task started."""
    if process.returncode is not None:  # its number may be another process's by now
        return
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _bury(process: subprocess.Popen[str]) -> None:
    """Leave nothing of a worker: no process, no pipe."""
    _kill(process)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    process.wait()
