"""A scheduler with the folder of its run: live orders while it trains, and a journal of all that happened."""

import json
import random
import subprocess
import sys
import time

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.record.process.journal import rows
from lrlab.record.process.orders import give, orders
from lrlab.record.process.replay import replay

SCHEDULE = (lr.warmup(5) >> lr.cosine()) * lr.plateau(patience=2, factor=0.5) * lr.manual()


class Run:
    """A run in a folder, that keeps the LR that the optimizer had at every update."""

    def __init__(self, folder, schedule=SCHEDULE, n=100):
        parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
        for parameter in parameters:
            parameter.grad = torch.ones(1)
        groups = [{"params": parameters[:1], "lr": 0.1}, {"params": parameters[1:], "lr": 0.02}]
        self.optimizer = torch.optim.SGD(groups)
        self.scheduler = Scheduler(self.optimizer, schedule, n, live=folder)
        self.lrs = {}

    def train(self, updates):
        for _ in range(updates):
            self.lrs[self.scheduler.update] = [group["lr"] for group in self.optimizer.param_groups]
            self.optimizer.step()
            self.scheduler.step()

    def agrees(self, folder):
        found = replay(folder, self.scheduler.update)
        assert found.differences == ()
        assert found.decisions == self.scheduler.decisions
        assert found.lrs.T.tolist() == [self.lrs[update] for update in range(found.updates)]


def test_an_order_holds_from_the_next_update_on(tmp_path):
    """For every group, as a decision with its cause; the plateau goes on beside it."""
    run = Run(tmp_path)
    run.train(10)
    give(tmp_path, 0.5)
    run.train(10)
    curve = (lr.warmup(5) >> lr.cosine()).over(100).values()
    assert [run.lrs[at][1] for at in (10, 11)] == [0.02 * curve[10], 0.02 * (0.5 * curve[11])]
    decision = run.scheduler.decisions[0]
    assert (decision.update, decision.event, decision.cause) == (11, "set", "live was set to 0.5")
    for loss in (2.0, 2.0, float("nan"), 2.0):
        run.scheduler.observe(loss)
    run.train(10)
    assert run.scheduler.pacer.factor_of == {"manual1": 0.5, "plateau1": 0.5}
    run.agrees(tmp_path)


def test_an_order_that_waits_is_taken_after_the_first_update(tmp_path):
    """It was given before the process was up; not before update 0, for the run may be about to be resumed."""
    run = Run(tmp_path)
    run.train(10)
    state = run.scheduler.state_dict()
    give(tmp_path, 0.5)
    again = Run(tmp_path)
    assert again.scheduler.decisions == ()
    again.scheduler.load_state_dict(state)
    assert [(d.update, d.new) for d in again.scheduler.decisions] == [(10, 0.5)]
    assert again.scheduler.get_last_lr()[0] == 0.5 * run.scheduler.get_last_lr()[0]
    run.train(1)  # the first process has overlooked nothing
    assert [(d.update, d.new) for d in run.scheduler.decisions] == [(11, 0.5)]


def test_a_resumed_run_takes_the_order_at_the_same_update(tmp_path):
    """Killed at 40, resumed from 20 in a new process: the same LR at every update, and one journal."""
    run = Run(tmp_path)
    run.train(20)
    state = json.loads(json.dumps(run.scheduler.state_dict()))
    run.train(9)
    give(tmp_path, 0.25)
    run.train(11)
    assert orders(tmp_path)[0].taken == 30
    again = Run(tmp_path)
    again.scheduler.load_state_dict(state)
    again.train(20)
    assert again.lrs == {at: run.lrs[at] for at in range(20, 40)}
    assert [(d.update, d.event) for d in again.scheduler.decisions] == [(30, "set")]
    again.lrs = {**run.lrs, **again.lrs}
    again.agrees(tmp_path)
    assert [row["begin"] for row in rows(tmp_path) if "begin" in row] == ["start", "start", "resumed"]


