"""Habits of training loops that would change the LR, or leave it, without a word: right, or a sentence at once."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch.optim.lr_scheduler import ChainedScheduler, LinearLR, ReduceLROnPlateau, SequentialLR, StepLR

import lrlab as lr
from lrlab.adapters.torch import Scheduler, get_scheduler
from lrlab.adapters.torch.habits import LONG, OVERFLOWS, STILL, STRIKES
from lrlab.errors import LrlabError


def weight() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def backward(parameter: torch.nn.Parameter) -> None:
    (parameter.sum() * 1e-3).backward()


# -- whose turn it is ---------------------------------------------------------------------------------------------


def test_an_optimizer_whose_turn_has_not_come_yet_is_no_error():
    """The discriminator makes five updates for each of the generator."""
    g, d = weight(), weight()
    opt_g, opt_d = torch.optim.SGD([g], lr=1.0), torch.optim.SGD([d], lr=1.0)
    scheduler, used = Scheduler(opt_g, "linear()", 4), []
    for batch in range(1, 21):
        backward(d)
        opt_d.step()
        if batch % 5 == 0:
            used.append(opt_g.param_groups[0]["lr"])
            backward(g)
            opt_g.step()
            opt_g.zero_grad()
        scheduler.step()
    assert used == [1.0, 0.75, 0.5, 0.25]


def test_a_loop_that_never_updates_is_said_once(caplog):
    scheduler = Scheduler(torch.optim.SGD([weight()], lr=1.0), "linear()", 4)
    for _ in range(LONG - 1):
        scheduler.step()
    assert not caplog.records
    for _ in range(LONG):
        scheduler.step()
    (record,) = caplog.records
    assert f"called {LONG} times since the optimizer's last update" in record.getMessage()


@pytest.mark.parametrize("clear", [True, False])
def test_updates_made_without_the_optimizer_are_noticed(clear):
    """Somebody else writes the weights: the LR must not stay at its first value in silence."""
    parameter = weight()
    scheduler = Scheduler(torch.optim.SGD([parameter], lr=1.0), "linear()", 40)

    def by_hand() -> None:
        backward(parameter)
        with torch.no_grad():
            parameter.sub_(0.1 * parameter.grad)
        if clear:
            parameter.grad = None
        scheduler.step()

    for _ in range(STRIKES):
        by_hand()
    with pytest.raises(LrlabError, match='follow="calls"'):
        by_hand()


def test_gradients_that_come_and_go_for_ever_are_an_error():
    """No loss scale lasts so long; the updates must be made where they are not seen."""
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 40)

    def out_of_sight() -> None:
        backward(parameter)
        parameter.data -= 0.1
        optimizer.zero_grad()
        scheduler.step()

    for _ in range(OVERFLOWS + 1):
        out_of_sight()
    with pytest.raises(LrlabError, match='follow="calls"'):
        out_of_sight()
    assert not parameter._post_accumulate_grad_hooks  # what watched the gradients is taken away


def test_after_the_first_update_any_number_of_calls_waits():
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 40)
    backward(parameter)
    optimizer.step()
    for _ in range(100):
        scheduler.step()
    assert scheduler.update == 1


def test_an_optimizer_that_was_replaced_in_mid_run_is_said(caplog):
    """A warning at the first such call, an error at the third: the LR would stay where it is forever."""
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 10)

    def train(with_: torch.optim.Optimizer) -> None:
        backward(parameter)
        with_.step()
        scheduler.step()

    for _ in range(5):
        train(optimizer)
    other = torch.optim.SGD([parameter], lr=1.0)
    train(other)
    (record,) = caplog.records
    assert "makes no more updates" in record.getMessage()
    train(other)
    with pytest.raises(LrlabError, match=r"at=scheduler\.update"):
        train(other)
    again = Scheduler(other, "linear()", 10, at=scheduler.update)
    assert (again.update, other.param_groups[0]["lr"]) == (5, 0.5)


@pytest.mark.parametrize("clears", [True, False])
@pytest.mark.parametrize(
    "renew",
    [
        copy.deepcopy,
        lambda pair: pickle.loads(pickle.dumps(pair)),
        lambda pair: (new := weight(), torch.optim.SGD([new], lr=1.0)),
    ],
)
def test_a_copy_of_model_and_optimizer_that_is_trained_now_is_said_at_once(caplog, renew, clears):
    """Nothing of the pair that the scheduler knows changes any more: its LR would stay where it is forever."""
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 40)

    def train() -> None:
        if clears:
            optimizer.zero_grad()
        backward(parameter)
        optimizer.step()
        scheduler.step()

    for _ in range(5):
        train()
    parameter, optimizer = renew((parameter, optimizer))
    for _ in range(STRIKES):
        train()
    (record,) = caplog.records
    assert "where a copy of model and optimizer, or a new pair, is trained now" in record.getMessage()
    for _ in range(100):
        train()
    assert len(caplog.records) == 1


def test_an_optimizer_that_waits_as_it_did_before_is_no_copy(caplog):
    """Four batches for another optimizer, gradients that gather, an overflow: nothing is said."""
    g, d = weight(), weight()
    opt_g, opt_d = torch.optim.SGD([g], lr=1.0), torch.optim.SGD([d], lr=1.0)
    scheduler = Scheduler(opt_g, "linear()", 40)
    for batch in range(1, 101):
        for parameter, optimizer, turn in ((g, opt_g, batch % 5 == 0), (d, opt_d, True)):
            if turn:
                optimizer.zero_grad()
                backward(parameter)
                optimizer.step()
        scheduler.step()
    for _ in range(30):  # gradients gather
        backward(g)
        scheduler.step()
    for _ in range(30):  # an overflow each
        opt_g.zero_grad()
        (g.sum() * torch.rand(()) * float("inf")).backward()
        scheduler.step()
    assert scheduler.update == 20
    assert not caplog.records


class Dummy(torch.optim.SGD):
    """Its step() does nothing: the real ones step in the backward pass."""

    def step(self, closure=None):
        return None


def test_a_step_that_changes_nothing_while_something_else_updates_is_an_error():
    parameter = weight()
    real, dummy = torch.optim.SGD([parameter], lr=1.0), Dummy([parameter], lr=1.0)
    scheduler = Scheduler(dummy, "linear()", 40)
    parameter.register_post_accumulate_grad_hook(lambda _: real.step())

    def train() -> None:
        backward(parameter)
        dummy.step()
        scheduler.step()

    for _ in range(STRIKES):
        train()
    with pytest.raises(LrlabError, match="something else updates the parameters"):
        train()


def test_steps_without_gradients_count_as_in_pytorch():
    """People draw a schedule so."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 4)
    drawn = []
    for _ in range(4):
        drawn.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert drawn == [1.0, 0.75, 0.5, 0.25]


