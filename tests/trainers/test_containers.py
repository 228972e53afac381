"""What has schedulers of its own, or steps those of others: the recipe of `docs/trainers.md`, and what is refused."""

import logging

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.optim.lr_scheduler import LinearLR, SequentialLR  # noqa: E402

from lrlab.adapters.torch import Scheduler  # noqa: E402
from lrlab.errors import LrlabError  # noqa: E402

LINEAR = [0.1 * (1 - k / 8) for k in range(8)]
X, Y = np.ones((32, 2), "float32"), np.ones((32, 1), "float32")


def trained():
    """One weight, its optimizer, and what a training step does."""
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    used = []

    def step(*_):
        used.append(optimizer.param_groups[0]["lr"])
        parameter.grad = torch.zeros(1)
        optimizer.step()

    return optimizer, step, used


@pytest.mark.parametrize("place", [0, 1])
def test_a_sequence_of_pytorch_is_refused_with_the_way(place):
    optimizer, _, _ = trained()
    both = [LinearLR(optimizer, 0.1, 1, 3), Scheduler(optimizer, "linear()", 8)]
    with pytest.raises(LrlabError, match=r"warmup\(3\) >> cosine\(\)"):
        SequentialLR(optimizer, both if place else both[::-1], [3])


def test_ignite_by_a_handler_that_steps():
    """Its own LRScheduler counts by itself, and is refused in words."""
    engine = pytest.importorskip("ignite.engine")
    handlers = pytest.importorskip("ignite.handlers")
    optimizer, step, used = trained()
    scheduler = Scheduler(optimizer, "linear()", horizon=8)
    trainer = engine.Engine(step)
    trainer.add_event_handler(engine.Events.ITERATION_COMPLETED, lambda _: scheduler.step())
    trainer.run([0] * 4, max_epochs=2)
    assert used == pytest.approx(LINEAR)

    optimizer, step, _ = trained()
    trainer = engine.Engine(step)
    theirs = handlers.LRScheduler(Scheduler(optimizer, "linear()", horizon=8))
    trainer.add_event_handler(engine.Events.ITERATION_COMPLETED, theirs)
    logging.getLogger("ignite").setLevel(logging.CRITICAL)
    with pytest.raises(LrlabError, match="ignite"):
        trainer.run([0] * 4, max_epochs=2)


@pytest.mark.parametrize(("every", "follow", "horizon"), [("batch", "updates", 8), ("epoch", "calls", 2)])
def test_skorch_by_its_policy(every, follow, horizon):
    """Our class is the policy; by epochs it counts its calls."""
    skorch = pytest.importorskip("skorch")
    callbacks = pytest.importorskip("skorch.callbacks")
    used = []

    class Look(callbacks.Callback):
        def on_batch_end(self, net, training=False, **_):
            used.extend(group["lr"] for group in net.optimizer_.param_groups if training)

    policy = callbacks.LRScheduler(
        policy=Scheduler, schedule="linear()", horizon=horizon, follow=follow, step_every=every
    )
    skorch.NeuralNetRegressor(
        torch.nn.Linear,
        module__in_features=2,
        module__out_features=1,
        lr=0.1,
        max_epochs=2,
        batch_size=8,
        train_split=None,
        verbose=0,
        callbacks=[Look(), policy],
    ).fit(X, Y)
    assert used == pytest.approx(LINEAR if every == "batch" else [0.1] * 4 + [0.05] * 4)
