"""The forms of a training: a class does what the function that it stands for does."""

import dataclasses
import random

import pytest

import lrlab as lr
from lrlab.errors import LrlabTypeError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.stage import Stage, execute, train
from lrlab.lab.task.declaration import task, task_of
from lrlab.lab.task.forms import function_of


class Model:
    def __init__(self):
        self.w = random.gauss(0.0, 1.0)

    def state_dict(self):
        return {"w": self.w}

    def load_state_dict(self, state):
        self.w = state["w"]


def written_out(run):
    """The loop as a function; the LR by hand, for there is no optimizer."""
    model = Model()
    run.track(model=model)
    for _, batch in run.steps([1.0, 2.0, 4.0]):
        run.log(loss=(model.w - batch) ** 2)
        model.w -= 0.2 * run.control["lr"] * (model.w - batch)
        if run.eval_now:
            run.report(val_loss=abs(model.w))


@task(metric="val_loss", updates=12, evals=3)
class Trainer(Model):
    """The same as a class."""

    def setup(self, run):
        return [1.0, 2.0, 4.0]

    def step(self, update, batch, control):
        loss = (self.w - batch) ** 2
        self.w -= 0.2 * control["lr"] * (self.w - batch)
        return loss

    def evaluate(self):
        return {"val_loss": abs(self.w)}


JOB = Job(Arm("cosine", lr.cosine()), 1.0, 0, 0, 2, 12, 3)


def test_a_class_is_the_function_that_it_stands_for(tmp_path):
    """The same bits; its declaration counts; it is found by its file, and goes on from a stored state."""
    mine, other = task_of(Trainer), task_of(written_out)
    assert (mine.settings.updates, mine.text.endswith("test_forms.py:Trainer")) == (12, True)
    a, b = train(mine, JOB), train(other, JOB)
    assert (a.loss, a.evals) == (b.loss, b.evals)
    half = execute(Stage(mine.text, mine.identity, str(tmp_path), JOB, None, 5))
    end = execute(Stage(mine.text, mine.identity, str(tmp_path), JOB, half.place, 12))
    assert end.place.end


@pytest.mark.parametrize(
    ("training", "said"),
    [(type("Half", (), {"setup": print}), "Half has no step, evaluate"), (3, "a training is a function or a class")],
)
def test_what_is_no_training_is_named(training, said):
    """With what is lacking."""
    with pytest.raises(LrlabTypeError, match=said):
        function_of(training)


def test_an_evaluation_gives_names():
    """A number alone is of no metric."""

    class Nameless(Trainer):
        def evaluate(self):
            return 0.5

    with pytest.raises(LrlabTypeError, match=r"the metrics by name"):
        train(dataclasses.replace(task_of(Nameless), metric="val_loss"), JOB)


def test_a_lambda_has_no_file():
    """It is known by its source, and can be trained in this process alone."""
    one = task_of(lambda run: written_out(run))
    other = task_of(lambda run: print(run))
    assert (one.text, one.identity != other.identity) == ("", True)
    assert train(dataclasses.replace(one, metric="val_loss"), JOB).score == train(task_of(written_out), JOB).score
