"""What is seen of a value: alike where all is alike, another where anything is."""

import collections
import copy
import dataclasses
import datetime
import enum
import itertools
import os
import random
import threading
import time

import numpy as np
import pytest

from lrlab.lab.training.seen import Seen, clocks
from lrlab.lab.training.values import digest_of

torch = pytest.importorskip("torch")


def seen(value, **options):
    looked = Seen(**options)
    looked.look("it", value)
    return looked.found, looked.unseen


@dataclasses.dataclass
class Point:
    x: float
    more: object = None


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


def counting(start):
    while True:
        start += 1
        yield start


def stepped(generator, times):
    for _ in range(times):
        next(generator)
    return generator


def drawn(generator, times):
    for _ in range(times):
        generator.random()
    return generator


def hooked(times):
    model = torch.nn.Linear(1, 1)
    for _ in range(times):
        model.register_forward_hook(lambda *given: None)
    return model


def of_module(change):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5))
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(0.5)
    change(model)
    return model


def frozen(model):
    model[0].weight.requires_grad_(False)


def with_gradient(model, slope=1.0):
    model[0].weight.grad = torch.full((2, 2), slope)


def noted(value, note):
    """The same, with an attribute of its own."""
    value.note = note
    return value


class Box(dict):
    pass


class Row(list):
    pass


def ended():
    generator = (k for k in ())
    list(generator)
    return generator


def with_buffer(model):
    model[0].register_buffer("mean", torch.zeros(1), persistent=False)


NUMBERS = np.arange(40000.0)
PAIRS = [
    (1.0, 1.0000000001),
    ([1, 2], [2, 1]),
    ({"a": 1}, {"a": 2}),
    ({"a": [Point(1)]}, {"a": [Point(2)]}),
    (Point(1, [Slotted(3)]), Point(1, [Slotted(4)])),
    ({1, 2}, {1, 3}),
    (collections.deque([1], maxlen=2), collections.deque([2], maxlen=2)),
    (collections.Counter("ab"), collections.Counter("abb")),
    (NUMBERS, np.where(NUMBERS == 77, -1, NUMBERS)),
    (NUMBERS, np.concatenate([NUMBERS[:5000][::-1], NUMBERS[5000:]])),
    (np.array([1, None], object), np.array([2, None], object)),
    (torch.arange(4), torch.arange(4) + 1),
    (torch.arange(4.0).bfloat16(), torch.arange(1, 5.0).bfloat16()),
    (torch.arange(4.0).to_sparse(), torch.arange(1, 5.0).to_sparse()),
    (torch.zeros(2), torch.zeros(2, requires_grad=True)),
    (random.Random(1), drawn(random.Random(1), 1)),
    (np.random.default_rng(1), drawn(np.random.default_rng(1), 1)),
    (np.random.RandomState(1), np.random.RandomState(2)),
    (torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
    (stepped(counting(0), 1), stepped(counting(0), 2)),
    (lambda k=1: k, lambda k=2: k),
    (hooked(0), hooked(1)),
    (of_module(lambda model: None), of_module(torch.nn.Module.eval)),
    (of_module(lambda model: None), of_module(frozen)),
    (of_module(lambda model: None), of_module(with_gradient)),
    (of_module(lambda model: None), of_module(with_buffer)),
    (of_module(with_gradient), of_module(lambda model: with_gradient(model, 2.0))),
    (of_module(lambda model: None), of_module(lambda model: noted(model, 0))),
    (
        of_module(lambda model: setattr(model, "_kept", [1])),
        of_module(lambda model: setattr(model, "_kept", [2])),
    ),
    (torch.ones(2, requires_grad=True) * 2, torch.ones(2, requires_grad=True) * 3),
    (noted(torch.zeros(2), 1), noted(torch.zeros(2), 2)),
    (noted(Box(a=1), 1), noted(Box(a=1), 2)),
    (noted(Box(a=1), 1), noted(Box(a=2), 1)),
    (noted(Row([1]), 1), noted(Row([1]), 2)),
    (noted(Row([1]), 1), noted(Row([2]), 1)),
    (ended(), counting(0)),
    (of_module(lambda model: None), of_module(lambda model: setattr(model[1], "p", 0.1))),
    ([{"deep": [k]} for k in range(100)], [{"deep": [k if k != 70 else -1]} for k in range(100)]),
]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=range(len(PAIRS)))
def test_what_differs_is_seen_to(first, second):
    """Wherever it differs; and once more looked at, each is as it was."""
    assert seen(first) == seen(first) != seen(second) == seen(second)
    assert seen(first)[1] == []


