"""Optimizers that are imported, as contestants: forked and resumed to the same bits, and as trained by hand."""

import sys

import pytest
import torch

import lrlab as lr
from lrlab.desk import experiment as desk
from lrlab.errors import LrlabError
from lrlab.lab.arms.optimizer import made, step
from lrlab.lab.task.declaration import built_in_tasks

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


def beginning():
    """A network and its batches, the same whenever it is called."""
    drawn = torch.Generator().manual_seed(7)
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    batches = [(torch.randn(16, 4, generator=drawn), torch.randn(16, 1, generator=drawn)) for _ in range(12)]
    return model, batches


def backward(model, opt, x, y):
    """The loss of a batch, with its gradient; also within a step that computes none of its own."""
    with torch.enable_grad():
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
    return loss


def judged(model, opt, batches):
    """The loss of the first batch, with the weights that the optimizer means by its result."""
    if hasattr(opt, "eval"):
        opt.eval()
    with torch.no_grad():
        found = float(torch.nn.functional.mse_loss(model(batches[0][0]), batches[0][1]))
    if hasattr(opt, "train"):
        opt.train()
    return found


@lr.task(metric="val_loss", updates=40, evals=4, config={"optimizer": "torch.optim.SGD(lr=0.1)"})
def contest(run):
    """As a task of one's own writes it out."""
    model, batches = beginning()
    opt = made(run.config["optimizer"], model.parameters())
    run.track(model=model, opt=opt)
    if hasattr(opt, "train"):
        opt.train()
    for _, (x, y) in run.steps(batches):

        def closure(x=x, y=y):
            return backward(model, opt, x, y)

        run.log(loss=step(opt, closure))
        if run.eval_now:
            run.report(val_loss=judged(model, opt, batches))


@pytest.mark.parametrize(("package", "call"), [(None, CALLS[1]), *PACKAGED.items()])
def test_a_contestant_is_its_package_trained_by_hand(package, call, tmp_path):
    """The loop of the package's own documentation, with the LR set before each step: the same score to the last bit."""
    packaged(package)
    text = 'warmup("10%") >> linear(to=0.1)'
    arms = {"one": f"{text} @ {call}", "other": f"constant() @ {call}"}
    study = lr.compare(contest, arms, folds=2, lrs=(1.0,), store=tmp_path / "runs", workers=0)
    for name, schedule in (("one", lr.parse(text)), ("other", lr.constant())):
        curve = schedule.over(40)
        model, batches = beginning()
        opt = made(call, model.parameters())
        bases = [group["lr"] for group in opt.param_groups]
        if hasattr(opt, "train"):
            opt.train()
        for update in range(40):
            x, y = batches[update % len(batches)]
            for group, base in zip(opt.param_groups, bases, strict=True):
                group["lr"] = base * curve(update)

            def closure(x=x, y=y, model=model, opt=opt):
                return backward(model, opt, x, y)

            if package is None:
                opt.step(closure)
            else:
                closure()
                opt.step()
        (score,) = {run.score for run in study.runs if run.arm == name}
        assert score == judged(model, opt, batches)


@pytest.mark.exhaustive
@pytest.mark.parametrize("task", built_in_tasks())
@pytest.mark.parametrize(("package", "call"), [(None, CALLS[1]), *PACKAGED.items()])
def test_every_contestant_on_every_task_forks_to_the_same_bits(package, call, task, tmp_path):
    """Or is trained alone, and says why."""
    packaged(package)
    arms = {"early": f'wsd(warmup=0, decay="60%") @ {call}', "late": f'wsd(warmup=0, decay="30%") @ {call}'}
    how = {"horizon": 20, "folds": 2, "lrs": (1.0,), "config": {"size": "tiny"}, "workers": 0}
    shared = lr.compare(task, arms, store=tmp_path / "a", **how)
    alone = lr.compare(task, arms, store=tmp_path / "b", fork_every=0, **how)
    assert [(run.score, run.loss) for run in shared.runs] == [(run.score, run.loss) for run in alone.runs]
    assert shared.result.effort.saved > 0.1 or shared.result.effort.alone


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
