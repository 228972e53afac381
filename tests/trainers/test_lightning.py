"""Lightning, run for real: the LR of every update is the declared one, by the change of the weight.

Run with Lightning 2.6.6.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch import PlanScheduler
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError, MissingExtra

lightning = pytest.importorskip("lightning")

from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint  # noqa: E402
from lightning.pytorch.loggers import CSVLogger  # noqa: E402
from lightning.pytorch.plugins.precision import MixedPrecision  # noqa: E402
from lightning.pytorch.tuner import Tuner  # noqa: E402

from lrlab.adapters.lightning import Observe, Watch, callbacks  # noqa: E402

TEXT = 'warmup("20%") >> cosine(to=0.1)'

# Lightning's own words about this machine and about its dependencies.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*tensorboardX.*"),
    pytest.mark.filterwarnings("ignore:.*number of training batches"),
    pytest.mark.filterwarnings("ignore:You defined a `validation_step` but have no `val_dataloader`"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the epoch ended"),
]


class Module(lightning.LightningModule):
    """Trains a model under our scheduler, as the documentation of Lightning says."""

    def __init__(self, model, text=TEXT, groups=None, **config):
        super().__init__()
        self.model, self.text, self.config = model, text, {"interval": "step", **config}
        self.groups = groups

    def training_step(self, batch, batch_idx):
        return self.model(batch)["loss"]

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", 1.0 + 0 * batch.sum())

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.groups or self.model.parameters(), lr=0.1)
        self.scheduler = Scheduler(optimizer, self.text, horizon=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.scheduler, **self.config}}


def loader(batches):
    return torch.utils.data.DataLoader(torch.ones(2 * batches, 1), batch_size=2)


def trainer(tmp_path, **arguments):
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu", "logger": False}
    return lightning.Trainer(
        **{**quiet, "default_root_dir": tmp_path, "enable_checkpointing": False, "max_epochs": 2, **arguments}
    )


@pytest.mark.parametrize("accumulate", [1, 2, 4, 8])
def test_accumulation_does_not_change_the_curve(accumulate, line, declared, tmp_path):
    """As many updates from 1, 2, 4 or 8 micro-batches each: the same LR for every one."""
    module = Module(line())
    trainer(tmp_path, accumulate_grad_batches=accumulate).fit(module, loader(6 * accumulate))
    assert module.model.realised() == pytest.approx(declared(12), rel=1e-12)


def test_an_epoch_that_does_not_divide_by_the_accumulation(line, declared, tmp_path):
    """Lightning makes an update of the two micro-batches left over, each with a fourth of its gradient."""
    module = Module(line())
    trainer(tmp_path, accumulate_grad_batches=4, max_epochs=3).fit(module, loader(10))
    gradients = [1, 1, 0.5] * 3
    assert module.model.realised() == pytest.approx([g * u for g, u in zip(gradients, declared(9), strict=True)])


def test_bfloat16(line, declared, tmp_path):
    """Under autocast, which Lightning takes on a CPU for precision="16-mixed", too."""
    module = Module(line(torch.float32))
    trainer(tmp_path, precision="bf16-mixed").fit(module, loader(6))
    assert module.model.realised() == pytest.approx(declared(12), rel=1e-5)


@pytest.mark.parametrize("overflows", [[], [0], [0, 1, 2, 3], [3, 7, 8, 11]])
def test_an_overflow_is_no_update(overflows, overflowing, declared, tmp_path):
    """Under a GradScaler: as many LRs are used as there were updates, and nothing is warned of."""
    module = Module(overflowing(overflows))
    precision = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=4.0))
    trainer(tmp_path, plugins=precision).fit(module, loader(6))
    made = 12 - len(overflows)
    assert module.scheduler.update == made
    assert module.model.line.realised() == pytest.approx(declared(12)[:made], rel=1e-4)


def test_interval_epoch_is_reported_with_what_to_write_instead(line, declared, tmp_path, caplog):
    """Lightning's default: the position stays right, the LRs in between were not the schedule's."""
    module = Module(line(), interval="epoch")
    with caplog.at_level(logging.WARNING, "lrlab"):
        trainer(tmp_path).fit(module, loader(6))
    (record,) = [record for record in caplog.records if record.name.startswith("lrlab")]
    assert "The updates 0 ... 5 all used the LR of update 0" in record.getMessage()
    assert 'Lightning: "interval": "step"' in record.getMessage()
    assert module.scheduler.update == 12
    lrs = declared(12)
    assert module.model.realised() == pytest.approx([lrs[0]] * 6 + [lrs[6]] * 6, rel=1e-12)


def test_a_schedule_that_moves_at_epochs_only_may_have_interval_epoch(line, tmp_path, caplog):
    module = Module(line(), "step(6, gamma=0.5)", interval="epoch")
    with caplog.at_level(logging.WARNING, "lrlab"):
        trainer(tmp_path).fit(module, loader(6))
    assert module.model.realised() == pytest.approx([0.1] * 6 + [0.05] * 6, rel=1e-12)
    assert not [record for record in caplog.records if record.name.startswith("lrlab")]


def test_lightnings_plateau_interface_is_answered_with_ours(line, tmp_path):
    """Lightning would call step(metric); the message says what takes a metric."""
    module = Module(line(), "plateau()", interval="epoch", reduce_on_plateau=True, monitor="val_loss")
    with pytest.raises(LrlabError, match=r"scheduler.observe\(val_loss\)"):
        trainer(tmp_path, num_sanity_val_steps=0).fit(module, loader(6), loader(1))


def test_lightnings_lr_finder_leaves_the_schedule_as_it_was(line, declared, tmp_path):
    """It trains with a scheduler of its own on the same module, and then goes back."""
    module = Module(line())
    one = trainer(tmp_path, enable_checkpointing=True)
    found = Tuner(one).lr_find(module, loader(6), num_training=10, update_attr=False, early_stop_threshold=None)
    assert found.results["lr"][0] == 1e-8
    module.model.seen.clear()
    one.fit(module, loader(6))
    assert module.model.realised() == pytest.approx(declared(12), rel=1e-12)


class Manual(lightning.LightningModule):
    """Two optimizers in turn, the second at every third batch only, each with its own schedule."""

    def __init__(self, first, second):
        super().__init__()
        self.automatic_optimization = False
        self.models = torch.nn.ModuleList([first, second])

    def training_step(self, batch, batch_idx):
        for k, (optimizer, scheduler) in enumerate(zip(self.optimizers(), self.lr_schedulers(), strict=True)):
            if k == 0 or batch_idx % 3 == 0:
                optimizer.zero_grad()
                self.manual_backward(self.models[k](batch)["loss"])
                optimizer.step()
            scheduler.step()

    def configure_optimizers(self):
        optimizers = [torch.optim.SGD(model.parameters(), lr=0.1 * (k + 1)) for k, model in enumerate(self.models)]
        return optimizers, [
            Scheduler(optimizers[0], TEXT, horizon=12),
            Scheduler(optimizers[1], "linear()", horizon=4),
        ]


def test_manual_optimisation_of_two_optimizers(line, declared, tmp_path):
    """Each schedule counts the updates of its own optimizer."""
    module = Manual(line(), line())
    trainer(tmp_path, callbacks=[Watch()]).fit(module, loader(6))
    assert module.models[0].realised() == pytest.approx(declared(12), rel=1e-12)
    assert module.models[1].realised() == pytest.approx(declared(4, 0.2, "linear()"), rel=1e-12)


# -- checkpoints ------------------------------------------------------------------------------------------------


def run(line, tmp_path, text, accumulate, folder, checkpoint=None):
    """Eight updates with a validation after every second, and a checkpoint before and after each."""
    module = Module(line(), text)
    before = ModelCheckpoint(folder, "{step}", save_top_k=-1, every_n_train_steps=1, save_on_train_epoch_end=False)
    after = ModelCheckpoint(folder, "{step}-validated", monitor="val_loss", save_top_k=-1)
    trainer(
        tmp_path,
        enable_checkpointing=True,
        callbacks=[after, before, Observe("val_loss")],
        accumulate_grad_batches=accumulate,
        val_check_interval=0.5,
    ).fit(module, loader(4 * accumulate), loader(1), ckpt_path=checkpoint)
    return module


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("text", [TEXT, f"({TEXT}) * plateau(patience=1, factor=0.5)"])
def test_resumed_from_a_checkpoint_the_run_goes_on_as_if_never_stopped(text, accumulate, line, tmp_path):
    """In mid-epoch, at its end, and after a validation on which the schedule has decided something."""
    whole = run(line, tmp_path, text, accumulate, tmp_path / "whole")
    assert bool(whole.scheduler.decisions) == ("plateau" in text)
    places = {file.stem.removeprefix("step="): file for file in (tmp_path / "whole").iterdir()}
    assert {"1", "2", "2-validated", "3", "4", "4-validated", "5", "6-validated", "7"} <= places.keys()
    for name, file in places.items():
        assert torch.load(file, weights_only=True)["lr_schedulers"], "plain numbers and texts"
        if "plateau" in text and name in ("2", "4", "6", "8"):
            continue  # the next test
        rest = run(line, tmp_path, text, accumulate, tmp_path / f"rest-{name}", file)
        step = int(name.removesuffix("-validated"))
        assert rest.model.realised() == pytest.approx(whole.model.realised()[step:], rel=1e-12), name
        assert rest.scheduler.decisions == whole.scheduler.decisions, name


def test_lightning_skips_the_validation_that_was_due_at_a_checkpoint(line, tmp_path):
    """Saved after the batch and before its validation: that one is never made, so nothing can be observed on it."""
    text = "plateau(patience=1, factor=0.5)"
    whole = run(line, tmp_path, text, 1, tmp_path / "whole")
    rest = run(line, tmp_path, text, 1, tmp_path / "rest", tmp_path / "whole" / "step=4.ckpt")
    observed = [module.scheduler.pacer.state()["controllers"]["plateau1"]["observed"] for module in (whole, rest)]
    assert observed == [4, 3]


# -- the callback -----------------------------------------------------------------------------------------------


def test_observe_hears_every_validation_but_not_the_sanity_check(line, tmp_path):
    """Three validations without improvement on the first cut twice with a patience of 1."""
    module = Module(line(), "plateau(patience=1, factor=0.5)")
    trainer(tmp_path, max_epochs=3, callbacks=[Observe("val_loss")]).fit(module, loader(2), loader(1))
    assert [(d.update, d.new) for d in module.scheduler.decisions] == [(4, 0.5), (6, 0.25)]
    assert module.model.realised() == pytest.approx([0.1] * 4 + [0.05] * 2, rel=1e-12)


def test_a_controller_hears_the_metric_that_it_asks_for(line, tmp_path):
    """By the name under which it was logged: here the accuracy rises and the loss does not fall."""

    class Rising(Module):
        def validation_step(self, batch, batch_idx):
            self.log("val/acc", float(self.trainer.global_step))
            self.log("val_loss", 1.0)

    module = Rising(line(), 'plateau(patience=1, metric="val/acc", mode="max") * plateau(patience=1, name="loss")')
    trainer(tmp_path, callbacks=[Observe("val_loss")]).fit(module, loader(2), loader(1))
    assert [d.controller for d in module.scheduler.decisions] == ["loss"]


@pytest.mark.parametrize("text", [TEXT, f"({TEXT}) * plateau(patience=1, factor=0.5)"])
def test_a_plan_is_driven_and_observed_as_a_schedule_is(text, line, tmp_path):
    """A `PlanScheduler` of one rule is a `Scheduler`."""

    class Planned(Module):
        def configure_optimizers(self):
            found = super().configure_optimizers()
            if self.config["plan"]:
                found["lr_scheduler"]["scheduler"] = self.scheduler = PlanScheduler(
                    torch.optim.SGD(self.model.parameters(), lr=0.1), self.text, self.trainer.estimated_stepping_batches
                )
                found["optimizer"] = self.scheduler.optimizer
            del found["lr_scheduler"]["plan"]
            return found

    lrs = []
    for plan in (False, True):
        module = Planned(line(), text, plan=plan)
        trainer(tmp_path, callbacks=[Observe("val_loss")]).fit(module, loader(6), loader(1))
        lrs.append(module.model.realised())
    assert lrs[0] == lrs[1]
    assert len(lrs[0]) == 12


def test_a_metric_that_was_not_logged_is_an_error_that_names_those_that_were(line, tmp_path):
    module = Module(line(), "plateau()")
    with pytest.raises(LrlabError, match="val_loss") as raised:
        trainer(tmp_path, callbacks=[Observe("valid_loss")]).fit(module, loader(2), loader(1))
    assert "valid_loss" in str(raised.value)


def test_lightnings_own_monitor_logs_the_lr_of_every_update_by_group_name(line, declared, tmp_path):
    """It reads the optimizer; the groups keep their ratio and their names."""
    first, second = line(), line()
    module = Module(torch.nn.Sequential(first), groups=[
        {"params": [first.weight], "name": "body"},
        {"params": [second.weight], "name": "head", "lr": 1.0},
    ])  # fmt: skip
    logger = CSVLogger(tmp_path, flush_logs_every_n_steps=1)
    trainer(tmp_path, logger=logger, callbacks=[LearningRateMonitor("step")], log_every_n_steps=1).fit(
        module, loader(6)
    )
    rows = [row for row in logger.experiment.metrics] or _rows(logger)
    assert [float(row["lr-SGD/body"]) for row in rows] == pytest.approx(declared(12))
    assert [float(row["lr-SGD/head"]) for row in rows] == pytest.approx(declared(12, 1.0))


def _rows(logger):
    import csv
    from pathlib import Path

    with Path(logger.log_dir, "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_nothing_is_warned_of_in_correct_use(line, tmp_path):
    """Among Lightning's own words there is none about the scheduler."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        trainer(tmp_path).fit(Module(line()), loader(6))
    assert not [w for w in met if "scheduler" in str(w.message)]