def test_changes_are_in_the_journal(tmp_path):
    """Base LRs, a scale and a longer run: replayed to the last bit."""
    run = Run(tmp_path)
    run.train(10)
    run.scheduler.observe(2.0)
    run.scheduler.base_lrs = [0.2, 0.04]
    run.train(10)
    run.scheduler.extend(200, "rescale-rest")
    run.train(10)
    run.scheduler.resume(run.scheduler.state_dict(), scale=0.5)
    run.train(10)
    run.agrees(tmp_path)


def test_a_folder_without_a_manual_factor_is_a_journal_alone(tmp_path):
    """Nobody listens there, and `lrlab live` says so."""
    run = Run(tmp_path, lr.cosine() * lr.plateau())
    run.train(3)
    run.scheduler.observe(1.0)
    run.agrees(tmp_path)
    with pytest.raises(lr.LrlabError, match="no run listens"):
        give(tmp_path, 0.5)


def test_the_decision_to_stop_is_written_before_it_is_raised(tmp_path):
    """The journal of a run that gave up says why."""
    run = Run(tmp_path, lr.constant() * lr.guard(tries=1))
    run.scheduler.observe(float("nan"))
    with pytest.raises(lr.LrlabError, match="1 rescues did not help"):
        run.scheduler.observe(float("nan"))
    assert list(rows(tmp_path))[-1]["decisions"][0]["event"] == "stop"
    assert replay(tmp_path).differences == ()


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    """And a copy of a scheduler writes nowhere."""
    import copy

    monkeypatch.chdir(tmp_path)
    run = Run(None)
    run.train(3)
    run.scheduler.observe(1.0)
    assert list(tmp_path.iterdir()) == []
    written = Run(tmp_path / "run")
    before = (tmp_path / "run" / "journal.jsonl").read_bytes()
    copy.deepcopy(written.scheduler).observe(1.0)
    assert (tmp_path / "run" / "journal.jsonl").read_bytes() == before


KILLED = """
import json, os, sys, time
from pathlib import Path
import torch, lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
folder, kept = sys.argv[1], Path(sys.argv[1]) / "state.json"
parameter = torch.nn.Parameter(torch.zeros(1)); parameter.grad = torch.ones(1)
optimizer = torch.optim.SGD([parameter], lr=0.1)
schedule = (lr.warmup(20) >> lr.cosine()) * lr.plateau(patience=3, factor=0.9) * lr.manual()
scheduler = Scheduler(optimizer, schedule, 400, live=folder)
if kept.exists():
    scheduler.load_state_dict(json.loads(kept.read_text()))
trace = open(Path(folder) / "trace", "a", buffering=1)
while scheduler.update < 400:
    print(scheduler.update, repr(optimizer.param_groups[0]["lr"]), file=trace)
    optimizer.step(); scheduler.step()
    scheduler.observe(1.0 + (scheduler.update * 7919) % 13)
    if scheduler.update % 7 == 0:
        kept.with_suffix(".new").write_text(json.dumps(scheduler.state_dict()))
        os.replace(kept.with_suffix(".new"), kept)
    time.sleep(0.002)
"""


@pytest.mark.exhaustive
def test_a_run_that_is_killed_again_and_again_can_be_replayed(tmp_path):
    """Wherever the kill cuts the journal, with orders in between: the whole run is in it, once and without a gap."""
    rng = random.Random(0)
    for kill in [True] * 6 + [False]:
        before = read(tmp_path)
        with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)]) as process:
            while read(tmp_path) == before and process.poll() is None:
                time.sleep(0.01)  # it is not up yet
            if kill:
                time.sleep(rng.uniform(0.0, 0.3))
                give(tmp_path, rng.choice([0.5, 1.0, 2.0]))
                time.sleep(rng.uniform(0.0, 0.1))
                process.kill()
            else:
                assert process.wait(timeout=120) == 0
    found = replay(tmp_path)
    assert found.differences == ()
    assert {d.event for d in found.decisions} == {"cut", "set"}
    lines = (tmp_path / "trace").read_text(encoding="utf-8").splitlines()
    used = {int(update): float(rate) for update, rate in (line.split() for line in lines if line.count(" ") == 1)}
    assert found.lrs[0].tolist() == [used[update] for update in range(400)]


def read(folder):
    """The journal so far."""
    path = folder / "journal.jsonl"
    return path.read_bytes() if path.exists() else b""
