"""Makes the corpus: small real trainings whose logs are written by the libraries that people train with.

    pip install tensorboard mlflow-skinny
    python tests/record/logs/corpus/make.py [NAME ...]

Each function trains for some seconds, leaves its log under `logs/NAME`, and tells what is true of it, which it counted
itself: `truth.json` holds that by name. The tests read every log and compare.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).parent
MAKERS: dict[str, Callable[[Path], dict[str, Any]]] = {}
PEAK, BATCH = 3e-3, 8


def log(make: Callable[[Path], dict[str, Any]]) -> Callable[[Path], dict[str, Any]]:
    """A function that makes one log."""
    MAKERS[make.__name__] = make
    return make


class Truth:
    """What a training knows of itself: the LR of each update, and each loss with the updates done by then."""

    def __init__(self) -> None:
        self.lrs: list[float] = []
        self.train: list[tuple[int, float]] = []
        self.val: list[tuple[int, float]] = []

    def told(self, taken: str, files: list[str] | None = None, **options: Any) -> dict[str, Any]:
        """As it stands in `truth.json`: which loss a plain reading takes, and what is true of the run."""
        points = sorted(dict(getattr(self, taken)).items())
        return {
            "files": files,
            "options": options,
            "taken": taken,
            "points": len(points),
            "first": points[0],
            "last": points[-1],
            "peak": max(self.lrs),
            "end": self.lrs[-1],
            "updates": len(self.lrs),
        }


# -- a small model ---------------------------------------------------------------------------------


def data(count: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs with a target that takes some learning."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(count, 6, generator=draw)
    return x, torch.sin(x[:, :1] * 2) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(count, 1, generator=draw)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 24), torch.nn.Tanh(), torch.nn.Linear(24, 1))


def warm_cosine(horizon: int, warmup: int = 20) -> Callable[[int], float]:
    """Multiples of the peak."""

    def at(update: int) -> float:
        if update < warmup:
            return (update + 1) / (warmup + 1)
        return float(0.5 * (1 + torch.cos(torch.tensor(torch.pi * (update - warmup) / (horizon - warmup)))))

    return at


class Loop:
    """A plain loop: `train(n)` makes n updates and gives their mean loss; `judge()` is the validation loss."""

    def __init__(self, horizon: int, accumulate: int = 1) -> None:
        self.model, self.truth, self.accumulate = network(), Truth(), accumulate
        self.x, self.y = data()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=PEAK)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, warm_cosine(horizon))
        self.draw = torch.Generator().manual_seed(1)

    @property
    def lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def done(self) -> int:
        return len(self.truth.lrs)

    def train(self, updates: int = 1) -> float:
        total = 0.0
        for _ in range(updates):
            self.truth.lrs.append(self.lr)
            self.optimizer.zero_grad()
            for _ in range(self.accumulate):
                rows = torch.randint(320, (BATCH,), generator=self.draw)
                loss = (self.model(self.x[rows]) - self.y[rows]).square().mean()
                (loss / self.accumulate).backward()
                total += loss.item()
            self.optimizer.step()
            self.schedule.step()
        return total / updates / self.accumulate

    def judge(self) -> float:
        with torch.no_grad():
            return float((self.model(self.x[320:]) - self.y[320:]).square().mean())

    def seen(self, train: float | None = None, val: float | None = None, at: int | None = None) -> None:
        """Note what is being logged."""
        for column, value in ((self.truth.train, train), (self.truth.val, val)):
            if value is not None:
                column.append((self.done if at is None else at, value))


# -- Hugging Face Trainer --------------------------------------------------------------------------


def _hf(folder: Path, truth: Truth, *, stop: int = 0, resume: str = "", **given: Any) -> Any:
    import transformers

    class Rows(torch.utils.data.Dataset):
        def __init__(self, part: slice) -> None:
            self.x, self.y = (each[part] for each in data())

        def __len__(self) -> int:
            return len(self.x)

        def __getitem__(self, k: int) -> dict[str, torch.Tensor]:
            return {"x": self.x[k], "labels": self.y[k]}

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = network()

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            found = self.body(x)
            return {"loss": (found - labels).square().mean(), "logits": found}

    class Watch(transformers.TrainerCallback):
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            del truth.lrs[state.global_step :]
            truth.lrs.append(more["optimizer"].param_groups[0]["lr"])

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            control.should_training_stop = control.should_training_stop or state.global_step == stop

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            for name, column in (("loss", truth.train), ("eval_loss", truth.val)):
                if name in logs:
                    column.append((state.global_step, logs[name]))

    args = {
        "learning_rate": PEAK, "lr_scheduler_type": "cosine", "warmup_steps": 20, "per_device_train_batch_size": BATCH,
        "report_to": "none", "use_cpu": True, "num_train_epochs": 4, "logging_steps": 5, "eval_steps": 10,
        "eval_strategy": "steps", "save_strategy": "no", "disable_tqdm": True, "seed": 0,
    }  # fmt: skip
    arguments = transformers.TrainingArguments(str(folder / "out"), **{**args, **given})
    trainer = transformers.Trainer(
        Model(), arguments, train_dataset=Rows(slice(0, 320)), eval_dataset=Rows(slice(320, 400)), callbacks=[Watch()]
    )
    trainer.train(resume_from_checkpoint=resume or None)
    return trainer


def _state(folder: Path, trainer: Any) -> None:
    trainer.state.save_to_json(str(folder / "trainer_state.json"))
    shutil.rmtree(folder / "out", ignore_errors=True)


@log
def hf_steps(folder: Path) -> dict[str, Any]:
    truth = Truth()
    _state(folder, _hf(folder, truth))
    return truth.told("val")


@log
def hf_accumulated_by_epoch(folder: Path) -> dict[str, Any]:
    truth = Truth()
    how = {"gradient_accumulation_steps": 4, "logging_strategy": "epoch", "eval_strategy": "epoch"}
    _state(folder, _hf(folder, truth, num_train_epochs=12, **how))
    return truth.told("val")


@log
def hf_train_only(folder: Path) -> dict[str, Any]:
    truth = Truth()
    _state(folder, _hf(folder, truth, eval_strategy="no"))
    return truth.told("train")


@log
def hf_resumed(folder: Path) -> dict[str, Any]:
    truth = Truth()
    _hf(folder, truth, save_strategy="steps", save_steps=40, stop=57)
    del truth.train[8:], truth.val[4:]
    trainer = _hf(folder, truth, resume=str(folder / "out" / "checkpoint-40"))
    _state(folder, trainer)
    return truth.told("val")


@log
def hf_tensorboard_resumed(folder: Path) -> dict[str, Any]:
    truth = Truth()
    how = {"report_to": "tensorboard", "save_strategy": "steps", "save_steps": 40}
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder)
    _hf(folder, truth, stop=57, **how)
    truth.train[:] = [(at, value) for at, value in truth.train if at <= 40]
    truth.val[:] = [(at, value) for at, value in truth.val if at <= 40]
    _hf(folder, truth, resume=str(folder / "out" / "checkpoint-40"), **how)
    del os.environ["TENSORBOARD_LOGGING_DIR"]
    shutil.rmtree(folder / "out")
    return truth.told("val")


@log
def hf_console(folder: Path) -> dict[str, Any]:
    """What the Trainer prints: epochs, and no step."""
    truth = Truth()
    with (folder / "train.log").open("w") as stream, redirect_stdout(stream):
        _hf(folder, truth)
    shutil.rmtree(folder / "out", ignore_errors=True)
    return truth.told("val", updates_per_epoch=40)


# -- Lightning -------------------------------------------------------------------------------------


def _lightning(logger: Any, truth: Truth, epochs: int, *, resume: str = "", scheduled: int = 0, **given: Any) -> Any:
    import lightning

    accumulate = given.get("accumulate_grad_batches", 1)

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.body = network()

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            loss = (self.body(batch[0]) - batch[1]).square().mean()
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", (self.body(batch[0]) - batch[1]).square().mean())

        def on_before_optimizer_step(self, optimizer: Any) -> None:
            del truth.lrs[self.global_step :]
            truth.lrs.append(optimizer.param_groups[0]["lr"])

        def on_validation_epoch_end(self) -> None:
            if not self.trainer.sanity_checking:
                truth.val.append((self.global_step, float(self.trainer.callback_metrics["val_loss"])))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.AdamW(self.parameters(), lr=PEAK)
            horizon = scheduled or self.trainer.estimated_stepping_batches
            scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, warm_cosine(int(horizon)))
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    x, y = data()
    sets = [torch.utils.data.TensorDataset(x[part], y[part]) for part in (slice(0, 320), slice(320, 400))]
    loaders = [torch.utils.data.DataLoader(each, BATCH, num_workers=0) for each in sets]
    how = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu", "log_every_n_steps": 5}
    monitor = lightning.pytorch.callbacks.LearningRateMonitor("step")
    trainer = lightning.Trainer(
        max_epochs=epochs, logger=logger, callbacks=[monitor], enable_checkpointing=False, **{**how, **given}
    )
    trainer.fit(Module(), *loaders, ckpt_path=resume or None, **({"weights_only": False} if resume else {}))
    assert len(truth.lrs) == trainer.global_step == epochs * 40 // accumulate
    return trainer


def _csv_logger(folder: Path) -> Any:
    from lightning.pytorch.loggers import CSVLogger

    return CSVLogger(folder, name="", version="")


@log
def lightning_csv(folder: Path) -> dict[str, Any]:
    truth = Truth()
    _lightning(_csv_logger(folder), truth, 8)
    return truth.told("val")


@log
def lightning_csv_accumulated(folder: Path) -> dict[str, Any]:
    truth = Truth()
    _lightning(_csv_logger(folder), truth, 12, accumulate_grad_batches=4)
    return truth.told("val")


@log
def lightning_csv_resumed(folder: Path) -> dict[str, Any]:
    """Two files of one run."""
    truth = Truth()
    _lightning(_csv_logger(folder / "version_0"), truth, 6, scheduled=400).save_checkpoint(folder / "at.ckpt")
    _lightning(_csv_logger(folder / "version_1"), truth, 10, scheduled=400, resume=str(folder / "at.ckpt"))
    (folder / "at.ckpt").unlink()
    return truth.told("val", files=["version_0/metrics.csv", "version_1/metrics.csv"])


@log
def lightning_tensorboard(folder: Path) -> dict[str, Any]:
    from lightning.pytorch.loggers import TensorBoardLogger

    truth = Truth()
    _lightning(TensorBoardLogger(folder, name="", version=""), truth, 8)
    return truth.told("val")


# -- Keras -----------------------------------------------------------------------------------------


def _keras(truth: Truth, callbacks: list[Any], epochs: int, *, first: int = 0, model: Any = None, **given: Any) -> Any:
    import keras

    if model is None:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(24, "tanh"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(PEAK), "mse")

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            truth.lrs.append(float(model.optimizer.learning_rate))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            truth.train.append((len(truth.lrs), logs["loss"]))
            truth.val.append((len(truth.lrs), logs["val_loss"]))

    falls = keras.callbacks.LearningRateScheduler(lambda epoch: PEAK * 0.85 ** (epoch // 2))
    x, y = (each.numpy() for each in data())
    parts = {"validation_data": (x[320:], y[320:]), "batch_size": BATCH, "verbose": 0}
    # Callbacks see what those before them put into the logs.
    how = {"callbacks": [falls, *callbacks, Watch()], "epochs": epochs, "initial_epoch": first}
    model.fit(x[:320], y[:320], **{**parts, **how, **given})
    return model


@log
def keras_csv(folder: Path) -> dict[str, Any]:
    import keras

    truth = Truth()
    _keras(truth, [keras.callbacks.CSVLogger(folder / "training.log")], 15)
    return truth.told("val", updates_per_epoch=40)


@log
def keras_csv_appended(folder: Path) -> dict[str, Any]:
    """Stopped after seven epochs, and gone on with from the state after five."""
    import keras

    truth, place = Truth(), folder / "history.csv"
    model = _keras(truth, [keras.callbacks.CSVLogger(place, separator=";")], 5)
    weights = model.get_weights()
    lost = Truth()
    _keras(lost, [keras.callbacks.CSVLogger(place, separator=";", append=True)], 7, first=5, model=model)
    model.set_weights(weights)
    _keras(truth, [keras.callbacks.CSVLogger(place, separator=";", append=True)], 14, first=5, model=model)
    return truth.told("val", updates_per_epoch=40)


@log
def keras_tensorboard(folder: Path) -> dict[str, Any]:
    import keras

    truth = Truth()
    _keras(truth, [keras.callbacks.TensorBoard(folder, write_graph=False)], 15)
    return truth.told("val")


@log
def keras_tensorboard_batches(folder: Path) -> dict[str, Any]:
    """Scalars of batches beside those of epochs."""
    import keras

    truth = Truth()
    _keras(truth, [keras.callbacks.TensorBoard(folder, write_graph=False, update_freq=20)], 12)
    return truth.told("val")


@log
def keras_console(folder: Path) -> dict[str, Any]:
    """Which says how many updates an epoch has."""
    truth = Truth()
    with (folder / "fit.txt").open("w") as stream, redirect_stdout(stream):
        _keras(truth, [], 12, verbose=2)
    return truth.told("val")


@log
def keras_history(folder: Path) -> dict[str, Any]:
    """`history.history` as JSON: columns, and nothing that counts."""
    truth = Truth()
    model = _keras(truth, [], 12)
    kept = {name: [float(value) for value in column] for name, column in model.history.history.items()}
    (folder / "history.json").write_text(json.dumps(kept))
    return truth.told("val", updates_per_epoch=40)


# -- Accelerate ------------------------------------------------------------------------------------


def _accelerate(
    folder: Path, accumulate: int, told: Callable[[Any, int, int, float, float], None], **given: Any
) -> Truth:
    from accelerate import Accelerator

    truth = Truth()
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulate, **given)
    if given:
        accelerator.init_trackers("run")
    x, y = data()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x[:320], y[:320]), BATCH)
    model, optimizer, loader = accelerator.prepare(
        network(), torch.optim.AdamW(network().parameters(), lr=PEAK), loader
    )
    optimizer.optimizer.param_groups[0]["params"] = list(model.parameters())
    horizon = 6 * len(loader) // accumulate
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer.optimizer, warm_cosine(horizon))
    micro = 0
    for _ in range(6):
        for rows, target in loader:
            with accelerator.accumulate(model):
                loss = (model(rows) - target).square().mean()
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    truth.lrs.append(schedule.get_last_lr()[0])
                optimizer.step()
                if accelerator.sync_gradients:
                    schedule.step()
                optimizer.zero_grad()
            micro += 1
            if micro % 8 == 0:
                truth.train.append((len(truth.lrs), loss.item()))
                told(accelerator, micro, len(truth.lrs), loss.item(), schedule.get_last_lr()[0])
    if given:
        accelerator.end_training()
    return truth


@log
def accelerate_tensorboard(folder: Path) -> dict[str, Any]:
    def told(accelerator: Any, micro: int, update: int, loss: float, lr: float) -> None:
        accelerator.log({"train_loss": loss, "lr": lr}, step=update)

    return _accelerate(folder, 1, told, log_with="tensorboard", project_dir=folder).told("train", files=["run"])


@log
def accelerate_micro_steps(folder: Path) -> dict[str, Any]:
    """JSON lines by micro-batch; four of them make an update."""
    with (folder / "log.jsonl").open("w") as stream:

        def told(accelerator: Any, micro: int, update: int, loss: float, lr: float) -> None:
            stream.write(json.dumps({"step": micro, "loss": round(loss, 5), "lr": lr}) + "\n")

        truth = _accelerate(folder, 4, told)
    return truth.told("train", accumulate=4)


# -- torch, TensorBoard ----------------------------------------------------------------------------


@log
def torch_writer(folder: Path) -> dict[str, Any]:
    from torch.utils.tensorboard import SummaryWriter

    writer, loop = SummaryWriter(folder), Loop(300)
    while loop.done < 300:
        loss = loop.train(10)
        loop.seen(loss, loop.judge())
        writer.add_scalar("Loss/train", loss, loop.done)
        writer.add_scalar("Loss/val", loop.truth.val[-1][1], loop.done)
        writer.add_scalar("Learning rate", loop.lr, loop.done)
    writer.close()
    return loop.truth.told("val")


@log
def torch_writer_by_epoch(folder: Path) -> dict[str, Any]:
    """Epochs as steps, and the two losses in folders of their own, as `add_scalars` does."""
    from torch.utils.tensorboard import SummaryWriter

    writer, loop = SummaryWriter(folder), Loop(480)
    for epoch in range(12):
        writer.add_scalar("lr", loop.lr, epoch)
        loop.seen(loss := loop.train(40), loop.judge())
        writer.add_scalars("loss", {"train": loss, "val": loop.truth.val[-1][1]}, epoch)
    writer.close()
    return loop.truth.told("val", step="step", updates_per_epoch=40)


# -- lrlab's own sinks -----------------------------------------------------------------------------


def _own(sink: Any, updates: int = 200) -> Truth:
    import lrlab as lr
    from lrlab.adapters.torch import Scheduler
    from lrlab.record.logs.rate_log import RateLog

    loop = Loop(updates)
    loop.optimizer = torch.optim.AdamW(loop.model.parameters(), lr=PEAK)
    loop.schedule = Scheduler(loop.optimizer, lr.warmup(20) >> lr.cosine(to=0.1), horizon=updates)
    rates = RateLog(loop.schedule, sink)
    while loop.done < updates:
        loss = loop.train(10)
        loop.seen(loss, loop.judge())
        rates({"train_loss": loss, "val_loss": loop.truth.val[-1][1]})
    return loop.truth


@log
def own_csv(folder: Path) -> dict[str, Any]:
    from lrlab.record.logs.sinks import csv_log

    return _own(csv_log(folder / "run.csv")).told("val")


@log
def own_json_lines(folder: Path) -> dict[str, Any]:
    from lrlab.record.logs.sinks import jsonl_log

    return _own(jsonl_log(folder / "run.jsonl")).told("val")


@log
def own_tensorboard(folder: Path) -> dict[str, Any]:
    from lrlab.record.logs.sinks import tensorboard_log

    return _own(tensorboard_log(folder), 100).told("val")


# -- MLflow ----------------------------------------------------------------------------------------


@log
def mlflow_folder(folder: Path) -> dict[str, Any]:
    """The metrics folder of a run in MLflow's file store: one file each."""
    import mlflow

    place = folder / "mlruns"
    mlflow.set_tracking_uri(place.as_uri())
    loop = Loop(200)
    with mlflow.start_run() as run:
        while loop.done < 200:
            loop.seen(loss := loop.train(10), loop.judge())
            mlflow.log_metric("train_loss", loss, step=loop.done)
            mlflow.log_metric("val_loss", loop.truth.val[-1][1], step=loop.done)
            mlflow.log_metric("lr", loop.lr, step=loop.done)
        name, experiment = run.info.run_id, run.info.experiment_id
    shutil.copytree(place / experiment / name / "metrics", folder / "metrics")
    shutil.rmtree(place)
    return loop.truth.told("val", files=["metrics"])


