"""Batches from any update on: the same as without an interruption, for every form of loader."""

import itertools
import random

import numpy as np
import pytest

from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.arms.tree import NOWHERE
from lrlab.lab.training.batches import Batches, batch_source, generators_of


def taken_from(loader, at, restore, count):
    feed = batch_source(loader)
    feed.start(at, restore)
    return [feed.next() for _ in range(count)]


def drawn():
    while True:
        yield random.random()


@pytest.mark.parametrize(
    ("loader", "every"),
    [([1, 2, 3], 1), (range(5), 1), (Batches(10, 3, 0, 0), 1), (drawn(), 1), ({1: 2, 3: 4}, 2), (iter([1]), NOWHERE)],
)
def test_where_training_may_fork(loader, every):
    """Anywhere, where a pass ends, or nowhere."""
    assert batch_source(loader).every == every


@pytest.mark.parametrize("at", [0, 1, 4, 7])
def test_sequences_and_batches_are_taken_up_by_number(at):
    """Without going through what came before."""
    for loader in (list("abc"), Batches(10, 3, seed=1, fold=2)):
        whole = taken_from(loader, 0, lambda: None, 12)
        np.testing.assert_array_equal(taken_from(loader, at, lambda: None, 12 - at), whole[at:])


@pytest.mark.parametrize("at", [1, 5])
def test_generators_are_taken_up_by_the_random_numbers(at):
    """Restored before the first draw."""
    random.seed(3)
    whole, states = [], []
    for value in itertools.islice(drawn(), 8):
        states.append(random.getstate())
        whole.append(value)
    assert taken_from(drawn(), at, lambda: random.setstate(states[at - 1]), 8 - at) == whole[at:]


class Passes:
    """Shuffled anew in each pass; like PyTorch's sampler it draws once more when a pass is over."""

    def __init__(self, length=4, says=4):
        self.length, self.says = length, says

    def __len__(self):
        return self.says

    def __iter__(self):
        yield from random.sample(range(100), self.length)
        random.random()


def test_passes_are_taken_up_where_one_ends():
    """After what the loader still does at the end of a pass."""
    random.seed(3)
    feed = batch_source(Passes())
    feed.start(0, lambda: None)
    whole = [feed.next() for _ in range(4)]
    feed.settle()
    state = random.getstate()
    whole += [feed.next() for _ in range(6)]
    random.seed(99)
    assert taken_from(Passes(), 4, lambda: random.setstate(state), 6) == whole[4:]


@pytest.mark.parametrize("length", [3, 5])
def test_a_loader_that_is_wrong_about_its_length_is_named(length):
    """Where training forks rests on it."""
    with pytest.raises(LrlabError, match=r"says that it has 4 batches, and gives"):
        taken_from(Passes(length), 0, lambda: None, 9)


@pytest.mark.parametrize(
    ("items", "size", "said"),
    [
        (range(160), 16, r"(?s)items is a number.*range\(0, 160\).*run.batches\(len\(items\), 16\)"),
        (160, [16], "size is a number"),
        (160, 1.5, "size is a number"),
        (True, 1, "items is a number"),
    ],
)
def test_the_items_are_counted(items, size, said):
    """Not given themselves; a number of NumPy counts as well."""
    with pytest.raises(LrlabError, match=said):
        Batches(items, size, 0, 0)
    assert Batches(np.int64(10), np.int64(4), 0, 0)[0].shape == (4,)


def test_batches_are_a_function_of_seed_fold_and_update():
    """Each pass is a shuffle of all items; seeds and folds have their own; what does not fit is refused."""
    batches = Batches(10, 5, 0, 0)
    for number in range(3):
        assert sorted([*batches[2 * number], *batches[2 * number + 1]]) == list(range(10))
    orders = {tuple(Batches(10, 10, *named)[update]) for named in ((0, 0), (0, 1), (1, 0)) for update in (0, 1)}
    assert len(orders) == 6
    assert (Batches(10, 1, 0, 0).per_pass, Batches(10, 10, 0, 0).per_pass) == (10, 1)
    for size in (0, 11):
        with pytest.raises(LrlabError, match="at least one item"):
            Batches(10, size, 0, 0)


