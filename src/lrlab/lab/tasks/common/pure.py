"""The pure form of a supervised problem: many runs of it are trained by one vectorised step.

The weights of a run are one vector, and those of many are the rows of a matrix. Their optimizer makes the same update
as the class of PyTorch that `lrlab.lab.tasks.common.optimizers` makes by the same name, in place: each pass through
that matrix counts, and new memory even more. The random numbers are drawn in the same order as by the loop, so that
both forms begin with the same weights and see the same batches.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from lrlab.errors import LrlabError, worded
from lrlab.lab.task.for_many import for_many
from lrlab.lab.task.functional_torch import functional_torch

if TYPE_CHECKING:
    import torch

    from lrlab.lab.tasks.common.problem import Problem
    from lrlab.lab.training.run import TrainingRun

_EPSILON = 1e-8
_ROW = 64  # a row is filled up with zeros to a multiple of this, so that a run's numbers never share a vector register


@dataclass(frozen=True)
class _Network:
    """A module; two that are written alike are equal, for only their weights differ."""

    text: str
    module: Any = field(compare=False)

    def answers(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Its answers to x with other weights, a vector."""
        import torch

        named = [*self.module.named_parameters()]
        sizes = [parameter.numel() for _, parameter in named]
        pieces = weights.split([*sizes, len(weights) - sum(sizes)])[:-1]
        own = {name: piece.view(parameter.shape) for (name, parameter), piece in zip(named, pieces, strict=True)}
        found: torch.Tensor = torch.func.functional_call(self.module, own, (x,))
        return found


class PureOptimizer(NamedTuple):
    """What it keeps for each weight, beside the number of updates, and its update.

    `update(weights, gradient, buffers, lr, decay, momentum)` overwrites the first three: rows of runs, of which
    `buffers["updates"]` has one number each, as may the others. `decay` is that of PyTorch's class of the same name:
    added to the gradient or, of "adamw", taken from the weights.
    """

    buffers: tuple[str, ...]
    update: Callable[..., None]


def fit_purely(run: TrainingRun, made: Problem, optimizer: str, lr: float) -> None:
    """Train a problem by pure functions. Raises `LrlabError` where its network or its optimizer has no such form."""
    import torch

    own = _own_loop(made, optimizer, [*run.control])
    if own:
        raise LrlabError(worded(f"vectorise needs a pure form, and {own} has none", None, _WITH, "leave out vectorise"))
    network = _Network(repr(made.model), made.model)

    def init() -> dict[str, Any]:
        weights = torch.nn.utils.parameters_to_vector(made.model.parameters()).detach()
        weights = torch.nn.functional.pad(weights, (0, -len(weights) % _ROW))
        buffers = {name: torch.zeros_like(weights) for name in PURE[optimizer].buffers}
        return {"model": {"weights": weights}, "opt": {**buffers, "updates": torch.zeros(1)}}

    def evaluate(state: Mapping[str, Any]) -> Mapping[str, Any]:
        torch.nn.utils.vector_to_parameters(state["model"]["weights"], made.model.parameters())
        made.model.eval()
        with torch.inference_mode():
            return made.judged()

    decay = made.weight_decay if optimizer == "adamw" else made.l2
    step: Any = _step(network, made.loss, optimizer, lr, decay)
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
def _step(network: _Network, loss: Callable[..., Any], optimizer: str, lr: float, decay: float) -> _Step:
    """The step of all runs of a problem."""
    import torch

    def loss_of(weights: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = loss(network.answers(weights, x), y)
        return found

    return _Step(for_many(torch.func.grad_and_value(loss_of), loss), PURE[optimizer].update, lr, decay)


@dataclass(frozen=True)
class _Step:
    """The step of many runs of a problem: it overwrites their states."""

    gradients: Callable[..., tuple[torch.Tensor, torch.Tensor]]
    update: Callable[..., None]
    lr: float
    decay: float

    def many(self, states: Any, batches: Any, keys: Any, updates: Any, controls: Mapping[str, Any]) -> tuple[Any, Any]:
        """The next states, and the losses."""
        weights, buffers = states["model"]["weights"], states["opt"]
        gradient, losses = self.gradients(weights, *batches)
        lr, ones = controls["lr"], controls["lr"].new_ones(len(weights))
        decay, momentum = controls.get("weight_decay", ones), controls.get("momentum", 0.9 * ones)
        buffers["updates"] += 1
        self.update(weights, gradient, buffers, self.lr * lr[:, None], self.decay * decay[:, None], momentum[:, None])
        return states, losses


def _sgd(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> None:
    weights.addcmul_(gradient.addcmul_(weights, decay), -lr)


def _momentum(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> None:
    mean = buffers["mean"].mul_(momentum).add_(gradient.addcmul_(weights, decay))
    weights.addcmul_(gradient.addcmul_(mean, momentum), -lr)


def _adagrad(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> None:
    gradient.addcmul_(weights, decay)
    square = buffers["square"].addcmul_(gradient, gradient)
    weights.addcmul_(gradient.div_(square.sqrt().add_(1e-10)), -lr)


def _rmsprop(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> None:
    gradient.addcmul_(weights, decay)
    square = buffers["square"].mul_(0.99).addcmul_(gradient, gradient, value=0.01)
    weights.addcmul_(gradient.div_(square.sqrt().add_(_EPSILON)), -lr)


def _adam(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> None:
    _adamw(weights, gradient.addcmul_(weights, decay), buffers, lr, 0.0 * decay, momentum)


def _adamw(weights: Any, gradient: Any, buffers: Any, lr: Any, decay: Any, momentum: Any) -> None:
    import torch

    mean = buffers["mean"].lerp_(gradient, 0.1)
    square = buffers["square"].mul_(0.999).addcmul_(gradient, gradient, value=0.001)
    root = _share(0.999, buffers["updates"]).sqrt()
    divisor = torch.sqrt(square, out=gradient).add_(_EPSILON * root)  # in place of the gradient: no new memory
    moved = torch.div(mean, divisor, out=divisor)
    weights.mul_(1 - lr * decay).addcmul_(moved, -lr * root / _share(0.9, buffers["updates"]))


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
