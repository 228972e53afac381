"""Sharing is alone, or is refused: trainings of every style, shared and alone, compared to the last bit.

What each must come to, and the words that must be said, stand with it: see `common`. What is shared is trained by one
process, what is trained alone by another, so that nothing that a process remembers can make the two alike.
"""

import ast
import dataclasses
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.local import Local
from lrlab.lab.stages.engine import TaskError, run_jobs
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store

HERE = Path(__file__).parent
ARMS = (
    Arm("fixed", lr.constant()),
    Arm("late", lr.wsd(warmup=0, decay="30%")),
    Arm("early", lr.wsd(warmup=0, decay="60%")),
)
FILES = {"torch_tasks": "torch", "jax_tasks": "jax", "keras_tasks": "keras"}


def tasks_of(file):
    """Name, outcome and words of every task of a file, which is read and not imported."""
    for node in ast.parse((HERE / f"{file}.py").read_text()).body:
        for mark in getattr(node, "decorator_list", ()):
            if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "task":
                yield node.name, *[ast.literal_eval(given) for given in (*mark.args, ast.Constant(""))][:2]


@pytest.fixture(scope="module")
def processes():
    """One that trains what is shared, another that trains each arm alone; Keras computes by PyTorch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        yield from _processes()


def _processes():
    pair = Local(1), Local(1)
    yield pair
    for each in pair:
        each.close()


def trained(task, folder, executor, **options):
    """The runs and what they took; or None and the words of an error."""
    try:
        return run_jobs(task, jobs_of(ARMS, task.settings), Store(folder), executor=executor, **options)
    except (LrlabError, TaskError) as error:
        return None, str(error)


def same(run, other):
    """Equal to the last bit: weights, losses, metrics; how long it took aside."""
    return dataclasses.replace(run, seconds=other.seconds) == other


@pytest.mark.parametrize(
    ("file", "name", "must", "words"),
    [pytest.param(file, *each, id=f"{file}-{each[0]}") for file in FILES for each in tasks_of(file)],
)
def test_sharing_is_alone_or_is_refused(processes, tmp_path, file, name, must, words):
    """Each comes to what stands with it; never to other bits than alone."""
    pytest.importorskip(FILES[file])
    task = load_task(f"{HERE / file}.py:{name}")
    shared, effort = trained(task, tmp_path / "shared", processes[0])
    if must == "refused":
        assert shared is None
        assert words in effort
        return
    alone, naive = trained(task, tmp_path / "alone", processes[1], fork_every=0)
    assert shared is not None, effort
    assert alone is not None, naive
    assert [same(*pair) for pair in zip(shared, alone, strict=True)] == [True] * len(ARMS)
    if must == "equal":
        assert effort.alone == ()
        assert effort.saved > 0.1
    else:
        assert words in "; ".join(effort.alone)


def test_there_are_enough_of_them():
    """Each style once; most of them are shared."""
    every = [must for file in FILES for _, must, _ in tasks_of(file)]
    assert len(every) >= 85
    assert {*every} == {"equal", "alone", "refused"}
