"""Pains that the trainer makes, each as its users told it: the trainer's own scheduler beside ours.

The numbers are those of the table of pains; the contrast is run with Lightning 2.6.6, transformers 5.23.0 and
Accelerate 1.15.0. Under the peer a pain may have been mended since: then both are right, and the test says so.
"""

from __future__ import annotations

import hashlib
import logging
import warnings

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.record.logs.formats.registry import rows as log_rows
from lrlab.record.logs.rate_log import RateLog
from lrlab.record.logs.sinks import csv_log, jsonl_log, tensorboard_log, wandb_log
from lrlab.record.logs.tensorboard import scalars

TEXT = 'warmup("20%") >> cosine(to=0.1)'
N = 12

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


class Line(torch.nn.Module):
    """loss = weight * mean(x): under SGD each update lowers the weight by the LR."""

    def __init__(self, infinite_at=()):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.seen, self.infinite_at = [], infinite_at

    def forward(self, x, labels=None):
        bad = len(self.seen) in self.infinite_at
        self.seen.append(float(self.weight.detach()))
        return {"loss": (self.weight * x).mean() * (float("inf") if bad else 1.0), "logits": x}

    def realised(self):
        return [-step for step in np.diff([*self.seen, float(self.weight.detach())]).tolist() if step]


def declared(updates=N, base_lr=0.1):
    return (base_lr * lr.parse(TEXT).over(updates).values()).tolist()


def ours(optimizer, updates=N):
    return Scheduler(optimizer, TEXT, horizon=updates)


def theirs(optimizer, updates=N):
    """The same curve, as people write it for a trainer."""
    lrs = declared(updates, 1.0)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: lrs[min(update, updates - 1)])


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


# -- Lightning --------------------------------------------------------------------------------------------------


def lightning_fit(tmp_path, make, *, config=None, checkpoint=None, model=None, groups=None, **arguments):
    """Two epochs of six batches under Lightning; the model, the scheduler, and what the trainer warned of."""
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = model or Line()

        def training_step(self, batch, batch_idx):
            return self.model(batch)["loss"]

        def configure_optimizers(self):
            optimizer = torch.optim.SGD(groups, lr=0.1) if groups else sgd(self.model)
            self.scheduler = make(optimizer)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.scheduler, **(config or {})}}

    module = Module()
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu", "logger": False}
    quiet |= {"enable_checkpointing": False, "max_epochs": 2, "default_root_dir": tmp_path}
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        batches = torch.utils.data.DataLoader(torch.ones(12, 1, dtype=torch.float64), batch_size=2)
        lightning.Trainer(**{**quiet, **arguments}).fit(module, batches, ckpt_path=checkpoint)
    return module, [str(w.message) for w in met if "scheduler" in str(w.message)]


STEP = {"interval": "step"}


@pytest.mark.parametrize("make", [theirs, ours])
def test_9_off_by_one_after_a_resume_in_a_trainer(make, tmp_path):
    """ "Off-by-one or double-stepped LR after resume in trainers": mended in Lightning 2.6.6; right in both."""
    pytest.importorskip("lightning")
    from lightning.pytorch.callbacks import ModelCheckpoint

    saving = ModelCheckpoint(tmp_path, "{step}", every_n_train_steps=1, save_top_k=-1, save_on_train_epoch_end=False)
    whole, _ = lightning_fit(tmp_path, make, config=STEP, callbacks=[saving], enable_checkpointing=True)
    for step in range(1, N):
        rest, _ = lightning_fit(tmp_path, make, config=STEP, checkpoint=tmp_path / f"step={step}.ckpt")
        assert rest.model.realised() == pytest.approx(whole.model.realised()[step:], rel=1e-12)


def test_18_a_schedule_in_updates_is_stepped_at_epochs(tmp_path, caplog):
    """ "Step-schedule stepped per epoch": Lightning's default. Theirs ends in its warmup without a word."""
    peer, said = lightning_fit(tmp_path, theirs)
    assert set(peer.model.realised()) != set(declared())
    assert peer.scheduler.get_last_lr() == pytest.approx([declared()[2]])  # after all of its 12 updates
    assert not said

    with caplog.at_level(logging.WARNING, "lrlab"):
        mine, _ = lightning_fit(tmp_path, ours)
    assert '"interval": "step"' in caplog.text
    assert mine.scheduler.update == N
    assert mine.scheduler.get_last_lr() == pytest.approx([0.1 * lr.parse(TEXT).over(N)(N)])