# -- epochs -------------------------------------------------------------------------------------------------------


def epoch(optimizer: torch.optim.Optimizer, batches: int) -> None:
    for _ in range(batches):
        optimizer.step()


def by_epochs(optimizer: torch.optim.Optimizer, scheduler: Scheduler, epochs: int, batches: int) -> None:
    for _ in range(epochs):
        epoch(optimizer, batches)
        scheduler.step()


@pytest.mark.parametrize(("batches", "calls"), [(100, 2), (25, 3), (12, 4)])
def test_a_schedule_in_epochs_that_is_counted_in_updates_is_refused(batches, calls):
    """StepLR(10) over 30 epochs, stepped once an epoch, as the articles do it."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, lr.step(10, gamma=0.1), horizon=30)
    for _ in range(calls - 1):
        epoch(optimizer, batches)
        scheduler.step()
    epoch(optimizer, batches)
    with pytest.raises(LrlabError, match=rf"Horizon\(epochs=30, updates_per_epoch={batches}\)") as error:
        scheduler.step()
    assert 'follow="calls"' in str(error.value)
    assert f"over after {calls - 1} call" in str(error.value)


@pytest.mark.parametrize("batches", [2, 8])
def test_a_horizon_of_epochs_on_a_small_dataset_is_refused_at_its_end(batches):
    """Eight batches an epoch: it is over after some epochs, not after one, and still over before it should be."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, "cosine()", horizon=30)
    with pytest.raises(LrlabError, match=r"(?s)30 updates was over.*follow=\"calls\""):
        by_epochs(optimizer, scheduler, 30, batches)
    assert scheduler.update == 30 + batches + -30 % batches


