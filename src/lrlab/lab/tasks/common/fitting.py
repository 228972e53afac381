"""A built-in task is a problem; the loop around it is written once, here.

    @problem(metric="mse", updates=400, lrs={"adamw": 0.05, "sgd": 0.05}, sizes={"tiny": 200, "std": 442})
    def train(run, size):
        ...
        return supervised(model, batches, loss, (x, y), mse=float)

What a task of one's own writes out is the same.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lrlab.lab.arms.optimizer import rate_of, step
from lrlab.lab.task.config import refuse_unknown
from lrlab.lab.task.declaration import AUTO, Settings, task
from lrlab.lab.tasks.common.optimizers import optimizer
from lrlab.lab.tasks.common.problem import Problem
from lrlab.lab.tasks.common.pure import fit_purely
from lrlab.lab.tasks.common.variants import PLAIN, sized, variants_of, varied
from lrlab.lab.training.lane import Lane

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun


RECOMPUTED = 30  # batches


def problem(
    *,
    metric: str,
    updates: int,
    lrs: Mapping[str, float],
    sizes: Mapping[str, Any],
    folds: int = 5,
    evals: int = 16,
    quick: int | None = None,
    widen: bool = False,
    needs: tuple[str, ...] = ("torch",),
) -> Callable[[Callable[[Any, Any], Problem]], Callable[[Any], None]]:
    """Declare a built-in task: a function of a run and of its size that gives a problem.

    It is configured by "size", one of `sizes`, and "std" by default; by "optimizer", one of `lrs`, which has the base
    LR of each, the task's own first; and by "variant", see `lrlab.lab.tasks.common.variants`.
    `quick` are the updates of `--quick`, a quarter by default, on at most five folds. With `widen` a comparison tries
    more LRs by default where a strategy is best at an edge of them.
    """
    config = {
        "size": tuple(sorted(sizes, key=lambda size: size != "std")),
        "optimizer": tuple(lrs),
        "variant": variants_of(sizes["std"]),
    }
    shorter = Settings(quick or updates // 4, min(5, folds), evals=evals // 2, widen=widen)
    given = AUTO if widen else Settings.lrs
    declared = task(
        metric=metric,
        updates=updates,
        folds=folds,
        lrs=given,
        evals=evals,
        quick=shorter,
        needs=needs,
        config=config,
    )

    def declare(build: Callable[[Any, Any], Problem]) -> Callable[[Any], None]:
        @functools.wraps(build)
        def train(run: TrainingRun) -> None:
            refuse_unknown(build.__module__.rpartition(".")[2], config, run.config)
            variant = run.config.get("variant", PLAIN)
            made = varied(build(run, sized(sizes[run.config.get("size", "std")], variant)), variant)
            name = run.config.get("optimizer", next(iter(lrs)))
            if isinstance(run, Lane):
                fit_purely(run, made, name, lrs.get(name, 1.0))
            parameters = made.model.parameters()
            fit(run, made, optimizer(name, parameters, lr=lrs, l2=made.l2, weight_decay=made.weight_decay))

        return declared(train)

    return declare


def fit(run: TrainingRun, made: Problem, opt: Any) -> None:
    """Train a problem for as many updates as the run has."""
    run.track(model=made.model, opt=opt)
    if hasattr(opt, "train"):
        opt.train()
    for _, batch in run.steps(made.batches):
        loss = step(opt, functools.partial(_gradient, made, opt, batch))
        run.log(loss=loss)
        if run.eval_now:
            if run.averaged:
                recompute(made)
            with evaluating(made.model, opt):
                metrics = made.judged()
            rate = rate_of(opt)
            run.report(**metrics, **({} if rate is None else {"effective_lr": rate}))


def recompute(made: Problem) -> None:
    """Compute the running statistics of BatchNorm for the weights that the model holds, from further batches.

    The random numbers are put back, so that the training sees the batches that it would have seen.
    """
    import torch

    if any(isinstance(each, torch.nn.modules.batchnorm._BatchNorm) for each in made.model.modules()):
        drawn = torch.get_rng_state()
        few = itertools.islice(iter(made.batches), RECOMPUTED)
        torch.optim.swa_utils.update_bn((x for x, *_ in few), made.model)
        torch.set_rng_state(drawn)


def _gradient(made: Problem, opt: Any, batch: Any) -> Any:
    """The loss of a batch, with its gradient in the parameters."""
    import torch

    with torch.enable_grad():
        loss = made.loss_of(*batch)
        opt.zero_grad()
        loss.backward()
    return loss


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
