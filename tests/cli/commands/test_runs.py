"""`lrlab runs`: text for people, a document for programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import lrlab as lr
from lrlab.cli.commands.runs import command as runs
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store

QUADRATIC = f"{Path(__file__).parents[2] / 'lab' / 'quadratic.py'}:train"


@pytest.fixture(params=["", "file://"])
def store(request, tmp_path):
    """A folder, and the URL of one."""
    store = f"{request.param}{tmp_path}"
    jobs = [Job(Arm(name, s), 5.0, 0, 0, 2, 60, 6) for name, s in (("a", lr.constant()), ("b", lr.linear()))]
    run_jobs(load_task(QUADRATIC), jobs, Store(store), Here(load_task(QUADRATIC)))
    return store


def ask(*arguments):
    answer = CliRunner().invoke(runs, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_every_command_speaks_both(store):
    """Text, and one document of strict JSON; what diverged has infinite scores."""
    keys = [run.key for run in Store(store).listing().runs]
    for arguments in (["list"], ["list", "--each"], ["show", keys[0]], ["compare", *keys], ["prune", "--dry-run"]):
        assert ask(*arguments, "--store", store).strip()
        document = json.loads(ask(*arguments, "--store", store, "--json"), parse_constant=pytest.fail)
        assert document["version"] == 1
    assert "3 states and 0 runs forgotten" in ask("prune", "--store", store)
    assert "2 runs in" in ask("list", "--store", store)
