"""Gradient norms from a log, from a stored run, and from one training of a task."""

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.desk.norms import Training, of_log, of_stored, of_task
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import load_task, task_of
from lrlab.record.runs.run import to_json
from lrlab.record.runs.store import Store

LINEAR = Training("linear()", updates=30)


def log(folder, head, count=100):
    rows = [f"{k},{0.1 * (1 - k / count)},{2 + k / count},{5 + k}" for k in range(1, count + 1)]
    (folder / "log.csv").write_text("\n".join([head, *rows]))
    return [folder / "log.csv"]


@pytest.mark.parametrize("name", ["grad_norm", "train/grad-norm", "Gradient Norm", "gnorm", "l2_grad_norm"])
def test_a_column_of_norms_is_found_by_its_name(name, tmp_path):
    found = of_log(log(tmp_path, f"step,lr,max_grad_norm,{name}"), None, {})
    assert np.asarray(found.norms).tolist() == [5.0 + k for k in range(1, 101)]
    assert len(np.asarray(found.lrs)) == 100


@pytest.mark.parametrize("name", ["log_grad_norm", "train/log10_gnorm", "Log Grad Norm"])
def test_the_logarithm_of_a_norm_is_none(name, tmp_path):
    with pytest.raises(LrlabError, match="no gradient norms"):
        of_log(log(tmp_path, f"step,lr,loss,{name}"), None, {})


def test_a_column_may_be_named(tmp_path):
    """Where its name says nothing."""
    assert np.asarray(of_log(log(tmp_path, "step,lr,loss,size"), "size", {}).norms)[0] == 6


def test_a_column_that_is_not_there_is_answered(tmp_path):
    """With the nearest."""
    with pytest.raises(LrlabError, match=r"try: +grad_norm"):
        of_log(log(tmp_path, "step,lr,loss,grad_norm"), "grad_nrm", {})


def test_a_log_without_norms_is_refused(tmp_path):
    """With the columns that there are, and the line that logs them."""
    with pytest.raises(LrlabError, match=r"(?s)no gradient norms.*max_grad_norm.*run.log\(loss=loss, grad_norm"):
        of_log(log(tmp_path, "step,lr,max_grad_norm,loss"), None, {})


