"""Executors by name: which ones there are, and that nothing is connected before it is needed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import default_arms
from lrlab.lab.executors.dask import Dask
from lrlab.lab.executors.local import Local
from lrlab.lab.executors.named import at_once, opened
from lrlab.lab.executors.ray import Ray
from lrlab.lab.stages.engine import Effort, run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import task_of
from lrlab.record.runs.store import Store


@pytest.mark.parametrize(("text", "kind"), [("ray", Ray), ("ray://a:10001", Ray), ("dask://a:8786", Dask)])
def test_a_text_names_a_cluster_that_is_not_asked_yet(text, kind, quadratic):
    """There is none at these addresses."""
    with opened(Resources(3, text, threads=2), quadratic) as executor:
        assert isinstance(executor, kind)


def test_local_and_ones_own(quadratic):
    """Processes of this machine, or this one; one's own is given as it is, and stays open."""
    with opened(Resources(3), quadratic) as executor:
        assert (type(executor), executor.slots) == (Local, 3)
    with opened(Resources(0), quadratic) as executor:
        assert isinstance(executor, Here)
    mine = Here(quadratic)
    mine.submit(1, None)
    with opened(Resources(executor=mine), quadratic) as executor:
        assert executor is mine
    assert mine._queue


def test_one_process_per_core_that_its_threads_leave(monkeypatch, quadratic):
    """Unless a number is given."""
    monkeypatch.setattr("lrlab.lab.executors.named.usable_cores", lambda: 6)
    found = [
        at_once(Resources(workers, threads=threads)) for workers, threads in ((None, 1), (None, 4), (0, 1), (5, 9))
    ]
    assert found == [6, 1, 1, 5]
    with opened(Resources(threads=2), quadratic) as executor:
        assert executor.slots == 3


@pytest.mark.parametrize("text", ["", "moon", "dask", "dask://", "ray:", "ray://", "tcp://a:8786"])
def test_other_texts_are_refused(text, quadratic):
    """With those that there are."""
    with (
        pytest.raises(LrlabError, match=r'(?s)no such executor.*"ray://host:port"'),
        opened(Resources(executor=text), quadratic),
    ):
        pass


def test_a_cluster_has_workers(quadratic):
    """workers=0 is this process."""
    with (
        pytest.raises(LrlabError, match="workers=0 trains in this process"),
        opened(Resources(0, "ray"), quadratic),
    ):
        pass


@pytest.mark.parametrize("where", ["local", "ray", "dask://a:8786"])
def test_a_function_that_no_file_holds_is_for_this_process(where):
    """Said before anything is started."""
    with (
        pytest.raises(LrlabError, match=r"(?s)in no file.*workers=0"),
        opened(Resources(1, where), task_of(lambda run: 0)),
    ):
        pass


def test_a_finished_study_needs_no_cluster(quadratic, tmp_path):
    """It is read from the store, though nobody is at the address."""
    jobs = jobs_of(default_arms(), quadratic.settings)
    runs, _ = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    with opened(Resources(executor="dask://127.0.0.1:1"), quadratic) as executor:
        assert run_jobs(quadratic, jobs, Store(tmp_path), executor) == (runs, Effort())


HOLDER = """
import runpy, sys, time
room = runpy.run_path(sys.argv[1])["Room"]()
room.popen("sleep", "1000")
while not room.processes("sleep"):
    time.sleep(0.01)
print(*room.processes(""), flush=True)
time.sleep(1000)
"""


def test_no_server_outlives_a_test_that_is_killed(room):
    """Neither the first process of its network, nor what was started there."""
    conftest = Path(__file__).parents[1] / "conftest.py"
    command = [sys.executable, "-c", HOLDER, str(conftest)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        inside = holder.stdout.readline().split()
        assert len(inside) >= 2
        os.kill(holder.pid, signal.SIGKILL)
    end = time.monotonic() + 20
    while any(Path("/proc", pid).exists() for pid in inside) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(Path("/proc", pid).exists() for pid in inside)