@log
def mlflow_history(folder: Path) -> dict[str, Any]:
    """`get_metric_history` as a table in the long form: a row for each value."""
    import mlflow

    place = folder / "mlruns"
    mlflow.set_tracking_uri(place.as_uri())
    loop = Loop(200)
    with mlflow.start_run() as run:
        while loop.done < 200:
            loop.seen(loss := loop.train(10), loop.judge())
            values = {"train/loss": loss, "val/loss": loop.truth.val[-1][1], "train/lr": loop.lr}
            mlflow.log_metrics(values, step=loop.done)
    client = mlflow.MlflowClient()
    rows = ["key,value,timestamp,step"]
    for key in ("train/loss", "train/lr", "val/loss"):
        found = client.get_metric_history(run.info.run_id, key)
        rows += [f"{each.key},{each.value!r},{each.timestamp},{each.step}" for each in found]
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    shutil.rmtree(place)
    return loop.truth.told("val")


# -- plain loops, in the words of well-known programs ----------------------------------------------


def _lines(folder: Path, name: str, horizon: int, write: Callable[[Loop, Callable[[str], Any]], None]) -> Truth:
    loop = Loop(horizon)
    with (folder / name).open("w") as stream:
        write(loop, lambda line: stream.write(line + "\n"))
    return loop.truth


