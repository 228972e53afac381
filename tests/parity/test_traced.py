"""One curve, three evaluators: NumPy in blocks (what is applied), the standard library, and JAX under tracing."""

import numpy as np
import pytest

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.text import parse as text  # noqa: F401


def halving(t):
    """A function that works on traced numbers, too."""
    return 0.5 ** (t / 1000)


ARGUMENTS = {
    "table": ([0.3, 1, 0.5],),
    "function": (halving,),
    "minimum": (lr.linear(), lr.cosine()),
    "maximum": (lr.linear(), lr.cosine()),
}
WORDS = {word: make(*ARGUMENTS.get(word, ())) for word, make in VOCABULARY.items() if word != "hold"}
COMPOSED = {
    str(schedule): schedule
    for schedule in (
        lr.warmup("2%") >> lr.cosine(to=0.1),
        lr.linear("30%", start=0, to=1) >> lr.hold("20%") >> lr.one_minus_sqrt(),
        lr.warm_restarts("10%", stretch=2, gain=0.7, to=0.1),
        lr.warm_restarts("10%", stretch=1.5),
        (0.5 * lr.linear() + 0.1) * lr.step("30%", gamma=0.5),
        lr.polynomial(to=0.1).reverse().clip(0.2, 0.9),
        lr.tanh(start=0.2, to=1, closed=True),
        lr.wsd(warmup="3%", decay="30%", shape="geometric", to=0.01).repeat(2),
        lr.exponential(decay=0.5, every="10%", staircase=True),
        lr.inverse_time(1, "15%", staircase=True),
    )
}
EVERY = pytest.mark.parametrize("schedule", [*WORDS.values(), *COMPOSED.values()], ids=[*WORDS, *COMPOSED])


def probed(updates, seed=0, count=1000):
    """All updates of a short run; of a long one the first, the last, and some between."""
    if updates <= count:
        return np.arange(updates)
    between = np.random.default_rng(seed).integers(0, updates, count - 400)
    return np.unique(np.concatenate([np.arange(200), between, np.arange(updates - 200, updates)]))


@EVERY
@pytest.mark.parametrize("updates", [10, 1000, 100_000])
def test_traced_in_float64(schedule, updates, agree):
    """Under jit and vmap: relative 1e-12, and 1e-15 of the peak where a shape ends at 0."""
    jax = pytest.importorskip("jax")
    curve = schedule.over(updates)
    at = probed(updates)
    with in_64_bits():
        several = jax.jit(jax.vmap(curve))(jax.numpy.asarray(at))
        one = jax.jit(curve)(jax.numpy.asarray(at[-1]))
        assert (several.dtype, several.shape, one.dtype, one.shape) == ("float64", at.shape, "float64", ())
        agree(several, curve.values()[at])
        agree(one, curve.values()[at[-1]], of_peak=1e-15 * curve.values().max())


@EVERY
@pytest.mark.parametrize("updates", [10, 1000, 100_000])
def test_traced_in_float32(schedule, updates, agree):
    """Under jit and vmap without x64: within 1e-6 of the peak."""
    jax = pytest.importorskip("jax")
    curve = schedule.over(updates)
    at = probed(updates)
    several = jax.jit(jax.vmap(curve))(jax.numpy.asarray(at))
    assert (several.dtype, several.shape) == ("float32", at.shape)
    agree(several, curve.values()[at], relative=0, of_peak=1e-6)


def test_a_power_of_a_base_next_to_one(agree):
    """In float32 0.9999 itself is off by 2e-8, which its ten-thousandth power would multiply by ten thousand."""
    jax = pytest.importorskip("jax")
    curve = lr.step(1, gamma=0.9999).over(100_000)
    at = probed(100_000)
    agree(jax.jit(jax.vmap(curve))(jax.numpy.asarray(at)), curve.values()[at], relative=0, of_peak=1e-6)


LENGTHS = pytest.mark.parametrize(
    "updates", [10, 97, 1000, 9999, 100_000, pytest.param(1_000_000, marks=pytest.mark.exhaustive)]
)
# Near their zero they are differences of nearly equal numbers: there the last places of the peak count.
DIFFERENCES = {"k_decay", "logarithmic", "one_minus_power"}


def evaluated_twice(schedule, updates):
    """curve(i), by the standard library, and values(), by NumPy, at the same updates."""
    curve = schedule.over(updates)
    at = probed(updates, count=2000)
    return np.array([curve(int(update)) for update in at]), curve.values()[at]


@EVERY
@LENGTHS
def test_scalar_is_what_is_applied_to_two_units_in_the_last_place_of_the_peak(schedule, updates):
    """Whatever a schedule is made of, no value differs by more than 4e-16 of the greatest."""
    scalar, applied = evaluated_twice(schedule, updates)
    assert np.abs(scalar - applied).max() <= 2 * np.spacing(np.abs(applied).max())


@pytest.mark.parametrize("word", sorted(set(WORDS) - DIFFERENCES))
@LENGTHS
def test_scalar_is_what_is_applied_to_two_units_in_its_last_place(word, updates):
    """A shape that falls from the base LR, by its defaults, keeps its last places also where it is small."""
    scalar, applied = evaluated_twice(WORDS[word], updates)
    assert (np.abs(scalar - applied) / np.spacing(np.maximum(np.abs(scalar), np.abs(applied)))).max() <= 2


def test_whole_floats_of_jax_are_updates():
    """Concrete ones; under a trace nobody can see whether they are whole."""
    import jax
    import jax.numpy as jnp

    curve = lr.linear().over(10)
    assert curve(jnp.array(3.0)).tolist() == curve(jnp.array(3)).tolist()
    with pytest.raises(lr.LrlabError, match="counted from 0"):
        curve(jnp.array(2.5))
    with pytest.raises(lr.LrlabError, match=r"step.astype\(int\)"):
        jax.jit(curve)(jnp.array(3.0))


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 0.5, 1e6])
@pytest.mark.parametrize("updates", [7, 1000, 10**6])
def test_a_logarithm_does_not_cancel_in_float32(ratio, updates):
    """1 + (ratio - 1) * u loses what a small ratio is: the LR was off by 2e-3, and negative at the end."""
    jax = pytest.importorskip("jax")
    curve = lr.logarithmic(ratio=ratio).over(updates)
    at = np.append(probed(updates), [updates, updates + 5])
    found = np.asarray(jax.jit(curve)(jax.numpy.asarray(at)))
    assert np.abs(found - curve(at)).max() < 1e-6
    assert found.min() >= -1e-7


@pytest.mark.parametrize(
    "wave", ["cosine_wave(0.5, 100)", "cosine_wave(1.5, 900, phase=0.25)", "cosine_wave(2, '1/1000')"]
)
def test_a_late_wave_is_where_it_is(wave):
    """After thousands of waves float32 cannot hold the place within one: it was off by 1e-3."""
    jax = pytest.importorskip("jax")
    curve = lr.parse(wave).over(10**6)
    at = np.arange(10**6 - 2000, 10**6 + 10)
    assert np.abs(np.asarray(jax.jit(curve)(jax.numpy.asarray(at))) - curve(at)).max() < 1e-6