def test_without_lightning_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    monkeypatch.delitem(sys.modules, "lrlab.adapters.lightning")
    with pytest.raises(MissingExtra, match=r"lrlab\[lightning\]"):
        importlib.import_module("lrlab.adapters.lightning")


# -- what cannot be meant -------------------------------------------------------------------------------------------


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("lrlab")]


@pytest.mark.parametrize("watching", [[Watch()], [Observe("val_loss")], [Watch(), Observe("val_loss")]], ids=len)
def test_a_fit_that_ends_before_its_schedule_is_said(watching, line, tmp_path, caplog):
    """An accumulation that changes after the horizon was asked for, an early end: once, with both numbers."""
    watching = [Watch() if type(callback) is Watch else Observe("val_loss") for callback in watching]

    class Accumulating(lightning.Callback):
        def on_train_epoch_start(self, trainer, module):
            trainer.accumulate_grad_batches = 1 + trainer.current_epoch

    module = Module(line(), "linear()")
    one = trainer(tmp_path, callbacks=[Accumulating(), *watching])
    one.fit(module, loader(4), loader(1))
    assert module.scheduler.update == 6
    (said,) = lines(caplog)
    assert "ends at update 6 of 8" in said


def test_fit_epoch_by_epoch_is_said(line, tmp_path, caplog):
    """Each call begins a new schedule, over all the epochs that the trainer is to make."""
    module = Module(line(), "linear()")
    for epoch in range(2):
        trainer(tmp_path, max_steps=4 * (epoch + 1), max_epochs=4, callbacks=[Watch()]).fit(module, loader(4))
        module.scheduler.optimizer.zero_grad()
    assert lines(caplog) == []  # max_steps is known to the trainer, so to the horizon

    class OneEpoch(lightning.Callback):
        def on_train_epoch_end(self, trainer, module):
            trainer.should_stop = True

    for _ in range(2):
        trainer(tmp_path, max_epochs=4, callbacks=[OneEpoch(), Watch()]).fit(module, loader(4))
    one, again, two = lines(caplog)
    assert "ends at update 4 of 16" in one
    assert "ends at update 4 of 16" in two
    assert "begins anew on parameters that it has trained before (4 updates)" in again
    assert "ckpt_path" in caplog.text


