"""Spans in epochs in a comparison: counted by the task's own loader, or refused in words."""

from __future__ import annotations

import pytest

import lrlab as lr
from lrlab.desk.experiment import set_up
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.epochs import updates_per_epoch, without_epochs
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import task_of

torch = pytest.importorskip("torch")


def declared(loader, **more):
    """A task that trains with what `loader(run)` gives; what it did is in `.did`."""
    did = []

    @lr.task(metric="val_loss", updates=40, folds=2, seeds=1, lrs=(1.0,), **more)
    def train(run):
        weight = torch.nn.Parameter(torch.ones(1))
        opt = torch.optim.SGD([weight], lr=1.0)
        run.track(opt, weight)
        did.append("begun")
        for _ in run.steps(loader(run)):
            did.append("updated")

    task = task_of(train)
    return task, did


def loader(run, size=4, items=40, **options):
    return torch.utils.data.DataLoader(torch.arange(items), size, **options)


LOADERS = {
    "a DataLoader": (loader, 10),
    "one that leaves out": (lambda run: loader(run, 3, drop_last=True), 13),
    "one that shuffles": (lambda run: loader(run, 3, shuffle=True), 14),
    "indexes": (lambda run: run.batches(40, 8), 5),
    "indexes in a loader": (
        lambda run: torch.utils.data.DataLoader(torch.arange(40), batch_sampler=run.batches(40, 8)),
        5,
    ),
    "a list": (lambda run: [1] * 7, 7),
    "workers that stay": (lambda run: loader(run, num_workers=1, persistent_workers=True), 10),
    "a generator": (lambda run: iter(int, 1), None),
    "an error before": (lambda run: 1 / 0, None),
    "nothing": (lambda run: [], None),
}


@pytest.mark.parametrize("name", LOADERS)
def test_the_loader_says_how_long_an_epoch_is(name, capsys):
    """Of whatever kind; nothing is trained for it. One that does not say leaves the sentence."""
    given, length = LOADERS[name]
    task, did = declared(given)
    assert updates_per_epoch(task, jobs_of((Arm("a", lr.constant()),), task.settings)[0]) == length
    arms = (Arm("a", lr.step("2ep")), Arm("b", lr.cosine()))
    if length is None:
        with pytest.raises(LrlabError, match="arm a: the runs of a comparison are counted in updates"):
            without_epochs(arms, task, task.settings)
    else:
        one, two = without_epochs(arms, task, task.settings)
        assert (one.schedule, two.schedule) == (lr.step(2 * length), lr.cosine())
        assert (one.written, two.written) == ('step("2ep")', "")  # what to use on more data
        assert f"has {length} updates, as its loader says" in capsys.readouterr().err
    assert "updated" not in did


def test_what_is_not_in_epochs_asks_nobody():
    """The training function is not even called."""
    task, did = declared(loader)
    arms = (Arm("a", lr.step(3)), Arm("b", lr.warmup("2Gtok") >> lr.cosine()))
    assert without_epochs(arms, task, task.settings) == arms
    assert did == []


def test_folds_of_other_lengths_are_refused():
    task, _ = declared(lambda run: [1] * (7 + run.fold))
    with pytest.raises(
        LrlabError, match=r"have epochs of another length each, and a schedule is one for all(.|\n)*7, 8 updates"
    ):
        without_epochs((Arm("a", lr.step("2ep")),), task, task.settings)


def test_momentum_in_epochs_and_the_configuration():
    """What is scheduled beside the LR, and what the loader takes from `run.config`."""
    task, _ = declared(lambda run: loader(run, run.config["size"]), config={"size": 4})
    arm = Arm("a", lr.constant(), also={"momentum": lr.linear("1ep", start=1.0, to=0.9)})
    (found,) = without_epochs((arm,), task, task.settings, config={"size": 20})
    assert found.also["momentum"] == lr.linear(2, start=1.0, to=0.9)


def test_at_both_doors():
    """`lr.compare`, and what the command line sets up."""
    task, _ = declared(loader)
    study = lr.compare(task.function, {"a": lr.step("1ep"), "b": 'warmup("1ep") >> cosine()'}, workers=0)
    assert [str(arm.schedule) for arm in study.experiment.arms] == ["step(10)", "warmup(10) >> cosine()"]

    with pytest.raises(LrlabError, match="arm a: the runs of a comparison are counted in updates"):  # draws without end
        set_up("digits", schedules={"a": 'step("1ep")', "b": "cosine()"})
