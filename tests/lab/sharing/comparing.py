"""How a task of this folder is trained shared and alone, and what has come of it."""

import ast
import dataclasses
from pathlib import Path

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import TaskError, run_jobs
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store

HERE = Path(__file__).parent
FILES = {  # and what each needs
    "torch_tasks": "torch",
    "practice_tasks": "torch",
    "hiding_tasks": "torch",
    "jax_tasks": "jax",
    "keras_tasks": "keras",
}
ARMS = (
    Arm("fixed", lr.constant()),
    Arm("late", lr.wsd(warmup=0, decay="30%")),
    Arm("early", lr.wsd(warmup=0, decay="60%")),
)


def tasks_of(file):
    """Name, outcome and words of every task of a file, which is read and not imported."""
    for node in ast.parse((HERE / f"{file}.py").read_text()).body:
        for mark in getattr(node, "decorator_list", ()):
            if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "task":
                yield node.name, *[ast.literal_eval(given) for given in (*mark.args, ast.Constant(""))][:2]


def came_to(file, name, folder, shares, alone):
    """What a task comes to, trained by one executor shared and by another each arm alone; and the words that it said.

    "equal", "alone" (not shared, and equal), "refused", or "different": other bits than alone.
    """
    task = load_task(f"{HERE / file}.py:{name}")
    jobs = jobs_of(ARMS, task.settings)
    try:
        shared, effort = run_jobs(task, jobs, Store(f"{folder}/shared"), shares)
    except (LrlabError, TaskError) as error:
        return "refused", str(error)
    runs, _ = run_jobs(task, jobs, Store(f"{folder}/alone"), alone, fork_every=0)
    if [dataclasses.replace(run, seconds=0) for run in shared] != [dataclasses.replace(run, seconds=0) for run in runs]:
        return "different", str(effort)
    return ("equal" if effort.saved > 0.1 and not effort.alone else "alone"), "; ".join(effort.alone)