@pytest.mark.parametrize(
    "value",
    [Point(1, [Slotted(3)]), NUMBERS, {"a": {1, 2, "c"}}, of_module(frozen), torch.arange(3.0).bfloat16()],
)
def test_a_copy_is_as_what_it_was_copied_from(value):
    """In another place of the memory."""
    assert seen(copy.deepcopy(value)) == seen(value)


@pytest.mark.parametrize(
    "value",
    [iter([1]), itertools.cycle([1]), enumerate([1]), zip([1], [2], strict=True), map(str, [1]), iter({1: 2}.items())],
)
def test_an_iterator_of_pythons_own_cannot_be_seen(value):
    """How far it is it keeps to itself."""
    assert seen({"in": [Point(value)]})[1] == [f"a {type(value).__name__} in it"]


def test_a_thread_cannot_be_seen():
    """Whatever it does meanwhile."""
    assert seen(threading.Thread())[1] == ["a Thread called it"]


def test_the_time_is_no_state():
    """A clock that was read since the training began is told apart from a number, however early."""
    began = clocks()
    readings = [time.time(), time.perf_counter(), time.monotonic(), datetime.datetime.now()]
    found, _ = seen(Point(*readings[:2]), began=began)
    assert [found[f"it.{name}"] for name in ("x", "more")] == ["a time"] * 2
    assert seen(readings[3])[0] == {"it": "a time"}
    assert [seen(at, began=began)[0]["it"] for at in began.values()] == ["a time"] * 3
    assert seen(time.time() - 100, began=began)[0]["it"] != "a time"


def test_a_generator_says_whether_it_has_ended_or_runs():
    """The one that looks at itself is not looked into."""
    told = []

    def looking():
        told.append(seen(mine)[0]["it"])
        yield

    mine = looking()
    next(mine)
    assert [*told, seen(ended())[0]["it"]] == ["the generator that runs", "a generator that has ended"]


def test_a_file_is_seen_by_where_it_is_read(tmp_path):
    """One that is closed or only written to is no state of a training; a pipe cannot be seen."""
    path = tmp_path / "rows"
    path.write_text("0123456789")
    with path.open("rb") as file:
        assert file.read(4)
        assert seen(file) == ({"it": "a file at 4"}, [])
    assert seen(file) == ({}, [])
    with path.open("ab") as written:
        assert seen(written) == ({}, [])
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb"):
        assert seen(pipe)[1] == ["a BufferedReader called it"]


def test_what_a_module_keeps_for_itself_is_seen_where_there_is_something():
    """Empty tables under names of its own come and go."""
    plain, noted = of_module(lambda model: None), of_module(lambda model: setattr(model, "_notes", {}))
    assert seen(plain) == seen(noted)


def test_two_ways_to_one_object_are_one():
    """Two that are alike are not: what changes one does not change the other."""
    shared = [Point(1)]
    assert seen([shared, shared]) != seen([[Point(1)], [Point(1)]])


def test_what_goes_round_in_circles_ends():
    """A parent knows its child, and the child its parent."""
    parent, child = Point(1), Point(2)
    parent.more, child.more = child, parent
    assert seen(parent)[0]["it.more.more"] == "as it"


