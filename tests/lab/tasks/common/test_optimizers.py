"""Optimizers by name: the right kind, its LR from the task's table, its decay where it belongs."""

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.tasks.common.optimizers import OPTIMIZERS, optimizer

torch = pytest.importorskip("torch")

LRS = {name: 0.01 * (k + 1) for k, name in enumerate(OPTIMIZERS)}


def weights():
    """One parameter with a gradient."""
    w = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    w.grad = torch.tensor([0.5, 0.5])
    return w


@pytest.mark.parametrize(
    ("name", "kind", "momentum"),
    [("sgd", "SGD", 0), ("momentum", "SGD", 0.9), ("adagrad", "Adagrad", None), ("rmsprop", "RMSprop", 0),
     ("adam", "Adam", None), ("adamw", "AdamW", None)],
)  # fmt: skip
def test_a_name_is_the_optimizer_of_that_name(name, kind, momentum):
    """With the LR of the table; "momentum" is Nesterov's."""
    made = optimizer(name, [weights()], lr=LRS)
    (group,) = made.param_groups
    assert type(made) is getattr(torch.optim, kind)
    assert group["lr"] == LRS[name]
    assert group.get("momentum") == momentum
    assert group.get("nesterov", False) == (name == "momentum")


def test_without_a_name_it_is_the_first_of_the_table():
    """The task's own optimizer stands first."""
    assert type(optimizer(None, [weights()], lr={"adamw": 1e-3, "sgd": 0.1})) is torch.optim.AdamW


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_goes_against_the_gradient_and_decays_in_its_own_way(name):
    """Steps without decay go against the gradient; `l2` and `weight_decay` each matter to their own kind alone."""

    def trained(**decay):
        w = weights()
        opt = optimizer(name, [w], lr=LRS, **{"l2": 0.0, "weight_decay": 0.0, **decay})
        opt.step()
        w.grad = torch.tensor([0.4, 0.6])  # the first step of some is the same whatever the size of the gradient
        opt.step()
        return w.tolist()

    plain = trained()
    assert plain[0] < 1.0
    assert plain[1] < -1.0
    decoupled = name.endswith("adamw")
    assert (trained(weight_decay=0.3) != plain) is decoupled
    assert (trained(l2=0.3) != plain) is not decoupled


def test_a_name_that_the_table_lacks_is_refused():
    """With what the task has, and what was probably meant."""
    with pytest.raises(LrlabError, match=r"no LR for this optimizer(.|\n)*adagard(.|\n)*adagrad"):
        optimizer("adagard", [weights()], lr=LRS)
    with pytest.raises(LrlabError, match="allowed: sgd"):
        optimizer("adam", [weights()], lr={"sgd": 0.1})
