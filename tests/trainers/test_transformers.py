"""Hugging Face Trainer, run for real: the LR of every update is the declared one, by the change of the weight.

Run with transformers 5.23.0.
"""

from __future__ import annotations

import importlib
import json
import sys

import pytest
import torch

from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError, LrlabTypeError, MissingExtra

transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from lrlab.adapters.transformers import Observe, Scheduled, Watch  # noqa: E402

# Of PyTorch 2.4, about what Transformers 4 calls.
pytestmark = [
    pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning"),
    pytest.mark.filterwarnings("ignore:`torch.cpu.amp.autocast:FutureWarning"),
]
OTHERWISE = pytest.mark.skipif(transformers.__version__.startswith("4.50."), reason="Transformers 4.50 does otherwise")
TEXT = 'warmup("20%") >> cosine(to=0.1)'


def data(items):
    return [{"x": torch.ones(1), "labels": torch.zeros(1)} for _ in range(items)]


def trainer(model, folder, *, horizon=None, text=TEXT, items=24, optimizers=None, evaluation=None, **arguments):
    """A Trainer with SGD at 0.1 under our scheduler; two examples a micro-batch."""
    if optimizers is None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizers = optimizer, Scheduler(optimizer, text, horizon)
    callbacks = arguments.pop("callbacks", [])
    settings = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": True, "max_grad_norm": 0}
    return transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(folder, **{**settings, "per_device_train_batch_size": 2, **arguments}),
        train_dataset=data(items),
        eval_dataset=evaluation or data(2),
        optimizers=optimizers,
        callbacks=callbacks,
    )


@pytest.mark.parametrize("accumulate", [1, 2, 4, 8])
def test_accumulation_does_not_change_the_curve(accumulate, line, declared, tmp_path):
    """As many updates from 1, 2, 4 or 8 micro-batches each: the same LR for every one."""
    model, items = line(), 12 * accumulate
    one = trainer(model, tmp_path, horizon=12, items=items, num_train_epochs=2, gradient_accumulation_steps=accumulate)
    one.train()
    assert one.state.max_steps == 12
    assert model.realised() == pytest.approx(declared(12), rel=1e-12)


def test_max_steps_in_the_middle_of_an_epoch(line, declared, tmp_path):
    """The Trainer's max_steps is the horizon, whatever the epochs."""
    model = line()
    trainer(model, tmp_path, horizon=17, max_steps=17).train()
    assert model.realised() == pytest.approx(declared(17), rel=1e-12)


@OTHERWISE  # 2 updates in an epoch of 5 micro-batches in groups of 4: what is left is dropped
def test_a_last_group_of_micro_batches_that_is_not_full(line, declared, tmp_path):
    """The Trainer makes an update of what is left at the end of an epoch: it counts like any other."""
    model = line()
    one = trainer(model, tmp_path, horizon=9, items=20, num_train_epochs=3, gradient_accumulation_steps=4)
    one.train()
    assert one.state.global_step == one.lr_scheduler.update == 9
    assert len(model.realised()) == 9
    assert model.realised()[0] == pytest.approx(declared(9)[0], rel=1e-12)


def test_bfloat16(line, declared, tmp_path):
    model = line(torch.float32)
    trainer(model, tmp_path, horizon=12, num_train_epochs=1, bf16=True).train()
    assert model.realised() == pytest.approx(declared(12), rel=1e-5)


@pytest.mark.parametrize("overflows", [[0], [0, 1, 2, 3], [3, 7, 8, 11]])
def test_an_overflow_is_no_update(overflows, overflowing, declared, tmp_path):
    """Under the GradScaler that the Trainer's Accelerator takes for float16 on a GPU."""
    model = overflowing(overflows)
    one = trainer(model, tmp_path, horizon=12, num_train_epochs=1)
    one.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    one.train()
    made = 12 - len(overflows)
    assert one.lr_scheduler.update == made
    assert model.line.realised() == pytest.approx(declared(12)[:made], rel=1e-4)


@OTHERWISE  # it logs the LR of the next update
def test_the_logged_learning_rate_is_the_one_that_was_used(line, declared, tmp_path):
    """The Trainer asks between the two step() calls, and writes it beside the loss of that update."""
    model = line()
    one = trainer(model, tmp_path, horizon=12, num_train_epochs=1, logging_steps=1)
    one.train()
    logged = [row["learning_rate"] for row in one.state.log_history if "learning_rate" in row]
    assert logged == pytest.approx(declared(12), rel=1e-12)


