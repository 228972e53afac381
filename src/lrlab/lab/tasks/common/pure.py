"""The pure form of a supervised problem: many runs of it are trained by one vectorised step.

The weights of a run are one vector. Its optimizer is a function of that vector and its gradient, with the same update
as the class of PyTorch that `lrlab.lab.tasks.common.optimizers` makes by the same name. The random numbers are drawn
in the same order as by the loop, so that both forms begin with the same weights and see the same batches.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from lrlab.errors import LrlabError, worded
from lrlab.lab.task.functional_torch import functional_torch

if TYPE_CHECKING:
    import torch

    from lrlab.lab.tasks.common.fitting import Problem
    from lrlab.lab.training.run import TrainingRun

    Buffers = dict[str, torch.Tensor]

_EPSILON = 1e-8


@dataclass(frozen=True)
class _Network:
    """A module; two that are written alike are equal, for only their weights differ."""

    text: str
    module: Any = field(compare=False)

    def answers(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Its answers to x with other weights, a vector."""
        import torch

        named = [*self.module.named_parameters()]
        pieces = weights.split([parameter.numel() for _, parameter in named])
        own = {name: piece.view(parameter.shape) for (name, parameter), piece in zip(named, pieces, strict=True)}
        found: torch.Tensor = torch.func.functional_call(self.module, own, (x,))
        return found


class PureOptimizer(NamedTuple):
    """What it keeps for each weight, beside the number of updates, and its update.

    `step(weights, gradient, buffers, lr, decay, momentum)` gives the next weights and buffers. `decay` is that of
    PyTorch's class of the same name: added to the gradient or, of "adamw", taken from the weights.
    """

    buffers: tuple[str, ...]
    step: Callable[..., tuple[torch.Tensor, Buffers]]


def fit_purely(run: TrainingRun, made: Problem, optimizer: str, lr: float) -> None:
    """Train a problem by pure functions. Raises `LrlabError` where its network or its optimizer has no such form."""
    import torch

    own = _own_loop(made, optimizer, [*run.control])
    if own:
        raise LrlabError(worded(f"vectorise needs a pure form, and {own} has none", None, _WITH, "leave out vectorise"))
    network = _Network(repr(made.model), made.model)

    def init() -> dict[str, Any]:
        weights = torch.nn.utils.parameters_to_vector(made.model.parameters()).detach().clone()
        buffers = {name: torch.zeros_like(weights) for name in PURE[optimizer].buffers}
        return {"model": {"weights": weights}, "opt": {**buffers, "updates": torch.zeros(())}}

    def evaluate(state: Mapping[str, Any]) -> Mapping[str, Any]:
        torch.nn.utils.vector_to_parameters(state["model"]["weights"], made.model.parameters())
        made.model.eval()
        with torch.inference_mode():
            return made.judged()

    decay = made.weight_decay if optimizer == "adamw" else made.l2
    step = _step(network, made.loss, optimizer, lr, decay)
    functional_torch(run, init=init, step=step, evaluate=evaluate, batches=made.batches)


def _own_loop(made: Problem, optimizer: str, sets: list[str]) -> str:
    """What there is about this training that only its loop can do; empty if nothing."""
    if made.loss is None:
        return "a problem that is not supervised"
    if any(True for _ in made.model.buffers()):
        return "a network with running statistics"
    if optimizer not in PURE:
        return f"the optimizer {optimizer}"
    odd = [name for name in sets if name not in ("lr", "momentum", "weight_decay")]
    return f"a schedule of {odd[0]}" if odd else ""


@functools.lru_cache(maxsize=8)
def _step(network: _Network, loss: Callable[..., Any], optimizer: str, lr: float, decay: float) -> Callable[..., Any]:
    """The step of all runs of a problem."""
    import torch

    def loss_of(weights: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = loss(network.answers(weights, x), y)
        return found

    gradient_of = torch.func.grad_and_value(loss_of)
    update = PURE[optimizer].step

    def step(state: Any, batch: Any, control: Mapping[str, Any]) -> tuple[Any, Any]:
        gradient, value = gradient_of(state["model"]["weights"], *batch)
        weights, buffers = update(
            state["model"]["weights"],
            gradient,
            {**state["opt"], "updates": state["opt"]["updates"] + 1},
            lr * control["lr"],
            decay * control.get("weight_decay", 1.0),
            control.get("momentum", 0.9),
        )
        return {"model": {"weights": weights}, "opt": buffers}, value

    return step


def _sgd(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> tuple[Any, Any]:
    return weights - lr * (gradient + decay * weights), buffers


def _momentum(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> tuple[Any, Any]:
    gradient = gradient + decay * weights
    mean = momentum * buffers["mean"] + gradient
    return weights - lr * (gradient + momentum * mean), {**buffers, "mean": mean}


def _adagrad(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> tuple[Any, Any]:
    gradient = gradient + decay * weights
    square = buffers["square"] + gradient * gradient
    return weights - lr * gradient / (square.sqrt() + 1e-10), {**buffers, "square": square}


def _rmsprop(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> tuple[Any, Any]:
    gradient = gradient + decay * weights
    square = 0.99 * buffers["square"] + 0.01 * gradient * gradient
    return weights - lr * gradient / (square.sqrt() + _EPSILON), {**buffers, "square": square}


def _adam(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> tuple[Any, Any]:
    return _adamw(weights, gradient + decay * weights, buffers, lr, 0.0, momentum)


def _adamw(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> tuple[Any, Any]:
    updates = buffers["updates"]
    mean = 0.9 * buffers["mean"] + 0.1 * gradient
    square = 0.999 * buffers["square"] + 0.001 * gradient * gradient
    divisor = square.sqrt() / _share(0.999, updates).sqrt() + _EPSILON
    moved = (1 - lr * decay) * weights - lr / _share(0.9, updates) * mean / divisor
    return moved, {**buffers, "mean": mean, "square": square}


def _share(memory: float, updates: Any) -> Any:
    """1 - memory^updates, to the last bits also where that is small."""
    return -(updates * math.log(memory)).expm1()


PURE: Mapping[str, PureOptimizer] = {
    "sgd": PureOptimizer((), _sgd),
    "momentum": PureOptimizer(("mean",), _momentum),
    "adagrad": PureOptimizer(("square",), _adagrad),
    "rmsprop": PureOptimizer(("square",), _rmsprop),
    "adam": PureOptimizer(("mean", "square"), _adam),
    "adamw": PureOptimizer(("mean", "square"), _adamw),
}
_WITH = f"a network without running statistics, by {', '.join(PURE)}, with schedules of lr, momentum, weight_decay"
