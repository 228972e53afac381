"""Loops in JAX as people write them: pure functions, or a loop of one's own over a state that is tracked."""

import dataclasses
from collections import namedtuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import XS, YS, task

import lrlab as lr

X, Y = jnp.asarray(XS), jnp.asarray(YS)


def init(key):
    one, two = jax.random.split(key)
    return {"in": 0.5 * jax.random.normal(one, (4, 8)), "out": 0.5 * jax.random.normal(two, (8, 1))}


@jax.jit
def loss_of(weights, x, y):
    return jnp.mean((jnp.tanh(x @ weights["in"]) @ weights["out"] - y) ** 2)


slope_of = jax.jit(jax.value_and_grad(loss_of))


def evaluate(weights):
    return {"val_loss": loss_of(weights, X, Y)}


def step(weights, batch, key, control):
    loss, slope = slope_of(weights, X[batch], Y[batch])
    return jax.tree.map(lambda w, g: w - 0.2 * control["lr"] * g, weights, slope), loss


@task("equal")
def pure(run):
    lr.functional(run, init=init, step=step, evaluate=evaluate, batches=run.batches(64, 8))


ADAM = optax.scale_by_adam()


@task("equal")
def with_optax(run):
    def start(key):
        weights = init(key)
        return weights, ADAM.init(weights), key

    def one(state, batch, key, control):
        weights, adam, own = state
        own, noise = jax.random.split(own)
        loss, slope = slope_of(weights, X[batch] + 0.1 * jax.random.normal(noise, (8, 4)), Y[batch])
        steps, adam = ADAM.update(slope, adam)
        return (jax.tree.map(lambda w, s: w - 0.05 * control["lr"] * s, weights, steps), adam, own), loss

    lr.functional(run, init=start, step=one, evaluate=lambda state: evaluate(state[0]), batches=run.batches(64, 8))


@task("equal")
def in_double_precision_by_a_context(run):
    with jax.enable_x64(True):

        def start(key):
            return jax.tree.map(lambda w: w.astype(jnp.float64) + 1e-9, init(key))

        lr.functional(run, init=start, step=step, evaluate=evaluate, batches=run.batches(64, 8))


@task("equal")
def in_double_precision_within_the_functions(run):
    def start(key):
        with jax.enable_x64(True):
            return jax.tree.map(lambda w: w.astype(jnp.float64) + 1e-9, init(key))

    def one(state, batch, key, control):
        with jax.enable_x64(True):
            return step(state, batch, key, control)

    def judged(state):
        with jax.enable_x64(True):
            return evaluate(state)

    lr.functional(run, init=start, step=one, evaluate=judged, batches=run.batches(64, 8))


@task("equal")
def with_numbers_of_eight_bits(run):
    def start(key):
        return init(key), jnp.zeros(3, jnp.float8_e4m3fn), jnp.zeros(3, jnp.bfloat16), jnp.zeros(3, jnp.int4)

    def one(state, batch, key, control):
        weights, eight, sixteen, four = state
        weights, loss = step(weights, batch, key, {"lr": control["lr"] * (1 + 0.01 * eight[0].astype(jnp.float32))})
        return (weights, (loss * jnp.ones(3)).astype(eight.dtype), sixteen + 0.5, four + 1), loss

    lr.functional(run, init=start, step=one, evaluate=lambda state: evaluate(state[0]), batches=run.batches(64, 8))


def remembering():
    i = 0
    while True:
        yield jnp.arange(8 * (i % 8), 8 * (i % 8) + 8)
        i += 1


@task("alone", "the batches")
def a_generator_that_remembers(run):
    """Batches of JAX arrays."""
    lr.functional(run, init=init, step=step, evaluate=evaluate, batches=remembering())


@dataclasses.dataclass
class Rows:
    rows: jax.Array
    extra: dict


Pair = namedtuple("Pair", "rows weight")


class Remembers:
    """A pass over rows; how far it is it keeps to itself. It is entered anew, and goes on where it was."""

    def __init__(self, made):
        self.made, self.k = made, 0

    def __len__(self):
        return 3

    def __iter__(self):
        for _ in range(3):
            self.k += 1
            yield self.made(jnp.arange(8 * (self.k % 8), 8 * (self.k % 8) + 8))


def with_batches(run, made, rows):
    def one(state, batch, key, control):
        return step(state, rows(batch), key, control)

    lr.functional(run, init=init, step=one, evaluate=evaluate, batches=Remembers(made))


@task("alone", "the batches.k")
def dataclasses_as_batches(run):
    with_batches(run, lambda rows: Rows(rows, {"more": rows + 1}), lambda batch: batch.rows)


@task("alone", "the batches.k")
def named_tuples_as_batches(run):
    with_batches(run, lambda rows: Pair(rows, 1.0), lambda batch: batch.rows)


@task("alone", "the batches.k")
def dictionaries_as_batches(run):
    with_batches(run, lambda rows: {"rows": (rows, {"deep": rows})}, lambda batch: batch["rows"][0])


def hidden():
    """Batches by a counter that nobody sees: the next batch itself tells."""
    state = np.random.default_rng(3)

    def generate():
        while True:
            yield jnp.asarray(state.integers(0, 64, 8))

    return generate()


@task("alone", "the batches")
def a_generator_with_a_generator_of_its_own(run):
    lr.functional(run, init=init, step=step, evaluate=evaluate, batches=hidden())


@task("equal")
def a_loop_of_ones_own(run):
    held = {"weights": init(jax.random.key(run.seed)), "key": jax.random.key(1)}
    run.track(held=held)
    for _, batch in run.steps(run.batches(64, 8)):
        held["key"], key = jax.random.split(held["key"])
        held["weights"], loss = step(held["weights"], batch, key, run.control)
        run.log(loss=loss)
        if run.eval_now:
            run.report(**evaluate(held["weights"]))


@task("alone", "weights")
def a_loop_of_ones_own_without_a_track(run):
    weights = init(jax.random.key(run.seed))
    for _, batch in run.steps(run.batches(64, 8)):
        weights, loss = step(weights, batch, None, run.control)
        run.log(loss=loss)
        if run.eval_now:
            run.report(**evaluate(weights))


@task("refused", "step gives back the state")
def a_step_that_trains_nothing(run):
    def one(state, batch, key, control):
        return state, step(state, batch, key, control)[1]

    lr.functional(run, init=init, step=one, evaluate=evaluate, batches=run.batches(64, 8))


CALLS = []


@task("alone", "calls")
def a_counter_in_a_closure(run):
    calls = {"n": 0}

    def one(state, batch, key, control):
        calls["n"] += 1
        return step(state, batch, key, {"lr": control["lr"] / calls["n"]})

    lr.functional(run, init=init, step=one, evaluate=evaluate, batches=run.batches(64, 8))
