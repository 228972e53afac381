"""Exported code is executed, and gives the schedule's value at every update, to 1.5 times the horizon."""

import json
import random
import tomllib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, example, given, settings

import lrlab as lr
from lrlab.core.curve import Curve
from lrlab.dialects import from_keras, from_optax, from_timm, from_torch, from_transformers, to_code
from lrlab.dialects.building import fixed
from lrlab.testing.strategies import curves

N = 300
QUICK = (Phase.explicit, Phase.generate)  # a failing curve is not made smaller: each one is executed
TEXTS = (
    'warmup("10%") >> cosine(to=0.1)',
    "warmup(30) >> cosine()",
    "linear(30, start=0.1, to=1) >> cosine(to=0.2)",
    "linear(30, start=0, to=1) >> linear()",
    "linear(30, start=0, to=1) >> cosine_cycle(540).repeat()",
    "linear(30, start=0, to=1) >> polynomial(to=0.01, power=2)",
    "linear(30, start=0, to=1) >> inverse_sqrt(30)",
    "linear(30, start=0.1, to=1) >> constant(170) >> one_minus_sqrt(100, to=0.1)",
    "linear(30, start=0, to=1) >> cosine(90).repeat(3) >> constant(level=0)",
    "linear(30, start=0, to=1) >> cosine_wave(0.7, every=270)",
    "warmup(30) >> constant()",
    "constant()",
    "constant(level=0.5)",
    "cosine(to=0.3)",
    "cosine(power=2)",
    "linear(start=0.5, to=0.1)",
    "polynomial(power=1.5)",
    "polynomial(power=2, to=0.1)",
    "step(50, gamma=0.3)",
    "multistep([100, 200], gamma=0.1)",
    "piecewise_constant([100, 200], [1, 0.5, 0.05])",
    "exponential(gamma=0.99)",
    "exponential(decay=0.5, every=100)",
    "exponential(decay=0.5, every=100, staircase=True)",
    "exponential(gamma=0.98).clip(low=0.1)",
    "inverse_time(2, every=50)",
    "cosine_cycle(200).repeat()",
    "cosine().repeat(cycle=40, stretch=2)",
    "cosine(to=0.1).repeat(cycle=100)",
    "0.5 * cosine().repeat(cycle=50, gain=0.5)",
    "0.1 + 0.9 * linear()",
    "0.5 * (warmup(30) >> step(100))",
    "wsd()",
    "one_cycle()",
    "triangular(50)",
    'k_decay(k=2) >> hold("10%")',
)


def executed(code: str, **names: Any) -> dict[str, Any]:
    """What a piece of code leaves behind. It must not need lrlab."""
    assert "lrlab" not in code
    space = dict(names)
    exec(code, space)
    return space


def agree(ours: Any, theirs: Any, relative: float = 1e-9, of_peak: float = 1e-11) -> None:
    """The same values."""
    np.testing.assert_allclose(theirs, ours, rtol=relative, atol=of_peak * max(np.abs(ours).max(), 1e-300))


def run_python(code: str, updates: int) -> list[float]:
    """The values of an exported function."""
    function = executed(code)["lr_multiplier"]
    return [function(update) for update in range(updates)]


