"""An optimizer by the name that it is imported by: read, imported, called; its updates against those by hand."""

import functools
import inspect

import pytest
import torch

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.optimizer import OptimizerCall, call_of, explained, made, rate_of, step


def weights():
    return [torch.nn.Parameter(torch.tensor([1.0, 2.0]))]


def test_a_call_is_read_and_written():
    """What is written differently and means the same is one text."""
    call = OptimizerCall.parse(" torch.optim.SGD( lr = .1,momentum=0.9 ) ")
    assert str(call) == "torch.optim.SGD(lr=0.1, momentum=0.9)"
    assert OptimizerCall.parse(str(call)) == call
    assert call.package == "torch"
    assert call.made(weights()).param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize(
    "text",
    [
        "SGD(lr=1)",
        "torch.optim.SGD",
        "torch.optim.SGD(0.1)",
        "a.b(lr=f())",
        "a.b(**x)",
        "a.b(lr=",
        "(a.b)()(x=1)",
        "a().b(x=1)",
    ],
)
def test_what_is_no_call_is_refused(text):
    """With what one looks like; nothing is executed."""
    with pytest.raises(LrlabError, match=r"(?s)not a call of an optimizer.*torch\.optim\.SGD\(lr=0\.1"):
        OptimizerCall.parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nosuch.Thing(lr=1)", r"(?s)cannot be imported.*pip install nosuch"),
        ("torch.optim.Nothing(lr=1)", "cannot be imported"),
        ("torch.optim.SGD(rate=1)", r"(?s)unexpected keyword argument 'rate'.*lr, momentum"),
        ("torch.optim.SGD(lr=-1)", "refuses its arguments: Invalid learning rate"),
    ],
)
def test_what_cannot_be_made_is_said(text, words):
    """The module, the name, an argument, a value."""
    with pytest.raises(LrlabError, match=words):
        made(text, weights())


def test_a_name_of_a_task_is_no_call():
    """Nor is a configuration without any."""
    assert call_of({"optimizer": "adam"}) is None
    assert call_of({}) is None
    assert call_of({"optimizer": "torch.optim.Adam(lr=1)"}).place == "torch.optim.Adam"


class Asking:
    """An optimizer that asks for what its step has: nothing, a closure, the loss."""

    def __init__(self, asks):
        self.asks, self.given = asks, None
        self.param_groups = [{"lr": 0.5}]
        self.step = {"nothing": self._plain, "closure": self._closure, "loss": self._loss}[asks]

    def _plain(self, closure=None):
        self.given = closure

    def _closure(self, closure):
        self.given = closure()
        return self.given

    def _loss(self, loss):
        self.given = loss


def test_a_step_gets_what_it_asks_for():
    """And gives the loss, of which the gradient was computed once."""
    for asks, given in (("nothing", None), ("closure", 3.0), ("loss", 3.0)):
        called = []
        optimizer = Asking(asks)
        assert step(optimizer, lambda called=called: called.append(1) or 3.0) == 3.0
        assert (optimizer.given, called) == (given, [1])


def test_an_lbfgs_takes_its_closure():
    """The optimizer of PyTorch that asks for one: as by hand, to the last bit."""
    ends = []
    for by_hand in (True, False):
        (w,) = parameters = weights()
        optimizer = made("torch.optim.LBFGS(lr=0.5, max_iter=3)", parameters)

        def closure(w=w, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (w**4).sum()
            loss.backward()
            return loss

        for _ in range(4):
            optimizer.step(closure) if by_hand else step(optimizer, closure)
        ends.append(w.detach().clone())
    assert torch.equal(*ends)


def test_a_step_that_was_given_nothing_is_a_sentence(tmp_path):
    """Where a task calls `opt.step()` of an optimizer that asks for a closure; another error stays what it is."""
    (tmp_path / "plain_steps.py").write_text(PLAIN)
    arms = {"newton": "constant() @ torch.optim.LBFGS(lr=0.1)", "plain": lr.constant()}
    compare = functools.partial(lr.compare, horizon=2, folds=2, lrs=(1.0,), workers=0, store=str(tmp_path / "store"))
    with pytest.raises(
        LrlabError, match=r"torch.optim.LBFGS asks for its closure[\s\S]*step\(opt, closure\)"
    ) as raised:
        compare(f"{tmp_path / 'plain_steps.py'}:train", arms).run()
    assert raised.value.__notes__ == ["in the task plain_steps:train: arm newton, lr 1, seed 0, fold 0"]
    for config, text in (
        ({"optimizer": "torch.optim.LBFGS()"}, "f() missing 1 required argument"),
        ({"optimizer": "adam"}, "X.step() missing 1 required argument"),
        ({}, "X.step() missing 1 required argument"),
    ):
        assert explained(error := TypeError(text), config, "here") is error


PLAIN = """
import torch
import lrlab as lr
from lrlab.lab.arms.optimizer import made

@lr.task(metric="val_loss", config={"optimizer": "torch.optim.SGD(lr=0.1)"})
def train(run):
    model = torch.nn.Linear(2, 1)
    opt = made(run.config["optimizer"], model.parameters())
    run.track(model=model, opt=opt)
    for _, x in run.steps([torch.ones(1, 2)]):
        loss = model(x).square().sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=loss)
"""


def test_the_effective_lr_is_d_times_lr():
    """Where an optimizer has found a distance; others have none."""
    optimizer = Asking("nothing")
    assert rate_of(optimizer) is None
    optimizer.param_groups[0]["d"] = 0.25
    assert rate_of(optimizer) == 0.125


def test_an_own_file_is_told_from_another_state_of_it(tmp_path, monkeypatch):
    """By its text; with the argument d0 it is one that finds its LR by itself."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_of_a_test.py").write_text("class Own:\n    def __init__(self, params, lr=1.0, d0=1e-6): ...\n")
    call = OptimizerCall.parse("mine_of_a_test.Own(lr=1.0)")
    before = call.digest()
    assert len(before) == 32
    assert call.finds_its_lr
    assert not OptimizerCall.parse("torch.optim.SGD(lr=1.0)").finds_its_lr
    (tmp_path / "mine_of_a_test.py").write_text("# another\n" + inspect.getsource(Asking))
    assert before != call.digest() != ""


@pytest.mark.parametrize("place", ["no_such_package_of_the_test.Own", "time.Clock", "folder_of_the_test.Own"])
def test_what_stands_in_no_file_has_no_digest(place, tmp_path, monkeypatch):
    """Neither what is not there, nor what Python has built in, nor a folder."""
    (tmp_path / "folder_of_the_test").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert OptimizerCall.parse(f"{place}(lr=0.1)").digest() == ""
