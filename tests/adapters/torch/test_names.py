"""Schedulers by the names people know, with our arguments; other libraries' arguments are refused with ours named."""

from __future__ import annotations

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.names import get_scheduler
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.text.aliases import NAMES, _key
from lrlab.core.text.torch_names import CLASSES
from lrlab.errors import LrlabError


def sgd() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)


NEEDED = {"multistep_decay": {"milestones": ["50%"]}}


REFUSED = (
    "LambdaLR",
    "MultiplicativeLR",
    "LearningRateScheduler",
)  # mean something else here


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_every_known_name_gives_a_scheduler(name):
    optimizer = sgd()
    scheduler = get_scheduler(name, optimizer, horizon=40, **NEEDED.get(name, {}))
    assert isinstance(scheduler, Scheduler)
    for _ in range(45):
        optimizer.step()
        scheduler.step()
    assert 0 <= optimizer.param_groups[0]["lr"] <= 0.1


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {*NEEDED, *REFUSED}])
@pytest.mark.parametrize("foreign", ["T_max", "eta_min", "last_epoch", "num_warmup_steps", "total_steps", "max_lr"])
def test_another_librarys_arguments_are_refused_with_ours_named(name, foreign):
    optimizer = sgd()
    own = {_key(theirs): words for theirs, (_, words) in CLASSES.items()}
    if foreign in own.get(_key(name), ()):
        return  # PyTorch's, under the name of its class
    with pytest.raises(LrlabError, match="has no argument") as raised:
        get_scheduler(name, optimizer, horizon=40, **{foreign: 1})
    assert foreign in str(raised.value)
    assert "try:" in str(raised.value)
    assert optimizer.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_means_something_else_here_is_refused(name):
    with pytest.raises(LrlabError, match="try:"):
        get_scheduler(name, sgd(), horizon=40)


def test_our_arguments_go_to_the_schedule():
    scheduler = get_scheduler("cosine_annealing", sgd(), horizon=100, to=0.1)
    assert scheduler.schedule == lr.cosine(to=0.1)
    assert get_scheduler("exponential_decay", sgd(), gamma=0.9).schedule == lr.exponential(gamma=0.9)
    assert get_scheduler("step_decay", sgd(), 90, every=30, gamma=0.1).schedule == lr.step(30, gamma=0.1)
    assert get_scheduler("warmup_cosine", sgd(), 90, warmup=9, to=0.1).schedule == lr.warmup(9) >> lr.cosine(to=0.1)
    assert get_scheduler("one_cycle", sgd(), 90, follow="calls").follow == "calls"
    absolute = get_scheduler("polynomial_decay", sgd(), 90, absolute=True)
    assert absolute.get_last_lr() == [1.0]


@pytest.mark.parametrize("name", ["CosinAnnealing", "cosin", "", "warmup_cosin"])
def test_an_unknown_name_is_refused_with_the_nearest_of_ours(name):
    with pytest.raises(LrlabError, match="no schedule has this name"):
        get_scheduler(name, sgd(), 10)
