"""Training by model.fit: forks where an epoch ends, to the same bits as alone."""

import dataclasses
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.store import Store

pytest.importorskip("keras")
NETWORK = Path(__file__).parents[1] / "keras_network.py"

ARMS = (
    Arm("fixed", lr.constant()),
    *(Arm(f"decay {p}", lr.wsd(warmup=0, decay=f"{p}%")) for p in (15, 35)),
    Arm("steps", lr.multistep(["30%", "70%"], gamma=0.3)),
    Arm("plateau", lr.plateau(patience=1, factor=0.5)),
    Arm("averaged", lr.constant(), config={"average": True}),
    Arm("averaged, decay", lr.wsd(warmup=0, decay="35%"), config={"average": True}),
)
OTHERS = [pytest.param(name, marks=pytest.mark.exhaustive) for name in ("jax", "tensorflow")]


def pooled(task, jobs, store, workers, **how):
    """Train in worker processes, or with none in this one."""
    with opened(Resources(workers), task) as executor:
        return run_jobs(task, jobs, store, executor, **how)


def same(run, other):
    """Equal to the last bit; how long it took aside."""
    return dataclasses.replace(run, seconds=other.seconds) == other


@pytest.mark.parametrize("backend", ["torch", *OTHERS])
def test_arms_that_share_are_the_same_as_alone(tmp_path, monkeypatch, backend):
    """In a process that forks, and in another, which trains each arm alone; on TensorFlow nothing is shared."""
    pytest.importorskip(backend)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    task = load_task(f"{NETWORK}:train")
    jobs = jobs_of(ARMS, task.settings)
    shared, effort = pooled(task, jobs, Store(tmp_path / "shared"), 1)
    alone, naive = pooled(task, jobs, Store(tmp_path / "alone"), 1, fork_every=0)
    assert [same(*pair) for pair in zip(shared, alone, strict=True)] == [True] * len(ARMS)
    assert len({run.fingerprint for run in shared}) == len(ARMS)
    assert (effort.trained < 0.8 * naive.trained) == (backend != "tensorflow")


def compiled(rate=0.1, accumulate=None):
    import keras

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulate), loss="mse")
    return model


def fitted(run, model=None, **options):
    x = np.ones((8, 1), "float32")
    model = model or compiled()
    model.fit(x, x, **{"batch_size": 2, "epochs": 100, "verbose": 0, "callbacks": [lr.keras_callback(run)], **options})
    return model


def test_every_update_has_its_lr_and_training_ends_by_itself():
    """The written LRs are those of the schedule; 100 epochs are asked for, the run has two."""
    import keras

    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(float(keras.ops.convert_to_tensor(self.model.optimizer.learning_rate)))

    run = TrainingRun(lr.linear(), 8, metric="loss")
    model = fitted(run, callbacks=[lr.keras_callback(run), Look()])
    assert seen == pytest.approx([0.1 * value for value in lr.linear().over(8).values()], rel=1e-6)
    assert int(model.optimizer.iterations) == 8
    assert run.evals["loss"].updates == (4, 8)
    assert run.loss.updates == (3, 7)
    assert run.score == run.evals["loss"].values[-1]


def test_averaged_weights_are_not_judged_by_fit():
    """It evaluates by itself, the weights as they are: they would pass for an average."""
    with pytest.raises(LrlabError, match=r"judged by averaged weights(?s:.*)model.fit of Keras"):
        fitted(TrainingRun(lr.constant(), 8, metric="loss", averaging=0.5))


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ({}, {"batch_size": 3}, "not a whole number of epochs(?s:.*)horizon=9"),
        ({"accumulate": 2}, {}, "one batch of fit is not one update(?s:.*)gradient_accumulation_steps=2"),
        ({"rate": "a schedule"}, {}, "sets the LR of optimizers that have a plain one"),
        ({}, {"epochs": 1}, "ended after 4 of 8 updates"),
    ],
)
def test_misuse_is_named(model, options, said):
    """Before anything is trained, or where it would end too early."""
    import keras

    if "rate" in model:
        model = {"rate": keras.optimizers.schedules.CosineDecay(0.1, 8)}
    run = TrainingRun(lr.constant(), 8, metric="loss")
    with pytest.raises(LrlabError, match=said):  # noqa: PT012  # the last is said when it is over
        fitted(run, compiled(**model), **options)
        _ = run.score


@pytest.mark.parametrize(("skipped", "refused"), [(1, False), (3, True)])
def test_a_fifth_of_the_updates_may_be_left_out(skipped, refused):
    """As a scaled loss of half precision does; with more of them it is another training."""
    import keras

    class Skip(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch < skipped:
                self.model.optimizer.iterations.assign_sub(1)

    run = TrainingRun(lr.constant(), 8, metric="loss")
    with pytest.raises(LrlabError, match="5 updates were made in 8 batches") if refused else nullcontext():
        fitted(run, batch_size=1, callbacks=[lr.keras_callback(run), Skip()])
        assert run.score == run.evals["loss"].values[-1]
