"""A problem: a model, its data, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What is trained: `loss_of(*batch)` is the loss of a batch, with its gradient; `judged()` gives the metrics.

    Where that is `loss(model(x), y)` and nothing else, `loss` says so: then there is a pure form, too.
    For `l2` and `weight_decay` see `lrlab.lab.tasks.common.optimizers.optimizer`.
    """

    model: Any
    batches: Iterable[Any]
    loss_of: Callable[..., Any]
    judged: Callable[[], Mapping[str, Any]]
    l2: float = 0.0
    weight_decay: float = 0.01
    loss: Callable[[Any, Any], Any] | None = None


def supervised(
    model: Any,
    batches: Iterable[tuple[Any, Any]],
    loss: Callable[[Any, Any], Any],
    judged: tuple[Any, Any],
    /,
    *,
    l2: float = 0.0,
    **metrics: Callable[[Any], Any],
) -> Problem:
    """The problem of answering x with y: the loss of a batch (x, y) is `loss(model(x), y)`.

    Each of the `metrics` is a function of that loss on the one batch that is `judged`: `log10_mse=torch.log10`, or
    `val_loss=float` for the loss itself.
    """

    def loss_of(x: Any, y: Any) -> Any:
        return loss(model(x), y)

    def reported() -> dict[str, Any]:
        judged_loss = loss_of(*judged)
        return {name: metric(judged_loss) for name, metric in metrics.items()}

    return Problem(model, batches, loss_of, reported, l2=l2, loss=loss)
