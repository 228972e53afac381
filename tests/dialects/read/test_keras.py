"""Keras' schedules, computed in float64, side by side at every step to 1.5 times the horizon."""

import random
from typing import Any

import numpy as np
import pytest

import lrlab as lr
from lrlab.dialects import from_keras

keras = pytest.importorskip("keras")
theirs = keras.optimizers.schedules


@pytest.fixture(autouse=True)
def in_float64():
    """Keras computes in its own precision, float32 by default."""
    keras.config.dtype_policy()  # made when it is first asked for, and kept: of the layers of later tests
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


CLOSE = {"relative": 1e-11, "of_peak": 1e-13}


def values(schedule: Any, updates: int) -> list[float]:
    """The values at the steps 0, 1, 2 ... of a Keras schedule."""
    return [float(schedule(step)) for step in range(updates)]


def make(name: str, rng: random.Random, n: int) -> Any:
    """One schedule with random arguments, for about n updates."""
    high, low = rng.uniform(1e-4, 1), rng.choice([0.0, rng.uniform(0, 1e-4)])
    match name:
        case "ExponentialDecay":
            steps, staircase = rng.choice([(rng.randint(1, n), True), (rng.randint(1, n), False), (n / 3, False)])
            return theirs.ExponentialDecay(high, steps, rng.uniform(0.1, 1.2), staircase)
        case "InverseTimeDecay":
            steps, staircase = rng.choice([(rng.randint(1, n), True), (rng.randint(1, n), False), (n / 3, False)])
            return theirs.InverseTimeDecay(high, steps, rng.choice([0.0, rng.uniform(0.1, 3)]), staircase)
        case "PiecewiseConstantDecay":
            edges = sorted(rng.sample(range(n + 4), rng.randint(1, 3)))
            return theirs.PiecewiseConstantDecay(edges, [rng.uniform(0, 1) for _ in range(len(edges) + 1)])
        case "PolynomialDecay":
            power = rng.choice([1.0, 0.5, 2.0, rng.uniform(0.2, 3), 0.0])
            return theirs.PolynomialDecay(high, rng.randint(1, n), low, power, cycle=rng.random() < 0.5)
        case "CosineDecay":
            target = rng.choice([None, rng.uniform(0.1, 2)])
            steps = rng.choice([rng.randint(1, n), n / 3])
            return theirs.CosineDecay(
                rng.choice([high, 0.0]) if target else high,
                steps,
                alpha=rng.choice([0.0, 0.1]),
                warmup_target=target,
                warmup_steps=rng.randint(0, n),
            )
        case "CosineDecayRestarts":
            return theirs.CosineDecayRestarts(
                high,
                rng.choice([rng.randint(1, n), n / 3 + 1]),
                t_mul=rng.choice([1.0, 2.0, 3.0, 1.5, 1.3]),
                m_mul=rng.choice([1.0, 0.8]),
                alpha=rng.choice([0.0, 0.1]),
            )
    raise AssertionError(name)


NAMES = (
    "ExponentialDecay",
    "InverseTimeDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "CosineDecay",
    "CosineDecayRestarts",
)


def test_same_curve(seed, rng, same_curve):
    """Every class with random arguments, read from the object, from its config and from its class name."""
    name, n = NAMES[seed % len(NAMES)], rng.randint(1, 60)
    schedule = make(name, rng, n)
    config = {k: v for k, v in schedule.get_config().items() if k != "name"}
    found = from_keras(schedule)
    assert found == from_keras(theirs.serialize(schedule)) == from_keras(name, **config)
    updates = n + n // 2 if found.horizon is None else found.horizon.total * 3 // 2
    same_curve(found, values(schedule, updates + 2), found.base_lr, **CLOSE)


def test_text():
    """A call as it stands in a script."""
    text = "keras.optimizers.schedules.ExponentialDecay(0.1, 10 * 391, decay_rate=0.5, staircase=True)"
    assert from_keras(text).schedule == lr.exponential(decay=0.5, every=3910, staircase=True)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_plateau_cuts_at_the_same_observations():
    """ReduceLROnPlateau counts from the first observation without improvement, as we do; torch cuts one later."""
    rng = random.Random(7)
    metrics = [1.0, 0.5, *(0.5 + 0.1 * rng.random() for _ in range(12)), 0.4, *(0.4 for _ in range(9))]
    callback = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=3, min_delta=0, cooldown=2, min_lr=0)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse")
    model.build((None, 1))
    callback.set_model(model)
    callback.on_train_begin()
    plateau = from_keras(callback).schedule
    state, ours, others = plateau.init(), [], []
    for epoch, metric in enumerate(metrics):
        callback.on_epoch_end(epoch, {"val_loss": metric})
        state = plateau.observe(state, metric, epoch)
        ours.append(plateau.factor(state))
        others.append(float(model.optimizer.learning_rate))
    assert ours == pytest.approx(others)
    assert ours[-1] < 0.2


@pytest.mark.parametrize("given", ["Cosine(1, 2)", 3, {"class_name": "Mine", "config": {}}, "CosineDecay(0.1)"])
def test_refused(given):
    """What is not a schedule of Keras is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_keras(given)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("monitor", "mode"),
    [("val_loss", None), ("val_mean_absolute_error", None), ("val_accuracy", "max"), ("auc", "max")],
)
def test_the_mode_auto_is_what_keras_finds(monitor, mode):
    """By the name of the metric, also of a callback that was made; Keras asks the metric of the model."""
    callback = keras.callbacks.ReduceLROnPlateau(monitor, patience=3)
    model = keras.Sequential([keras.layers.Dense(1)])
    metrics = ["accuracy", "mean_absolute_error", keras.metrics.AUC(name="auc")]
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="binary_crossentropy", metrics=metrics)
    model.fit(np.ones((4, 1)), np.ones((4, 1)), validation_split=0.5, verbose=0, callbacks=[callback])
    assert callback._is_improvement(2.0, 1.0) == (mode == "max")  # as Keras decides
    for found in (from_keras(callback), from_keras(f"keras.callbacks.ReduceLROnPlateau({monitor!r}, patience=3)")):
        assert found.schedule.arguments().get("mode") == mode


def test_what_auto_leaves_open_is_asked():
    with pytest.raises(lr.LrlabError, match=r'(?s)does not say.*mode="max"'):
        from_keras("ReduceLROnPlateau", monitor="val_q")
    assert from_keras("ReduceLROnPlateau", monitor="val_q", mode="max").schedule.arguments()["mode"] == "max"


@pytest.mark.parametrize("values", [[1, 2, 3], [1]])
def test_levels_that_keras_refuses_are_refused(values):
    """One more than boundaries; a surplus one was taken for the peak."""
    with pytest.raises(ValueError, match="1 less"):
        theirs.PiecewiseConstantDecay([5], values)
    with pytest.raises(lr.LrlabError, match="one value more than boundaries"):
        from_keras("PiecewiseConstantDecay", [5], values)
