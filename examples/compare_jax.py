"""Four strategies on a training of pure functions in JAX: init, step and evaluate over a pytree.

python examples/compare_jax.py
"""

import functools

import jax
import jax.numpy as jnp

import lrlab as lr

X = jax.random.normal(jax.random.key(0), (480, 10))
Y = jnp.sin(X.sum(1, keepdims=True))


def init(key):
    one, two = jax.random.split(key)
    weights = 0.3 * jax.random.normal(one, (10, 32)), 0.2 * jax.random.normal(two, (32, 1))
    return weights, jax.tree.map(jnp.zeros_like, weights)


@jax.jit
def loss_of(weights, x, y):
    return jnp.mean((jnp.tanh(x @ weights[0]) @ weights[1] - y) ** 2)


@jax.jit
def step(data, state, batch, key, control):
    weights, momentum = state
    loss, slope = jax.value_and_grad(loss_of)(weights, *(column[batch] for column in data))
    momentum = jax.tree.map(lambda m, g: 0.9 * m + g, momentum, slope)
    rate = 0.02 * control["lr"]  # what a strategy sets is a multiple of this LR
    return (jax.tree.map(lambda w, m: w - rate * m, weights, momentum), momentum), loss


@lr.task(metric="val_loss", updates=120, folds=3, lrs=(1.0,), evals=6)
def train(run):
    """Whatever is jitted outside is compiled once, for all folds and strategies."""
    held_out = jnp.arange(480) % run.folds == run.fold
    data = X[~held_out], Y[~held_out]
    lr.functional(
        run,
        init=init,
        step=functools.partial(step, data),
        evaluate=lambda state: {"val_loss": loss_of(state[0], X[held_out], Y[held_out])},
        batches=run.batches(len(data[0]), 32),
    )


if __name__ == "__main__":
    schedules = {f"decay over {share}": lr.wsd(warmup=0, decay=share) for share in ("20%", "40%", "60%", "80%")}
    study = lr.compare(train, schedules, store="runs", workers=1)
    print(study.plan())
    print(study.run(quiet=True))
    print(f"{len(study.runs)} runs of {study.experiment.settings.updates} updates are in runs")
