"""What is tracked: its LR is set by group, its state goes and comes by name."""

import copy
import types

import pytest

from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.training.tracked import Tracked
from lrlab.lab.training.values import Unholdable

torch = pytest.importorskip("torch")


def optimizer(*lrs):
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in lrs], momentum=0.9)


def test_groups_keep_their_ratios_after_a_state_was_loaded():
    """Loading gives the optimizer new groups, with the LR that the state had: the base stays that of `add`."""
    first, second = Tracked(), Tracked()
    first.add("opt", optimizer(1.0, 0.1))
    first.set({"lr": 0.5})
    second.add("opt", other := optimizer(1.0, 0.1))
    second.load(first.state())
    second.set({"lr": 0.25})
    assert [group["lr"] for group in other.param_groups] == [0.25, 0.025]


def test_a_state_goes_to_what_has_the_same_names():
    """Another set of names is another training function."""
    first, second = Tracked(), Tracked()
    first.add("model", torch.nn.Linear(1, 1))
    second.add("net", torch.nn.Linear(1, 1))
    with pytest.raises(LrlabError, match="names other things than"):
        second.load(first.state())


def test_a_generator_can_be_tracked():
    """PyTorch's has get_state and set_state."""
    first, second = Tracked(), Tracked()
    first.add("random", a := torch.Generator().manual_seed(1))
    second.add("random", b := torch.Generator())
    second.load(first.state())
    assert torch.rand(3, generator=a).tolist() == torch.rand(3, generator=b).tolist()
    assert (first.names, first.sets_lr) == (["random"], False)


def test_other_hyper_parameters_are_set_as_a_plan_means_them():
    """Weight decay as a multiple of each group's own, momentum and betas as they are; what is not there is named."""
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    groups = [{"params": weights[:1], "weight_decay": 0.1}, {"params": weights[1:], "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, lr=1.0)
    tracked = Tracked()
    tracked.add("opt", opt)
    tracked.set({"lr": 0.5, "weight_decay": 2.0, "beta2": 0.9, "eps": 1e-6})
    found = [(g["lr"], g["weight_decay"], g["betas"], g["eps"]) for g in opt.param_groups]
    assert found == [(0.5, 0.2, (0.9, 0.9), 1e-6), (0.5, 0.0, (0.9, 0.9), 1e-6)]
    with pytest.raises(LrlabError, match=r"(?s)opt has no momentum to set.*betas"):
        tracked.set({"momentum": 0.9})


def test_a_scheduler_of_ones_own_is_noticed():
    """Whatever it sets would be set again or, like one-cycle's momentum, stand unnoticed beside what the arm sets."""
    tracked, opt = Tracked(), optimizer(1.0)
    own = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
    tracked.add("opt", opt)
    tracked.set({"lr": 0.5})
    tracked.set({"lr": 0.5})  # nobody has touched it
    opt.step()
    own.step()
    with pytest.raises(
        LrlabError, match=r"(?s)something other than the lab has set lr of the optimizer opt, from 0\.5"
    ):
        tracked.set({"lr": 0.25})
    tracked.load(tracked.state())  # what a fork begins with is a state, whatever it held
    tracked.set({"lr": 0.25})
    assert opt.param_groups[0]["lr"] == 0.25


def test_what_another_run_has_trained_is_refused():
    """A model of the whole file goes from run to run as each has left it; a copy of it does not."""
    model = torch.nn.Linear(1, 1)
    Tracked().add("model", model)
    another = Tracked()
    another.add("head", torch.nn.Linear(1, 1))
    for tracked in (Tracked(), another):
        with pytest.raises(LrlabError, match=r"(?s)trained by another run before.*copy\.deepcopy\(model\)"):
            tracked.add("model", model)
    Tracked().add("model", copy.deepcopy(model))


def test_a_name_is_given_once():
    """The first of two would be lost where training forks."""
    tracked = Tracked()
    tracked.add("model", torch.nn.Linear(1, 1))
    with pytest.raises(LrlabError, match="called model already"):
        tracked.add("model", torch.nn.Linear(1, 1))


def test_weights_that_nothing_tracked_holds_are_found():
    """One of two models forgotten; what does not tell its weights may hold them."""

    class Mine:
        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    trunk, head = torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1)
    tracked = Tracked()
    tracked.add("trunk", trunk)
    tracked.add("random", torch.Generator())
    tracked.add("opt", torch.optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.1))
    assert tracked.orphans() == ["opt"]
    tracked.add("head", head)
    assert tracked.orphans() == []
    other = Tracked()
    other.add("opt", optimizer(0.1))
    other.add("mine", Mine())
    assert other.orphans() == []


