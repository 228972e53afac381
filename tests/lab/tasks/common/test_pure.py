"""The pure form of the built-in tasks: PyTorch's updates, the loop's batches, and sentences for what has none."""

import dataclasses

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks.common.optimizers import optimizer
from lrlab.lab.tasks.common.pure import PURE
from lrlab.record.runs.store import Store

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", PURE)
def test_an_update_is_that_of_pytorch(name):
    """Twenty updates of a vector, with decay and a changing LR."""
    torch.manual_seed(0)
    start, gradients = torch.randn(50), torch.randn(20, 50)
    theirs = torch.nn.Parameter(start.clone())
    opt = optimizer(name, [theirs], lr={name: 0.1}, l2=0.05, weight_decay=0.05)
    weights, buffers = start[None].clone(), {each: torch.zeros(1, 50) for each in PURE[name].buffers}
    for k, gradient in enumerate(gradients):
        opt.param_groups[0]["lr"] = 0.1 / (k + 1)
        theirs.grad = gradient.clone()
        opt.step()
        buffers["updates"] = torch.tensor([[k + 1.0]])
        sets = [torch.tensor([[each]]) for each in (0.1 / (k + 1), 0.05, 0.9)]
        PURE[name].update(weights, gradient[None].clone(), buffers, *sets)
    assert weights[0].numpy() == pytest.approx(theirs.detach().numpy(), rel=1e-5, abs=1e-6)


def trained(name, place, vectorise, arms, **changes):
    task = load_task(name)
    settings = dataclasses.replace(task.settings, updates=24, folds=2, lrs=(1.0,), evals=2)
    jobs = jobs_of(arms, settings, config={"size": "tiny", **changes}, vectorise=vectorise)
    return run_jobs(task, jobs, Store(place), Here(task))[0]


@pytest.mark.parametrize("name", ["digits", "tabular", "teacher", "control"])
@pytest.mark.parametrize("variant", ["plain", "noisy"])
def test_it_trains_what_the_loop_trains(name, variant, tmp_path):
    """From the same weights, on the same batches, with the same noise in them: equal but for rounding."""
    arms = [Arm("cosine", lr.cosine()), Arm("ema", lr.constant(), 0.3)]
    loop, pure = (trained(name, tmp_path / str(n), n, arms, variant=variant) for n in (0, 4))
    for one, other in zip(loop, pure, strict=True):
        assert np.array(one.loss.values) == pytest.approx(np.array(other.loss.values), rel=2e-3)
        assert one.score == pytest.approx(other.score, rel=2e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["digits", "tabular", "teacher", "control"])
def test_the_same_bits_whatever_shares_the_step(name, tmp_path):
    """One alone, three, all: with an average, and with a run that ends early."""
    arms = [Arm("cosine", lr.cosine()), Arm("ema", lr.constant(), 0.3), Arm("far too much", 1e6 * lr.constant())]
    alone, three, all_ = (trained(name, tmp_path / str(n), n, arms) for n in (1, 3, 64))
    for told in (lambda run: run.fingerprint, lambda run: repr((run.loss, run.evals))):  # repr: one loss is NaN
        assert [*map(told, alone)] == [*map(told, three)] == [*map(told, all_)]
    assert {run.outcome for run in alone} == {"finished", "diverged"}


def test_momentum_and_decay_are_scheduled(tmp_path):
    """Beside the LR."""
    arm = Arm("both", lr.cosine(), also={"momentum": lr.linear(start=0.95, to=0.5), "weight_decay": lr.linear()})
    loop, pure = (trained("teacher", tmp_path / str(n), n, [arm]) for n in (0, 2))
    assert [run.score for run in loop] == pytest.approx([run.score for run in pure], rel=1e-3)


@pytest.mark.parametrize(
    ("name", "arm", "said"),
    [
        ("signals", Arm("a", lr.cosine()), "a network with running statistics"),
        ("charlm", Arm("a", lr.cosine()), "a problem that is not supervised"),
        ("digits", Arm("a", lr.cosine(), config={"optimizer": "schedule-free sgd"}), "schedule-free sgd"),
        ("digits", Arm("a", lr.cosine(), config={"optimizer": "torch.optim.SGD(lr=0.1)"}), "torch.optim.SGD"),
        ("digits", Arm("a", lr.cosine(), also={"beta1": lr.linear(start=0.9, to=0.8)}), "a schedule of beta1"),
    ],
)
def test_what_has_no_pure_form_is_a_sentence(name, arm, said, tmp_path):
    """With what has one."""
    with pytest.raises(LrlabError, match=f"vectorise needs a pure form, and .*{said}"):
        trained(name, tmp_path, 2, [arm])