@log
def nanogpt_text(folder: Path) -> dict[str, Any]:
    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        say("Overriding: learning_rate = 0.003\ntokens per iteration will be: 512\nnumber of parameters: 0.19M")
        while True:
            if loop.done % 20 == 0:
                loop.seen(val=loop.judge())
                say(f"step {loop.done}: train loss {loop.judge():.4f}, val loss {loop.truth.val[-1][1]:.4f}")
            if loop.done == 300:
                break
            loss = loop.train(1)
            if loop.done % 5 == 1:
                say(f"iter {loop.done - 1}: loss {loss:.4f}, time 12.31ms, mfu 3.20%, lr {loop.truth.lrs[-1]:.4e}")

    truth = _lines(folder, "out.log", 300, write)
    truth.val = truth.val[1:]  # before the first update there is nothing to fit
    return truth.told("val")


@log
def nanogpt_text_without_lr(folder: Path) -> dict[str, Any]:
    """As nanoGPT prints it; the LR is given by who reads it."""

    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        while loop.done < 200:
            loss = loop.train(1)
            if loop.done % 5 == 0:
                loop.seen(loss)
                say(f"iter {loop.done}: loss {loss:.4f}, time 9.10ms, mfu -100.00%")

    return _lines(folder, "out.log", 200, write).told("train", lr="3e-3 * (warmup(20) >> cosine())")


