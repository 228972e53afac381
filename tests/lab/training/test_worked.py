"""Updates that are asked for are made: one for each item, whatever makes them."""

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.training.worked import FIRST, Worked

torch = pytest.importorskip("torch")


def optimizer():
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    return torch.optim.SGD([weight], lr=0.1)


class Wrapper:
    """As Accelerate's: the groups of the inner one, under another step."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def advance(self):
        with torch.no_grad():
            self.optimizer.param_groups[0]["params"][0].sub_(0.1)


def worked(steps, updates=FIRST, tracked=None):
    """After so many updates, in each of which `steps(update)` are made."""
    opt = optimizer()
    watched = Worked(tracked or [opt])
    for update in range(updates):
        for _ in range(steps(update)):
            opt.step()
        watched.close()
    watched.check()


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (lambda update: 0, "no optimizer has made a step"),
        (lambda update: update % 2, "5 of 10 updates were not made"),
        (lambda update: 2, "more updates are made than the schedule counts"),
        (lambda update: int(update > 6), "7 of 10 updates were not made"),
    ],
)
def test_what_is_not_one_step_for_each_item_is_named(steps, said):
    """At the tenth update, not at the end of a long run."""
    with pytest.raises(LrlabError, match=said):
        worked(steps, updates=100 if said.startswith("no") else FIRST)


@pytest.mark.parametrize(
    "steps", [lambda update: 1, lambda update: int(update not in (3, 5)), lambda update: 1 + (update == 3)]
)
def test_one_step_for_each_is_right_and_a_few_may_be_left_out(steps):
    """A loss that was not finite, an overflow."""
    worked(steps)


def test_of_several_one_that_steps_each_time_is_enough():
    """Two steps of the critic for each of the generator, or one in five."""
    often, seldom = optimizer(), optimizer()
    watched = Worked([often, seldom])
    for update in range(20):
        often.step()
        if update % 5 == 0:
            seldom.step()
        watched.close()
    watched.check()
    often, once = optimizer(), optimizer()
    watched = Worked([often, once])
    for _ in range(20):
        often.step()
        often.step()
        once.step()
        watched.close()
    watched.check()


def test_a_step_by_another_name_is_seen_in_the_weights():
    """Wrappers, and methods with two halves of a step."""
    wrapper = Wrapper(optimizer())
    watched = Worked([wrapper])
    for _ in range(20):
        wrapper.advance()
        watched.close()
    watched.check()
    watched = Worked([Wrapper(optimizer())])
    with pytest.raises(LrlabError, match="no optimizer has made a step"):
        [watched.close() for _ in range(20)]


def test_half_precision_may_leave_out_many():
    """Its first updates overflow until the scale fits."""
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    opt = optimizer()
    watched = Worked([opt, scaler])
    for update in range(20):
        if update > 8:
            opt.step()
        watched.close()
    watched.check()


def test_what_was_counted_goes_on_in_a_fork():
    """A stage may be too short to tell."""
    first = Worked([optimizer()])
    for _ in range(4):
        first.close()
    second = Worked([optimizer()])
    second.go_on(first.record())
    with pytest.raises(LrlabError, match="no optimizer has made a step"):
        [second.close() for _ in range(FIRST)]


def test_what_is_no_optimizer_of_pytorch_is_not_watched():
    """Nobody knows what a step of it is."""
    watched = Worked([object()])
    for _ in range(20):
        watched.close()
    watched.check()


def test_one_of_two_optimizers_that_never_steps_is_named():
    """At the end of a run: one may begin late. One that writes its weights in its own way has made its steps."""
    first, second = optimizer(), torch.optim.Adam([torch.nn.Parameter(torch.ones(2))])
    watched = Worked([first, second])
    for _ in range(2 * FIRST):
        first.step()
        watched.close()
    watched.check()
    with pytest.raises(LrlabError, match="1 of 2 optimizers made no step: Adam"):
        watched.check_all()
    with torch.no_grad():
        second.param_groups[0]["params"][0].sub_(0.1)
    watched.check_all()