def test_the_trainer_may_make_the_optimizer_and_count_the_updates(line, declared, tmp_path):
    """One method of the Trainer's is enough: it is called with the optimizer made and the updates counted."""

    class Scheduled(transformers.Trainer):
        def create_scheduler(self, num_training_steps, optimizer=None):
            self.lr_scheduler = self.lr_scheduler or Scheduler(self.optimizer, TEXT, num_training_steps)
            return self.lr_scheduler

    model = line()
    settings = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": True, "max_grad_norm": 0}
    arguments = transformers.TrainingArguments(
        tmp_path, per_device_train_batch_size=2, num_train_epochs=2, optim="sgd", learning_rate=0.1, **settings
    )
    Scheduled(model=model, args=arguments, train_dataset=data(12)).train()
    assert model.realised() == pytest.approx(declared(12), rel=1e-12)


def test_groups_keep_their_ratio(line, declared, tmp_path):
    """Two groups with LRs of their own."""
    body, head = line(), line()

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = body, head

        def forward(self, x, labels=None):
            return {"loss": self.body(x)["loss"] + self.head(x)["loss"], "logits": x}

    optimizer = torch.optim.SGD([{"params": [body.weight]}, {"params": [head.weight], "lr": 1.0}], lr=0.1)
    scheduler = Scheduler(optimizer, TEXT, 12)
    trainer(Two(), tmp_path, optimizers=(optimizer, scheduler), num_train_epochs=1).train()
    assert body.realised() == pytest.approx(declared(12), rel=1e-12)
    assert head.realised() == pytest.approx(declared(12, 1.0), rel=1e-12)


class Flat(torch.nn.Module):
    """A `Line` whose evaluated loss is always 1."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def forward(self, x, labels=None):
        out = self.line(x)
        return out if self.training else {**out, "loss": torch.ones(())}


# -- checkpoints ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TEXT, f"({TEXT}) * plateau(patience=1, factor=0.5)"])
def test_resumed_from_a_checkpoint_the_run_goes_on_as_if_never_stopped(text, line, tmp_path):
    """In mid-epoch and at its end, also where an evaluation at the same step has been observed."""

    def run(folder, checkpoint=None):
        model = Flat(line())
        arguments = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 1}
        arguments |= {"num_train_epochs": 2, "gradient_accumulation_steps": 2, "callbacks": [Observe("eval_loss")]}
        one = trainer(model, folder, horizon=8, text=text, items=16, **arguments)
        one.train(resume_from_checkpoint=checkpoint)
        return model.line.realised(), one.lr_scheduler.decisions

    lrs, decisions = run(tmp_path / "whole")
    assert bool(decisions) == ("plateau" in text)
    for step in (1, 2, 3, 4, 7):
        checkpoint = tmp_path / "whole" / f"checkpoint-{step}"
        assert json.loads((checkpoint / "trainer_state.json").read_text())["global_step"] == step
        rest, decided = run(tmp_path / f"rest-{step}", str(checkpoint))
        assert rest == pytest.approx(lrs[step:], rel=1e-12), step
        assert decided == decisions, step


# -- the callback -----------------------------------------------------------------------------------------------


def test_observe_hears_every_evaluation(line, tmp_path):
    """Three evaluations without improvement on the first cut twice with a patience of 1."""
    model = Flat(line())
    arguments = {"eval_strategy": "epoch", "num_train_epochs": 3, "callbacks": [Observe("eval_loss")]}
    one = trainer(model, tmp_path, horizon=6, text="plateau(patience=1, factor=0.5)", items=4, **arguments)
    one.train()
    assert [(d.update, d.new) for d in one.lr_scheduler.decisions] == [(4, 0.5), (6, 0.25)]
    assert model.line.realised() == pytest.approx([0.1] * 4 + [0.05] * 2, rel=1e-12)


def test_of_several_evaluation_sets_one_is_observed(line, tmp_path):
    """Each set is an evaluation of its own, with its own names: once a round, not once a set."""
    model = Flat(line())
    arguments = {"eval_strategy": "epoch", "num_train_epochs": 3, "callbacks": [Observe("eval_b_loss")]}
    sets = {"a": data(2), "b": data(2)}
    one = trainer(model, tmp_path, horizon=6, text="plateau(patience=2)", items=4, evaluation=sets, **arguments)
    one.train()
    assert [d.update for d in one.lr_scheduler.decisions] == [6]


@pytest.mark.parametrize("strategy", ["epoch", "steps"])
def test_a_metric_that_is_not_evaluated_is_an_error_that_names_those_that_are(strategy, line, tmp_path):
    arguments = {"eval_strategy": strategy, "eval_steps": 1, "num_train_epochs": 3}
    one = trainer(line(), tmp_path, horizon=6, items=4, callbacks=[Observe("val_loss")], **arguments)
    with pytest.raises(LrlabError, match="eval_loss") as raised:
        one.train()
    assert "val_loss" in str(raised.value)


def test_a_trainer_without_our_scheduler_is_refused(line, tmp_path):
    """The Trainer's own schedules have nothing that observes."""
    one = trainer(line(), tmp_path, optimizers=(None, None), callbacks=[Observe("eval_loss")])
    with pytest.raises(LrlabTypeError, match="optimizers="):
        one.evaluate()


