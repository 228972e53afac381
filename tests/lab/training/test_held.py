"""A state that is taken out of a thing and given to its like makes the two alike; in place, where that can be."""

import collections
import copy
import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrlab.lab.training.held import can_be_tracked, declared, give_back, hold
from lrlab.lab.training.seen import Seen
from lrlab.lab.training.snapshot import restored, taken
from lrlab.lab.training.values import Unholdable

torch = pytest.importorskip("torch")


def seen(value):
    looked = Seen()
    looked.look("it", value)
    return looked.found


class Environment:
    """As one writes it: a state, a generator, a list of what was, a counter in the parent."""

    steps = 0
    __slots__ = ("__dict__", "last")

    def __init__(self):
        self.state, self.rng, self.history = np.zeros(3), np.random.default_rng(0), []
        self.inner = Point(1.0)
        self.last = None

    def step(self):
        self.state += self.rng.normal(size=3)
        self.history.append(self.state.copy())
        self.inner.x += 1
        self.last = (len(self.history), torch.ones(2))
        self.late = {"key": [1]}


class Point:
    def __init__(self, x):
        self.x, self.at = x, self


def model():
    torch.manual_seed(0)
    made = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.5))
    made.register_buffer("kept", torch.zeros(2), persistent=False)
    made.counter, made.queue = 0, collections.deque(maxlen=2)
    return made


def train_model(made):
    made.eval()
    made[0].weight.requires_grad_(False)
    made[2].p, made.counter = 0.1, 7
    made.kept = torch.ones(2)
    made.queue.append(torch.ones(1))
    made(torch.ones(3, 2)).sum().backward()


def optimizer():
    return torch.optim.LBFGS([torch.nn.Parameter(torch.ones(2))], max_iter=2)


def train_optimizer(opt):
    weight = opt.param_groups[0]["params"][0]

    def closure():
        opt.zero_grad()
        loss = (weight**4).sum()
        loss.backward()
        return loss

    opt.step(closure)


CASES = {
    "list": (lambda: [1, 2], lambda it: it.append(3)),
    "dictionary": (lambda: {"x": torch.zeros(2)}, lambda it: it.update(x=torch.ones(2), y=(1, "two"))),
    "of arrays": (lambda: {"x": np.zeros(2)}, lambda it: it.update(x=np.ones(3))),
    "array": (lambda: np.zeros(3), lambda it: it.__iadd__(1)),
    "tensor": (lambda: torch.zeros(3), lambda it: it.add_(1)),
    "tuple": (lambda: (torch.zeros(3), [1]), lambda it: it[1].append(2)),
    "deque": (lambda: collections.deque([1], 3), lambda it: it.extend([2, 3, 4])),
    "set": (lambda: {1}, lambda it: it.add("a")),
    "counter": (lambda: collections.Counter("a"), lambda it: it.update("ab")),
    "environment": (Environment, Environment.step),
    "python": (lambda: random.Random(0), lambda it: it.random()),
    "numpy": (lambda: np.random.default_rng(0), lambda it: it.random()),
    "old numpy": (lambda: np.random.RandomState(0), lambda it: it.random()),
    "torch": (lambda: torch.Generator().manual_seed(0), lambda it: torch.rand(1, generator=it)),
    "model": (model, train_model),
    "optimizer": (optimizer, train_optimizer),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_was_taken_out_makes_another_alike(kind):
    """By way of the store; the one that gets it stays the object that it was."""
    make, change = CASES[kind]
    first, second = make(), make()
    change(first)
    if kind == "optimizer":  # whose weights are its model's
        second.param_groups[0]["params"][0].data.copy_(first.param_groups[0]["params"][0].data)
        second.param_groups[0]["params"][0].grad = first.param_groups[0]["params"][0].grad
    assert can_be_tracked(first)
    kept = restored(taken(hold(first, "it", {}), "the test"))
    assert seen(first) != seen(second)
    assert give_back(second, kept) is second
    differ = {name for name in {**seen(first), **seen(second)} if seen(first).get(name) != seen(second).get(name)}
    assert {name for name in differ if not name.startswith("it.defaults")} == set()


def test_what_is_tracked_under_a_name_of_its_own_is_left_to_that():
    """An average that knows its model does not store the model again."""
    trunk = model()
    holder = Point(trunk)
    kept = hold(holder, "it", {id(trunk): trunk})
    assert kept[1]["x"] == ["left as it is"]
    assert give_back(holder, kept).x is trunk


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"it": iter([1])}, r"it\['it'\] is a list_iterator"),
        ([itertools.count()], r"it\[0\] is a count"),
        ({"h": torch.ones(1, requires_grad=True) * 2}, "part of a graph of gradients"),
        ([torch.ones(2).to_sparse()], "sparse"),
        ({object()}, "a set of other things"),
    ],
)
def test_what_cannot_be_stored_is_named(value, said):
    """With the way to it."""
    with pytest.raises(Unholdable, match=said):
        hold(value, "it", {})


def test_what_cannot_be_given_back_is_not_taken():
    """Numbers and texts are values, not things."""
    assert not any(map(can_be_tracked, (1, "a", None, 2.0, (1, 2), (), len, Point)))
    assert all(map(can_be_tracked, ([], {}, np.zeros(1), Point(1), (np.zeros(1),))))


def test_a_tensor_stays_the_same_object():
    """Whoever else holds it has its state, too."""
    weight = torch.nn.Parameter(torch.zeros(2))
    holder = {"weight": weight}
    kept = hold({"weight": torch.nn.Parameter(torch.ones(2))}, "it", {})
    assert give_back(holder, copy.deepcopy(kept))["weight"] is weight
    assert weight.tolist() == [1, 1]