def test_19_an_overflow_advances_the_schedule(tmp_path):
    """ "Skipped optimizer step still advances the schedule; false warning": theirs under Lightning does both."""
    pytest.importorskip("lightning")
    from lightning.pytorch.plugins.precision import MixedPrecision

    def fit(make):
        model = Line(infinite_at=(0, 5, 6))
        precision = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=4.0))
        return lightning_fit(tmp_path, make, config=STEP, model=model, plugins=precision)

    peer, said = fit(theirs)
    assert len(peer.model.realised()) == 9
    assert peer.scheduler.last_epoch == 12
    assert "Detected call of `lr_scheduler.step()` before `optimizer.step()`" in said[0]

    mine, said = fit(ours)
    assert mine.scheduler.update == 9
    assert mine.model.realised() == pytest.approx(declared()[:9], rel=1e-12)
    assert not said


def test_39_one_peak_flattens_the_groups(tmp_path):
    """ "Scalar max_lr flattens different group LRs": theirs gives both groups one LR; ours keeps their ratio."""

    def fit(make):
        body, head = Line(), Line()
        both = torch.nn.ModuleList([body, head])
        both.forward = lambda x: {"loss": body(x)["loss"] + head(x)["loss"]}
        groups = [{"params": [body.weight], "lr": 1e-4}, {"params": [head.weight], "lr": 1e-2}]
        lightning_fit(tmp_path, make, config=STEP, model=both, groups=groups)
        return np.array(head.realised()) / np.array(body.realised())

    def one_cycle(optimizer):
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=N, cycle_momentum=False)

    assert fit(one_cycle) == pytest.approx(np.ones(N))
    assert fit(ours) == pytest.approx(np.full(N, 100.0))


def test_72_type_checks_of_trainers(tmp_path):
    """ "Type checks break custom schedulers": Lightning refuses one that is no LRScheduler; ours is one."""
    pytest.importorskip("lightning")
    from lightning.fabric.utilities.exceptions import MisconfigurationException

    class Custom:
        """Everything that a scheduler needs to have."""

        def __init__(self, optimizer):
            self.optimizer, self.step, self.load_state_dict = optimizer, lambda: None, lambda state: None
            self.state_dict = dict

    with pytest.raises(MisconfigurationException, match="doesn't follow PyTorch's LRScheduler API"):
        lightning_fit(tmp_path, Custom, config=STEP)
    module, _ = lightning_fit(tmp_path, ours, config=STEP)
    assert isinstance(module.scheduler, torch.optim.lr_scheduler.LRScheduler)
    assert module.model.realised() == pytest.approx(declared(), rel=1e-12)


# -- Accelerate -------------------------------------------------------------------------------------------------


def accelerated(make, monkeypatch, processes=1, accumulate=1):
    """Twelve updates under an Accelerate that thinks it has so many processes: the LR of each."""
    accelerate = pytest.importorskip("accelerate")
    from accelerate.state import AcceleratorState, GradientState

    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    monkeypatch.setattr(
        "accelerate.scheduler.AcceleratorState", lambda: type("State", (), {"num_processes": processes})
    )
    model = Line()
    optimizer = sgd(model)
    prepared, optimizer, scheduler = accelerator.prepare(model, optimizer, make(optimizer))
    for _ in range(N * accumulate):
        with accelerator.accumulate(prepared):
            accelerator.backward(prepared(torch.ones(1, 1))["loss"])
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return model.realised()


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_16_the_schedule_is_stepped_once_per_process(processes, monkeypatch):
    """ "accelerate steps the scheduler num_processes times per update": theirs is over after a part of the run.

    Real processes are in tests/trainers/test_accelerate.py.
    """
    peer = accelerated(theirs, monkeypatch, processes)
    assert peer == pytest.approx([declared()[min(processes * update, N - 1)] for update in range(N)], rel=1e-12)
    assert accelerated(ours, monkeypatch, processes) == pytest.approx(declared(), rel=1e-12)


@pytest.mark.parametrize("accumulate", [1, 2, 4, 8])
@pytest.mark.parametrize("make", [theirs, ours])
def test_17_accumulation_in_a_trainer(make, accumulate, monkeypatch):
    """ "Scheduler steps per micro-batch": mended in Accelerate; right in both."""
    assert accelerated(make, monkeypatch, accumulate=accumulate) == pytest.approx(declared(), rel=1e-12)


@pytest.mark.parametrize("accumulate", [2, 4, 8])
def test_17_accumulation_in_a_loop_of_ones_own(accumulate):
    """The loop that people write, with step() at every micro-batch: theirs is over k times too early."""

    def loop(make):
        model = Line()
        optimizer = sgd(model)
        scheduler = make(optimizer)
        for micro_batch in range(1, N * accumulate + 1):
            (model(torch.ones(1, 1))["loss"] / accumulate).backward()
            if micro_batch % accumulate == 0:
                optimizer.step()
                optimizer.zero_grad()
            scheduler.step()
        return model.realised()

    assert loop(theirs)[3] == pytest.approx(declared()[min(3 * accumulate + accumulate - 1, N - 1)])
    assert loop(ours) == pytest.approx(declared(), rel=1e-12)


