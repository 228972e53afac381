"""A worker process: trains one stage per line of standard input until that closes.

    python -P -m lrlab.lab.executors.worker

Each answer is one line of JSON: {"reached": ...}, {"misuse": sentence} or {"failed": cause and traceback}.
Whatever the task prints goes to standard error.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterable
from typing import Any

from lrlab.errors import LrlabError
from lrlab.lab.stages.executor import cause_of
from lrlab.lab.stages.stage import Stage, execute


def main() -> None:
    """Serve the driver at the other end of standard input and output."""
    # The two pipes are put out of the task's reach: it may print, ask for input, and start processes.
    # The input is read without a buffer, for a buffer's lock would be copied locked into a forked process.
    lines = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # seen when printed
    if hasattr(os, "register_at_fork"):  # nor does a process that the task forks hold them, wherever it goes
        os.register_at_fork(after_in_child=lambda: [os.dup2(0, pipe) for pipe in (lines.fileno(), answers.fileno())])
    if sys.platform == "linux":  # later Pythons start a loader's processes afresh: these do not know the task's module
        multiprocessing.set_start_method("fork")
    stages: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(lines, stages), daemon=True).start()
    while True:
        line = stages.get()
        answer: dict[str, Any]
        try:
            answer = {"reached": execute(Stage.from_json(json.loads(line))).to_json()}
        except LrlabError as error:
            answer = {"misuse": "\n".join([str(error), *getattr(error, "__notes__", ())])}
        except BaseException as error:  # sys.exit() of a task is its failure, not this process's end
            answer = {"failed": f"{cause_of(error)}\n\n{traceback.format_exc()}"}
        sys.stdout.flush()  # a line that was not ended
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _listen(lines: Iterable[bytes], stages: queue.Queue[bytes]) -> None:
    """Hand on the stages. The end of the input is the end of the driver, however it died: nothing may be left
    over then, neither this process in the middle of a stage nor what the task started (data loader workers)."""
    for line in lines:
        stages.put(line)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
