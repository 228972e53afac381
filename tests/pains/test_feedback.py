"""Pains of feedback, each as its users told it: the peer's way beside ours.

The numbers are those of the table of pains. Run beside PyTorch 2.13, Keras 3.15 and Optax 0.2.8.
"""

import json
import math
import threading

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import lrlab as lr
from lrlab.adapters.torch import ranks as torch_ranks
from lrlab.adapters.torch.rescue import Rescue
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.cli.main import main
from lrlab.dialects import from_optax, from_torch
from lrlab.record.runs.realised import factored

NAN = math.nan


def sgd(rate=1.0):
    """An optimizer with one parameter, whose gradient is there."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    return torch.optim.SGD([parameter], lr=rate)


def on_plateau(**arguments):
    """PyTorch's own."""
    return torch.optim.lr_scheduler.ReduceLROnPlateau(sgd(), **arguments)


def factors(scheduler, metrics):
    """The LR after each metric, of a peer's scheduler."""
    found = []
    for metric in metrics:
        scheduler.step(metric)
        found.append(scheduler.optimizer.param_groups[0]["lr"])
    return found


def ours(schedule, metrics):
    """The value after each metric, and the events."""
    pacer = lr.Pacer(schedule.over(1000))
    found = []
    for metric in metrics:
        pacer.observe(metric)
        found.append(pacer.value)
    return found, [decision.event for decision in pacer.decisions]


# -- 27 -----------------------------------------------------------------------------------------------------------


def test_27_plateau_after_a_warmup():
    """'ReduceLROnPlateau cannot follow a warmup': bad metrics leave the warmup alone, one drop halves the rest."""
    plateau = on_plateau()
    warmup = torch.optim.lr_scheduler.LinearLR(plateau.optimizer, total_iters=100)
    with pytest.raises(ValueError, match="ReduceLROnPlateau"):
        torch.optim.lr_scheduler.SequentialLR(plateau.optimizer, [warmup, plateau], milestones=[100])

    schedule = lr.warmup(100) >> lr.cosine() * lr.plateau(patience=2, factor=0.5)
    plain = (lr.warmup(100) >> lr.cosine()).over(500).values()

    def trained(scheduler, updates, metric=1.0):
        used = []
        for _ in range(updates):
            used.append(scheduler.optimizer.param_groups[0]["lr"])
            scheduler.optimizer.step()
            scheduler.step()
            if scheduler.update % 10 == 0 and scheduler.update <= 130:
                scheduler.observe(metric)
        return used

    scheduler = Scheduler(sgd(), schedule, 500)
    used = trained(scheduler, 200)
    assert used[:100] == plain[:100].tolist()
    assert used[100:120] == plain[100:120].tolist()  # heard from update 100 on: best, bad, bad
    assert used[120:] == (0.5 * plain[120:200]).tolist()
    again = Scheduler(sgd(), schedule, 500)
    again.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert trained(again, 300) == (0.5 * plain[200:]).tolist()


# -- 43 -----------------------------------------------------------------------------------------------------------


def test_43_a_negative_metric_is_never_cut():
    """'Plateau never reduces when the metric is negative': flat series of any sign, and m beside m - 10."""
    assert factors(on_plateau(), [-1.0] * 50)[-1] == 1.0
    worsening = [-10.0 + 0.0009 * k for k in range(50)]
    assert factors(on_plateau(patience=2), worsening)[-1] == 1.0  # PyTorch takes each for better
    for level in (-1.0, 0.0, 1.0):
        assert ours(lr.plateau(patience=3, factor=0.5), [level] * 4)[0] == [1.0, 1.0, 1.0, 0.5]
    assert ours(lr.plateau(patience=3, factor=0.5), worsening)[0][3] == 0.5
    absolute = lr.plateau(patience=2, threshold=0.01, threshold_mode="abs")
    series = [round(2 - 0.005 * k + 0.02 * (k % 3), 3) for k in range(60)]
    shifted = [round(metric - 10, 3) for metric in series]
    assert ours(absolute, series) == ours(absolute, shifted)


# -- 44 -----------------------------------------------------------------------------------------------------------


def test_44_nan_counts_as_a_bad_epoch():
    """'NaN metric counts as a bad epoch': the log says so, and the LR stays; whoever wants it asks for it."""
    theirs = on_plateau(patience=2)
    assert factors(theirs, [NAN] * 9)[-1] == pytest.approx(1e-3)
    assert ours(lr.plateau(patience=3), [NAN] * 9) == ([1.0] * 9, ["nan"] * 9)
    values, events = ours(from_torch(on_plateau(patience=2)).schedule, [NAN] * 9)
    assert values[-1] == pytest.approx(1e-3)
    assert events.count("cut") == 3


# -- 45 -----------------------------------------------------------------------------------------------------------


