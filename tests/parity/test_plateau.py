"""`plateau` beside PyTorch's, Keras' and Optax' on random series of a positive metric.

The rules differ in what counts as the k-th bad observation and as an improvement:

    ours     cuts after `patience` bad observations, an improvement is below best - threshold * |best|
    PyTorch  cuts after patience + 1: its patience is ours less one; NaN counts as bad there
    Keras    as ours without a cooldown; its margin is absolute (0 here); its cooldown of c spares c - 1 observations
    Optax    as ours, also in its cooldown
"""

import random
from types import SimpleNamespace

import pytest
import torch

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.adapters.torch import get_scheduler

SEEDS = [*range(8), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(8, 200))]
every_seed = pytest.mark.parametrize("seed", SEEDS)


def drawn(seed):
    """Parameters that all of them have, and a series that improves, stalls, and worsens."""
    rng = random.Random(seed)
    parameters = SimpleNamespace(
        factor=rng.uniform(0.1, 0.9),
        patience=rng.randint(1, 5),
        cooldown=rng.randint(0, 4),
        threshold=rng.choice([1e-4, 0.01, 0.1]),
        least=rng.choice([0.0, 0.05]),
    )
    level, series = 2.0, []
    for _ in range(150):
        level *= rng.choice([0.97, 1.0, 1.0, 1.0, 1.01])
        series.append(level * rng.uniform(0.98, 1.02))
    return parameters, series


def ours(series, **arguments):
    """The factor after each observation."""
    pacer = lr.Pacer(lr.plateau(**arguments).over(1000))
    factors = []
    for metric in series:
        pacer.observe(metric)
        factors.append(pacer.value)
    assert len(pacer.decisions) > 0
    return factors


@every_seed
@pytest.mark.parametrize("mode", ["min", "max"])
def test_torch(seed, mode, agree):
    """ReduceLROnPlateau(patience=k - 1), relative threshold; its min_lr is absolute, its least cut eps is 0 here."""
    p, series = drawn(seed)
    if mode == "max":
        series = [1 / metric for metric in series]
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode,
        p.factor,
        p.patience - 1,
        p.threshold,
        "rel",
        p.cooldown,
        min_lr=0.1 * p.least,
        eps=0,
    )
    theirs = []
    for metric in series:
        peer.step(metric)
        theirs.append(optimizer.param_groups[0]["lr"])
    factors = ours(
        series,
        factor=p.factor,
        patience=p.patience,
        cooldown=p.cooldown,
        threshold=p.threshold,
        min=p.least,
        mode=mode,
    )
    agree([0.1 * factor for factor in factors], theirs)


@every_seed
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, on reading its LR
def test_keras(seed, agree):
    """The ReduceLROnPlateau callback with min_delta=0: its cooldown of c + 1 is ours of c, its LR float32."""
    keras = pytest.importorskip("keras")
    p, series = drawn(seed)
    model = SimpleNamespace(optimizer=keras.optimizers.SGD(0.1))
    peer = keras.callbacks.ReduceLROnPlateau(
        "loss",
        p.factor,
        p.patience,
        mode="min",
        min_delta=0,
        cooldown=p.cooldown + 1 if p.cooldown else 0,
        min_lr=0,
    )
    peer.set_model(model)
    peer.on_train_begin()
    theirs = []
    for epoch, metric in enumerate(series):
        peer.on_epoch_end(epoch, {"loss": metric})
        theirs.append(float(model.optimizer.learning_rate))
    factors = ours(series, factor=p.factor, patience=p.patience, cooldown=p.cooldown, threshold=0)
    agree([0.1 * factor for factor in factors], theirs, relative=1e-5)


@every_seed
def test_optax(seed, agree):
    """contrib.reduce_on_plateau(rtol=, atol=0): a factor of the updates, as ours of the schedule."""
    jax = pytest.importorskip("jax")
    optax = pytest.importorskip("optax")
    p, series = drawn(seed)
    with in_64_bits():
        peer = optax.contrib.reduce_on_plateau(p.factor, p.patience, p.threshold, 0.0, p.cooldown, min_scale=p.least)
        state = peer.init(jax.numpy.zeros(1))
        update = jax.jit(lambda state, value: peer.update(jax.numpy.ones(1), state, value=value))
        exact = state.scale.dtype == jax.numpy.float64  # Optax 0.2.3 keeps it in 32 bits
        theirs = []
        for metric in series:
            scaled, state = update(state, metric)
            theirs.append(float(scaled[0]))
    factors = ours(
        series,
        factor=p.factor,
        patience=p.patience,
        cooldown=p.cooldown,
        threshold=p.threshold,
        min=p.least,
    )
    agree(factors, theirs, relative=1e-12 if exact else 1e-6)


def test_torch_counts_nan_as_bad_and_takes_a_negative_metric_for_better():
    """Two rules that are not ours: NaN is an event of its own here, and a margin is a margin whatever the sign."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.1, factor=0.5)
    pacer = lr.Pacer(lr.plateau(patience=1, threshold=0.1, factor=0.5).over(10))
    for metric in (1.0, float("nan")):
        peer.step(metric)
        pacer.observe(metric)
    assert (optimizer.param_groups[0]["lr"], pacer.value) == (0.5, 1.0)
    assert [decision.event for decision in pacer.decisions] == ["nan"]
    for metric in (-10.0, -9.5):  # worse, but above -10 * (1 - 0.1) only in its sign
        peer.step(metric)
        pacer.observe(metric)
    assert (optimizer.param_groups[0]["lr"], pacer.value) == (0.5, 0.5)


@pytest.mark.parametrize("lr", [1.0, 1e-3, 3e-5])
@pytest.mark.parametrize("more", [{}, {"eps": 1e-6}, {"patience": 0}])
@pytest.mark.parametrize("name", ["ReduceLROnPlateau", "reduce_lr_on_plateau", "reduce_on_plateau"])
def test_by_pytorchs_name_every_lr_is_pytorchs(name, more, lr):
    """Also where a cut is too small to be made: `eps` is an LR there, and the optimizer's own LR is known."""
    arguments = {"patience": 1, "factor": 0.3, **more}
    values = [1.0, 0.9, *[0.95] * 30, 0.1, *[0.5] * 10]
    ours, theirs = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr) for _ in range(2))
    rule = {"rule": "torch"} if name == "reduce_on_plateau" else {}
    scheduler = get_scheduler(name, ours, len(values), follow="calls", **arguments, **rule)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **arguments)
    for value in values:
        scheduler.observe(value)
        peer.step(value)
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
