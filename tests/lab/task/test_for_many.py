"""A function for many at once: what it gives is what `torch.func.vmap` gives, to the bit, by fewer operations."""

import itertools

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.lab.task.for_many import for_many

torch = pytest.importorskip("torch")
COUNTED = itertools.count(1)


def loss(weights, x):
    """A layer, whose batched product comes with views of views."""
    inner, outer = weights.split([12, 4])
    return ((x @ inner.view(3, 4)).relu() @ outer.view(4, 1)).square().mean()


def test_bits_are_those_of_vmap():
    """Values and gradients, for two shapes one after the other."""
    both = torch.func.grad_and_value(loss)
    many = for_many(both, "loss")
    for runs in (2, 5, 2):
        given = torch.randn(runs, 16), torch.randn(runs, 7, 3)
        assert all(map(torch.equal, many(*given), torch.func.vmap(both)(*given)))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x.view(4, 1).view(4), x.view(2, 2).t().t(), x.view(2, 2).t()),
        lambda x: (x[1:].view(3), x.expand(4), x.expand(2, 4)),
        lambda x: (x.view(torch.int32), x.view(torch.int32).view(torch.float32) + 1),
        lambda x: ((x + 1).view(2, 2).t().reshape(4), x.view(2, 2).t().contiguous().view(4)),
    ],
)
def test_a_view_that_shows_something_else_stays(function):
    """Another order, another part, other types: each is what it is without tracing."""
    x = torch.arange(12.0).view(3, 4)
    for one, other in zip(for_many(function, "views")(x), torch.func.vmap(function)(x), strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert torch.equal(one, other)


def test_idle_views_are_left_out(monkeypatch):
    """Those are most of what is traced."""
    from torch.fx.experimental import proxy_tensor

    made, make = [], proxy_tensor.make_fx
    monkeypatch.setattr(proxy_tensor, "make_fx", lambda f: lambda *a: made.append(make(f)(*a)) or made[-1])
    many = for_many(torch.func.grad_and_value(loss), "loss")
    many(torch.randn(2, 16), torch.randn(2, 7, 3))
    views = [node for node in made[0].graph.nodes if "expand" in str(node.target) or "unsafe" in str(node.target)]
    assert [*map(str, views)] == [] or all(node.args[0].meta["val"].shape != node.meta["val"].shape for node in views)


def test_what_is_given_may_be_overwritten_and_is_so_once():
    """Tracing changes nothing; each call makes one update."""
    state = torch.zeros(2, 3)
    called = for_many(lambda x: x.add_(1), "count")
    assert called(state).tolist() == state.tolist() == [[1.0] * 3] * 2
    assert called(state).tolist() == [[2.0] * 3] * 2


@pytest.mark.parametrize(
    "factor",
    [
        lambda: float(np.random.default_rng().normal()),
        lambda: next(COUNTED),
        lambda: torch.tensor(float(next(COUNTED))),
    ],
    ids=["random", "counted", "a tensor"],
)
def test_what_python_does_anew_in_every_call_is_refused(factor):
    """A trace would keep the first value for all updates."""
    with pytest.raises(LrlabError, match="random numbers"):
        for_many(lambda x: x * factor(), "step")(torch.ones(2, 3))