def test_45_patience_is_off_by_one():
    """'patience differs between libraries': one name for what happens, and each library's own count imported."""
    flat = [1.0] * 6
    assert factors(on_plateau(patience=2), flat).index(0.1) == 3  # the 4th observation
    assert ours(lr.plateau(patience=3), flat)[0].index(0.1) == 3  # best, then 3 without improvement
    assert ours(from_torch(on_plateau(patience=2)).schedule, flat)[0].index(0.1) == 3
    assert ours(from_optax("reduce_on_plateau", patience=2).schedule, flat)[0].index(0.1) == 2  # the 3rd
    assert "3 observations without improvement" in lr.plateau(patience=3).words()


# -- 46 -----------------------------------------------------------------------------------------------------------


def test_46_a_metric_that_is_not_there_yet(tmp_path):
    """'monitor key errors': validation in every 3rd epoch alone; no crash, and the report has the count."""
    with pytest.raises(TypeError):
        on_plateau().step(None)
    scheduler = Scheduler(sgd(), lr.constant() * lr.plateau(metric="acc", mode="max"), 1000, live=tmp_path)
    for epoch in range(20):
        scheduler.optimizer.step()
        scheduler.step()
        measured = {"loss": 1.0, **({"acc": 0.5} if epoch % 3 == 0 else {})}
        scheduler.observe(**measured)
    assert "plateau1 saw 7 of 20 observations" in CliRunner().invoke(main, ["replay", str(tmp_path)]).output
    unnamed = Scheduler(sgd(), lr.constant() * lr.plateau(), 1000)
    with pytest.raises(lr.LrlabError, match="no controller of the schedule listens to acc"):
        unnamed.observe(acc=0.5)


# -- 47 -----------------------------------------------------------------------------------------------------------


class TwoRanks(torch_ranks.Ranks):
    """Two ranks as two threads; tests/adapters/torch/test_ranks.py has them as processes."""

    meeting, rows = threading.Barrier(2, timeout=30), [[], []]

    def __init__(self, reduce, group=None):
        self.reduce, self.first = reduce, threading.current_thread().name == "0"

    def _gathered(self, row):
        self.meeting.wait()
        self.rows[int(threading.current_thread().name)] = row
        self.meeting.wait()
        return [list(row) for row in self.rows]


