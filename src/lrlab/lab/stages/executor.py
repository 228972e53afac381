"""Where stages are trained: the interface of an executor, and what its users may rely on.

How to add an executor: a stage is a frozen dataclass of plain values and names. `lrlab.lab.stages.stage.execute(stage)`
trains it on any machine that sees the store and the file of the task, and returns a `StageResult`. Both can be pickled
or sent by `to_json` / `from_json`. `submit` starts a stage under a tag and returns at once, `wait` blocks until at
least one stage has ended and returns each result with its tag, and `close` ends everything that runs. An executor keeps
no record of its work, because the store has it. A stage that is lost with its machine may be repeated; after three
losses the stage itself counts as the cause (`StageResult.failed`). Training a stage twice does no harm. An executor
never carries a state. It pins the threads of its processes to `stage.job.threads` before any library is loaded
(`lrlab.lab.training.determinism.environment`). With Ray, `submit` is `ray.remote(execute).remote(stage)` and `wait` is
`ray.wait`; with Dask, `client.submit` and `as_completed`. `compare(executor=...)` accepts any object of this form.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, Protocol

from lrlab.errors import LrlabError, worded
from lrlab.lab.identity.identity import changed_since
from lrlab.lab.stages.stage import Stage, StageResult, execute
from lrlab.lab.task.declaration import Task

# If a worker dies, another one gets its stage; after the third death, the stage has failed.
ATTEMPTS = 3

_RAISE = "raise RuntimeError(...) where the training cannot go on"


class Executor(Protocol):
    """Trains stages, several at once; a context manager that leaves nothing behind."""

    @property
    def slots(self) -> int:
        """The number of stages that it trains at once; if more are submitted, they wait."""
        ...

    def submit(self, tag: int, stage: Stage) -> None:
        """Start a stage, or queue it; `wait` returns its result with this tag."""
        ...

    def wait(self) -> list[tuple[int, StageResult]]:
        """The (tag, result) of each stage that has ended since the last call; blocks until there is one.

        A stage has `failed` if its training function raised or `ATTEMPTS` processes died in it; the others continue.
        Raises `LrlabError`, which ends all stages, if `run` is misused or no worker is left.
        """
        ...

    def close(self) -> None:
        """End everything now, running stages included, without their results. More stages may be submitted later."""
        ...


def cause_of(error: BaseException) -> str:
    """The cause that ended a training, in one line.

    >>> cause_of(SystemExit(3)), cause_of(ValueError("no such file"))
    ('SystemExit: the task called sys.exit(3)', 'ValueError: no such file')
    """
    if isinstance(error, SystemExit):
        return f"SystemExit: the task called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}".partition("\n")[0]


@contextmanager
def staying_alive() -> Iterator[None]:
    """Make `os._exit` raise `LrlabError` in this process, which could report nothing after it; forks may still exit."""
    end, process = os._exit, os.getpid()

    def refused(status: int) -> NoReturn:
        if os.getpid() != process:
            end(status)
        raise LrlabError(worded(f"the task called os._exit({status}), which ends this process", hint=_RAISE))

    os._exit = refused
    try:
        yield
    finally:
        os._exit = end


class Here:
    """Trains in this process, one stage at a time: for debugging, and for functions that are in no file."""

    slots = 1

    def __init__(self, task: Task) -> None:
        self._task = task
        self._queue: list[tuple[int, Stage]] = []
        self._fresh = False

    def submit(self, tag: int, stage: Stage) -> None:
        self._queue.append((tag, stage))

    def wait(self) -> list[tuple[int, StageResult]]:
        tag, stage = self._queue.pop(0)
        self._refuse_changes()
        try:
            with staying_alive():
                return [(tag, execute(stage, self._task))]
        except SystemExit as error:
            raise LrlabError(worded(cause_of(error), stage.job.title, hint=_RAISE)) from error

    def _refuse_changes(self) -> None:
        """Raise `LrlabError` if the task changed after it was loaded: its runs would be stored under a wrong key."""
        if not self._fresh and (changed := changed_since(self._task.decided)):
            raise LrlabError(
                worded(
                    f"what {self._task.name} depends on was changed after it was asked for",
                    ", ".join(changed[:3]),
                    hint="ask again: compare(...) takes it as it is now",
                )
            )
        self._fresh = True

    def close(self) -> None:
        self._queue.clear()
