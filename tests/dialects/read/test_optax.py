"""Optax, side by side in float64: the value at every count to 1.5 times the horizon."""

import random
from typing import Any

import numpy as np
import pytest

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.dialects import from_optax

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
import jax.numpy as jnp  # noqa: E402


@pytest.fixture(autouse=True)
def in_float64():
    """Optax computes in JAX's precision, float32 by default."""
    with in_64_bits():
        yield


CLOSE = {"relative": 1e-11, "of_peak": 1e-13}
ROOT = {"relative": 1e-11, "of_peak": 2e-8}  # n/n may be 1 - 1e-16 there, whose distance to 1 has a root of 1e-8


def values(schedule: Any, updates: int) -> list[float]:
    """The values at the counts 0, 1, 2 ... of an Optax schedule.

    Not compiled as a whole: XLA would multiply by 1/n, and 1 - n * (1/n) is not 0. Always as many counts, so that JAX
    compiles each operation once.
    """
    counts = jnp.arange(1024 * -(-updates // 1024))
    out = jax.vmap(schedule)(counts)
    return [float(x) for x in np.broadcast_to(np.asarray(out), counts.shape)[:updates]]


def scales(rng: random.Random, n: int) -> dict[int, float]:
    """Random boundaries and scales."""
    return {rng.randint(0, n): rng.uniform(0, 3) for _ in range(rng.randint(1, 4))}


def arguments(name: str, rng: random.Random, n: int) -> dict[str, Any]:
    """Random arguments of one constructor, for about n updates."""
    high, low = rng.uniform(1e-4, 1), rng.choice([0.0, rng.uniform(0, 1e-4)])
    ends = rng.choice([{"init_value": high, "end_value": low}, {"init_value": low, "end_value": high}])
    exponential = {
        "transition_steps": rng.choice([rng.randint(1, n), 0]),
        "decay_rate": rng.choice([rng.uniform(0.1, 1.2), 0.0, 1.0]),
        "transition_begin": rng.choice([0, rng.randint(0, n), -3]),
        "staircase": rng.random() < 0.5,
        "end_value": rng.choice([None, high / 3, high * 2]),
    }
    match name:
        case "constant_schedule":
            return {"value": high}
        case "linear_schedule":
            return {
                **ends,
                "transition_steps": rng.randint(0, n),
                "transition_begin": rng.choice([0, rng.randint(0, n)]),
            }
        case "polynomial_schedule":
            return {**ends, "power": rng.choice([1, 2, 0.5, 0]), "transition_steps": rng.randint(1, n)}
        case "cosine_decay_schedule":
            return {
                "init_value": high,
                "decay_steps": rng.randint(1, n),
                "alpha": rng.choice([0.0, 0.1, 1.5]),
                "exponent": rng.choice([1.0, 2.0, 0.7]),
            }
        case "exponential_decay":
            return {"init_value": high, **exponential}
        case "piecewise_constant_schedule":
            return {"init_value": high, "boundaries_and_scales": rng.choice([None, scales(rng, n)])}
        case "piecewise_interpolate_schedule":
            return {
                "interpolate_type": rng.choice(["linear", "cosine"]),
                "init_value": high,
                "boundaries_and_scales": scales(rng, n),
            }
        case "linear_onecycle_schedule":
            start = rng.random()
            return {
                "transition_steps": n,
                "peak_value": high,
                "pct_start": rng.choice([0.3, start]),
                "pct_final": rng.choice([0.85, rng.uniform(start, 1)]),
            }
        case "cosine_onecycle_schedule":
            return {"transition_steps": n, "peak_value": high, "pct_start": rng.choice([0.3, rng.random(), 1.0])}
        case "warmup_constant_schedule":
            return {"init_value": low, "peak_value": high, "warmup_steps": rng.randint(0, n)}
        case "warmup_cosine_decay_schedule":
            return {
                "init_value": low,
                "peak_value": high,
                "warmup_steps": rng.randint(0, n - 1),
                "decay_steps": n,
                "end_value": rng.choice([0.0, high / 10]),
                "exponent": rng.choice([1.0, 1.7]),
            }
        case "warmup_exponential_decay_schedule":
            return {"init_value": low, "peak_value": high, "warmup_steps": rng.randint(0, n), **exponential}
        case "sgdr_schedule":
            return {
                "cosine_kwargs": [arguments("warmup_cosine_decay_schedule", rng, n) for _ in range(rng.randint(1, 3))]
            }
    raise AssertionError(name)


NAMES = (
    "constant_schedule",
    "linear_schedule",
    "polynomial_schedule",
    "cosine_decay_schedule",
    "exponential_decay",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "linear_onecycle_schedule",
    "cosine_onecycle_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
    "sgdr_schedule",
)


def beyond(found: Any, n: int) -> int:
    """One and a half times the horizon."""
    end = found.horizon.total if found.horizon else 2 * n
    return end + end // 2 + 2


def test_same_curve(seed, rng, same_curve):
    """Every constructor, with random arguments."""
    name, n = NAMES[seed % len(NAMES)], rng.choice([1, 2, rng.randint(3, 200)])
    given = arguments(name, rng, n)
    found = from_optax(name, **given)
    close = ROOT if given.get("power") == 0.5 else CLOSE
    same_curve(found, values(getattr(optax, name)(**given), beyond(found, n)), found.base_lr, **close)


def test_joined(seed, rng, same_curve):
    """join_schedules of any constructors, as text and as pairs."""
    n, count = rng.randint(3, 80), rng.randint(1, 4)
    members = [(name, arguments(name, rng, n)) for name in rng.choices(NAMES, k=count)]
    edges = sorted(rng.randint(0, 2 * n) for _ in range(count - 1))
    theirs = optax.join_schedules([getattr(optax, name)(**given) for name, given in members], edges)
    calls = [f"optax.{name}({', '.join(f'{k}={v!r}' for k, v in given.items())})" for name, given in members]
    for found in (
        from_optax("join_schedules", members, edges),
        from_optax(f"optax.join_schedules([{', '.join(calls)}], boundaries={edges})"),
    ):
        same_curve(found, values(theirs, beyond(found, n)), found.base_lr, **ROOT)


def test_unsorted_boundaries(same_curve):
    """Optax does not check boundaries: a later one that is smaller takes over at once."""
    text = "join_schedules([constant_schedule(1.), constant_schedule(2.), constant_schedule(3.)], [10, 5])"
    members = [optax.constant_schedule(value) for value in (1.0, 2.0, 3.0)]
    same_curve(from_optax(text), values(optax.join_schedules(members, [10, 5]), 20), 3.0)


@pytest.mark.parametrize(
    "text",
    [
        "optax.cosine_decay(0.1, 10)",
        "optax.cosine_decay_schedule(0.1)",
        "optax.cosine_decay_schedule(0.1, 0)",
        "optax.linear_schedule(0.1, __import__('os').getcwd(), 10)",
        "optax.linear_schedule(0.1, 1/0, 10)",
        "optax.piecewise_constant_schedule(0.1, {5: -1})",
    ],
)
def test_refused(text):
    """What is not a call of Optax is refused in words, and never executed."""
    with pytest.raises(lr.LrlabError):
        from_optax(text)


@pytest.mark.parametrize("number", range(3))
def test_plateau_cuts_at_the_same_observations(number):
    """contrib.reduce_on_plateau, driven by random losses: the same scale after every observation."""
    rng = random.Random(number)
    given = {"factor": 0.5, "patience": 1 + number, "cooldown": number, "min_scale": rng.choice([0.0, 0.1])}
    transformation = optax.contrib.reduce_on_plateau(**given)
    plateau = from_optax("reduce_on_plateau", **given).schedule
    theirs, ours = transformation.init({}), plateau.init()
    observe = jax.jit(lambda state, loss: transformation.update({}, state, value=loss)[1])
    for update in range(40):
        loss = 1 + 0.01 * rng.randint(0, 10) - 0.01 * update * rng.random()
        theirs = observe(theirs, loss)
        ours = plateau.observe(ours, loss, update)
        assert plateau.factor(ours) == pytest.approx(float(theirs.scale), rel=1e-6)