def test_what_changes_its_form_on_the_way_is_named():
    """A parameter group that is added later is not there when a fork begins."""
    first, second = Tracked(), Tracked()
    first.add("opt", opt := optimizer(1.0))
    opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
    second.add("opt", optimizer(1.0))
    with pytest.raises(Unholdable, match=r"opt does not take back.*number of parameter groups"):
        second.load(first.state())


@pytest.mark.parametrize(
    ("hide", "where"),
    [
        (lambda opt: [opt], r"more\[0\]"),
        (lambda opt: {"critic": (opt,)}, r"more\['critic'\]\[0\]"),
        (lambda opt: types.SimpleNamespace(opt=opt, steps=0), r"more\.opt"),
    ],
)
def test_an_optimizer_within_something_else_is_refused(hide, where):
    """Its LR would stay as it is, under every arm. One that is tracked by itself too is fine."""
    torch = pytest.importorskip("torch")
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1)
    tracked = Tracked()
    tracked.add("more", hide(opt))
    with pytest.raises(LrlabError, match=f"{where} is an optimizer within more"):
        tracked.refuse_hidden()
    tracked.add("opt", opt)
    tracked.refuse_hidden()


@pytest.mark.parametrize(
    "given",
    [
        lambda net: net.parameters(),
        lambda net: net.named_parameters(),
        lambda net: net.children(),
        lambda net: map(abs, net.parameters()),
        lambda net: dict(net.named_parameters()).values(),
        lambda net: iter([*net.parameters()]),
    ],
)
def test_what_gives_its_items_once_is_refused_with_the_way(given):
    """It was trained to the end, and failed then."""
    with pytest.raises(LrlabTypeError, match=r"run\.track\(model, opt\), the model itself"):
        Tracked().add("weights", given(torch.nn.Linear(2, 2)))


def test_what_holds_something_that_cannot_be_had_is_declared_by_its_kind():
    """Its run was trained alone, to the end."""
    tracked = Tracked()
    tracked.add("box", {"items": iter([1, 2])})
    tracked.add("best", [0.5])
    alone = Tracked()
    alone.add("best", [0.5])
    assert tracked.declared() == {"box": "a dict", **alone.declared()}


def test_what_has_no_name_is_called_by_its_kind_and_counted():
    tracked = Tracked()
    made = [optimizer(1.0), torch.nn.Linear(1, 1), optimizer(1.0), torch.Generator(), optimizer(1.0), [1.0], [2.0]]
    for value in made:
        tracked.add(tracked.name_for(value), value)
    assert tracked.names == ["generator", "list", "list2", "model", "opt", "opt2", "opt3"]
    assert ("opt2" in tracked, "opt4" in tracked) == (True, False)


def test_a_group_that_came_later_keeps_its_values():
    tracked, opt = Tracked(), optimizer(1.0)
    tracked.add("opt", opt)
    opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 3.0})
    tracked.set({"lr": 0.5})
    assert [group["lr"] for group in opt.param_groups] == [0.5, 3.0]


def test_an_object_may_have_two_names_in_one_run():
    """Its LR is set once for both; an optimizer has an LR to set, a model has none."""
    tracked, opt = Tracked(), optimizer(1.0)
    tracked.add("model", torch.nn.Linear(1, 1))
    assert not tracked.sets_lr
    tracked.add("opt", opt)
    tracked.add("again", opt)
    assert tracked.sets_lr
    tracked.set({"lr": 0.5})
    tracked.set({"lr": 0.25})
    assert opt.param_groups[0]["lr"] == 0.25


def test_a_group_without_a_learning_rate_is_named():
    with pytest.raises(LrlabError, match=r"group 1 of the optimizer opt has no lr"):
        Tracked().add("opt", types.SimpleNamespace(param_groups=[{"lr": 1.0}, {"momentum": 0.9}]))


def test_what_the_lab_sets_in_a_group_is_told_for_each_of_them():
    """Both betas are one key of a group."""
    tracked, opt = Tracked(("lr", "beta2")), optimizer(1.0, 0.1)
    tracked.add("opt", opt)
    assert tracked.beside == {id(group): ("lr", "betas") for group in opt.param_groups}


def test_an_optimizer_deep_within_something_is_found():
    """Three levels down; what is within itself ends."""
    tracked, around = Tracked(), []
    around += [around, {"a": [optimizer(0.1)]}]
    tracked.add("more", around)
    with pytest.raises(LrlabError, match=r"more\[1\]\['a'\]\[0\] is an optimizer within more"):
        tracked.refuse_hidden()
