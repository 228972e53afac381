"""Where stages are trained: the interface of an executor, and what its users may rely on.

How to add an executor. A stage is a frozen dataclass of plain values and names, `lrlab.lab.stages.stage.execute(stage)`
trains it anywhere that sees the store and the file of the task, and gives a `StageResult`; both survive pickling, and
`to_json` / `from_json`. An executor has to bring the one to the other: `submit` starts a stage under a tag and returns
at once, `wait` blocks until at least one has ended and gives each with its tag, `close` ends all that runs. It keeps no
record of what it did, for the store has it: a stage that is lost with its machine may be done again, three times before
the stage itself is blamed (`StageResult.failed`), and one that is done twice does no harm. It never carries a state,
and it pins the threads of its processes to `stage.job.threads` before any library is loaded
(`lrlab.lab.training.determinism.environment`). With Ray, `submit` is `ray.remote(execute).remote(stage)` and `wait` is
`ray.wait`; with Dask `client.submit` and `as_completed`. What may be handed to `compare(executor=...)` is any object of
this form.
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

# A stage whose worker died is given to another one; the third time it is the stage's fault.
ATTEMPTS = 3

_RAISE = "raise RuntimeError(...) where the training cannot go on"


class Executor(Protocol):
    """Trains stages, several at once; a context manager that leaves nothing behind."""

    @property
    def slots(self) -> int:
        """How many stages it trains at once; more may be submitted, and wait."""
        ...

    def submit(self, tag: int, stage: Stage) -> None:
        """Begin a stage, or queue it."""
        ...

    def wait(self) -> list[tuple[int, StageResult]]:
        """Those that have ended since the last call; blocks until there is one.

        A stage whose training function raised, or of which `ATTEMPTS` processes died, has `failed`: the others go on.
        Raises what ends them all: `LrlabError` for misuse of `run`, or where there is nobody left to train.
        """
        ...

    def close(self) -> None:
        """End everything now, stages in hand included; their answers are never given. More may be submitted later."""
        ...


def cause_of(error: BaseException) -> str:
    """What ended a training, in a line.

    >>> cause_of(SystemExit(3)), cause_of(ValueError("no such file"))
    ('SystemExit: the task called sys.exit(3)', 'ValueError: no such file')
    """
    if isinstance(error, SystemExit):
        return f"SystemExit: the task called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}".partition("\n")[0]


@contextmanager
def staying_alive() -> Iterator[None]:
    """Within, `os._exit` of this process raises `LrlabError`, for nothing could be said after it; forks may end."""
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
    """Trains in this process, one stage at a time: for debugging, and for functions that no file holds."""

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
        """What is in memory is trained: it must be what the runs are kept under. Raises `LrlabError`."""
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
