"""Schedule-free SGD and AdamW: the optimizers whose answer to schedules is to need none.

Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky, The Road Less Scheduled, 2024, arXiv:2405.15682, Algorithm 1.

The authors' package, `schedulefree`, gives the same numbers. It is not used here because its `eval()` and `train()`
move the weights there and back by arithmetic, which rounds: how often a run is evaluated would change the run. An arm
may name the package's classes all the same (see `lrlab.lab.arms.optimizer`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-8


class ScheduleFree:
    """Gradients are taken at y, steps at z, and the result is x, a weighted mean of all z.

        y_t = (1 - b) z_t + b x_t
        z_{t+1} = z_t - r_t g(y_t) / (sqrt(v_t) + 1e-8) - r_t w y_t
        x_{t+1} = (1 - c_t) x_t + c_t z_{t+1},    c_t = r_t^2 / (r_1^2 + ... + r_t^2)

    with b = `momentum`, w = `weight_decay` and r_t the LR of update t. With `adaptive`, AdamW: v_t is the moving
    mean of g^2 with that memory, and r_t the LR times sqrt(1 - adaptive^t). Without, SGD: the divisor is 1.

    The parameters hold y while they are trained; between `eval()` and `train()` they hold x. A warmup is a schedule
    of the LR like any other; a decay would take from x what it needs no more.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.ones(1)); opt = ScheduleFree([w], lr=0.1)
    >>> for _ in range(50): w.grad = 2 * w.detach(); opt.step()
    >>> opt.eval(); abs(w.item()) < 0.1
    True
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor],
        *,
        lr: float,
        momentum: float = 0.9,
        adaptive: float | None = None,
        weight_decay: float = 0.0,
    ) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": lr}]
        self._momentum, self._adaptive, self._decay = momentum, adaptive, weight_decay
        weights = [parameter.detach() for parameter in self._parameters]
        self._z = [weight.clone() for weight in weights]
        self._x = [weight.clone() for weight in weights]
        self._squares = [weight.new_zeros(weight.shape) for weight in weights] if adaptive else []
        self._updates, self._weights = 0, 0.0

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def step(self) -> None:
        """Make one update from the gradients at y."""
        import torch

        self._updates += 1
        lr = float(self.param_groups[0]["lr"])
        if self._adaptive:
            lr *= math.sqrt(1 - self._adaptive**self._updates)
        self._weights += lr**2
        share = lr**2 / self._weights if self._weights else 0.0
        with torch.no_grad():
            for k, y in enumerate(self._parameters):
                x, z = self._x[k], self._z[k]
                if y.grad is None:
                    continue
                if self._decay:
                    z.sub_(y, alpha=lr * self._decay)
                if self._adaptive:
                    square = self._squares[k].mul_(self._adaptive).addcmul_(y.grad, y.grad, value=1 - self._adaptive)
                    z.addcdiv_(y.grad, square.sqrt().add_(_EPSILON), value=-lr)
                else:
                    z.sub_(y.grad, alpha=lr)
                x.lerp_(z, share)
        self.train()

    def eval(self) -> None:
        """Put x, the result, into the parameters."""
        import torch

        with torch.no_grad():
            for parameter, x in zip(self._parameters, self._x, strict=True):
                parameter.copy_(x)

    def train(self) -> None:
        """Put y, where gradients are taken, into the parameters: always by the same formula, so to the same bits."""
        import torch

        with torch.no_grad():
            for parameter, x, z in zip(self._parameters, self._x, self._z, strict=True):
                parameter.copy_(z).lerp_(x, self._momentum)

    def state_dict(self) -> dict[str, Any]:
        """All that a continued run needs beside the parameters and the LR."""
        return {
            "x": self._x,
            "z": self._z,
            "squares": self._squares,
            "updates": self._updates,
            "weights": self._weights,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        for name, held in (("x", self._x), ("z", self._z), ("squares", self._squares)):
            for mine, other in zip(held, state[name], strict=True):
                mine.copy_(other)
        self._updates, self._weights = int(state["updates"]), float(state["weights"])

    @property
    def _parameters(self) -> list[torch.Tensor]:
        parameters: list[torch.Tensor] = self.param_groups[0]["params"]
        return parameters
