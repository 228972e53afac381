"""Where calls are counted, a horizon that counts updates is refused: the LR would stand still in silence."""

from __future__ import annotations

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch import Scheduler, get_scheduler
from lrlab.errors import LrlabError


def sgd() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=1.0)


def by_epochs(optimizer, scheduler, epochs: int, updates: int) -> list[float]:
    """A loop that calls step() once an epoch; the LR of each epoch."""
    used = []
    for _ in range(epochs):
        used.append(optimizer.param_groups[0]["lr"])
        for _ in range(updates):
            optimizer.step()
        scheduler.step()
    return used


@pytest.mark.parametrize("schedule", ['step("10ep")', "cosine()", 'warmup("1ep") >> linear()'])
@pytest.mark.parametrize(
    "horizon",
    [
        lr.Horizon(epochs=45, updates_per_epoch=9),
        lr.Horizon(updates=405, epochs=45),
        lr.Horizon(epochs=45, updates_per_epoch=18),  # batches, of which two are accumulated
    ],
)
def test_a_horizon_of_updates_is_refused_at_the_first_call_after_several(schedule, horizon):
    optimizer = sgd()
    scheduler = Scheduler(optimizer, schedule, horizon, follow="calls")
    with pytest.raises(LrlabError, match=r'(?s)first call came after 9 updates.*horizon=45, .*step\(10\) for "10ep"'):
        by_epochs(optimizer, scheduler, 1, 9)


def test_a_horizon_with_a_rate_of_samples_or_tokens_is_refused_too():
    for horizon in (
        lr.Horizon(samples=900, samples_per_update=10),
        lr.Horizon(tokens=9000, tokens_per_update=100),
    ):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, "cosine()", horizon, follow="calls")
        with pytest.raises(LrlabError, match='follow="calls" counts calls'):
            by_epochs(optimizer, scheduler, 1, 9)


def test_two_optimizers_that_are_stepped_by_epochs_are_refused():
    one, two = sgd(), sgd()
    horizon = lr.Horizon(epochs=4, updates_per_epoch=5)
    scheduler = Scheduler([one, two], 'step("1ep")', horizon, follow="calls")
    for _ in range(5):
        one.step(), two.step()
    with pytest.raises(LrlabError, match="first call came after 5 updates"):
        scheduler.step()


def test_a_call_for_every_update_is_what_it_says():
    """Optimizers whose updates differ in number, or are not seen: a call is an update, and an epoch has many."""
    one, two, used = sgd(), sgd(), []
    horizon = lr.Horizon(epochs=4, updates_per_epoch=5)
    scheduler = Scheduler([one, two], 'step("1ep", gamma=0.5)', horizon, follow="calls")
    for _ in range(20):
        used.append(one.param_groups[0]["lr"])
        for _ in range(3):
            one.step()
        two.step()
        scheduler.step()
    assert used == [1.0] * 5 + [0.5] * 5 + [0.25] * 5 + [0.125] * 5


def test_a_step_that_fills_the_state_is_no_update():
    """As `torch.distributed.checkpoint` makes it, at an LR of 0."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "linear()", lr.Horizon(epochs=4, updates_per_epoch=5), follow="calls")
    was = optimizer.param_groups[0]["lr"]
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    optimizer.param_groups[0]["lr"] = was
    optimizer.step()
    scheduler.step()
    assert scheduler.update == 1


def test_epochs_of_one_call_are_epochs():
    for horizon in (lr.Horizon(epochs=4, updates_per_epoch=1), lr.Horizon(updates=4, epochs=4)):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, 'step("1ep", gamma=0.5)', horizon, follow="calls")
        assert by_epochs(optimizer, scheduler, 4, 9) == [1.0, 0.5, 0.25, 0.125]


@pytest.mark.parametrize("horizon", [45, None, lr.Horizon(epochs=45)])
def test_epochs_of_unknown_length_name_the_calls(horizon):
    """The cure is not a rate in updates: that would be the fault above."""
    with pytest.raises(LrlabError, match=r'(?s)counts calls of step\(\).*"10ep".*step\(10\)') as told:
        Scheduler(sgd(), lr.cosine() * lr.step("10ep"), horizon, follow="calls")
    assert ("horizon=45" in str(told.value)) == (horizon is not None)
    with pytest.raises(LrlabError, match=r"counts calls of step\(\)"):
        get_scheduler("StepLR", sgd(), horizon, every="10ep", follow="calls")


def test_another_word_is_refused():
    with pytest.raises(LrlabError, match='"updates", "calls"'):
        Scheduler(sgd(), "cosine()", 10, follow="epochs")