@log
def speedrun_text(folder: Path) -> dict[str, Any]:
    """Names with a colon, the step of how many, after the source of the program itself."""

    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        say(Path(__file__).read_text()[:3000] + "\n" + "=" * 100)
        while loop.done < 200:
            loss = loop.train(1)
            say(f"step:{loop.done}/200 train_loss:{loss:.4f} lr:{loop.lr:.6f} train_time:{loop.done * 7}ms")
            if loop.done % 20 == 0:
                loop.seen(val=loop.judge())
                say(f"step:{loop.done}/200 val_loss:{loop.truth.val[-1][1]:.4f} step_avg:7.01ms")

    return _lines(folder, "log.txt", 200, write).told("val")


@log
def megatron_text(folder: Path) -> dict[str, Any]:
    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        while loop.done < 200:
            loop.seen(loss := loop.train(10))
            say(
                f" [2026-01-01 00:00:00] iteration {loop.done:8d}/     200 | consumed samples: {loop.done * 8:12d} | "
                f"elapsed time per iteration (ms): 12.1 | learning rate: {loop.lr:.6E} | global batch size:     8 | "
                f"lm loss: {loss:.6E} | loss scale: 1.0 | grad norm: 0.911 | number of skipped iterations:   0 |"
            )

    return _lines(folder, "megatron.log", 200, write).told("train")


