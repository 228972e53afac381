"""Updates that are asked for are made: one for each item, whatever makes them."""

import contextlib

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


SPREAD = (0, 5, 12, 15, 17)


@pytest.mark.parametrize(
    ("updates", "left_out", "said"),
    [
        (10, (0, 5), ""),
        (10, (0, 5, 7), "3 of 10"),
        (20, SPREAD[:4], ""),
        (20, SPREAD, "5 of 20"),
        (5, (0, 2), ""),
        (5, (0, 2, 4), "3 of 5"),
    ],
)
def test_a_fifth_of_the_updates_may_be_left_out_and_two_in_any_case(updates, left_out, said):
    """Not more."""
    with pytest.raises(LrlabError, match=f"{said} updates were not made") if said else contextlib.nullcontext():
        worked(lambda update: int(update not in left_out), updates)


@pytest.mark.parametrize(
    ("updates", "twice", "said"), [(10, (0, 5), ""), (10, (0, 5, 7), "13"), (20, SPREAD[:4], ""), (20, SPREAD, "25")]
)
def test_a_fifth_of_the_updates_may_be_made_twice(updates, twice, said):
    """Not more."""
    with pytest.raises(LrlabError, match=f"{said} steps in {updates}") if said else contextlib.nullcontext():
        worked(lambda update: 1 + (update in twice), updates)


def test_what_was_counted_is_told_in_order():
    """Updates, those without a step, and the steps of each optimizer."""
    one, other = optimizer(), optimizer()
    watched = Worked([one, other])
    for update in range(5):
        if update:
            one.step()
        watched.close()
    assert watched.record() == [5, 1, [4, 0]]
    fork = Worked([optimizer(), optimizer()])
    fork.go_on(watched.record())
    assert fork.record() == [5, 1, [4, 0]]
    fork.close()
    assert fork.record() == [6, 2, [4, 0]]


def test_nothing_asked_is_nothing_forgotten():
    """Before the first update, and without an optimizer."""
    Worked([optimizer()]).check()
    Worked([]).check_all()