def test_a_loaders_own_generators_are_found_once():
    """PyTorch hands one generator to the loader and to its sampler."""
    torch = pytest.importorskip("torch")
    generator = torch.Generator()
    assert generators_of(torch.utils.data.DataLoader(range(4), shuffle=True, generator=generator)) == [generator]
    assert generators_of(torch.utils.data.DataLoader(range(4))) == generators_of([1]) == []
    drawn = torch.utils.data.RandomSampler(range(4), generator=generator)
    in_batches = torch.utils.data.BatchSampler(drawn, 2, drop_last=False)
    assert generators_of(torch.utils.data.DataLoader(range(4), batch_sampler=in_batches)) == [generator]


def test_what_cannot_be_gone_through_anew_forks_nowhere():
    """An iterator with a length, a DataLoader without one, and one whose workers keep their own random numbers."""
    data = pytest.importorskip("torch.utils.data")

    class Endless(data.IterableDataset):
        def __iter__(self):
            return iter(range(8))

    plain = data.DataLoader(range(8), 4)
    assert batch_source(plain).every == 2
    staying = data.DataLoader(range(8), 4, num_workers=1, persistent_workers=True)
    for loader in (iter(plain), data.DataLoader(Endless(), 4), staying):
        assert batch_source(loader).every == NOWHERE
    batches = taken_from(data.DataLoader(Endless(), 4), 0, lambda: None, 3)
    assert [batch.tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 3]]


def test_what_is_no_loader_is_named():
    """A generator function that was not called is the usual slip."""
    with pytest.raises(LrlabTypeError, match=r"(?s)goes through a loader.*try:     run\.steps\(batches\(\)\)"):
        batch_source(drawn)
    with pytest.raises(LrlabTypeError, match=r"goes through a loader"):
        batch_source(None)


def test_a_list_is_gone_through_in_its_order():
    """Again and again, from its first batch on, where no place is said; so is `run.batches`."""
    assert taken_from(["a", "b", "c"], 0, lambda: None, 5) == ["a", "b", "c", "a", "b"]
    assert taken_from(["a", "b", "c"], 2, lambda: None, 3) == ["c", "a", "b"]
    feed = batch_source(["a", "b"])
    assert feed.next() == "a"
    batches = Batches(10, 3, 0, 0)
    for _, place in zip(range(2), (0, 1), strict=True):
        assert next(itertools.islice(iter(batches), place, None)).tolist() == batches[place].tolist()
    assert batches.start == 0
    assert sorted(np.concatenate([batches[k] for k in range(3)]).tolist()) == sorted(
        {*np.concatenate([batches[k] for k in range(3)])}
    )


@pytest.mark.parametrize("empty", [[], (), Passes(0, 0), {}, iter(()), (k for k in ())])
def test_an_empty_loader_is_said(empty):
    """Where it is asked for its first batch, at the latest."""
    with pytest.raises(LrlabError, match=r"the loader of run\.steps is empty"):
        taken_from(empty, 0, lambda: None, 1)


def test_a_loader_that_gives_nothing_is_begun_once_more():
    """Not again and again: each beginning may read files."""
    begun = []

    class Empty:
        def __iter__(self):
            begun.append(self)
            return iter(())

    with pytest.raises(LrlabError, match=r"is empty"):
        taken_from(Empty(), 0, lambda: None, 1)
    assert len(begun) == 2


def test_a_loader_that_is_used_up_says_after_how_many():
    """One that cannot begin again."""
    with pytest.raises(LrlabError, match=r"is used up after 3 batches"):
        taken_from(iter([1, 2, 3]), 0, lambda: None, 4)
    with pytest.raises(LrlabError, match=r"is used up after 1 batches"):
        taken_from((k for k in (1,)), 0, lambda: None, 2)


def test_why_training_cannot_fork_is_said():
    """By the kind of the loader, or as it says itself."""

    class Told:
        why = "it is a stream"

        def __iter__(self):
            return iter([1])

    assert batch_source(Told()).why == "it is a stream"
    assert batch_source(iter([1])).why == "a list_iterator cannot be taken up again in the middle"
    assert (batch_source([1]).why, batch_source(Passes()).why) == ("", "")