def test_what_has_been_trained_is_the_same_wherever_it_is_written():
    """Of an object: its arrays, also in what it holds; no path, no time of a call."""
    one, two = Point(np.ones(2)), Point(np.ones(2))
    one.path, two.path = "/tmp/a", "/tmp/b"
    one.times, two.times = [1.5], [2.5, 3.5]
    one.weights, two.weights = {"w": [torch.ones(2)]}, {"w": [torch.ones(2)]}
    assert taken(declared(one, "it"), "it") == taken(declared(two, "it"), "it")
    two.weights["w"][0] += 1
    assert taken(declared(one, "it"), "it") != taken(declared(two, "it"), "it")


plain = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False), st.text(max_size=2))
keys = st.one_of(plain, st.tuples(st.integers(-3, 3), st.text(max_size=1)))
things = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        st.builds(collections.deque, st.lists(inner, max_size=3), st.sampled_from([None, 3, 7])),
        st.sets(st.integers(0, 5), max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(things, things)
def test_whatever_was_there_becomes_what_was_taken(value, before):
    """Of the same kind, with what it has of its own, such as the length at most of a deque."""
    state = hold(copy.deepcopy(value), "it", {})
    found = give_back(before, state)
    assert (type(found), found) == (type(value), value)
    if isinstance(value, collections.deque) and not isinstance(before, collections.deque):
        assert found.maxlen == value.maxlen


class Box(dict):
    pass


class Row(list):
    pass


@pytest.mark.parametrize("make", [lambda: Box(a=1), lambda: Row([1])])
def test_a_container_with_attributes_is_given_both(make):
    """In place; attributes that came later go."""
    value, other = make(), make()
    value.note, kept = 1, make()
    kept.note = 1
    state = hold(copy.deepcopy(value), "it", {})
    other.note = 2
    other.clear()
    assert give_back(other, state) is other
    assert (other, vars(other)) == (kept, vars(kept))
    plain, later = hold(make(), "it", {}), make()
    later.clear()
    assert give_back(later, plain) == make()


def test_keys_that_are_objects_are_found_again_by_their_places():
    """A fork makes them anew, as many as there were; one more cannot be made for it."""
    first, second = object(), object()
    state = hold({first: 1, "b": 2, second: 3}, "it", {})
    mine = [object(), object()]
    assert give_back({mine[0]: 0, "b": 0, mine[1]: 0}, state) == {mine[0]: 1, "b": 2, mine[1]: 3}
    with pytest.raises(Unholdable, match="keys that are objects"):
        give_back({mine[0]: 0, "b": 0}, state)


def test_sets_hold_numbers_and_texts_in_any_order():
    assert give_back(frozenset(), hold(frozenset({1, "a"}), "it", {})) == frozenset({1, "a"})
    assert give_back(None, hold(frozenset({1}), "it", {})) == frozenset({1})
    assert type(give_back(None, hold(frozenset(), "it", {}))) is frozenset
    with pytest.raises(Unholdable, match="set of other things"):
        hold({object()}, "it", {})


def test_a_state_needs_the_object_that_it_is_of():
    with pytest.raises(Unholdable, match="an object has come"):
        give_back(None, hold(Point(1.0), "it", {}))


@pytest.mark.parametrize("kind", [Box, Row])
def test_a_container_of_its_own_kind_needs_one_to_be_given_to(kind):
    """A plain one in its place would do something else."""
    with pytest.raises(Unholdable, match="an object has come"):
        give_back(None, hold(kind(), "it", {}))


@pytest.mark.parametrize("before", [None, {}, {"a": 2}])
@pytest.mark.parametrize(
    "value", [collections.Counter("a"), collections.OrderedDict(a=1), collections.defaultdict(int, a=1)]
)
def test_a_collection_needs_one_to_be_given_to(value, before):
    """A plain dictionary would add, order or fill in something else: `update` of a counter adds."""
    with pytest.raises(Unholdable, match=f"a {type(value).__name__} has come"):
        give_back(before, hold(value, "it", {}))


@pytest.mark.parametrize(
    "value", [collections.UserDict(a=1), collections.UserList([1]), collections.ChainMap({"a": 1}, {"b": 2})]
)
def test_a_collection_that_is_no_dictionary_is_an_object(value):
    """Given back in place, by its attributes."""
    state, now = hold(value, "it", {}), copy.deepcopy(value)
    now.clear()
    assert give_back(now, state) is now
    assert now == value
    with pytest.raises(Unholdable, match="has come"):
        give_back(None, state)


@pytest.mark.parametrize("kind", [Box, Row])
def test_attributes_come_and_go_without_any_items(kind):
    """As they were when the state was taken."""
    with_one, without = kind(), kind()
    with_one.note = 1
    gone, come = copy.deepcopy(with_one), kind()
    assert vars(give_back(gone, hold(without, "it", {}))) == {}
    assert vars(give_back(come, hold(with_one, "it", {}))) == {"note": 1}


def test_an_attribute_that_has_come_is_there_even_if_it_is_none():
    """The code may ask whether it is there."""
    value = Point(1.0)
    value.note = None
    assert vars(give_back(Point(2.0), hold(value, "it", {}))).keys() == {"x", "at", "note"}


class Tells:
    """Says its state, and takes none."""

    def __init__(self, x):
        self.x = x

    def state_dict(self):
        return {"x": 0}


def test_what_takes_no_state_is_held_by_its_attributes():
    value = Tells(3)
    assert give_back(Tells(1), hold(value, "it", {})).x == 3
