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
from lrlab.lab.executors.named import opened
from lrlab.lab.executors.ray import Ray
from lrlab.lab.stages.engine import Effort, run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.record.runs.store import Store


@pytest.mark.parametrize(("text", "kind"), [("ray", Ray), ("ray://a:10001", Ray), ("dask://a:8786", Dask)])
def test_a_text_names_a_cluster_that_is_not_asked_yet(text, kind):
    """There is none at these addresses."""
    with opened(text, workers=3, threads=2) as executor:
        assert isinstance(executor, kind)


def test_local_and_ones_own(quadratic):
    """Local is the engine's; one's own is given as it is."""
    with opened("local") as executor:
        assert executor is None
    mine = Here(quadratic)
    with opened(mine) as executor:
        assert executor is mine


@pytest.mark.parametrize("text", ["", "moon", "dask", "dask://", "ray:", "ray://", "tcp://a:8786"])
def test_other_texts_are_refused(text):
    """With those that there are."""
    with pytest.raises(LrlabError, match=r'(?s)no such executor.*"ray://host:port"'), opened(text):
        pass


def test_a_cluster_has_workers():
    """workers=0 is this process."""
    with pytest.raises(LrlabError, match="workers=0 trains in this process"), opened("ray", workers=0):
        pass


def test_a_finished_study_needs_no_cluster(quadratic, tmp_path):
    """It is read from the store, though nobody is at the address."""
    jobs = jobs_of(default_arms(), quadratic.settings)
    runs, _ = run_jobs(quadratic, jobs, Store(tmp_path), workers=0)
    with opened("dask://127.0.0.1:1") as executor:
        assert run_jobs(quadratic, jobs, Store(tmp_path), executor=executor) == (runs, Effort())


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