@log
def fairseq_text(folder: Path) -> dict[str, Any]:
    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        for epoch in range(1, 13):
            loss = loop.train(20)
            loop.seen(loss, loop.judge())
            stamp = f"2026-01-01 00:{epoch:02d}:00 | INFO |"
            say(
                f"{stamp} train | epoch {epoch:03d} | loss {loss:.4f} | nll_loss {loss - 0.1:.4f} | ppl 4.2 | "
                f"num_updates {loop.done} | lr {loop.lr:.7g} | gnorm 0.9 | train_wall 1"
            )
            say(
                f"{stamp} valid | epoch {epoch:03d} | valid on 'valid' subset | loss {loop.truth.val[-1][1]:.4f} | "
                f"nll_loss 1.1 | ppl 4.1 | num_updates {loop.done} | best_loss 1.2"
            )

    return _lines(folder, "train.log", 240, write).told("val")


@log
def detectron_json(folder: Path) -> dict[str, Any]:
    """The form of detectron2's `metrics.json`: one object a line, parts of the loss beside the whole."""

    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        while loop.done < 240:
            loss = loop.train(20)
            loop.seen(loss, at=loop.done - 1)
            say(
                json.dumps(
                    {
                        "data_time": 0.01, "eta_seconds": 9.1, "fast_rcnn/cls_accuracy": 0.9,
                        "iteration": loop.done - 1,
                        "loss_box_reg": loss * 0.3, "loss_cls": loss * 0.7, "lr": loop.truth.lrs[-1], "time": 0.2,
                        "total_loss": loss,
                    }
                )
            )  # fmt: skip

    return _lines(folder, "metrics.json", 240, write).told("train")


