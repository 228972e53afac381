"""A training function is asked for its own LRs before it trains, and whether its weights can be averaged."""

import pytest

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.asking import asked, can_average, own_lrs
from lrlab.lab.stages.job import Job
from lrlab.lab.task.declaration import task_of

torch = pytest.importorskip("torch")
JOB = Job(Arm("asked", lr.constant()), 2.0, 0, 0, 2, 10, 1)


def test_the_lrs_of_every_group():
    """Of several optimizers in the order in which they were tracked, whatever multiple the job has."""
    trained = []

    def train(run):
        a, b, c = (torch.nn.Parameter(torch.ones(1)) for _ in range(3))
        first = torch.optim.SGD([{"params": [a], "lr": 0.1}, {"params": [b], "lr": 0.01}])
        second = torch.optim.AdamW([c], lr=3e-4)
        run.track(first, second, weights=[a, b, c])
        for _ in run.steps([0]):
            trained.append("an update")

    assert own_lrs(task_of(train), JOB) == (0.1, 0.01, 3e-4)
    assert not trained


def test_a_training_without_an_optimizer_has_none():
    def train(run):
        for _ in run.steps([0]):
            pass

    assert own_lrs(task_of(train), JOB) == ()


def test_a_training_that_fails_says_nothing_yet():
    """The real training raises the error again."""

    def train(run):
        raise RuntimeError("out of cheese")

    assert asked(task_of(train), JOB, lambda run, loader: "anything") is None


class Net:
    """One weight, with a state."""

    def __init__(self):
        self.w, self.param_groups = 1.0, [{"lr": 0.1}]

    def state_dict(self):
        return {"w": self.w}

    def load_state_dict(self, state):
        self.w = state["w"]


def judged(names, disturb=0.0):
    """A training that tracks a model under this name, and changes it by so much while it is evaluated."""
    lengths = []

    def train(run):
        model = Net()
        run.track(**{names: model}, opt=model)
        for _ in run.steps([0]):
            lengths.append(run.updates)
            model.w *= 0.9
            run.log(loss=model.w)
            if run.eval_now:
                model.w += disturb
                run.report(val_loss=model.w)

    return train, lengths


@pytest.mark.parametrize(
    ("names", "disturb", "can"),
    [("model", 0.0, True), ("weights", 0.0, False), ("model", 0.1, False)],
)
def test_whether_weights_can_be_averaged_is_tried(names, disturb, can):
    """With two short updates; not where no model is tracked, nor where it is changed while it is judged."""
    train, lengths = judged(names, disturb)
    assert can_average(task_of(train), JOB, 0.1) is can
    assert {*lengths} <= {2}