def test_another_horizon_is_refused_with_both_numbers(line, tmp_path):
    """More epochs after a resume: the Trainer's own schedules take the new number without a word."""
    arguments = {"items": 8, "save_strategy": "epoch"}
    trainer(line(), tmp_path, horizon=8, num_train_epochs=2, **arguments).train()
    longer = trainer(line(), tmp_path, horizon=16, num_train_epochs=4, **arguments)
    with pytest.raises(LrlabError, match="horizon") as raised:
        longer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert "8" in str(raised.value)
    assert "16" in str(raised.value)


def test_without_transformers_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.delitem(sys.modules, "lrlab.adapters.transformers")
    with pytest.raises(MissingExtra, match=r"lrlab\[transformers\]"):
        importlib.import_module("lrlab.adapters.transformers")


# -- a schedule for each training -----------------------------------------------------------------------------------


class ScheduledTrainer(Scheduled, transformers.Trainer):
    schedule = "linear()"


def scheduled(model, folder, kind=ScheduledTrainer, items=24, schedule=None, **arguments):
    """A Trainer that makes its optimizer and, for each training, its scheduler."""
    settings = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": True, "max_grad_norm": 0}
    settings |= {"optim": "sgd", "learning_rate": 0.1, "per_device_train_batch_size": 2, "num_train_epochs": 1}
    return kind(
        model=model,
        args=transformers.TrainingArguments(folder, **settings | arguments),
        train_dataset=data(items),
        **({} if schedule is None else {"schedule": schedule}),
    )


def test_each_training_has_a_schedule_of_its_own(line, declared, tmp_path, caplog):
    """train() twice, also over another number of epochs: the second is not run at an LR of 0."""
    model = line()
    one = scheduled(model, tmp_path)
    one.train()
    one.args.num_train_epochs = 2
    one.train()
    assert model.realised() == pytest.approx(
        [*declared(12, text="linear()"), *declared(24, text="linear()")], rel=1e-12
    )
    assert caplog.text == ""


def test_a_schedule_may_be_given_to_the_trainer(line, declared, tmp_path):
    model = line()
    scheduled(model, tmp_path, schedule=TEXT).train()
    assert model.realised() == pytest.approx(declared(12), rel=1e-12)


class Greedy(torch.nn.Module):
    """Has no memory for more than two examples at once."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def forward(self, x, labels=None):
        if len(x) > 2:
            raise RuntimeError("CUDA out of memory.")
        return self.line(x)


def test_where_the_batch_size_is_searched_the_last_one_counts(line, declared, tmp_path):
    """Each try begins anew, over as many updates as its batches give."""
    model = Greedy(line())
    one = scheduled(model, tmp_path, items=16, auto_find_batch_size=True, per_device_train_batch_size=8)
    one.train()
    assert one.state.max_steps == len(model.line.realised()) > 2
    assert model.line.realised() == pytest.approx(declared(one.state.max_steps, text="linear()"), rel=1e-12)


def test_resumed_the_schedule_goes_on(line, declared, tmp_path):
    """The new schedule of the second process reads the checkpoint."""
    scheduled(line(), tmp_path, save_strategy="steps", save_steps=5).train()
    model = line()
    scheduled(model, tmp_path).train(resume_from_checkpoint=str(tmp_path / "checkpoint-5"))
    assert model.realised() == pytest.approx(declared(12, text="linear()")[5:], rel=1e-12)


def test_a_resume_with_another_horizon_goes_on_as_it_is_told(line, tmp_path):
    """As the handbook has it: from the LR of update 6 of 12, half of 0.1, to 0 at the end of 18."""
    scheduled(line(), tmp_path, save_strategy="steps", save_steps=6).train()

    class Prolonged(ScheduledTrainer):
        def create_scheduler(self, num_training_steps, optimizer=None):
            scheduler = super().create_scheduler(num_training_steps, optimizer)
            scheduler.on_change = "splice"
            return scheduler

    model = line()
    one = scheduled(model, tmp_path, num_train_epochs=1.5, kind=Prolonged)
    one.train(resume_from_checkpoint=str(tmp_path / "checkpoint-6"))
    assert one.state.max_steps == 18
    assert model.realised() == pytest.approx([0.05 * (1 - k / 12) for k in range(12)], rel=1e-12)


def test_a_mixin_that_cannot_act_is_refused(line, tmp_path):
    """Behind the Trainer, and without a schedule."""
    with pytest.raises(LrlabTypeError, match=r"class Wrong\(Scheduled, Trainer\)"):
        type("Wrong", (transformers.Trainer, Scheduled), {})
    with pytest.raises(LrlabError, match="needs a schedule"):
        scheduled(line(), tmp_path, kind=type("Bare", (Scheduled, transformers.Trainer), {}))


def test_arguments_of_another_schedule_are_told_to_do_nothing(line, tmp_path, caplog):
    """They make the Trainer's own; where none was given nothing is said."""
    scheduled(line(), tmp_path)
    assert caplog.text == ""
    scheduled(line(), tmp_path, warmup_steps=3, lr_scheduler_type="cosine")
    said = caplog.text
    assert "lr_scheduler_type=cosine, warmup_steps=3 does nothing under Scheduled: its schedule is linear()." in said


