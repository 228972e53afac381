"""What a `state_dict` of PyTorch leaves out is given back too; a tensor stays the same object where it can."""

import numpy as np
import pytest

from lrlab.lab.training.held import give_back, hold
from lrlab.lab.training.held_torch import give_module, give_optimizer, give_tensor, take_module, take_optimizer
from lrlab.lab.training.values import Unholdable

torch = pytest.importorskip("torch")


def taken(module):
    return take_module(module, "net", {}, lambda item, path, memo: hold(item, path, memo))


@pytest.mark.parametrize(
    ("now", "stays"),
    [
        (torch.zeros(2), True),
        (torch.zeros(1), False),
        (torch.zeros(2, dtype=torch.float64), False),
        (torch.zeros(2, requires_grad=True) * 1, False),
        (None, False),
        ([0.0, 0.0], False),
    ],
)
def test_a_tensor_takes_the_values_where_they_fit(now, stays):
    """Of the same shape and type, and no result of others; else it is a new one, with no more than it had."""
    content, gradient = torch.tensor([1.0, 2.0]), torch.ones(2)
    found = give_tensor(now, [content.clone(), True, gradient])
    assert (found is now) == stays
    assert found.tolist() == [1.0, 2.0]
    assert found.dtype == torch.float32
    assert (found.requires_grad, found.is_leaf, found.grad) == (True, True, gradient)


@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True)])
def test_whether_it_learns_is_given_back(before, after):
    """Frozen, or no longer."""
    now = torch.zeros(2, requires_grad=before)
    assert give_tensor(now, [torch.ones(2), after, None]) is now
    assert (now.requires_grad, now.grad) == (after, None)


def buffered(kept):
    module = torch.nn.Identity()
    module.register_buffer("cache", kept, persistent=False)
    return module


@pytest.mark.parametrize("before", [None, torch.zeros(2), torch.zeros(3)])
@pytest.mark.parametrize("after", [None, torch.ones(2)])
def test_a_buffer_that_is_not_persistent_may_come_and_go(before, after):
    """A cache that was filled, or emptied."""
    now = give_module(buffered(before), taken(buffered(after)), give_back)
    assert (now.cache is None) == (after is None)
    if after is not None:
        assert now.cache.tolist() == [1.0, 1.0]
        assert not now.cache.requires_grad


def test_the_parts_and_hooks_of_a_module_are_not_its_attributes():
    """Only what is set beside them: its mode, its sizes, what the program notes there."""
    module = torch.nn.Linear(2, 3)
    module.note, module.opaque, module.table, module.mean = 5, object(), np.ones(2), torch.ones(1)
    module.register_forward_hook(lambda *given: None, always_call=True)
    ((_, beside),) = taken(module)["parts"].values()
    assert {"training", "in_features", "out_features", "note", "table", "mean"} <= beside.keys()
    assert "opaque" not in beside
    assert not [name for name in beside if "hook" in name and not name.startswith("_is_full")]
    assert not beside.keys() & {"_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"}


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_a_weight_that_is_computed_anew_in_each_pass_is_no_attribute():
    """Also where the last pass was an evaluation, so that no graph hangs on it."""
    module = torch.nn.utils.weight_norm(torch.nn.Linear(2, 3))
    with torch.no_grad():
        module(torch.ones(1, 2))
    ((_, beside),) = taken(module)["parts"].values()
    assert "weight" not in beside
    assert "in_features" in beside


def test_a_module_with_other_parts_is_refused():
    """More weights, or more parts that have none; each would be left as it was made."""
    state = taken(torch.nn.Sequential(torch.nn.Linear(2, 2)))
    flat = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Flatten())
    tied = torch.nn.Sequential(torch.nn.Linear(2, 2))
    tied[0].scale = torch.nn.Parameter(torch.ones(1))
    tied.load_state_dict = lambda declared: None  # some take what they know
    for other in (flat, tied):
        with pytest.raises(Unholdable, match="has other parts than at the beginning of the run"):
            give_module(other, state, give_back)


def test_an_optimizer_keeps_what_it_counts_beside_its_state():
    """Numbers and texts; not its groups, which the `state_dict` has."""

    class Counting(torch.optim.SGD):
        skipped, note = 0, None

    first, second = (Counting([torch.nn.Parameter(torch.ones(1))], lr=0.1) for _ in range(2))
    first.skipped, first.note, first.log = 3, "late", [1]
    kept = take_optimizer(first, "opt", {})
    assert {"skipped": 3, "note": "late"}.items() <= kept["beside"].items()
    assert not kept["beside"].keys() & {"log", "param_groups", "state", "defaults"}
    assert give_optimizer(second, kept) is second
    assert (second.skipped, second.note, hasattr(second, "log")) == (3, "late", False)