def test_a_horizon_in_epochs_is_refused_at_the_start(line, tmp_path):
    """Lightning's default interval and a schedule counted in epochs: it would be over within the first."""

    class InEpochs(Module):
        follow = "updates"

        def configure_optimizers(self):
            found = super().configure_optimizers()
            self.scheduler = Scheduler(found["optimizer"], "step(1, gamma=0.1)", horizon=3, follow=self.follow)
            found["lr_scheduler"]["scheduler"] = self.scheduler
            return found

    module = InEpochs(line(), interval="epoch")
    with pytest.raises(LrlabError, match=r'"interval": "step"[\s\S]*follow="calls"'):
        trainer(tmp_path, max_epochs=3, callbacks=[Watch()]).fit(module, loader(4))
    module.follow = "calls"
    trainer(tmp_path, max_epochs=3, callbacks=[Watch()]).fit(module, loader(4))
    assert module.model.realised() == pytest.approx([0.1] * 4 + [0.01] * 4 + [0.001] * 4)


@pytest.mark.parametrize("interval", ["epoch", "step"])
def test_a_horizon_that_does_not_fit_the_epochs_is_told(interval, line, tmp_path, caplog):
    """Under "epoch" and follow="calls" it is refused at the start; by the step an epoch has another length."""

    class InUpdates(Module):
        def configure_optimizers(self):
            found = super().configure_optimizers()
            run, follow = lr.Horizon(epochs=3, updates_per_epoch=9), "calls" if interval == "epoch" else "updates"
            found["lr_scheduler"]["scheduler"] = Scheduler(found["optimizer"], 'step("1ep")', run, follow=follow)
            return found

    run, module = trainer(tmp_path, max_epochs=3, callbacks=[Watch()]), InUpdates(line(), interval=interval)
    if interval == "epoch":
        with pytest.raises(LrlabError, match=r"counts epochs, and the horizon counts updates[\s\S]*horizon=3"):
            run.fit(module, loader(4))
    else:
        run.fit(module, loader(4))
        assert [said for said in lines(caplog) if "An epoch has 4 updates, and the horizon says 9" in said]