def test_keys_that_somebody_else_answers_for_are_left_out():
    """The LR that the lab itself sets."""
    group = {"lr": 1.0, "momentum": 0.9}
    assert seen([group], beside={id(group): ("lr",)})[0] == {"it": "1 items", "it[0]['momentum']": "0.9"}


class Counted:
    """A class that counts."""

    calls = 0
    names = ["a"]  # noqa: RUF012


def test_a_class_of_ones_own_is_seen_with_what_it_holds():
    """By way of the class, or of one of its objects; once."""
    assert {"Counted.calls", "Counted.names"} <= seen(Counted)[0].keys()
    assert seen([Counted(), Counted()])[0]["Counted.calls"] == "0"


def test_hooks_of_a_tensor_are_seen():
    """They may remember."""
    torch = pytest.importorskip("torch")
    n = [3]
    weight = torch.nn.Parameter(torch.zeros(2))
    weight.register_hook(lambda slope: slope / n[0])
    assert "list" in seen(weight)[0]["it._backward_hooks[0]:n"]


@dataclasses.dataclass
class _Rows:
    rows: object
    more: dict


def _of_tensorflow():
    tf = pytest.importorskip("tensorflow")
    return {
        "dense": lambda k: tf.constant([k, 1]),
        "bfloat16": lambda k: tf.cast(tf.constant([k, 1]), tf.bfloat16),
        "texts": lambda k: tf.constant([str(k), "1"]),
        "ragged": lambda k: tf.ragged.constant([[k], [1, 2]]),
        "ragged rows": lambda k: tf.ragged.constant([[1, 2][:k], [1, 2]]),
        "sparse": lambda k: tf.sparse.from_dense([k, 0, 1]),
        "sparse places": lambda k: tf.sparse.from_dense([0] * k + [1] + [0] * (3 - k)),
        "slices": lambda k: tf.IndexedSlices(tf.constant([k]), tf.constant([1])),
        "an array": lambda k: tf.TensorArray(tf.int32, size=1).write(0, k),
        "a variable": lambda k: tf.Variable(k),
        "an optional": lambda k: tf.experimental.Optional.from_value(k),
        "an iterator": lambda k: iter(tf.data.Dataset.range(k, 3)),
    }


@pytest.mark.parametrize("within", [lambda x: x, lambda x: _Rows(x, {"y": x}), lambda x: {"x": (x, [x])}])
def test_batches_of_tensorflow_are_told_apart_or_cannot_be_seen(within):
    """Dense, ragged, sparse, in whatever holds them: two that differ never look alike without a word."""
    for name, made in _of_tensorflow().items():
        one, two, same = Seen(), Seen(), Seen()
        for seen, k in ((one, 1), (two, 2), (same, 1)):
            seen.look("the next batch", within(made(k)))
        assert one.found != two.found or (one.unseen and two.unseen), name
        assert one.found == same.found or one.unseen, name


@pytest.mark.parametrize(("count", "listed"), [(63, True), (64, True), (65, False)])
def test_a_container_of_more_than_64_items_is_one_value(count, listed):
    """Its items are named up to there."""
    names = {f"it[{k}]" for k in range(count)}
    assert ({name.partition("'")[0] for name in seen({k: [k] for k in range(count)})[0]} == names) == listed
    assert len(seen({str(k): [k] for k in range(count)})[0]) == (count if listed else 1)
    assert len(seen([[k] for k in range(count)])[0]) == (count + 1 if listed else 1)


@pytest.mark.parametrize("empty", [{}, [], (), Box(), Row(), collections.deque()])
def test_what_is_empty_is_seen_to_be(empty):
    """What is filled later differs from it."""
    assert seen(empty)[0]["it"].startswith("empty ")


@pytest.mark.parametrize(("reading", "a_time"), [(2.9, False), (3.0, True), (4.0, True), (5.0, True), (5.1, False)])
def test_a_time_is_what_lies_between_the_beginning_and_now(reading, a_time):
    """By any one of the clocks, both ends with it."""
    began = {lambda: 5.0: 3.0, lambda: 100.0: 90.0}
    assert (seen(reading, began=began)[0]["it"] == "a time") == a_time
    assert seen(95.0, began=began)[0]["it"] == "a time"
    assert seen(4, began=began)[0]["it"] == "4"