@pytest.mark.parametrize(("horizon", "single"), [(30, 26), (30, 20), (400, 396)])
def test_a_few_updates_without_a_call_at_the_end_are_no_epochs(horizon, single):
    """Of a run that was called after every update; also of one that was resumed near its end."""
    optimizer = torch.optim.SGD([weight()], lr=0.1)
    scheduler = Scheduler(optimizer, "warmup(4) >> cosine(to=0.1)", horizon)
    by_epochs(optimizer, scheduler, single, 1)
    state = scheduler.state_dict()
    by_epochs(optimizer, scheduler, 12, 2)
    resumed = Scheduler(optimizer, "warmup(4) >> cosine(to=0.1)", horizon)
    resumed.load_state_dict(state)
    by_epochs(optimizer, resumed, 12, 2)
    assert resumed.get_last_lr() == [pytest.approx(0.01)]


def test_milestones_in_epochs_without_a_horizon_are_refused():
    optimizer = torch.optim.SGD([weight()], lr=0.1)
    scheduler = Scheduler(optimizer, lr.multistep([30, 60, 80]))
    with pytest.raises(LrlabError, match="all but over after 4 calls"):
        by_epochs(optimizer, scheduler, 90, 20)


def test_a_run_of_whole_epochs_ends_in_peace():
    """Also where step() comes once an epoch: to the very end of its horizon nothing is refused."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, "cosine()", horizon=30)
    by_epochs(optimizer, scheduler, 5, 6)
    assert scheduler.update == 30


@pytest.mark.parametrize("follow", ["updates", "calls"])
def test_updates_after_the_end_at_an_lr_of_0_are_said_once(caplog, follow):
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 4, follow=follow)
    for made in range(9):
        assert len(caplog.records) == (made > 4)
        optimizer.step()
        scheduler.step()
    assert "after the end of the schedule (update 4), at an LR of 0" in caplog.text
    caplog.clear()
    scheduler.extend(40, how="re-warm")
    for _ in range(10):
        optimizer.step()
        scheduler.step()
    assert not caplog.records


@pytest.mark.parametrize("follow", ["updates", "calls"])
def test_updates_after_the_end_at_another_lr_are_meant_until_there_are_many(caplog, follow):
    """A horizon of 30 epochs that was taken for 30 updates: the LR is at its floor for nearly all of the training."""
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear(to=0.1)", 4, follow=follow)
    for _ in range(40):
        if scheduler.update <= 12:
            assert not caplog.records
        backward(parameter)
        optimizer.step()
        scheduler.step()
    (record,) = caplog.records
    assert "ended at update 4, and 13 have been made: the LR stays at 0.1" in record.getMessage()
    assert "updates_per_epoch" in record.getMessage()


def test_a_controller_may_go_on_after_the_horizon(caplog):
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, lr.plateau(patience=1), 4)
    for _ in range(40):
        backward(parameter)
        optimizer.step()
        scheduler.step()
        scheduler.observe(1.0)
    assert not caplog.records


def test_the_same_without_a_horizon():
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, lr.step(10, gamma=0.1))
    epoch(optimizer, 100)
    scheduler.step()
    epoch(optimizer, 100)
    with pytest.raises(LrlabError, match='follow="calls"'):
        scheduler.step()


def test_both_cures_are_right():
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, lr.step(2, gamma=0.1), horizon=6, follow="calls")
    each = torch.optim.SGD([parameter], lr=1.0)
    horizon = lr.Horizon(epochs=6, updates_per_epoch=5)
    by_batch, used = Scheduler(each, 'step("2ep", gamma=0.1)', horizon), []
    for _ in range(6):
        for _ in range(5):
            used.append((optimizer.param_groups[0]["lr"], each.param_groups[0]["lr"]))
            optimizer.step()
            each.step()
            by_batch.step()
        scheduler.step()
    assert all(one == other for one, other in used)


# -- controllers that hear nothing ----------------------------------------------------------------------------------


def test_a_controller_that_hears_nothing_is_said_once(caplog):
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, 'constant() * plateau(metric="val_loss")', 5000)
    for _ in range(3 * LONG):
        optimizer.step()
        scheduler.step()
    (record,) = [one for one in caplog.records if "heard" in one.message]
    assert "has heard nothing in 1000 updates: scheduler.observe(val_loss=...)" in record.getMessage()


def test_a_controller_that_hears_nothing_is_said_where_epochs_are_counted(caplog):
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = Scheduler(optimizer, "constant() * plateau()", 30, follow="calls")
    by_epochs(optimizer, scheduler, 30, LONG // 10)
    (record,) = [one for one in caplog.records if "heard" in one.message]
    assert "plateau() has heard nothing in 1000 updates: scheduler.observe(val_loss)" in record.getMessage()


@pytest.mark.parametrize("name", ["Val_Loss", "val/loss", "val-loss", "valid_loss", "eval_loss"])
def test_a_metric_as_others_write_it_is_refused_with_the_name_that_is_heard(name):
    scheduler = Scheduler(torch.optim.SGD([weight()], lr=1.0), 'constant() * plateau(metric="val_loss")', 50)
    with pytest.raises(LrlabError, match=r"observe\(val_loss=1\)"):
        scheduler.observe(**{name: 1.0})


def test_a_misspelt_metric_is_refused_and_another_one_is_not():
    scheduler = Scheduler(torch.optim.SGD([weight()], lr=1.0), 'constant() * plateau(metric="val_loss")', 50)
    scheduler.observe(train_loss=2.0)
    with pytest.raises(LrlabError, match=r"observe\(val_loss=1\)"):
        scheduler.observe(valid_loss=1.0)
    scheduler.observe(val_loss=1.0, valid_loss=1.0)


# -- positions that come from elsewhere -------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [16, "2ep"])
def test_a_run_goes_on_at_a_bare_count(at):
    horizon = lr.Horizon(epochs=5, updates_per_epoch=8)
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    assert Scheduler(optimizer, "linear()", horizon, at=at).update == 16
    assert optimizer.param_groups[0]["lr"] == 0.6
    other = Scheduler(torch.optim.SGD([weight()], lr=1.0), "linear()", horizon)
    other.last_epoch = 16
    assert (other.update, other.get_last_lr()) == (16, [0.6])


def test_last_epoch_of_the_constructor_is_refused_in_words():
    """In PyTorch it is one less than the next update."""
    with pytest.raises(LrlabError, match="at=17"):
        Scheduler(torch.optim.SGD([weight()], lr=1.0), "linear()", 40, last_epoch=16)


def test_containers_of_pytorch_are_refused_in_words():
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    first, mine = LinearLR(optimizer, 0.1, 1, 3), Scheduler(optimizer, "linear()", 40)
    with pytest.raises(LrlabError, match=r"warmup\(3\) >> cosine\(\)"):
        SequentialLR(optimizer, [first, mine], [3])


def test_a_container_that_counts_by_itself_is_refused_in_words():
    """As ignite's LRScheduler does."""
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 40)
    backward(parameter)
    optimizer.step()
    with pytest.raises(LrlabError, match="ignite"):
        scheduler.last_epoch += 1