def test_a_controller_that_nobody_tells_anything_is_said(line, tmp_path, caplog):
    trainer(tmp_path, callbacks=[Watch()]).fit(Module(line(), "plateau()"), loader(6))
    assert ['callbacks=[Observe("val_loss")]' in said for said in lines(caplog)] == [True]


@pytest.mark.parametrize("text", ['plateau(metric="val_lss")', 'plateau() * plateau(metric="val_lss")'])
def test_a_controller_whose_metric_was_not_logged_is_refused(text, line, tmp_path):
    """It does not hear another in its place."""
    with pytest.raises(LrlabError, match=r'val_lss[\s\S]*did you mean "val_loss"'):
        trainer(tmp_path, callbacks=[Observe("val_loss")]).fit(Module(line(), text), loader(2), loader(1))


def test_lightning_finds_the_watch_by_itself():
    """By an entry point: one callback, in every trainer; a trainer without our schedulers hears nothing of it."""
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["lightning.pytorch.callbacks_factory"]["lrlab"]
    module, _, name = named.partition(":")
    assert getattr(importlib.import_module(module), name) is callbacks
    assert [type(callback) for callback in callbacks()] == [Watch]


def test_a_trainer_that_is_made_anew_for_each_epoch_is_said(line, declared, tmp_path, caplog):
    """Each fit() runs the whole schedule over its one epoch: the LR is a sawtooth."""
    module = Module(line())
    with caplog.at_level(logging.WARNING, "lrlab"):
        for _ in range(3):
            trainer(tmp_path, max_epochs=1).fit(module, loader(6))
    assert module.model.realised() == pytest.approx(3 * declared(6), rel=1e-12)
    (record,) = [record for record in caplog.records if record.name.startswith("lrlab")]
    assert "begins anew on parameters that it has trained before (6 updates)" in record.getMessage()