def run_torch(code: str, updates: int) -> list[float]:
    """The LR in an optimizer of LR 1 that an exported scheduler drives."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = executed(code, optimizer=optimizer)["scheduler"]
    seen = []
    for _ in range(updates):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def run_optax(code: str, updates: int) -> list[float]:
    """The values of an exported Optax schedule, in float64."""
    jax, numpy = pytest.importorskip("jax"), pytest.importorskip("jax.numpy")
    pytest.importorskip("optax")
    with jax.enable_x64(True):
        counts = numpy.arange(1024)
        values = jax.vmap(executed(code)["schedule"])(counts)
        return [float(x) for x in np.broadcast_to(np.asarray(values), counts.shape)[:updates]]


def run_keras(code: str, updates: int) -> list[float]:
    """The values of an exported Keras schedule, in float64."""
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        schedule = executed(code)["schedule"]
        return [float(schedule(step)) for step in range(updates)]
    finally:
        keras.config.set_floatx(before)


def run_transformers(code: str, updates: int) -> list[float]:
    """The LR of an exported call of get_scheduler."""
    pytest.importorskip("transformers")
    return run_torch(code, updates)


RUN = {
    "python": run_python,
    "torch": run_torch,
    "optax": run_optax,
    "keras": run_keras,
    "transformers": run_transformers,
}
# How many of TEXTS each can express: a number that falls is a loss.
EXPRESSED = {"python": len(TEXTS), "torch": len(TEXTS), "optax": 24, "keras": 20, "transformers": 13}


@pytest.mark.parametrize("target", RUN)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_executed(target):
    """Every schedule in every target: the same curve, or a refusal in words."""
    refused: list[str] = []
    for text in TEXTS:
        schedule = lr.parse(text)
        try:
            code = to_code(schedule, target, horizon=N)
        except lr.LrlabError as refusal:
            refused.append(str(refusal))
            continue
        updates = N + N // 2
        try:
            agree(schedule.over(N).between(0, updates), RUN[target](code, updates))
        except BaseException as error:
            error.add_note(f"{text}\n{code}")
            raise
    assert len(TEXTS) - len(refused) == EXPRESSED[target]
    assert all("no " in reason for reason in refused)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=QUICK)
@given(curve=curves())
@example(curve=lr.parse("(0.1 + (linear() >> linear()).repeat(gain=0.5, cycle=10)).repeat(2, stretch=0.5)").over(60))
def test_python_of_anything(curve):
    """Whatever the vocabulary can say is written out as plain Python."""
    _written_out(curve)


@pytest.mark.exhaustive
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=QUICK)
@given(curve=curves())
def test_python_of_anything_in_full(curve):
    """As above, more of it."""
    _written_out(curve)


def _written_out(curve: Curve) -> None:
    try:
        code = to_code(curve.schedule, "python", horizon=curve.horizon)
    except lr.LrlabError as refusal:
        assert "too many to write out" in str(refusal)  # noqa: PT017  # most of them are written
        return
    updates = sorted({0, 1, *range(0, curve.updates * 3 // 2, max(curve.updates // 97, 1)), curve.updates - 1})
    for phase in curve.phases:
        updates += [max(phase.start - 1, 0), phase.start]
    function = executed(code)["lr_multiplier"]
    agree(curve(np.array(updates)), [function(update) for update in updates], 1e-9, 1e-9)


def test_toml():
    """A TOML document reads back as the same schedule."""
    for text in TEXTS:
        document = tomllib.loads(to_code(lr.parse(text), "toml", horizon=N))
        assert document.pop("horizon") == {"updates": N}
        assert lr.loads(json.dumps(document)) == lr.parse(text)


def test_groups_keep_their_ratio():
    """A LambdaLR multiplies every group's own LR; torch's own class with a floor would not, and is not used."""
    code = to_code(lr.parse("cosine(to=0.1)"), "torch", horizon=N)
    assert "LambdaLR" in code
    assert "CosineAnnealingLR" in to_code(lr.parse("cosine_cycle(200).repeat()"), "torch")


def test_feedback_is_refused_by_name():
    """No formula can express feedback; PyTorch has a class for a plateau alone."""
    with pytest.raises(lr.LrlabError, match="depends on what is observed"):
        to_code(lr.parse("cosine() * plateau()"), "python", horizon=N)
    assert "ReduceLROnPlateau" in to_code(lr.parse("plateau(patience=3)"), "torch")
    with pytest.raises(lr.LrlabError, match="target is not known"):
        to_code(lr.parse("cosine()"), "mxnet", horizon=N)


# -- there and back -----------------------------------------------------------------------------------------------


def imports(rng: random.Random) -> Any:
    """A random configuration of one library, imported."""
    n, warmup = rng.randint(60, 200), rng.randint(1, 20)
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedulers = torch.optim.lr_scheduler
    choices = [
        lambda: from_transformers(rng.choice(["linear", "cosine", "constant_with_warmup", "inverse_sqrt"]), warmup, n),
        lambda: from_transformers("cosine_with_restarts", warmup, n, {"num_cycles": rng.randint(1, 4)}),
        lambda: from_transformers("warmup_stable_decay", warmup, n, {"num_decay_steps": 30, "min_lr_ratio": 0.1}),
        lambda: from_transformers("polynomial", warmup, n, {"power": 2.0, "lr_end": 0.01}, learning_rate=1.0),
        lambda: from_torch(schedulers.StepLR(opt, rng.randint(5, 50), 0.5)),
        lambda: from_torch(schedulers.CosineAnnealingLR(opt, n)),
        lambda: from_torch(schedulers.OneCycleLR(opt, 1.0, n)),
        lambda: from_torch(
            schedulers.SequentialLR(
                opt, [schedulers.LinearLR(opt, 0.1, 1.0, warmup), schedulers.PolynomialLR(opt, n)], [warmup]
            )
        ),
        lambda: from_optax("warmup_cosine_decay_schedule", 0.0, 1.0, warmup, n, 0.1, rng.choice([1.0, 2.0])),
        lambda: from_optax("exponential_decay", 1.0, rng.randint(5, 50), 0.5, staircase=True, end_value=0.1),
        lambda: from_optax("cosine_onecycle_schedule", n, 1.0),
        lambda: from_keras("CosineDecay", 0.0, n - warmup, warmup_target=1.0, warmup_steps=warmup, alpha=0.1),
        lambda: from_keras("PiecewiseConstantDecay", [20, 40], [1.0, 0.5, 0.1]),
        lambda: from_keras("CosineDecayRestarts", 1.0, 30, t_mul=2.0, m_mul=0.9),
        lambda: from_keras("PolynomialDecay", 1.0, 50, 0.1, 2.0, cycle=True),
        lambda: from_timm("cosine", lr=1.0, num_epochs=n, warmup_epochs=warmup, warmup_lr=0.0, min_lr=0.01),
        lambda: from_timm("wsd", lr=1.0, num_epochs=n, warmup_epochs=warmup, warmup_lr=0.0),
        lambda: from_timm("step", lr=1.0, num_epochs=n, decay_epochs=2.4, decay_rate=0.97),
    ]
    return rng.choice(choices)()


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_there_and_back(rng):
    """Import, write as text, read, export to every target that can express it, execute: still the same curve."""
    found = imports(rng)
    schedule = lr.parse(str(found.schedule))
    assert schedule == found.schedule
    end = max(200 if found.horizon is None else found.horizon.total, fixed(schedule))
    ours = schedule.over(end).between(0, end * 3 // 2)
    for target, run in RUN.items():
        try:
            code = to_code(schedule, target, horizon=end)
        except lr.LrlabError:
            assert target not in ("python", "torch")
            continue
        try:
            agree(ours, run(code, len(ours)), 1e-8, 1e-9)
        except BaseException as error:
            error.add_note(f"{target}: {schedule}\n{code}")
            raise
