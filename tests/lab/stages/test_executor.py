"""The interface: an executor of one's own needs nothing but what it promises."""

import concurrent.futures
import dataclasses

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
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