def logging(run):
    """A task that logs its norms."""
    model = torch.nn.Linear(2, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, _ in run.steps(run.batches(8, 2)):
        loss = model(torch.ones(1, 2)).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        run.log(loss=loss, grad_norm=torch.tensor(float(update + 1)))
        if run.eval_now:
            run.report(val_loss=loss)


def test_a_log_of_few_rows_is_told_of_norms(tmp_path):
    """Not of a loss law, which nobody asked for."""
    with pytest.raises(LrlabError, match=r"(?s)rows with a norm.*20 or more"):
        of_log(log(tmp_path, "step,lr,loss,grad_norm", 1), None, {})


def test_what_a_task_logs_is_kept_and_read(tmp_path):
    """By update, also in runs that were forked from others; in the store, and from its file."""
    arms = {
        "linear": lr.linear(),
        "late": lr.constant() >> lr.linear("50%"),
        "later": lr.constant() >> lr.linear("20%"),
    }
    study = lr.compare(logging, arms, horizon=20, seeds=2, folds=1, lrs=(1.0,), workers=0, store=tmp_path / "runs")
    result = study.run(quiet=True)
    assert result.effort.trained < result.effort.naive
    for run in study.runs:
        assert run.logged["grad_norm"].values == tuple(range(1, 21))
        found = of_stored(run, "here")
        assert np.asarray(found.updates).tolist() == [*range(1, 21)]
    kept = study.runs[0]
    place = next((tmp_path / "runs").glob(f"{kept.key[:8]}*.json"))
    assert np.asarray(of_log([place], None, {}).norms).tolist() == [*range(1, 21)]
    with pytest.raises(LrlabError, match="a stored run has no use for norms"):
        of_log([place], "size", {})
    without = Store(tmp_path / "runs").get(kept.key)
    assert without == kept


def test_a_stored_run_without_norms_is_refused(tmp_path):
    study = lr.compare("control", {"a": "linear()", "b": "cosine()"}, horizon=4, folds=2, lrs=(1.0,), workers=0,
                       store=tmp_path / "runs")  # fmt: skip
    run = study.run(quiet=True).evidence.runs[0]
    assert '"logged"' not in to_json(run)
    with pytest.raises(LrlabError, match="logged no gradient norms"):
        of_stored(run, "here")


def test_norms_of_a_task_are_measured_at_its_optimizer():
    """Of Adam L1 norms, of SGD L2 norms; with the LR, the weight decay and the momentum that it really had."""
    adam = of_task(load_task("control"), LINEAR)
    sgd = of_task(load_task("control"), Training("linear()", updates=30, config={"optimizer": "momentum"}))
    assert (adam.family, adam.momentum, sgd.family, sgd.momentum) == ("adam", 0.0, "sgd", 0.9)
    assert adam.weight_decay == pytest.approx(0.01)
    rates = np.asarray(adam.lrs)
    assert rates / rates[0] == pytest.approx(1 - np.arange(30) / 30)
    assert np.asarray(adam.norms)[0] > np.asarray(sgd.norms)[0] > 0  # of the same gradient


def test_what_a_task_logs_comes_before_what_is_measured():
    """But for the kind of its optimizer."""
    found = of_task(task_of(logging), Training("linear()", updates=25))
    assert np.asarray(found.norms).tolist() == [*range(1, 26)]
    assert found.family == "sgd"


def test_an_optimizer_that_pretrains_is_not_the_one():
    """The task `finetune` makes its pretrained model itself, by more steps than there are updates."""
    found = of_task(load_task("finetune"), Training("linear()", updates=24, config={"size": "tiny"}))
    rates = np.asarray(found.lrs)
    assert len(np.asarray(found.norms)) == 24
    assert rates / rates[0] == pytest.approx(1 - np.arange(24) / 24)


def by_a_closure(run):
    """The gradient is computed within the step."""
    model = torch.nn.Linear(2, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)

    def closure():
        opt.zero_grad()
        loss = model(torch.ones(1, 2)).square().mean()
        loss.backward()
        return loss

    for _ in run.steps(run.batches(8, 2)):
        run.log(loss=opt.step(closure))
        if run.eval_now:
            run.report(val_loss=1.0)


class MySGD(torch.optim.SGD):
    """Under a name of somebody's own."""


def by_a_class_of_its_own(run):
    model = torch.nn.Linear(2, 1)
    opt = MySGD(model.parameters(), lr=0.1, weight_decay=3.0)
    run.track(model=model, opt=opt)
    for _ in run.steps(run.batches(8, 2)):
        loss = model(torch.ones(1, 2)).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        run.log(loss=loss)
        if run.eval_now:
            run.report(val_loss=loss)


def test_an_optimizer_is_of_the_kind_that_it_is_derived_from():
    found = of_task(task_of(by_a_class_of_its_own), LINEAR)
    assert (found.family, found.weight_decay) == ("sgd", 3.0)
    assert np.asarray(found.norms) == pytest.approx(found.seen.norms(l1=False)[0])


def without_an_optimizer(run):
    """A loop of its own."""
    for _ in run.steps(run.batches(8, 2)):
        run.log(loss=run.control["lr"])
        if run.eval_now:
            run.report(val_loss=1.0)


def diverging(run):
    """It ends at once."""
    for _ in run.steps(run.batches(8, 2)):
        run.log(loss=float("nan") * run.control["lr"])


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (without_an_optimizer, r"cannot be measured.*grad_norm"),
        (by_a_closure, r"cannot be measured.*SGD.step\(closure\).*grad_norm"),
        (diverging, "diverged"),
    ],
)
def test_a_training_that_shows_no_norms_is_refused(task, said):
    with pytest.raises(LrlabError, match=f"(?s){said}"):
        of_task(task_of(task), LINEAR)
