"""Keras: the traced schedule. One process has one back end: here that of the environment, the others in their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError

keras = pytest.importorskip("keras")

from lrlab.adapters.keras import LearningRateSchedule  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

BACKEND = keras.backend.backend()
X = np.linspace(-1, 1, 24, dtype="float32").reshape(24, 1)
SCHEDULE = lr.warmup(3) >> lr.cosine(to=0.1)


def compiled(optimizer, **arguments):
    """A model of one weight, whose gradient is known: loss = (w * x - x)**2."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=optimizer, loss="mse", **arguments)
    return model


def fit(model, epochs=1, batch_size=8, **arguments):
    """Three updates an epoch, in order."""
    return model.fit(X, X, epochs=epochs, batch_size=batch_size, shuffle=False, verbose=0, **arguments)


class Weights(keras.callbacks.Callback):
    """The weight after each batch."""

    def on_train_begin(self, logs=None):
        self.seen = [self.model.get_weights()[0].item()]

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(self.model.get_weights()[0].item())

    def realised(self, batches):
        """The LR of each update, from the change of the weight under SGD: w' = w - lr * 2 * mean(x**2) * (w - 1)."""
        return [
            (before - after) / (2 * float(np.mean(batch.astype(float) ** 2)) * (before - 1))
            for before, after, batch in zip(self.seen, self.seen[1:], batches, strict=False)
        ]


def array(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=float)


@pytest.mark.parametrize("optimizer", ["SGD", "RMSprop", "AdamW"])
def test_an_optimizer_uses_the_lr_of_its_update(optimizer):
    """Asked between updates, the optimizer tells what the next one uses: value(i), counted from 0."""
    model = compiled(getattr(keras.optimizers, optimizer)(learning_rate=LearningRateSchedule(SCHEDULE, 0.1, 9)))
    for update in range(12):
        assert float(model.optimizer.learning_rate) == pytest.approx(0.1 * SCHEDULE.over(9)(update), rel=1e-6)
        model.train_on_batch(X, X)


def test_the_weights_have_moved_by_the_schedule():
    """The LR of each update, recomputed from the change of the weight under SGD, inside the compiled train step."""
    model, weights = compiled(keras.optimizers.SGD(LearningRateSchedule(SCHEDULE, 0.1, 9))), Weights()
    fit(model, epochs=3, callbacks=[weights])
    batches = [X[:8], X[8:16], X[16:]] * 3
    assert weights.realised(batches) == pytest.approx(0.1 * SCHEDULE.over(9).values(), rel=2e-4)


def test_many_steps_at_once():
    """An array of steps gives their LRs, in float32, whatever the schedule is made of."""
    for schedule in (SCHEDULE, lr.constant(), lr.step("30%"), lr.wsd() * 0.5):
        rates = LearningRateSchedule(schedule, 0.1, 50)(keras.ops.arange(60))
        assert keras.backend.standardize_dtype(rates.dtype) == "float32"
        assert array(rates) == pytest.approx(0.1 * schedule.over(50).between(0, 60), abs=1e-7)


LONG = 10**9
LATE = {
    str(schedule): schedule
    for schedule in (
        lr.constant() >> lr.linear(1000),
        lr.constant(LONG - 3) >> lr.step(1, gamma=0.5),
        lr.step("7/30", gamma=0.1),
        lr.cosine().repeat(cycle="3/70"),
        lr.piecewise_linear([(0, 1), (LONG - 1000, 1), (LONG, 0)]),
        lr.multistep([LONG - 2, LONG - 1]),
        lr.cosine(),
    )
}


