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
from lrlab.lab.stages.executor import ATTEMPTS, Here, staying_alive
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


def test_a_source_is_looked_at_before_the_first_stage_alone(quadratic, tmp_path, monkeypatch):
    """What is in memory stays as it is; this process trains nothing else."""
    looked = []
    monkeypatch.setattr("lrlab.lab.stages.executor.changed_since", lambda decided: looked.append(decided) or ())
    _, effort = run_jobs(quadratic, jobs_of(ARMS, quadratic.settings), Store(tmp_path), Here(quadratic))
    assert effort.stages > 1
    assert len(looked) == 1
    assert Here.slots == 1


def test_what_was_changed_before_is_named(quadratic, tmp_path, monkeypatch):
    """The first three of it."""
    monkeypatch.setattr("lrlab.lab.stages.executor.changed_since", lambda decided: ("a.py", "b.py", "c.py", "d.py"))
    with pytest.raises(LrlabError, match=r"(?s)was changed after it was asked for.*a\.py, b\.py, c\.py'?\n"):
        run_jobs(quadratic, jobs_of(ARMS, quadratic.settings), Store(tmp_path), Here(quadratic))


def test_numpys_threads_are_pinned_in_this_process(quadratic, tmp_path):
    """As the key of a run says; afterwards they are as before, whatever the process was started with."""
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads():
        return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}

    seen = []

    def train(run):
        seen.append(threads())
        return quadratic.function(run)

    task = dataclasses.replace(quadratic, function=train)
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        run_jobs(task, jobs_of(ARMS, task.settings), Store(tmp_path), Here(task))
        assert threads() == before == {2}
    assert seen
    assert all(each == {1} for each in seen)


def test_a_stage_is_done_three_times():
    """By others each time, before it is at fault."""
    assert ATTEMPTS == 3
