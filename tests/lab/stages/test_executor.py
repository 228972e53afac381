"""The interface: an executor of one's own needs nothing but what it promises."""

import concurrent.futures
import dataclasses
import os
import sys

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here, staying_alive
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.stage import execute
from lrlab.record.runs.store import Store

ARMS = (Arm("fixed", lr.constant()), Arm("late", lr.wsd(decay="20%")), Arm("early", lr.wsd(decay="50%")))


class Futures:
    """Another library's pool, in ten lines; every stage is done twice, as after a loss."""

    def __init__(self):
        self.slots = 2
        self._pool, self._tags = concurrent.futures.ThreadPoolExecutor(1), {}

    def submit(self, tag, stage):
        self._pool.submit(execute, stage)
        self._tags[self._pool.submit(execute, stage)] = tag

    def wait(self):
        done, _ = concurrent.futures.wait(self._tags, return_when=concurrent.futures.FIRST_COMPLETED)
        return [(self._tags.pop(future), future.result()) for future in done]

    def close(self):
        self._pool.shutdown(cancel_futures=True)


def test_an_executor_of_ones_own(quadratic, tmp_path):
    """It gives what this process gives; that stages are done twice does no harm."""
    jobs = jobs_of(ARMS, quadratic.settings)
    here, effort = run_jobs(quadratic, jobs, Store(tmp_path / "here"), Here(quadratic))
    mine = Futures()
    there, same = run_jobs(quadratic, jobs, Store(tmp_path / "there"), mine)
    mine.close()
    assert [dataclasses.replace(run, seconds=0) for run in there] == [
        dataclasses.replace(run, seconds=0) for run in here
    ]
    assert same == effort


def test_here_trains_in_order(quadratic):
    """One at a time; closing forgets what waits."""
    executor = Here(quadratic)
    executor.submit(1, "a stage")
    executor.close()
    assert executor._queue == []


@pytest.mark.parametrize(
    ("end", "said"),
    [(lambda run: sys.exit(3), r"sys.exit\(3\)"), (lambda run: os._exit(4), r"os._exit\(4\)")],
)
def test_a_task_cannot_end_this_process_without_a_word(quadratic, tmp_path, end, said):
    """Both ways out are refused in a sentence, and the second is Python's own again afterwards."""
    task = dataclasses.replace(quadratic, function=end)
    before = os._exit
    with pytest.raises(LrlabError, match=said):
        run_jobs(task, jobs_of(ARMS, task.settings), Store(tmp_path), Here(task))
    assert os._exit is before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings(r"ignore:os.fork\(\) was called:RuntimeWarning")  # JAX's own, where it is loaded
def test_a_fork_may_end():
    """Libraries end their child processes by os._exit."""
    with staying_alive():
        child = os.fork()
        if not child:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