@pytest.mark.parametrize("schedule", LATE.values(), ids=LATE)
def test_steps_beyond_what_float32_can_count(schedule):
    """Beyond 2**24 a float32 skips whole numbers: every boundary is where it belongs all the same."""
    curve = schedule.over(LONG)
    starts = [phase.start for phase in curve.phases]
    near = np.arange(-4, 5)
    at = np.concatenate([near + centre for centre in (2**24, LONG * 7 // 30, LONG * 9 // 70, LONG // 2, LONG)])
    at = np.unique(np.concatenate([at, *(near + start for start in starts if start)]))
    found = LearningRateSchedule(schedule, 1.0, LONG)(keras.ops.convert_to_tensor(at, dtype="int32"))
    assert array(found) == pytest.approx(curve(at), abs=1e-6)


def test_float64_where_the_user_asks_for_it():
    """With floatx float64 the LR is a float64; TensorFlow's is as exact as one."""
    keras.config.dtype_policy()  # made when it is first asked for, and kept: of the layers of later tests
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        rate = LearningRateSchedule(SCHEDULE, 0.1, 9)(5)
        if BACKEND != "jax":  # which has float64 under x64 alone
            assert keras.backend.standardize_dtype(rate.dtype) == "float64"
        exact = 1e-12 if BACKEND == "tensorflow" else 1e-6
        assert float(rate) == pytest.approx(0.1 * SCHEDULE.over(9)(5), rel=exact)
    finally:
        keras.config.set_floatx(before)


def test_accumulated_gradients_are_one_update():
    """Keras hands its schedules the number of batches; told of the accumulation, ours counts updates."""
    rate = LearningRateSchedule(SCHEDULE, 0.1, 9, gradient_accumulation_steps=2)
    model, weights = compiled(keras.optimizers.SGD(rate, gradient_accumulation_steps=2)), Weights()
    fit(model, epochs=3, batch_size=4, callbacks=[weights])
    weights.seen = weights.seen[::2]
    batches = [X[:8], X[8:16], X[16:]] * 3
    assert weights.realised(batches) == pytest.approx(0.1 * SCHEDULE.over(9).values(), rel=2e-4)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras refuses it on PyTorch")
def test_several_steps_in_one_execution():
    """What is traced needs nobody between the steps."""
    model, weights = compiled(keras.optimizers.SGD(LearningRateSchedule(SCHEDULE, 0.1, 9))), Weights()
    fit(model, epochs=3, callbacks=[weights])
    many = compiled(keras.optimizers.SGD(LearningRateSchedule(SCHEDULE, 0.1, 9)), steps_per_execution=3)
    fit(many, epochs=3)
    assert many.get_weights()[0].item() == pytest.approx(weights.seen[-1], rel=1e-6)


def test_the_configuration_is_the_schedule():
    """get_config is plain JSON, in the versioned form of a schedule; from_config gives the same LRs."""
    horizon = lr.Horizon(epochs=3, updates_per_epoch=100)
    rate = LearningRateSchedule('warmup("1ep") >> cosine()', 3e-4, horizon, gradient_accumulation_steps=2)
    config = json.loads(json.dumps(rate.get_config()))
    assert lr.loads(json.dumps(config["schedule"])) == rate.curve.schedule
    again = LearningRateSchedule.from_config(config)
    assert again.get_config() == config
    assert float(again(150)) == float(rate(150))
    via = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(rate))
    assert via.get_config() == config


ELSEWHERE = """
import json, sys
import numpy as np, keras
import lrlab.adapters.keras  # and no class of the user's
model = keras.models.load_model(sys.argv[1])
x = np.load(sys.argv[2])
rates = []
for update in range(4):
    rates.append(float(model.optimizer.learning_rate))
    model.train_on_batch(x, x)
met = [name for name in ("tensorflow", "torch") if name in sys.modules]
print(json.dumps([rates, model.get_weights()[0].tolist(), met]))
"""


def test_a_saved_model_trains_on_in_another_process(tmp_path):
    """In mid-run, into a fresh process without the user's code: the same LRs, the same weights.

    Nor is TensorFlow imported there behind a PyTorch user's back. (Keras itself imports JAX where it is installed.)
    """
    model = compiled(keras.optimizers.SGD(LearningRateSchedule(SCHEDULE, 0.1, 9)))
    fit(model)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", X)
    script = [sys.executable, "-W", "ignore", "-c", ELSEWHERE, str(tmp_path / "model.keras"), str(tmp_path / "x.npy")]
    out = subprocess.run(
        script, capture_output=True, text=True, timeout=240, check=True, env={**os.environ, "KERAS_BACKEND": BACKEND}
    )
    rates, weights, met = json.loads(out.stdout.splitlines()[-1])
    assert set(met) <= {BACKEND}
    assert rates == pytest.approx(0.1 * SCHEDULE.over(9).values()[3:7], rel=1e-6)
    for _ in range(4):
        model.train_on_batch(X, X)
    assert np.array_equal(np.float32(weights), model.get_weights()[0])


def test_what_cannot_be_traced_or_saved_is_refused():
    """A controller and a user's own function are for SchedulerCallback, and the message says how."""
    with pytest.raises(LrlabError, match="SchedulerCallback"):
        LearningRateSchedule(lr.cosine() * lr.plateau(metric="val_loss"), 0.1, 100)
    with pytest.raises(LrlabError, match=r"not saved with a model[\s\S]*SchedulerCallback"):
        LearningRateSchedule(lr.function(lambda t: 0.5**t, name="halves"), 0.1, 100)
    with pytest.raises(LrlabError, match="base_lr"):
        LearningRateSchedule(lr.cosine(), -0.1, 100)


FEW = "weights_have_moved or many_steps or one_curve or one_fit or (traces and keras and (cosine or step))"
ALL = "not other_back_ends and (not traces or keras)"


@pytest.mark.parametrize("backend", [b for b in ("tensorflow", "jax", "torch") if b != BACKEND])
@pytest.mark.parametrize("which", [FEW, pytest.param(ALL, marks=pytest.mark.exhaustive)], ids=["few", "all"])
def test_on_the_other_back_ends(backend, which):
    """What is said of Keras here, of its callback and of its traces holds in a process of each other back end."""
    pytest.importorskip(backend)
    here = Path(__file__)
    files = [here, here.with_name("test_callback.py"), here.parents[2] / "parity" / "test_traces.py"]
    marks = [] if which == FEW else ["-m", "exhaustive or not exhaustive"]
    out = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *marks, "-k", which, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert out.returncode == 0, out.stdout[-4000:]