@pytest.mark.parametrize(("length", "whole"), [(37, True), (38, False)])
def test_a_text_of_39_characters_is_told_whole(length, whole):
    """With its quotes; a longer one by its digest."""
    text = "x" * length
    assert seen(text)[0]["it"] == (repr(text) if whole else f"str {digest_of(repr(text).encode())}")


class Classy:
    """Has what is looked at, and what is not."""

    counter = 3
    __private__ = 4

    def method(self):
        return 5

    @property
    def asked(self):
        return 6


def test_of_a_class_what_it_holds_is_seen():
    """Not its methods, its properties, nor the names of Python's own."""
    assert seen(Classy())[0] == {"it": "Classy", "Classy.counter": "3"}


def test_a_tensor_is_seen_with_its_gradient_and_what_was_added_to_it():
    """Where it has them; what is computed from it has no gradient of its own."""
    weight = torch.ones(2, requires_grad=True)
    assert seen(weight)[0].keys() == {"it"}
    weight.grad, weight.note = torch.ones(2), 7
    assert seen(weight)[0].keys() == {"it", "it.grad", "it.note"}
    assert seen(weight * 2)[0].keys() == {"it"}


def delegating(generator):
    yield from generator


def test_a_generator_that_draws_from_another_is_seen_with_it():
    """By its place and by that of the other."""
    one, two = (stepped(delegating(counting(0)), times) for times in (1, 2))
    first, second = seen(one)[0], seen(two)[0]
    assert {name for name in first if first[name] != second[name]} == {"it:yield from:start"}
    assert not any("yield from" in name for name in seen(stepped(counting(0), 1))[0])


class Suit(enum.Enum):
    SPADES, HEARTS = 1, 2


def numbers():
    """A function of one's own that yields."""
    yield 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (dict, list),
        (max, min),
        (Suit.SPADES, Suit.HEARTS),
        (range(3), range(4)),
        (1j, 2j),
        ({5: 1}, {6: 1}),
        ({5: 1}, {5: 2}),
        ({"a": max}, {"b": max}),
        ({"a": max}, {"a": min}),
    ],
)
def test_two_values_are_told_apart_by_name_or_content(one, other):
    """Classes, functions and members by their names; a dictionary by its keys as well; and each is like itself."""
    assert seen(one)[0] != seen(other)[0]
    assert seen(one) == seen(copy.copy(one))
    assert seen(one)[1] == []


class Steps:
    """An iterator of one's own, whose place can be seen."""

    def __init__(self, at):
        self.at = at

    def __iter__(self):
        return self

    def __next__(self):
        self.at += 1
        return self.at

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def test_what_is_ones_own_is_seen_whole():
    """Though it is an iterator, and though it declares less."""
    assert seen(Steps(1))[1] == []
    assert seen(Steps(1))[0] != seen(Steps(2))[0]
    assert seen(iter(range(3)))[1] == ["a range_iterator called it"]


def test_of_a_librarys_object_what_it_declares_is_seen():
    """Its state, not its machinery."""
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    found, unseen = seen(scaler)
    assert unseen == []
    assert {name.partition("[")[0] for name in found} == {"it.state_dict()"}


def test_of_a_callback_of_keras_what_is_ones_own_is_seen(monkeypatch):
    """Its numbers and functions of one's own; not what it takes from Keras, nor what it has not got."""
    keras = pytest.importorskip("keras")

    class Noting(keras.callbacks.Callback):
        pass

    def looked(**given):
        callback = Noting()
        vars(callback).update(given)
        return seen(callback)[0]

    assert looked(best=1.0)["it.best"] == "1.0"
    plain = looked()
    for unseen in (None, np.less, keras.ops.mean):
        assert looked(monitor=unseen) == plain
    assert looked(monitor=numbers) != plain