def test_the_state_of_pytorchs_own_scheduler_is_a_position(caplog):
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = StepLR(optimizer, 10)
    for _ in range(16):
        optimizer.step()
        theirs.step()
    fresh = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(fresh, "linear()", 40)
    scheduler.load_state_dict(theirs.state_dict())
    assert (scheduler.update, fresh.param_groups[0]["lr"]) == (16, 0.6)
    assert "taken as updates" in caplog.text


@pytest.mark.parametrize("container", ["sequence", "chain"])
def test_the_state_of_pytorchs_containers_is_a_position(container):
    """Its members hold the base LRs; a chain counts in its members alone."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    members = [LinearLR(optimizer, 0.1, 1, 3), StepLR(optimizer, 10)]
    theirs = SequentialLR(optimizer, members, [3]) if container == "sequence" else ChainedScheduler(members)
    for _ in range(8):
        optimizer.step()
        theirs.step()
    scheduler = Scheduler(torch.optim.SGD([weight()], lr=1.0), "linear()", 40)
    scheduler.load_state_dict(theirs.state_dict())
    assert (scheduler.update, scheduler.get_last_lr()) == (8, [0.8])


def test_the_state_of_pytorchs_plateau_is_no_position():
    """It counts observations; the way is named."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    theirs = ReduceLROnPlateau(optimizer)
    theirs.step(1.0)
    with pytest.raises(LrlabError, match=r"(?s)counts its observations.*at=\.\.\."):
        Scheduler(optimizer, "linear()", 40).load_state_dict(theirs.state_dict())


def test_a_count_of_epochs_is_not_taken_for_updates():
    """Adam counts its updates, and tells on the scheduler's count."""
    parameter = weight()
    optimizer = torch.optim.Adam([parameter], lr=1.0)
    theirs = StepLR(optimizer, 10)
    for _ in range(4):
        for _ in range(5):
            backward(parameter)
            optimizer.step()
        theirs.step()
    scheduler = Scheduler(optimizer, "linear()", 40)
    with pytest.raises(LrlabError, match="at=20"):
        scheduler.load_state_dict(theirs.state_dict())
    assert scheduler.update == 0


