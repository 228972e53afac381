"""The shared loop: it keeps the contract of `run`, and evaluates without leaving a trace."""

import contextlib
import math

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import declaration_of
from lrlab.lab.tasks.common.fitting import evaluating, fit, problem, recompute
from lrlab.lab.tasks.common.optimizers import optimizer
from lrlab.lab.tasks.common.problem import Problem, supervised
from lrlab.lab.training.run import TrainingRun

torch = pytest.importorskip("torch")


def trained(updates, evals, kind="adamw"):
    """A normalised layer that learns to halve its input; the run, the model, and what each evaluation saw."""
    torch.manual_seed(0)
    run = TrainingRun(lr.linear(), updates, evals=evals)
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 2))
    opt = optimizer(kind, model.parameters(), lr={kind: 0.05})
    seen = []

    def endless():
        while True:
            yield (torch.randn(16, 2),)

    def loss_of(x):
        return ((model(x) - x / 2) ** 2).mean()

    def judged():
        seen.append((model.training, torch.is_inference_mode_enabled()))
        return {"val_loss": loss_of(torch.eye(2))}

    fit(run, Problem(model, endless(), loss_of, judged), opt)
    return run, model, seen


def test_it_trains_logs_and_reports():
    """Every update logs a loss, every evaluation is reported, and the model learns."""
    run, _, seen = trained(40, 4)
    assert run.loss.updates == tuple(range(40))
    assert run.evals["val_loss"].updates == (10, 20, 30, 40)
    assert run.score < 0.5 * run.loss.values[0]
    assert seen == [(False, True)] * 4


def test_a_task_is_a_problem_and_its_optimizers():
    """The configuration chooses the optimizer, the weights are pulled to zero by `l2`, each metric sees one loss."""
    pair, lrs, square = (torch.ones(1, 1), torch.zeros(1, 1)), {"adam": 9.0, "sgd": 0.1}, torch.nn.functional.mse_loss

    @problem(metric="loss", updates=8, lrs=lrs, sizes={"tiny": 0.5, "std": 0.0})
    def train(run, l2):
        model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.ones_(model.weight)
        return supervised(model, [pair, pair], square, pair, l2=l2, loss=float, log=torch.log)

    def trained(**config):
        run = TrainingRun(lr.constant(), 2, config={"optimizer": "sgd", **config}, metric="loss")
        train(run)
        return run

    plain, pulled = trained(), trained(size="tiny")  # by hand: w becomes w - 0.1 (2 w + l2 w), from 1
    assert plain.loss.values == pytest.approx([1.0, 0.8**2])
    assert pulled.loss.values == pytest.approx([1.0, 0.75**2])
    assert plain.evals["loss"].values == pytest.approx([0.64**2])
    assert plain.evals["log"].values == pytest.approx([2 * math.log(0.64)])
    said = declaration_of(train)
    assert said.config == {
        "size": ("std", "tiny"),
        "optimizer": ("adam", "sgd"),
        "variant": ("plain", "batch", "noisy"),
    }
    assert (said.settings.updates, said.quick.updates, said.quick.lrs) == (8, 2, said.settings.lrs)
    for wrong in ({"size": "huge"}, {"optimizer": "adams"}, {"siz": "tiny"}):
        with pytest.raises(LrlabError, match="the task test_fitting has no"):
            trained(**wrong)


@pytest.mark.parametrize("kind", ["adamw", "schedule-free sgd"])
def test_evaluations_do_not_change_the_training(kind):
    """Weights and running means are the same bits after 1 evaluation and after 10."""
    once, often = trained(20, 1, kind)[1], trained(20, 10, kind)[1]
    for a, b in zip(once.state_dict().values(), often.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_modes_return_after_an_error_too():
    """A failing evaluation must not leave the model judged instead of trained."""
    model = torch.nn.Linear(1, 1)
    opt = optimizer("sgd", model.parameters(), lr={"sgd": 0.1})
    with contextlib.suppress(ZeroDivisionError), evaluating(model, opt):
        assert not model.training
        raise ZeroDivisionError
    assert model.training


def test_statistics_are_those_of_the_averaged_weights():
    """Of BatchNorm, from further batches; the training sees the batches that it would have seen."""
    model = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1))
    with torch.no_grad():
        model[0].weight.fill_(2.0)
        model[0].bias.fill_(1.0)

    def batches():
        while True:
            yield torch.randn(4000, 1) + 3, torch.zeros(4000, 1)

    torch.manual_seed(0)
    made = supervised(model, batches(), torch.nn.functional.mse_loss, (torch.zeros(1, 1), torch.zeros(1, 1)), m=float)
    recompute(made)
    drawn = torch.rand(())
    torch.manual_seed(0)
    assert drawn == torch.rand(())
    assert model[1].running_mean.item() == pytest.approx(7.0, abs=0.05)
    assert model[1].running_var.item() == pytest.approx(4.0, abs=0.1)
    assert model[1].momentum == 0.1
