"""A worker process: loads the task once, then trains one job per line of standard input until that closes.

    python -P -m lrlab.lab.worker TASK

Each answer is one line of JSON: {"run": ...}, {"misuse": sentence} or {"failed": traceback}. Whatever the
task prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from typing import IO, Any

from lrlab.errors import LrlabError
from lrlab.lab.job import Job, train
from lrlab.lab.task import load_task
from lrlab.record.run import to_json


def main() -> None:
    """Serve the driver at the other end of standard input and output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    jobs: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin, jobs), daemon=True).start()
    task = None
    while True:
        line = jobs.get()
        answer: dict[str, Any]
        try:
            task = task or load_task(sys.argv[1])
            answer = {"run": to_json(train(task, Job.from_json(json.loads(line))))}
        except LrlabError as error:
            answer = {"misuse": "\n".join([str(error), *getattr(error, "__notes__", ())])}
        except Exception:
            answer = {"failed": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _listen(lines: IO[str], jobs: queue.Queue[str]) -> None:
    """Hand on the jobs. The end of the input is the end of the driver, however it died: nothing may be left
    over then, neither this process in the middle of a job nor what the task started (data loader workers)."""
    for line in lines:
        jobs.put(line)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
