"""Optimizers that are imported, as contestants: forked and resumed to the same bits, and as trained by hand."""

import sys

import pytest
import torch

import lrlab as lr
from lrlab.desk import experiment as desk
from lrlab.errors import LrlabError

CALLS = ["torch.optim.NAdam(lr=0.01)", "mine_for_contestants.Own(lr=0.05)"]
PACKAGED = {
    "prodigyopt": "prodigyopt.Prodigy(lr=1.0)",
    "dadaptation": "dadaptation.DAdaptAdam(lr=1.0)",
    "schedulefree": "schedulefree.AdamWScheduleFree(lr=0.01)",
    "pytorch_optimizer": "pytorch_optimizer.AdaBelief(lr=0.01)",
}
OWN = """
import torch

class Own(torch.optim.Optimizer):
    '''Sign descent with a memory.'''
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure):
        loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                held = self.state[p].setdefault("m", torch.zeros_like(p))
                held.mul_(0.9).add_(p.grad)
                p.sub_(held.sign(), alpha=group["lr"])
        return loss
"""


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """A file of one's own beside where the comparison is made."""
    (tmp_path / "mine_for_contestants.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("mine_for_contestants", None)


def packaged(package):
    if package is not None:
        pytest.importorskip(package)


@pytest.mark.parametrize(("package", "call"), [*((None, call) for call in CALLS), *PACKAGED.items()])
def test_a_fork_ends_as_every_arm_alone(package, call, tmp_path):
    """To the last bit: scores and losses."""
    packaged(package)
    arms = {"early": f'wsd(warmup=0, decay="60%") @ {call}', "late": f'wsd(warmup=0, decay="30%") @ {call}'}
    how = {"horizon": 40, "folds": 2, "lrs": (1.0,), "config": {"size": "tiny"}, "workers": 0}
    shared = lr.compare("control", arms, store=tmp_path / "a", **how)
    alone = lr.compare("control", arms, store=tmp_path / "b", fork_every=0, **how)
    assert [(run.score, run.loss) for run in shared.runs] == [(run.score, run.loss) for run in alone.runs]
    assert shared.result.effort.saved > 0.1, shared.result.effort.alone
    assert shared.experiment.arms[0].config["optimizer"] == call


@pytest.mark.parametrize("package", ["prodigyopt", "dadaptation"])
def test_what_finds_its_lr_is_tried_at_it_alone(package, tmp_path):
    """Beside an arm with LRs of its own; the LR that it stepped with is reported."""
    packaged(package)
    arms = {"free": f"constant() @ {PACKAGED[package]}", "linear": "linear()"}
    study = lr.compare(
        "control", arms, horizon=30, folds=2, lrs=(0.5, 1.0), config={"size": "tiny"}, store=tmp_path, workers=0
    )
    assert {run.arm: {r.lr for r in study.runs if r.arm == run.arm} for run in study.runs} == {
        "free": {1.0},
        "linear": {0.5, 1.0},
    }
    told = next(run for run in study.runs if run.arm == "free").evals["effective_lr"].values
    assert all(0 < each < 1 for each in told)
    assert not any("effective_lr" in run.evals for run in study.runs if run.arm == "linear")
    with pytest.raises(LrlabError, match=r"(?s)finds its LR by itself.*--lrs 1"):
        lr.compare("control", arms, folds=2, lrs=(0.5, 2.0), store=tmp_path)


def test_what_cannot_be_an_arm_is_said_at_once():
    """Before anything is trained: from the command line's texts, and from Python."""
    for text, words in (
        ("linear() @ nosuch.Thing(lr=1)", "cannot be imported"),
        ("linear() @ torch.optim.SGD(rate=1)", "unexpected keyword"),
        ("linear() @ SGD", "not a call of an optimizer"),
    ):
        with pytest.raises(LrlabError, match=words):
            desk.set_up("digits", schedules={"a": text, "b": "linear()"})
        with pytest.raises(LrlabError, match=words):
            lr.compare("digits", {"a": text, "b": lr.linear()})


def test_a_run_of_another_optimizer_has_another_key():
    """As has one of the same whose file was changed."""
    arms = {name: f"linear() @ {call}" for name, call in zip("ab", CALLS, strict=True)}
    from lrlab.lab.stages.recipe import job_key, recipe_of

    experiment = desk.set_up("control", schedules=arms)
    first, second = experiment.jobs(desk.Resources())[:2]
    assert job_key(experiment.task, first) != job_key(experiment.task, second)
    assert recipe_of(experiment.task, second)["optimizer"] != ""
    plain = desk.set_up("control", schedules={"a": "linear()", "b": "constant()"})
    assert "optimizer" not in recipe_of(plain.task, plain.jobs(desk.Resources())[0])
    assert torch.__version__
