"""JAX: the schedule as an Optax schedule."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from jax import numpy as jnp  # noqa: E402

from jax_precision import in_64_bits  # noqa: E402
from lrlab.adapters.optax import schedule  # noqa: E402

COSINE = lr.warmup(3) >> lr.cosine(to=0.1)
PARAMS = {"w": jnp.ones(3), "b": jnp.zeros(())}


def test_in_an_optimizer_of_optax():
    """The LR of each update, recomputed from the change of the weight under SGD: w' = w - lr * 1."""
    optimizer, w, trace = optax.sgd(schedule(COSINE, 0.1, 9)), jnp.ones(()), []
    state = optimizer.init(w)
    for _ in range(9):
        updates, state = jax.jit(optimizer.update)(jnp.ones(()), state)
        trace.append(-float(updates))
    assert trace == pytest.approx(0.1 * COSINE.over(9).values(), rel=1e-6)


def test_beside_plain_numbers_and_arrays():
    """A Python number, an array, a traced number: the same LR."""
    rate = schedule(COSINE, 0.1, 9)
    wanted = 0.1 * COSINE.over(9).values()
    assert float(rate(4)) == pytest.approx(wanted[4], rel=1e-6)
    assert np.asarray(rate(np.arange(9))) == pytest.approx(wanted, rel=1e-6)
    assert np.asarray(jax.vmap(rate)(jnp.arange(9))) == pytest.approx(wanted, rel=1e-6)
    assert np.asarray(jax.vmap(lambda base: base * rate(4))(jnp.array([1.0, 2.0]))).shape == (2,)


def test_injected():
    """inject_hyperparams takes it as any schedule, and shows the LR that an update has used."""
    optimizer = optax.inject_hyperparams(optax.adamw)(learning_rate=schedule(COSINE, 0.1, 9))
    state = optimizer.init(PARAMS)
    for update in range(4):
        _, state = jax.jit(optimizer.update)(PARAMS, state, PARAMS)
        assert float(state.hyperparams["learning_rate"]) == pytest.approx(0.1 * COSINE.over(9)(update), rel=1e-6)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_a_count_of_any_integer_type(kind):
    """The update is what counts, not the bits that it is kept in: also beside numbers that they cannot hold."""
    curve = (lr.warmup(300) >> lr.cosine("30%").repeat(2) >> lr.step(7)).over(2000)
    rate, at = jax.jit(schedule(curve.schedule, 1.0, 2000)), np.array([0, 1, 7, 120])
    assert np.asarray(rate(jnp.asarray(at, kind))) == pytest.approx(curve(at), rel=1e-6)
    with in_64_bits():
        assert np.asarray(jax.jit(schedule(curve.schedule, 1.0, 2000))(jnp.asarray(at, kind))) == pytest.approx(
            curve(at), rel=1e-12
        )


LONG = 10**9


@pytest.mark.parametrize(
    "s", [lr.step("7/30"), lr.cosine().repeat(cycle="3/70"), lr.constant() >> lr.linear(1000)], ids=str
)
def test_steps_beyond_what_float32_can_count(s):
    """Counts of 32 bits, times of 30: a boundary is where it belongs."""
    curve = s.over(LONG)
    near = np.arange(-4, 5)
    places = (2**24, LONG * 7 // 30, LONG * 14 // 30, LONG * 9 // 70, LONG - 1000, LONG)
    at = np.unique(np.concatenate([near + place for place in places]))
    assert np.asarray(schedule(s, 1.0, LONG)(at)) == pytest.approx(curve(at), abs=1e-6)


def test_a_controller_is_for_the_scheduler():
    """And the message says so."""
    with pytest.raises(LrlabError, match=r"Scheduler\(schedule, base_lr, horizon\)"):
        schedule("linear() * plateau(patience=1)", 0.1, 9)