# -- Hugging Face Trainer and the log ---------------------------------------------------------------------------


def trained(make, folder, logging_steps=1):
    """Twelve updates under the Trainer: the LR of each, and those that it logged."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    settings = {"report_to": "none", "disable_tqdm": True, "use_cpu": True, "max_grad_norm": 0, "save_strategy": "no"}
    model = Line()
    optimizer = sgd(model)
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            folder, per_device_train_batch_size=1, max_steps=N, logging_steps=logging_steps, **settings
        ),
        train_dataset=[{"x": torch.ones(1, dtype=torch.float64), "labels": torch.zeros(1)}] * N,
        optimizers=(optimizer, make(optimizer)),
    )
    trainer.train()
    logged = [row["learning_rate"] for row in trainer.state.log_history if "learning_rate" in row]
    return model.realised(), logged, trainer.lr_scheduler


@pytest.mark.parametrize("make", [theirs, ours])
def test_52_the_logged_lr_is_the_one_that_was_used(make, tmp_path):
    """ "Logged LR is off by one": mended in transformers 5, which asks before the scheduler moves; right in both."""
    realised, logged, _ = trained(make, tmp_path)
    assert realised == pytest.approx(declared(), rel=1e-12)
    assert logged == pytest.approx(realised, rel=1e-12)


def test_51_the_lr_of_every_update_is_in_the_log(tmp_path):
    """ "Cannot read or log the LR": the Trainer's log has a row now and then; ours one for each update."""
    realised, logged, scheduler = trained(ours, tmp_path, logging_steps=5)
    assert len(logged) == 2
    rows = []
    RateLog(scheduler, rows.extend, since=0)()
    assert [step for step, _ in rows] == list(range(N))
    assert [row["lr"] for _, row in rows] == pytest.approx(realised, rel=1e-12)


def test_52_three_groups_are_one_curve_and_their_ratios_the_same_in_every_log(tmp_path):
    """ "First group only, or clutter": one curve, named ratios, and identical rows in each kind of log."""
    lines = [Line(), Line(), Line()]
    groups = [{"params": [line.weight], "lr": 10.0**-k, "name": f"layer{k}"} for k, line in enumerate(lines)]
    optimizer = torch.optim.SGD(groups)
    scheduler = ours(optimizer)
    rows = []
    recorder = type("Recorder", (), {"log": lambda self, values, step: rows.append((step, values))})()
    places = {"a.csv": csv_log, "a.jsonl": jsonl_log, "events": tensorboard_log}
    log = RateLog(scheduler, wandb_log(recorder), *(make(tmp_path / name) for name, make in places.items()))
    for _ in range(N):
        sum(line(torch.ones(1, 1))["loss"] for line in lines).backward()
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
        log()
    log({"val_loss": 1.0, "loss": 2.0})
    assert rows[0][1].keys() == {"lr", "lr_ratio/layer0", "lr_ratio/layer1", "lr_ratio/layer2"}
    assert all(values.keys() == {"lr"} for _, values in rows[1:N])
    for line, (name, ratio) in zip(lines, list(rows[0][1].items())[1:], strict=True):
        assert [ratio * values["lr"] for _, values in rows[:N]] == pytest.approx(line.realised()), name
    flat = [(step, name, value) for step, values in rows for name, value in values.items()]
    assert list(scalars(tmp_path / "events")) == flat
    for name in ("a.csv", "a.jsonl"):
        read = [{k: v for k, v in row.items() if v != ""} for row in log_rows(tmp_path / name)]
        assert [(int(row.pop("step")), {k: float(v) for k, v in row.items()}) for row in read] == rows


def test_53_the_preview_is_the_function_that_the_run_uses(tmp_path):
    """ "No preview": the points of the picture are the values that a run under the Trainer was given, bit for bit."""
    from lrlab.desk import schedules as desk

    used = []

    def watched(optimizer):
        optimizer.register_step_pre_hook(lambda *_: used.append(optimizer.param_groups[0]["lr"] / 0.1))
        return Scheduler(optimizer, "linear(to=0.5)", horizon=N)

    trained(watched, tmp_path)
    (line,) = desk.show("linear(to=0.5)", N).figure.lines
    drawn = dict(zip(map(int, line.x), line.y, strict=True))

    def hashed(values):
        return hashlib.sha256(np.array(values).tobytes()).hexdigest()

    assert hashed([0.1 * drawn[update] / 0.1 for update in range(N)]) == hashed(used)