def test_47_each_rank_decides_from_its_own_loss(monkeypatch):
    """'LRs diverge across ranks': one LR at all steps; a forced mismatch is raised within one step, on both."""
    losses = [[2.0 - 0.1 * k for k in range(20)], [2.0] * 20]
    theirs = [factors(on_plateau(patience=2), metrics) for metrics in losses]
    assert theirs[0] != theirs[1]
    monkeypatch.setattr("lrlab.adapters.torch.run_folder.Ranks", TwoRanks)
    used, errors = [[], []], [None, None]

    def rank(k):
        scheduler = Scheduler(sgd(), lr.cosine() * lr.plateau(patience=2), 100, ranks="mean")
        for step in range(21):
            if step == 20 and k == 1:
                scheduler.pacer.rescale(2.0)  # whatever may set one rank apart
            used[k].append(scheduler.get_last_lr())
            scheduler.optimizer.step()
            try:
                scheduler.step()
            except lr.LrlabError as error:
                errors[k] = step, str(error)
                return
            scheduler.observe(losses[k][step])

    threads = [threading.Thread(target=rank, args=(k,), name=str(k)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert used[0] == used[1]
    assert len(used[0]) == 21
    assert [error[0] for error in errors] == [20, 20]
    assert all("the ranks no longer agree" in error[1] for error in errors)


# -- 48, 49 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def keras_model():
    """Keras, and a model that is compiled with an LR or a schedule."""
    keras = pytest.importorskip("keras")

    def compiled(rate):
        model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
        model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
        return model

    return keras, compiled


FIT = {"x": np.zeros((4, 1), "float32"), "y": np.ones((4, 1), "float32"), "batch_size": 4, "verbose": 0}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_48_schedule_and_callbacks_exclude_each_other(keras_model):
    """'Keras: schedule object and LR callbacks exclude each other': schedule, plateau and live factor in one fit()."""
    keras, compiled = keras_model
    from lrlab.adapters.keras import LearningRateSchedule, SchedulerCallback

    flat = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=10.0)
    with pytest.raises(TypeError, match="not settable"):
        compiled(LearningRateSchedule(lr.linear(), 0.1, 8)).fit(**FIT, epochs=4, callbacks=[flat])

    plateau = lr.plateau(metric="loss", patience=2, factor=0.5, threshold=10.0, threshold_mode="abs")
    callback = SchedulerCallback(lr.linear() * plateau * lr.manual(), horizon=8, base_lr=0.1)

    class Hand(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 5:
                callback.observe(live=0.25)

    history = compiled(0.1).fit(**FIT, epochs=8, callbacks=[callback, Hand()]).history["learning_rate"]
    factor = np.array([1, 1, 1, 0.5, 0.5, 0.0625, 0.0625, 0.03125])  # cuts after 3, 5 and 7 epochs, a quarter by hand
    assert history == pytest.approx((0.1 * lr.linear().over(8).values() * factor).tolist(), rel=1e-6)
    assert [d.controller for d in callback.decisions] == ["plateau1", "plateau1", "manual1", "plateau1"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_49_a_schedule_cancels_the_cuts(keras_model):
    """'LearningRateScheduler silently cancels ReduceLROnPlateau': with ours the cuts persist."""
    keras, compiled = keras_model
    from lrlab.adapters.keras import SchedulerCallback

    constant = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    cuts = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, factor=0.5, min_delta=10.0)
    theirs = compiled(0.1).fit(**FIT, epochs=8, callbacks=[constant, cuts]).history["learning_rate"]
    assert theirs == pytest.approx([0.1] * 8)
    plateau = lr.plateau(metric="loss", patience=2, factor=0.5, threshold=10.0, threshold_mode="abs")
    callback = SchedulerCallback(lr.constant() * plateau, horizon=8, base_lr=0.1)
    found = compiled(0.1).fit(**FIT, epochs=8, callbacks=[callback]).history["learning_rate"]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.05


# -- 54 -----------------------------------------------------------------------------------------------------------


def test_54_decisions_are_silent():
    """'verbose was removed': each cut is one event with its numbers, and the events rebuild the trace."""
    with pytest.raises(TypeError, match="verbose"):
        on_plateau(verbose=True)
    pacer = lr.Pacer((lr.warmup(5) >> lr.cosine() * lr.plateau(patience=2, factor=0.5)).over(200))
    used = []
    for _ in range(100):
        used.append(pacer.value)
        pacer.advance()
        if pacer.update % 10 == 0:
            pacer.observe(1.25)
    assert len(pacer.decisions) == 4
    for decision in pacer.decisions:
        assert decision.new == 0.5 * decision.old
        assert decision.cause == "2 observations without improvement on 1.25"
    assert factored(pacer.curve, pacer.decisions, 0, 100).tolist() == used


# -- 70 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [30, 57, 90])
def test_70_no_rollback_after_a_spike(at, tmp_path):
    """'Loss spike / NaN: no automatic rollback': without it the run is lost, with it the factor is 0.5 for the rest."""

    def trained(rescuing):
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        schedule = lr.constant() * lr.guard(metric="loss") if rescuing else lr.constant()
        scheduler = Scheduler(optimizer, schedule, 120, live=tmp_path if rescuing else None)
        rescue = Rescue(scheduler, model, every=10, settle=5) if rescuing else None
        used = []
        while scheduler.update < 120:
            number = rescue.batch if rescue else scheduler.update
            used.append(number)
            x = torch.randn(16, 3, generator=torch.Generator().manual_seed(number))
            loss = (model(x * (1e20 if number == at else 1.0)) - x.sum(1, keepdim=True)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            if rescue:
                scheduler.observe(loss=loss.item())
                rescue.step()
        return loss.item(), scheduler, used

    assert not trained(rescuing=False)[0] < 10
    loss, scheduler, used = trained(rescuing=True)
    assert loss < 0.1
    assert scheduler.get_last_lr() == [0.025]
    assert [d.event for d in scheduler.decisions][1] == "rollback"
    assert used == list(range(len(used)))  # the order of the data is defined: no batch twice
    replayed = CliRunner().invoke(main, ["replay", str(tmp_path)])
    assert replayed.exit_code == 0, replayed.output


# -- 71 -----------------------------------------------------------------------------------------------------------


def test_71_change_the_lr_while_it_runs(tmp_path):
    """'Kill, edit, resume': from the command line, at the next update; after a resume it is so again."""

    def start():
        return Scheduler(sgd(0.1), lr.cosine() * lr.manual(), 100, live=tmp_path)

    def trained(scheduler, updates, order_at=None):
        used = {}
        for _ in range(updates):
            used[scheduler.update] = scheduler.optimizer.param_groups[0]["lr"]
            scheduler.optimizer.step()
            if scheduler.update == order_at:
                assert CliRunner().invoke(main, ["live", str(tmp_path), "--factor", "0.5"]).exit_code == 0
            scheduler.step()
        return used

    scheduler = start()
    used = trained(scheduler, 20)
    state = json.loads(json.dumps(scheduler.state_dict()))
    used |= trained(scheduler, 30, order_at=40)
    plain = 0.1 * lr.cosine().over(100).values()
    assert [used[at] / plain[at] for at in (39, 40, 49)] == [1.0, 0.5, 0.5]
    assert [(d.update, d.event) for d in scheduler.decisions] == [(40, "set")]
    again = start()
    again.load_state_dict(state)
    assert trained(again, 30) == {at: used[at] for at in range(20, 50)}
