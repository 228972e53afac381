"""The trainer of a search: runs in the order of the jobs, from the store if they are there, and what they took."""

from pathlib import Path

from lrlab.core.text.parse import parse
from lrlab.desk.trainer import Trainer
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"


def test_it_trains_what_is_not_stored(tmp_path):
    """And counts updates trained now; jobs that agree at first have one price."""
    task = load_task(QUADRATIC)
    arms = [Arm(text, parse(text)) for text in ("constant()", 'multistep(["50%"])')]
    jobs = [Job(arm, 1.0, 0, 0, 2, 40, 1, order=Resources(0).order) for arm in arms]
    with opened(Resources(0), task) as executor:
        first = Trainer(task, Store(tmp_path), executor, quiet=True)
        runs = first.train(jobs)
        again = Trainer(task, Store(tmp_path), executor, quiet=True)
        assert again.train(jobs) == runs
    assert [run.arm for run in runs] == [arm.name for arm in arms]
    assert (first.runs, first.trained) == (2, 60)
    assert (again.runs, again.trained) == (2, 0)
    assert first.price(jobs) == 60
