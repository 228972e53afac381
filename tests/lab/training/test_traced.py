"""A variable that is set while the process runs: the next study trains with its value, not with an old trace."""

from __future__ import annotations

import importlib.util
import sys

import pytest

import lrlab as lr

TORCH = """
import torch
import lrlab as lr

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
Y = X.sum(1)
SIZE = 0.05
def loss(weights, x, y): return ((x @ weights - y) ** 2).mean()
def init(): return {"w": torch.zeros(4)}
def step(state, batch, control):
    gradient, value = torch.func.grad_and_value(loss)(state["w"], *batch)
    return {"w": state["w"] - SIZE * control["lr"] * gradient}, value
def evaluate(state): return {"val_loss": float(loss(state["w"], X, Y))}
def train(run):
    lr.functional_torch(run, init=init, step=step, evaluate=evaluate, batches=[(X, Y)])
"""

JAX = """
import jax
import jax.numpy as jnp
import lrlab as lr

X = jax.random.normal(jax.random.key(0), (64, 4))
Y = X.sum(1)
SIZE = 0.05
def init(key): return jnp.zeros(4)
def step(state, batch, key, control):
    value, gradient = jax.value_and_grad(lambda w: ((X @ w - Y) ** 2).mean())(state)
    return state - SIZE * control["lr"] * gradient, value
def evaluate(state): return {"val_loss": float(((X @ state - Y) ** 2).mean())}
def train(run):
    lr.functional(run, init=init, step=step, evaluate=evaluate, batches=[0])
"""

CACHED = """
import functools
import torch
import lrlab as lr

SIZE = 0.05
@functools.cache
def target(): return torch.full((4,), 10 * SIZE)
def train(run):
    weights = torch.nn.Parameter(torch.zeros(4))
    optimizer = torch.optim.SGD([weights], lr=0.1)
    run.track(weights=weights, optimizer=optimizer)
    for _, _ in run.steps([0]):
        optimizer.zero_grad()
        loss = ((weights - target()) ** 2).sum()
        loss.backward()
        optimizer.step()
        run.log(loss=loss)
        if run.eval_now:
            run.report(val_loss=loss)
"""


@pytest.mark.parametrize(
    ("text", "vectorise"),
    [(TORCH, 4), (JAX, 4), (JAX.replace("def step", "@jax.jit\ndef step"), 0), (CACHED, 0)],
    ids=["torch", "jax", "a jitted step", "cached data"],
)
def test_a_variable_that_was_set_since_is_the_one_that_is_trained_with(tmp_path, text, vectorise):
    """Its runs are those of a module that had this value from the start; and the first value has its own again."""
    if "jax" in text:
        pytest.importorskip("jax")
    name = f"traced_{abs(hash((text, vectorise)))}"
    (tmp_path / f"{name}.py").write_text(text)
    spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def scores(size, store):
        module.SIZE = size
        arms = {"fixed": lr.constant(), "falling": lr.linear()}
        study = lr.compare(
            module.train, arms, horizon=6, lrs=(1.0,), folds=2, workers=0, audit=0, vectorise=vectorise,
            store=tmp_path / store,
        )  # fmt: skip
        study.run()
        return [run.score for run in study.runs]

    one, two, again = scores(0.05, "one"), scores(0.1, "two"), scores(0.05, "three")
    del sys.modules[name]
    assert one == again
    assert all(a != b for a, b in zip(one, two, strict=True))
