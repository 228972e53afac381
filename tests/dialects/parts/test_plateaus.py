"""The plateaus of PyTorch, Keras, Optax and timm beside the imported ones: the same decision after every observation.

The series improve, stall, worsen and repeat themselves, are negative, and hold NaN.
"""

import importlib.util
import math
import sys
import types
from types import SimpleNamespace

import pytest

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.dialects import from_keras, from_optax, from_timm, from_torch, from_transformers

torch = pytest.importorskip("torch")


def series(rng, n=120, nan=0.05):
    """Metrics around any level, on a coarse grid, so that equal ones and ones just at a threshold are met."""
    level, found = rng.choice([2.0, -2.0, 0.0]), []
    for _ in range(n):
        level += rng.choice([-0.1, -0.1, 0.0, 0.0, 0.05])
        found.append(math.nan if rng.random() < nan else round(level + rng.choice([0, 0, 0.02, -0.02]), 6))
    return found


def ours(schedule, metrics, start=0):
    """The value after each observation; one update is completed before each."""
    pacer = lr.Pacer(schedule.over(10_000))
    pacer.advance(start)
    values = []
    for metric in metrics:
        pacer.advance()
        pacer.observe(metric)
        values.append(pacer.value)
    return values


def sgd(*rates):
    """An optimizer with a group of each LR."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


def test_torch(rng):
    """Every option, in both modes, with a floor of its own for each group, and an eps that matters."""
    optimizer = sgd(1.0, 0.01)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode=rng.choice(["min", "max"]),
        factor=rng.uniform(0.1, 0.9),
        patience=rng.randint(0, 3),
        threshold=rng.choice([0.0, 1e-4, 0.1]),
        threshold_mode=rng.choice(["rel", "abs"]),
        cooldown=rng.randint(0, 3),
        min_lr=[rng.choice([0.0, 0.05]), rng.choice([0.0, 0.002])],
        eps=rng.choice([0.0, 1e-8, 1e-3]),
    )
    found = [from_torch(scheduler, group=k) for k in range(2)]
    metrics, theirs = series(rng), []
    for metric in metrics:
        scheduler.step(metric)
        theirs.append([group["lr"] for group in optimizer.param_groups])
    for k, imported in enumerate(found):
        mine = [imported.base_lr * value for value in ours(imported.schedule, metrics)]
        assert mine == pytest.approx([row[k] for row in theirs], rel=1e-12)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, on reading its LR
def test_keras(rng):
    """Every option, at no tie that float32 decides; what Keras does after NaN as the very first one is not imported."""
    keras = pytest.importorskip("keras")
    callback = keras.callbacks.ReduceLROnPlateau(
        "loss",
        factor=rng.uniform(0.1, 0.9),
        patience=rng.randint(1, 4),
        mode=rng.choice(["min", "max"]),
        min_delta=rng.choice([0.0, 1e-4, 0.031]),
        cooldown=rng.randint(0, 4),
        min_lr=rng.choice([0.0, 0.005]),
    )
    model = SimpleNamespace(optimizer=keras.optimizers.SGD(0.1))
    callback.set_model(model)
    found = from_keras(callback)
    assert found.base_lr == pytest.approx(0.1)
    metrics, theirs = [1.0, *series(rng)], []
    callback.on_train_begin()
    for epoch, metric in enumerate(metrics):
        callback.on_epoch_end(epoch, {"loss": metric})
        theirs.append(float(model.optimizer.learning_rate))
    mine = [found.base_lr * value for value in ours(found.schedule, metrics)]
    assert mine == pytest.approx(theirs, rel=1e-5)  # its LR is float32
    assert from_keras(callback).schedule.arguments()["threshold"] == abs(callback.min_delta)  # read while it runs


def test_optax(rng):
    """Every option: two tolerances that add up, means of observations, NaN in a mean."""
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    given = {
        "factor": rng.uniform(0.1, 0.9),
        "patience": rng.randint(1, 4),
        "rtol": rng.choice([1e-4, 0.05]),
        "atol": rng.choice([0.0, 0.01]),
        "cooldown": rng.randint(0, 3),
        "accumulation_size": rng.choice([1, 1, 2, 3]),
        "min_scale": rng.choice([0.0, 0.05]),
    }
    metrics, theirs = series(rng), []
    with in_64_bits():
        peer = optax.contrib.reduce_on_plateau(**given)
        state = peer.init(jax.numpy.zeros(1))
        observe = jax.jit(lambda state, value: peer.update(jax.numpy.ones(1), state, value=value)[1])
        for metric in metrics:
            state = observe(state, metric)
            theirs.append(float(state.scale))
    assert ours(from_optax("reduce_on_plateau", **given).schedule, metrics) == pytest.approx(theirs, rel=1e-9)


def timm_factory():
    """`create_scheduler_v2`, without running `timm/__init__.py`, which asks for torchvision."""
    if "timm" not in sys.modules:
        found = importlib.util.find_spec("timm")
        if found is None:
            pytest.skip("timm is not installed")
        package = types.ModuleType("timm")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["timm"] = package
    return importlib.import_module("timm.scheduler").create_scheduler_v2


@pytest.mark.filterwarnings("ignore:PlateauLRScheduler is deprecated:FutureWarning")  # timm's own
def test_timm(rng):
    """create_scheduler_v2("plateau"), with a warmup whose last observation is not heard."""
    factory = timm_factory()
    optimizer = sgd(0.1)
    given = {
        "num_epochs": 100,
        "patience_epochs": rng.randint(0, 3),
        "decay_rate": rng.uniform(0.1, 0.9),
        "min_lr": rng.choice([0.0, 0.01]),
        "warmup_epochs": rng.choice([0, 3]),
        "warmup_lr": 0.02,
        "plateau_mode": rng.choice(["min", "max"]),
    }
    scheduler, _ = factory(optimizer, "plateau", **given)
    found = from_timm("plateau", lr=0.1, **given)
    metrics, theirs = series(rng), []
    for epoch, metric in enumerate(metrics, start=1):
        scheduler.step(epoch, metric)
        theirs.append(optimizer.param_groups[0]["lr"])
    mine = [found.base_lr * value for value in ours(found.schedule, metrics)]
    assert mine == pytest.approx(theirs, rel=1e-12)


def test_transformers(rng):
    """get_reduce_on_plateau_schedule is PyTorch's class, by name."""
    optimization = pytest.importorskip("transformers.optimization")
    given = {"patience": rng.randint(0, 3), "factor": 0.5, "min_lr": 0.01, "threshold_mode": rng.choice(["rel", "abs"])}
    optimizer = sgd(0.1)
    scheduler = optimization.get_reduce_on_plateau_schedule(optimizer, **given)
    found = from_transformers("reduce_lr_on_plateau", scheduler_specific_kwargs=given, learning_rate=0.1)
    metrics, theirs = series(rng), []
    for metric in metrics:
        scheduler.step(metric)
        theirs.append(optimizer.param_groups[0]["lr"])
    assert [0.1 * value for value in ours(found.schedule, metrics)] == pytest.approx(theirs, rel=1e-12)


def test_what_cannot_be_meant():
    """A floor without the LR that it is a multiple of, and one above the LR."""
    with pytest.raises(lr.LrlabError, match="needs the LR"):
        from_keras("ReduceLROnPlateau", min_lr=1e-4)
    assert from_keras("ReduceLROnPlateau", min_lr=1e-4, learning_rate=1e-2).schedule.arguments()["min"] == 0.01
    with pytest.raises(lr.LrlabError, match="raises the LR"):
        from_optax("reduce_on_plateau", min_scale=2.0)