def test_what_a_scheduler_of_pytorch_has_lowered_is_not_the_base(caplog):
    optimizer = torch.optim.SGD([weight()], lr=0.1)
    theirs = StepLR(optimizer, 1)
    optimizer.step()
    theirs.step()
    scheduler = Scheduler(optimizer, "constant()", 10)
    assert (scheduler.base_lrs, optimizer.param_groups[0]["lr"]) == ([0.1], 0.1)
    assert "initial_lr" in caplog.text


def test_others_find_the_base_where_pytorch_leaves_it():
    optimizer = torch.optim.SGD([weight()], lr=0.1)
    scheduler = Scheduler(optimizer, "linear()", 10)
    scheduler.base_lrs = [0.2]
    assert optimizer.param_groups[0]["initial_lr"] == 0.2


# -- groups and wrappers ----------------------------------------------------------------------------------------------


def test_groups_that_are_built_anew_keep_their_base():
    """A library rebuilds the dictionaries and the lists; the parameters are the same."""
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler, used = Scheduler(optimizer, "linear()", 10), []
    for update in range(6):
        if update == 3:
            optimizer.param_groups = [dict(g, params=list(g["params"])) for g in optimizer.param_groups]
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert used == lr.linear().over(10).values()[:6].tolist()


class Lookahead(torch.optim.Optimizer):
    """As packages write it: a few of PyTorch's tables of hooks, and an optimizer inside."""

    def __init__(self, base):
        self.base_optimizer, self.defaults, self.state = base, base.defaults, base.state
        self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks = {}, {}

    @property
    def param_groups(self):
        return self.base_optimizer.param_groups

    def step(self, closure=None):
        return self.base_optimizer.step(closure)


def test_a_wrapper_with_half_of_pytorchs_hooks_is_driven_inside():
    inner = torch.optim.SGD([weight()], lr=1.0)
    wrapper = Lookahead(inner)
    scheduler, used = Scheduler(wrapper, "linear()", 4), []
    for _ in range(4):
        used.append(wrapper.param_groups[0]["lr"])
        wrapper.step()
        scheduler.step()
    assert used == [1.0, 0.75, 0.5, 0.25]


def test_one_tensor_in_two_optimizers_is_parted():
    """A tensor LR that a script gives to both: each scheduler writes its own."""
    rate = torch.tensor(1.0)
    made = [torch.optim.SGD([weight()], lr=rate) for _ in range(2)]
    schedulers = [Scheduler(made[0], "linear()", 10), Scheduler(made[1], "constant(level=0.5)", 10)]
    for _ in range(4):
        for optimizer, scheduler in zip(made, schedulers, strict=True):
            optimizer.step()
            scheduler.step()
    assert [float(optimizer.param_groups[0]["lr"]) for optimizer in made] == [pytest.approx(0.6), 0.5]
    assert [scheduler.get_last_lr() for scheduler in schedulers] == [[0.6], [0.5]]
    assert made[0].param_groups[0]["lr"] is rate


def test_name_and_optimizer_come_in_either_order():
    made = [torch.optim.SGD([weight()], lr=1.0) for _ in range(2)]
    one = get_scheduler("step_decay", made[0], 40, every=10)
    assert get_scheduler(made[1], "step_decay", 40, every=10).schedule == one.schedule


def test_gradients_that_are_cleared_before_the_step_are_said(caplog):
    """backward(), zero_grad(), step(): the LR falls, and nothing is trained."""
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 100)
    for _ in range(2 * STILL):
        backward(parameter)
        optimizer.zero_grad()
        optimizer.step()
        scheduler.step()
    (record,) = caplog.records
    assert "no parameter has a gradient" in record.message


def test_steps_that_change_nothing_with_gradients_there_are_not_said(caplog):
    """Some libraries write without a trace in the version of a parameter."""

    class Elsewhere(torch.optim.SGD):
        def step(self, closure=None):
            pass

    parameter = weight()
    optimizer = Elsewhere([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, "linear()", 100)
    for _ in range(2 * STILL):
        backward(parameter)
        optimizer.step()
        scheduler.step()
    assert not caplog.records
