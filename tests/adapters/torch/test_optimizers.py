"""Every optimizer of PyTorch, its flags and its compiled step() work with the scheduler."""

from __future__ import annotations

import pytest
import torch
import torch._dynamo
from torch._dynamo.testing import CompileCounter

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler

TEXT = "warmup(5) >> cosine(to=0.1)"
N = 20
OPTIMIZERS = {
    name: kind
    for name, kind in vars(torch.optim).items()
    if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
}


def expected(base: float) -> list[float]:
    return (base * lr.parse(TEXT).over(N).values()).tolist()


def weight() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))


def trace(optimizer: torch.optim.Optimizer, *, sparse: bool = False, closure: bool = False) -> list[float]:
    """The LR of each of N updates with a quadratic loss."""
    scheduler = Scheduler(optimizer, TEXT, N)
    parameters = [p for g in optimizer.param_groups for p in g["params"]]

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        total = sum(((p - 0.3) ** 2).sum() for p in parameters)
        total.backward()
        if sparse:
            for p in parameters:
                p.grad = p.grad.to_sparse(1)
        return total

    used = []
    for _ in range(N):
        used.append(float(optimizer.param_groups[0]["lr"]))
        if closure:
            optimizer.step(loss)
        else:
            loss()
            optimizer.step()
        scheduler.step()
    assert scheduler.update == N
    return used


def test_the_list_of_optimizers_is_not_empty():
    """The names that have been there for years are found."""
    assert {"SGD", "AdamW", "LBFGS", "SparseAdam", "Rprop", "ASGD", "Adadelta"} <= set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("closure", [False, True])
def test_every_optimizer_is_driven(name, closure):
    """One update for one step(), also of LBFGS, which calls its closure many times."""
    if name == "LBFGS" and not closure:
        pytest.skip("LBFGS needs a closure")
    base = 0.05
    optimizer = OPTIMIZERS[name]([weight()], lr=base)
    assert trace(optimizer, sparse=name == "SparseAdam", closure=closure) == expected(base)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad"])
@pytest.mark.parametrize("tensor", [False, True])
def test_fused_implementations_on_the_cpu(name, tensor):
    optimizer = OPTIMIZERS[name]([weight()], lr=torch.tensor(0.5) if tensor else 0.5, fused=True)
    assert trace(optimizer) == pytest.approx(expected(0.5), rel=1e-7)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "NAdam"])
def test_foreach_implementations(name):
    optimizer = OPTIMIZERS[name]([weight(), weight()], lr=0.5, foreach=True)
    assert trace(optimizer) == expected(0.5)


@pytest.mark.parametrize("option", [{"maximize": True}, {"differentiable": False}, {"nesterov": True, "momentum": 0.9}])
def test_options_of_sgd(option):
    assert trace(torch.optim.SGD([weight()], lr=0.5, **option)) == expected(0.5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the compiler's own modules
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
@pytest.mark.parametrize("whole", [False, True])
@torch._dynamo.config.patch(error_on_recompile=True)
def test_a_compiled_step_with_a_tensor_lr_is_compiled_once(name, whole):
    """No recompilation over 100 updates, neither for the LR nor for the position, and the LR is used."""
    torch._dynamo.reset()
    compiled, eager = weight(), weight()
    counter = CompileCounter()
    traces = []
    for p, backend in ((compiled, counter), (eager, None)):
        optimizer = OPTIMIZERS[name]([p], lr=torch.tensor(0.5))
        scheduler = Scheduler(optimizer, "warmup(5) >> cosine(to=0.1)", 100)
        kept = optimizer.param_groups[0]["lr"]
        step = optimizer.step
        if backend is not None:
            step = torch.compile((lambda o=optimizer: o.step()) if whole else optimizer.step, backend=backend)
        seen = []
        for i in range(100):
            p.grad = p.detach() - 0.01 * i
            step()
            scheduler.step()
            seen.append(scheduler.get_last_lr())
        assert scheduler.update == 100
        assert optimizer.param_groups[0]["lr"] is kept
        traces.append(seen)
    assert counter.frame_count == 1
    assert traces[0] == traces[1]
    assert torch.allclose(compiled, eager, rtol=1e-6)
    torch._dynamo.reset()


def test_a_scheduler_of_torch_beside_ours_does_not_hide_the_updates():
    """PyTorch's schedulers wrap optimizer.step() on the instance; the hooks are still called."""
    optimizer = torch.optim.SGD([weight()], lr=0.5)
    torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    assert trace(optimizer) == expected(0.5)


def test_two_optimizers_are_driven_apart():
    """As with a Muon and AdamW pair, or a GAN: each counts its own updates."""
    first, second = torch.optim.SGD([weight()], lr=0.5), torch.optim.AdamW([weight()], lr=0.1)
    schedulers = [Scheduler(first, TEXT, N), Scheduler(second, TEXT, N)]
    for i in range(10):
        for optimizer in (first, second) if i % 2 else (first,):
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2, 3)
            optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    assert [s.update for s in schedulers] == [10, 5]
    assert first.param_groups[0]["lr"] == expected(0.5)[10]
    assert second.param_groups[0]["lr"] == expected(0.1)[5]
