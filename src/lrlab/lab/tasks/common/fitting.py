"""The training loop that the built-in tasks share; what a task of one's own writes out is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lrlab.lab.tasks.common.optimizers import optimizer

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun


def fit(
    run: TrainingRun,
    model: Any,
    opt: Any,
    batches: Iterable[Any],
    loss_of: Callable[..., Any],
    judged: Callable[[], Mapping[str, Any]],
) -> None:
    """Train for as many updates as the run has.

    `loss_of(*batch)` is the loss of a batch, with its gradient; `judged()` gives the metrics to be reported.
    """
    run.track(model=model, opt=opt)
    for _, batch in run.steps(batches):
        loss = loss_of(*batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
        run.log(loss=loss)
        if run.eval_now:
            with evaluating(model, opt):
                metrics = judged()
            run.report(**metrics)


def fit_supervised(
    run: TrainingRun,
    model: Any,
    lrs: Mapping[str, float],
    batches: Iterable[tuple[Any, Any]],
    loss: Callable[[Any, Any], Any],
    judged: tuple[Any, Any],
    /,
    *,
    l2: float = 0.0,
    **metrics: Callable[[Any], Any],
) -> None:
    """Train a model to answer x with y, with the optimizer that the run's configuration names, at its LR in `lrs`.

    The loss of a batch (x, y) is `loss(model(x), y)`. Each of the `metrics` is a function of that loss on the one
    batch that is `judged`: `log10_mse=torch.log10`, or `val_loss=float` for the loss itself. For `l2` see
    `lrlab.lab.tasks.common.optimizers.optimizer`.
    """
    opt = optimizer(run.config.get("optimizer"), model.parameters(), lr=lrs, l2=l2)

    def loss_of(x: Any, y: Any) -> Any:
        return loss(model(x), y)

    def reported() -> dict[str, Any]:
        judged_loss = loss_of(*judged)
        return {name: metric(judged_loss) for name, metric in metrics.items()}

    fit(run, model, opt, batches, loss_of, reported)


@contextmanager
def evaluating(model: Any, opt: Any) -> Iterator[None]:
    """Within, the model is in its evaluation mode, holds what its optimizer means by its result, and learns nothing."""
    import torch

    modes = [each for each in (model, opt) if hasattr(each, "eval")]
    for each in modes:
        each.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for each in modes:
            each.train()