@log
def yolo_results(folder: Path) -> dict[str, Any]:
    """The form of ultralytics' `results.csv`: padded names, three parts of the loss, epochs from 1."""

    def write(loop: Loop, say: Callable[[str], Any]) -> None:
        names = ["epoch", "time", *(f"train/{part}_loss" for part in ("box", "cls", "dfl"))]
        names += ["metrics/mAP50(B)", *(f"val/{part}_loss" for part in ("box", "cls", "dfl")), "lr/pg0", "lr/pg1"]
        say(",".join(f"{name:>23s}" for name in names))
        for epoch in range(1, 16):
            lr = loop.lr
            loss = loop.train(20)
            loop.seen(loss, loop.judge())
            train, val = ([x * share for share in (0.5, 0.3, 0.2)] for x in (loss, loop.truth.val[-1][1]))
            say(",".join(f"{value:23.8g}" for value in (epoch, epoch * 3.1, *train, 0.5, *val, lr, lr)))

    return _lines(folder, "results.csv", 300, write).told("val", updates_per_epoch=20)


@log
def wandb_csv_files(folder: Path) -> dict[str, Any]:
    """W&B exports one panel, and so one file, for each metric."""
    loop, rows = Loop(200), {"val/loss": ["Step"], "train/lr": ["Step"]}
    for name, lines in rows.items():
        lines[0] = ",".join(
            f'"{each}"' for each in ("Step", *(f"big-1 - {name}{end}" for end in ("", "__MIN", "__MAX")))
        )
    while loop.done < 200:
        loop.seen(loop.train(10), loop.judge())
        for name, value in (("val/loss", loop.truth.val[-1][1]), ("train/lr", loop.lr)):
            rows[name].append(f'"{loop.done}","{value}","{value}","{value}"')
    for name, lines in rows.items():
        (folder / f"{name.replace('/', '_')}.csv").write_text("\n".join(lines) + "\n")
    return loop.truth.told("val", files=["val_loss.csv", "train_lr.csv"])