@pytest.mark.parametrize("callbacks", [[Watch()], [Observe("eval_loss")], [Watch(), Observe("eval_loss")]], ids=len)
def test_a_scheduler_that_is_used_again_is_said(callbacks, line, tmp_path, caplog):
    """The Trainer keeps a scheduler that it was given: the second training is after its end."""
    one = trainer(line(), tmp_path, horizon=12, text="linear()", num_train_epochs=1, callbacks=callbacks)
    one.train()
    assert caplog.text == ""
    one.train()
    assert caplog.text.count("All 12 updates of this training were made after the end") == 1
    assert "class MyTrainer(Scheduled, Trainer)" in caplog.text


def test_a_training_that_ends_before_its_schedule_is_said(line, tmp_path, caplog):
    trainer(line(), tmp_path, horizon=20, num_train_epochs=1, callbacks=[Watch()]).train()
    assert "ends at update 12 of 20" in caplog.text


@pytest.mark.parametrize("observed", [False, True])
def test_a_controller_that_heard_nothing_is_said(observed, line, tmp_path, caplog):
    """Once, however many callbacks watch: nobody fed it, or nothing was evaluated."""
    callbacks = [Watch(), Observe("eval_loss") if observed else Watch()]
    one = trainer(line(), tmp_path, horizon=12, text="plateau()", num_train_epochs=1, callbacks=callbacks)
    one.train()
    assert caplog.text.count("plateau() has heard nothing in 12 updates") == 1
    assert 'Observe("eval_loss")' in caplog.text


def test_each_controller_hears_its_own_metric_of_several_sets(line, tmp_path):
    """Of each set by its name, and nobody another's: one cuts, for its loss stays; the other's falls."""

    class Two(Flat):
        falling = 0

        def forward(self, x, labels=None):
            out = super().forward(x)
            if not self.training:
                self.falling -= bool((labels == 1).all())
                out["loss"] = torch.tensor(float(self.falling) if (labels == 1).all() else 1.0)
            return out

    falling = [{"x": torch.ones(1), "labels": torch.ones(1)}] * 2
    text = 'plateau(patience=1, metric="eval_a_loss", name="a") * plateau(patience=1, metric="eval_b_loss", name="b")'
    arguments = {"eval_strategy": "epoch", "num_train_epochs": 3, "callbacks": [Observe("eval_b_loss")]}
    sets = {"a": data(2), "b": falling}
    one = trainer(Two(line()), tmp_path, horizon=6, text=text, items=4, evaluation=sets, **arguments)
    one.train()
    assert [d.controller for d in one.lr_scheduler.decisions] == ["a", "a"]
    states = one.lr_scheduler.pacer.state()["controllers"]
    assert (states["a"]["observed"], states["b"]["observed"]) == (3, 3)


@pytest.mark.parametrize("text", ['plateau(metric="eval_los")', 'plateau() * plateau(metric="eval_los")'])
def test_a_controller_whose_metric_no_evaluation_has_is_refused(text, line, tmp_path):
    """It does not hear another in its place."""
    arguments = {"eval_strategy": "epoch", "num_train_epochs": 3, "callbacks": [Observe("eval_loss")]}
    one = trainer(line(), tmp_path, horizon=6, text=text, items=4, **arguments)
    with pytest.raises(LrlabError, match=r'eval_los\'[\s\S]*did you mean "eval_loss"'):
        one.train()


def test_a_trainer_that_is_made_anew_for_each_epoch_is_said(line, declared, tmp_path, caplog):
    """Each train() runs the whole schedule over its one epoch: the LR is a sawtooth."""
    model = line()
    for _ in range(3):
        scheduled(model, tmp_path).train()
    assert model.realised() == pytest.approx(3 * declared(12, text="linear()"), rel=1e-12)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("lrlab")]
    assert len(said) == 1
    assert "begins anew on parameters that it has trained before (12 updates)" in said[0]