@log
def tokens_csv(folder: Path) -> dict[str, Any]:
    """Tokens where others have steps."""
    loop, lines = Loop(200), ["tokens,train_loss,val_loss,lr"]
    while loop.done < 200:
        loop.seen(loss := loop.train(10), loop.judge())
        lines.append(f"{loop.done * 524288},{loss:.6g},{loop.truth.val[-1][1]:.6g},{loop.lr:.8g}")
    (folder / "run.csv").write_text("\n".join(lines) + "\n")
    return loop.truth.told("val", tokens_per_update=524288)


def main(names: list[str]) -> None:
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow", MLFLOW_ALLOW_FILE_STORE="true")
    warnings.simplefilter("ignore")
    for name in ("lightning", "lightning.pytorch", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(1)
    place = HERE / "truth.json"
    truth = json.loads(place.read_text()) if place.exists() else {}
    for name in names or MAKERS:
        folder = HERE / "logs" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        truth[name] = MAKERS[name](folder)
        for spare in folder.rglob("hparams.yaml"):
            spare.unlink()
        for number, file in enumerate(sorted(folder.rglob("*tfevents*"))):  # without the name of the machine
            file.rename(file.with_name(f"events.out.tfevents.{number + 1}" + (".v2" if file.suffix == ".v2" else "")))
        place.write_text(json.dumps(dict(sorted(truth.items())), indent=1) + "\n")
        print(name, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()), "bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
